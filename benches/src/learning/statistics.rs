//! Whether differences over seeds are more than chance: Student's t, Holm's correction for many
//! comparisons, and a bootstrap over seeds and test prompts.

use std::collections::{BTreeMap, BTreeSet};
use std::f64::consts::PI;

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
        count => {
            let t = mean(values) / spread * (count as f64).sqrt_of();
            1.0 - within(t.abs(), count - 1)
        }
    }
}

/// The probability that Student's t with so many degrees of freedom is within ±t (Abramowitz and
/// Stegun, 26.7.3 and 26.7.4).
fn within(t: f64, degrees: usize) -> f64 {
    let square = 1.0 / (1.0 + t * t / degrees as f64);
    let cosine = square.sqrt_of();
    let sine = t / (degrees as f64).sqrt_of() * cosine;
    let is_odd = degrees % 2 == 1;
    let mut term = if is_odd { cosine } else { 1.0 };
    let mut sum = if degrees == 1 { 0.0 } else { term };
    let mut next = if is_odd { 3 } else { 2 };
    while next < degrees {
        term *= square * (next as f64 - 1.0) / next as f64;
        sum += term;
        next += 2;
    }
    match is_odd {
        true => 2.0 / PI * ((t / (degrees as f64).sqrt_of()).atan() + sine * sum),
        false => sine * sum,
    }
}

/// Which of these p-values are significant among all of them (Holm).
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut significant = vec![false; p_values.len()];
    for (rank, place) in order.into_iter().enumerate() {
        if p_values[place] > LEVEL / (p_values.len() - rank) as f64 {
            break;
        }
        significant[place] = true;
    }
    significant
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
    fn probabilities_are_those_of_the_tables() {
        for (degrees, t) in [
            (1, 12.706_204_736),
            (2, 4.302_652_730),
            (3, 3.182_446_305),
            (4, 2.776_445_105),
            (7, 2.364_624_252),
            (23, 2.068_657_610),
            (30, 2.042_272_456),
        ] {
            let found = within(t, degrees);
            assert!((found - 0.95).abs() < 1e-9, "{degrees}: {found}");
        }
        // t = 3√2 and 4 degrees: 1 − sin θ (1 + cos² θ/2), tan θ = t/2.
        let expected = 0.013_235_599_563_682_7;
        assert!((p_value(&[1.0, 2.0, 3.0, 4.0, 5.0]) - expected).abs() < 1e-12);
        assert_eq!(p_value(&[0.0, 0.0]), 1.0);
        assert_eq!(p_value(&[2.0, 2.0]), 0.0);
        assert_eq!(p_value(&[2.0]), 1.0);
    }

    #[test]
    fn the_smallest_of_many_must_be_smaller() {
        assert_eq!(holm(&[0.04, 0.001, 0.03]), [false, true, false]);
        assert_eq!(holm(&[0.04, 0.001, 0.02]), [true, true, true]);
        assert_eq!(holm(&[]), [false; 0]);
    }

    /// One prompt of ten has all the difference: seeds alone would say it is sure.
    #[test]
    fn a_difference_of_one_prompt_is_not_sure() {
        let seed = || (0..10).map(|prompt| (prompt, Sum(f64::from(u8::from(prompt == 3)), 1)));
        let (low, high) = bootstrap(&vec![seed().collect(); 20]);
        assert!(low == 0.0 && 0.2 < high && high < 0.6, "{low} {high}");
    }
}
