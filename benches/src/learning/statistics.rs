//! Whether differences over seeds are more than chance, and a bootstrap over seeds and clusters of test
//! prompts.

use std::collections::{BTreeMap, BTreeSet};

use pairpick::grid::statistics::holm;
use pairpick::grid::student::two_sided;
use pairpick_core::arith::Real;
use pairpick_core::rng::Stream;

use super::measure::Sum;

/// The level of significance.
const LEVEL: f64 = 0.05;

/// Draws of a bootstrap.
const DRAWS: usize = 2000;

fn total(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |sum, value| sum + value)
}

/// The mean.
#[must_use]
pub fn mean(values: &[f64]) -> f64 {
    total(values.iter().copied()) / values.len() as f64
}

/// The standard deviation, by n − 1.
#[must_use]
pub fn deviation(values: &[f64]) -> f64 {
    let mean = mean(values);
    let square = total(values.iter().map(|value| (value - mean) * (value - mean)));
    (square / (values.len() as f64 - 1.0)).sqrt_of()
}

/// The two-sided p-value that the mean of these is 0, by Student's t; 1 of fewer than two.
#[must_use]
pub fn p_value(values: &[f64]) -> f64 {
    let spread = deviation(values);
    match values.len() {
        0 | 1 => 1.0,
        _ if spread == 0.0 => f64::from(u8::from(mean(values) == 0.0)),
        count => two_sided(mean(values) / spread * (count as f64).sqrt_of(), count - 1),
    }
}

/// Which of these p-values are significant among all of them (Holm).
#[must_use]
pub fn significant(p_values: &[f64]) -> Vec<bool> {
    holm(p_values).into_iter().map(|corrected| corrected <= LEVEL).collect()
}

/// The middle 95 % of means over seeds and clusters of test prompts, both drawn anew with replacement:
/// of differences by seed and cluster.
#[must_use]
pub fn bootstrap(differences: &[BTreeMap<u32, Sum>]) -> (f64, f64) {
    let clusters: BTreeSet<u32> = differences.iter().flat_map(|one| one.keys().copied()).collect();
    let places: BTreeMap<u32, usize> = clusters.into_iter().zip(0..).collect();
    let mut rng = Stream::new(0, "bootstrap", 0);
    let mut counts = |among: usize| {
        let mut counts = vec![0.0; among];
        (0..among).for_each(|_| counts[rng.below(among as u64) as usize] += 1.0);
        counts
    };
    let mut means: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let (of_seeds, of_clusters) = (counts(differences.len()), counts(places.len()));
            let (mut sum, mut weight) = (0.0, 0.0);
            for (one, seeds) in differences.iter().zip(of_seeds) {
                for (cluster, Sum(own, prompts)) in one {
                    let often = seeds * of_clusters[places[cluster]];
                    sum += often * own;
                    weight += often * f64::from(*prompts);
                }
            }
            sum / weight
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let cut = DRAWS / 40;
    (means[cut], means[DRAWS - 1 - cut])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_those_of_student() {
        // t = 3√2 and 4 degrees: 1 − sin θ (1 + cos² θ/2), tan θ = t/2.
        let expected = 0.013_235_599_563_682_7;
        assert!((p_value(&[1.0, 2.0, 3.0, 4.0, 5.0]) - expected).abs() < 1e-12);
        assert_eq!(p_value(&[0.0, 0.0]), 1.0);
        assert_eq!(p_value(&[2.0, 2.0]), 0.0);
        assert_eq!(p_value(&[2.0]), 1.0);
    }

    #[test]
    fn the_smallest_of_many_must_be_smaller() {
        assert_eq!(significant(&[0.04, 0.001, 0.03]), [false, true, false]);
        assert_eq!(significant(&[0.04, 0.001, 0.02]), [true, true, true]);
        assert_eq!(significant(&[]), [false; 0]);
    }

    /// One prompt of ten has all the difference: seeds alone would say it is sure.
    #[test]
    fn a_difference_of_one_prompt_is_not_sure() {
        let seed = || (0..10).map(|prompt| (prompt, Sum(f64::from(u8::from(prompt == 3)), 1)));
        let (low, high) = bootstrap(&vec![seed().collect(); 20]);
        assert!(low == 0.0 && 0.2 < high && high < 0.6, "{low} {high}");
    }
}
