//! GURO: one by one the pair of the largest σ'(dᵀβ) dᵀP⁻¹d, which counts as answered from then on
//! (Bergström, Emilsson, Dubhashi and Johansson, *Active preference learning for ordering items in- and
//! out-of-sample*, NeurIPS 2024). Before the first label that is a greedy D-optimal design.

use super::belief::Belief;
use super::largest;
use super::pool::Pool;
use crate::learning::Failure;

/// So many pairs that were not asked about.
///
/// # Errors
/// What the core refuses.
pub fn pick(
    pool: &Pool,
    belief: &mut Belief,
    asked: &[usize],
    count: usize,
) -> Result<Vec<usize>, Failure> {
    let mut is_open = vec![true; pool.pairs.len()];
    asked.iter().for_each(|pair| is_open[*pair] = false);
    let mut chosen = Vec::new();
    while chosen.len() < count {
        let score = |(pair, is_open): (usize, &bool)| {
            is_open.then(|| belief.weight(pair) * belief.variance(pair))
        };
        let Some(best) = largest(is_open.iter().enumerate().map(score)) else { break };
        belief.answered(pool, best)?;
        is_open[best] = false;
        chosen.push(best);
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rivals::pool::tests::drawn;

    /// Each pick's score against P put together anew for it.
    #[test]
    fn each_pick_is_the_best_by_the_whole_matrix() {
        let pool = drawn(5, 9, 6);
        let head = [1.0, -0.5, 0.25, 0.0, -1.0, 0.5];
        let asked = [3, 30];
        let mut belief = Belief::of(&pool, &head, 3.0, &asked).unwrap();
        let chosen = pick(&pool, &mut belief, &asked, 8).unwrap();
        let mut known = asked.to_vec();
        for pair in chosen {
            let anew = Belief::of(&pool, &head, 3.0, &known).unwrap();
            let score = |pair: usize| anew.weight(pair) * anew.variance(pair);
            let others = (0..pool.pairs.len()).filter(|other| !known.contains(other));
            assert!(!known.contains(&pair));
            others.for_each(|other| assert!(score(other) < score(pair) + 1e-12));
            known.push(pair);
        }
    }
}
