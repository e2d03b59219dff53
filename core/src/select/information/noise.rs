//! When the best score is noise: once the joint answers tell the draws apart as well as they can,
//! all pairs score alike, and the best of them is whichever the sample flatters.
//!
//! Of N scores that are equal but for noise of standard error s, the best lies about s √(2 ln N)
//! above the median (the expected largest of N normal deviates, to leading order). A best score no
//! further above the median is taken for noise. s is that of the best pair's own mean over joint
//! answers, taken as independent; while all joint answers are kept there is none. Whichever way, a
//! score of no more than [`ROUNDING`] ε may be the rounding of entropies that cancel.

use super::Answers;
use super::configurations::Configurations;
use crate::arith::{self, Real, entropy_of_probability};
use crate::kernel::dot::dot;

/// The ε of rounding in a score, a difference of two entropies of at most ln 2 nats.
const ROUNDING: f64 = 16.0;

/// Whether the best score is rounding, or at least half the pairs on offer (`scores` above −∞) lie
/// within the noise of the best, whose answers have these probabilities and entropies under each
/// draw.
pub(in crate::select) fn is_noise<T: Real>(
    configurations: &Configurations<'_, T>,
    answers: Answers<'_, T>,
    scores: &[T],
    best: T,
) -> bool {
    if best <= T::from_f64(ROUNDING) * T::EPSILON {
        return true;
    }
    if !configurations.are_sampled() {
        return false;
    }
    let offered = |score: &&T| **score > -T::INFINITY;
    let count = scores.iter().filter(offered).count() as u64;
    let square = variance_of_mean(configurations, answers);
    let lift = (square * T::TWO * arith::ln(T::from_u64(count))).sqrt_of();
    let near = scores.iter().filter(|score| best - **score <= lift).count() as u64;
    // Of two, the better is half.
    count > 2 && near.saturating_mul(2) >= count
}

/// The variance of what an answer tells over joint answers, over their number.
fn variance_of_mean<T: Real>(configurations: &Configurations<'_, T>, answers: Answers<'_, T>) -> T {
    let Answers { probabilities, entropies } = answers;
    let rows = || {
        let posteriors = configurations.posteriors().chunks_exact(probabilities.len().max(1));
        posteriors.zip(configurations.weights()).map(|(posterior, weight)| {
            let before = entropy_of_probability(dot(posterior, probabilities));
            (*weight, before - dot(posterior, entropies))
        })
    };
    let mut mean = T::ZERO;
    for (weight, gain) in rows() {
        mean += weight * gain;
    }
    let mut variance = T::ZERO;
    for (weight, gain) in rows() {
        variance += weight * (gain - mean) * (gain - mean);
    }
    variance / T::from_u64(configurations.weights().len().max(1) as u64)
}
