//! BAL-PM: one by one the pair of the largest BALD plus what its prompt adds to the entropy of the prompts
//! asked about (Melo, Tigas, Abate and Gal, *Deep Bayesian Active Learning for Preference Modeling in Large
//! Language Models*, NeurIPS 2024): I + β (ln D − ψ(n + 1)/δ), where D is the distance of a prompt to its
//! k-th nearest one, n how many of those asked about are nearer than that, and δ the dimension.
//!
//! β = .01 and k = 13 are those of the scripts that the authors publish (luckeciano/BAL-PM, `state_ent_beta`
//! and `state_ent_k` in `uqlrm/scripts/slurm`). Ours are: BALD in closed form, of the last layer's Laplace
//! approximation, for their ensemble of adapters; a prompt where the mean of its responses' features lies,
//! for the language model's own, standardised. δ is an option of their program (`state_ent_d`), 1 if not said;
//! the estimator has the number of features, which weighs n less. Both are tried.

use pairpick_core::arith::{Real, ln};
use pairpick_core::mutual_information::of_answer;

use super::belief::Belief;
use super::largest;
use super::pool::Pool;

/// β, and k, by the authors' scripts.
const SHARE: f64 = 0.01;
const NEIGHBOUR: usize = 13;

/// What δ is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// The number of features.
    Features,
    /// 1.
    One,
}

/// Where prompts lie to each other.
struct Prompts {
    distances: Vec<f64>,
    /// Of each the k-th smallest.
    radii: Vec<f64>,
    /// δ.
    dimension: f64,
}

impl Prompts {
    fn of(pool: &Pool, dimension: Dimension) -> Self {
        let (count, rows) = (pool.prompts(), pool.rows);
        let mut centres = vec![vec![0.0; rows]; count];
        let mut items: Vec<(usize, usize)> = pool
            .pairs
            .iter()
            .flat_map(|pair| [(pair.a, pair.prompt), (pair.b, pair.prompt)])
            .collect();
        items.sort_unstable();
        items.dedup();
        let mut sizes = vec![0.0; count];
        for (item, prompt) in items {
            sizes[prompt] += 1.0;
            for (sum, value) in centres[prompt].iter_mut().zip(pool.item(item)) {
                *sum += f64::from(*value);
            }
        }
        for (centre, size) in centres.iter_mut().zip(&sizes) {
            centre.iter_mut().for_each(|sum| *sum /= size);
        }
        let distance = |one: &[f64], other: &[f64]| {
            let both = one.iter().zip(other);
            both.fold(0.0, |sum, (one, other)| sum + (one - other) * (one - other)).sqrt_of()
        };
        let row = |one: &Vec<f64>| centres.iter().map(|other| distance(one, other)).collect();
        let rows_of: Vec<Vec<f64>> = centres.iter().map(row).collect();
        let radius = |row: &Vec<f64>| {
            let mut row = row.clone();
            row.sort_by(f64::total_cmp);
            // The nearest is the prompt itself.
            row.get(NEIGHBOUR.min(count.saturating_sub(1))).copied().unwrap_or(0.0)
        };
        let radii = rows_of.iter().map(radius).collect();
        let dimension = match dimension {
            Dimension::Features => rows as f64,
            Dimension::One => 1.0,
        };
        Self { distances: rows_of.concat(), radii, dimension }
    }

    /// ln D − ψ(n + 1)/δ.
    fn entropy(&self, prompt: usize, near: u32) -> f64 {
        ln(self.radii[prompt] + 1e-12) - digamma_of_next(near) / self.dimension
    }

    /// Those that would count this one as near.
    fn around(&self, prompt: usize) -> impl Iterator<Item = usize> {
        let count = self.radii.len();
        let row = &self.distances[prompt * count..(prompt + 1) * count];
        row.iter().zip(&self.radii).enumerate().filter_map(move |(other, (distance, radius))| {
            (other == prompt || distance < radius).then_some(other)
        })
    }
}

/// ψ(n + 1) = −γ + 1 + ½ + … + 1/n.
fn digamma_of_next(n: u32) -> f64 {
    (1..=n).fold(-0.577_215_664_901_532_9, |sum, k| sum + 1.0 / f64::from(k))
}

/// So many pairs that were not asked about.
#[must_use]
pub fn pick(
    pool: &Pool,
    belief: &Belief,
    asked: &[usize],
    count: usize,
    dimension: Dimension,
) -> Vec<usize> {
    let prompts = Prompts::of(pool, dimension);
    let mut near = vec![0_u32; pool.prompts()];
    let mut is_open = vec![true; pool.pairs.len()];
    for pair in asked {
        is_open[*pair] = false;
        prompts.around(pool.pairs[*pair].prompt).for_each(|other| near[other] += 1);
    }
    let bald: Vec<f64> = (0..pool.pairs.len())
        .map(|pair| of_answer(belief.margin(pair), belief.variance(pair)))
        .collect();
    let mut chosen = Vec::new();
    while chosen.len() < count {
        let entropies: Vec<f64> =
            near.iter().enumerate().map(|(prompt, near)| prompts.entropy(prompt, *near)).collect();
        let score = |(pair, is_open): (usize, &bool)| {
            is_open.then(|| bald[pair] + SHARE * entropies[pool.pairs[pair].prompt])
        };
        let Some(best) = largest(is_open.iter().enumerate().map(score)) else { break };
        is_open[best] = false;
        prompts.around(pool.pairs[best].prompt).for_each(|other| near[other] += 1);
        chosen.push(best);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rivals::pool::tests::drawn;

    #[test]
    fn scores_are_those_of_the_formula_and_never_rise() {
        let pool = drawn(9, 30, 5);
        let belief = Belief::of(&pool, &[1.0, 0.5, -0.5, 2.0, 0.0], 3.0, &[2]).unwrap();
        for dimension in [Dimension::Features, Dimension::One] {
            check(&pool, &belief, dimension);
        }
    }

    fn check(pool: &Pool, belief: &Belief, dimension: Dimension) {
        let prompts = Prompts::of(pool, dimension);
        let mut known = vec![2];
        let mut before = f64::INFINITY;
        for pair in pick(pool, belief, &[2], 20, dimension) {
            // n counted anew, from the side of the prompt that is asked about.
            let score = |pair: usize| {
                let own = pool.pairs[pair].prompt;
                let is_near = |other: &&usize| {
                    let other = pool.pairs[**other].prompt;
                    other == own || prompts.distances[own * 30 + other] < prompts.radii[own]
                };
                let near = known.iter().filter(is_near).count() as u32;
                let bald = of_answer(belief.margin(pair), belief.variance(pair));
                bald + SHARE * prompts.entropy(own, near)
            };
            let own = score(pair);
            let open = (0..pool.pairs.len()).filter(|other| !known.contains(other));
            open.for_each(|other| assert!(score(other) <= own));
            assert!(own <= before);
            before = own;
            known.push(pair);
        }
        assert_eq!(known.len(), 21);
    }

    #[test]
    fn digamma_is_that_of_the_tables() {
        assert!((digamma_of_next(9) - 2.251_752_589_066_721).abs() < 1e-12, "ψ(10)");
    }
}
