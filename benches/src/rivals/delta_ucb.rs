//! DeltaUCB of ActiveUltraFeedback: of each prompt the pair whose difference may be largest, prompt by
//! prompt (Melikidze and others, *ActiveUltraFeedback: Efficient Preference Data Generation using Active
//! Learning*, 2026): r_i + s_i − (r_j − s_j) there, where s is an item's deviation; here |dᵀβ| + √(dᵀP⁻¹d),
//! the pair's own deviation in place of the sum of two, which P makes known.

use pairpick_core::arith::Real;
use pairpick_core::rng::Stream;

use super::belief::Belief;
use super::pool::Pool;

/// So many pairs that were not asked about, of prompts drawn at random without one twice before all have
/// had their turn.
pub fn pick(
    pool: &Pool,
    belief: &Belief,
    asked: &[usize],
    count: usize,
    rng: &mut Stream,
) -> Vec<usize> {
    let mut by_prompt: Vec<Vec<(f64, usize)>> = vec![Vec::new(); pool.prompts()];
    let mut turns = vec![0_u32; pool.prompts()];
    let mut is_open = vec![true; pool.pairs.len()];
    for pair in asked {
        is_open[*pair] = false;
        turns[pool.pairs[*pair].prompt] += 1;
    }
    for (pair, is_open) in is_open.iter().enumerate() {
        let margin = belief.margin(pair);
        let size = if margin < 0.0 { -margin } else { margin };
        if *is_open {
            by_prompt[pool.pairs[pair].prompt].push((size + belief.variance(pair).sqrt_of(), pair));
        }
    }
    // The best is the last, of equal ones the first of the pool.
    for own in &mut by_prompt {
        own.sort_by(|(one, first), (other, second)| one.total_cmp(other).then(second.cmp(first)));
    }
    let mut order: Vec<usize> = (0..pool.prompts()).collect();
    rng.shuffle(&mut order);
    let mut chosen = Vec::new();
    while chosen.len() < count {
        let open = order.iter().filter(|prompt| !by_prompt[**prompt].is_empty());
        let Some(next) = open.min_by_key(|prompt| turns[**prompt]) else { break };
        turns[*next] += 1;
        chosen.extend(by_prompt[*next].pop().map(|(_, pair)| pair));
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rivals::pool::tests::drawn;

    #[test]
    fn every_prompt_has_its_best_pair_before_one_has_two() {
        let pool = drawn(7, 8, 5);
        let belief = Belief::of(&pool, &[1.0, 0.5, -0.5, 2.0, 0.0], 3.0, &[0]).unwrap();
        let chosen = pick(&pool, &belief, &[0], 7, &mut Stream::new(1, "ucb", 0));
        let mut prompts: Vec<usize> = chosen.iter().map(|pair| pool.pairs[*pair].prompt).collect();
        prompts.sort_unstable();
        assert_eq!(prompts, (1..8).collect::<Vec<_>>(), "prompt 0 has had its turn");
        let bound = |pair: usize| belief.margin(pair).abs() + belief.variance(pair).sqrt_of();
        for pair in chosen {
            let own = (0..pool.pairs.len())
                .filter(|other| pool.pairs[*other].prompt == pool.pairs[pair].prompt);
            own.for_each(|other| assert!(bound(other) <= bound(pair)));
        }
        let all = pick(&pool, &belief, &[0], 100, &mut Stream::new(1, "ucb", 0));
        assert_eq!(all.len(), pool.pairs.len() - 1);
    }
}
