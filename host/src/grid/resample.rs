//! [`Figure`]: what seeds and test prompts come to together, and how far it may be trusted.
//!
//! All seeds of a grid are measured on the same test prompts, so their runs are not independent: which
//! prompts these happen to be is part of the chance. Seeds and prompts are drawn anew, both with
//! replacement and for all strategies the same (the pigeonhole bootstrap: Owen, *The pigeonhole
//! bootstrap*, Annals of Applied Statistics 2007). Of n things drawn anew the variance is (n − 1)/n of
//! what it should be, and n − 1 degrees of freedom are all that there are: n is the number of seeds or
//! of prompts, whichever is smaller. Where nothing is known of single prompts, seeds alone tell.

use std::collections::BTreeSet;

use pairpick_core::arith::Real;
use pairpick_core::rng::Stream;

use super::statistics::{Estimate, average, quantile, variance};
use super::student::two_sided;

/// How many times all is drawn anew.
pub const REPLICATES: usize = 1000;

/// How often each seed and each test prompt is drawn, replicate by replicate.
#[derive(Clone, Debug)]
pub struct Resamples {
    seeds: Vec<Vec<u32>>,
    prompts: Vec<Vec<u32>>,
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq)]
pub struct RunValue {
    /// By its own mean.
    pub mean: f64,
    /// On each test prompt that counts, by its number; nothing where that is not known.
    pub by_prompt: Vec<(usize, f64)>,
}

impl Resamples {
    /// Of so many seeds and test prompts.
    #[must_use]
    pub fn new(seeds: usize, prompts: usize) -> Self {
        Self {
            seeds: drawn("resampled seeds", seeds),
            prompts: drawn("resampled prompts", prompts),
        }
    }

    /// What runs come to, one for each seed.
    #[must_use]
    pub fn figure(&self, runs: &[RunValue]) -> Figure {
        let seeds = runs.iter().map(|run| run.mean).collect();
        let replicates = self.seeds.iter().zip(&self.prompts);
        let replicates = replicates.map(|(seeds, prompts)| mean(runs, seeds, prompts)).collect();
        let is_known = !runs.is_empty() && runs.iter().all(|run| !run.by_prompt.is_empty());
        let numbers = runs.iter().flat_map(|run| run.by_prompt.iter().map(|(number, _)| *number));
        let prompts = is_known.then(|| numbers.collect::<BTreeSet<usize>>().len());
        Figure { seeds, replicates, prompts }
    }
}

/// How often each of `count` is drawn in as many draws, replicate by replicate.
fn drawn(name: &str, count: usize) -> Vec<Vec<u32>> {
    let replicate = |replicate: u64| {
        let mut stream = Stream::new(0, name, replicate);
        let mut times = vec![0; count];
        for _ in 0..count {
            times[stream.below(count as u64) as usize] += 1;
        }
        times
    };
    (0..REPLICATES as u64).map(replicate).collect()
}

/// The mean over seeds, each as often as it is drawn, of the mean over its prompts; no number where none
/// of these is drawn.
fn mean(runs: &[RunValue], seeds: &[u32], prompts: &[u32]) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for (run, times) in runs.iter().zip(seeds).filter(|(_, times)| **times > 0) {
        let value = match run.by_prompt.is_empty() {
            true => Some(run.mean),
            false => mean_of_prompts(&run.by_prompt, prompts),
        };
        if let Some(value) = value {
            sum += f64::from(*times) * value;
            count += f64::from(*times);
        }
    }
    sum / count
}

/// None where none of the prompts is drawn.
fn mean_of_prompts(values: &[(usize, f64)], prompts: &[u32]) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0.0);
    for (prompt, value) in values {
        let times = f64::from(prompts.get(*prompt).copied().unwrap_or(0));
        sum += times * value;
        count += times;
    }
    (count > 0.0).then(|| sum / count)
}

/// A figure of each seed, and of each replicate.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    seeds: Vec<f64>,
    /// No number where no prompt that counts was drawn.
    replicates: Vec<f64>,
    /// How many prompts replicates are drawn from; none where they differ by their seeds alone.
    prompts: Option<usize>,
}

impl Figure {
    /// The same less another, seed by seed.
    #[must_use]
    pub fn less(&self, other: &Self) -> Self {
        let less = |one: &[f64], other: &[f64]| {
            one.iter().zip(other).map(|(one, other)| one - other).collect()
        };
        Self {
            seeds: less(&self.seeds, &other.seeds),
            replicates: less(&self.replicates, &other.replicates),
            prompts: self.prompts.min(other.prompts),
        }
    }

    /// The mean of several; none of none.
    #[must_use]
    pub fn mean_of(figures: &[Self]) -> Option<Self> {
        let first = figures.first()?;
        let mean = |values: fn(&Self) -> &[f64]| {
            let at = |place: usize| {
                let sum = figures.iter().fold(0.0, |sum, figure| sum + values(figure)[place]);
                sum / figures.len() as f64
            };
            (0..values(first).len()).map(at).collect()
        };
        Some(Self {
            seeds: mean(|figure| &figure.seeds),
            replicates: mean(|figure| &figure.replicates),
            prompts: figures.iter().map(|figure| figure.prompts).min().flatten(),
        })
    }

    /// The figure itself.
    #[must_use]
    pub fn mean(&self) -> f64 {
        average(&self.seeds)
    }

    /// Of each replicate.
    #[must_use]
    pub fn replicates(&self) -> &[f64] {
        &self.replicates
    }

    /// The mean, ± Student's quantile times the error. Without an interval of a single seed.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        Estimate::around(self.mean(), self.error().map(|error| error * quantile(self.degrees())))
    }

    /// How likely a mean as far from 0 is, were the true one 0; none of a single seed.
    #[must_use]
    pub fn p_value(&self) -> Option<f64> {
        let (mean, error) = (self.mean(), self.error()?);
        Some(if mean == 0.0 { 1.0 } else { two_sided(mean / error, self.degrees()) })
    }

    fn degrees(&self) -> usize {
        self.seeds.len().min(self.prompts.unwrap_or(usize::MAX)).saturating_sub(1)
    }

    /// The deviation of the replicates that are numbers, by n/(n − 1); of seeds alone their standard error.
    fn error(&self) -> Option<f64> {
        let degrees = self.degrees() as f64;
        let variance = match self.prompts {
            Some(_) => {
                let counted = self.replicates.iter().copied().filter(|value| value.is_finite());
                variance(&counted.collect::<Vec<_>>())? * (degrees + 1.0) / degrees
            }
            None => variance(&self.seeds)? / self.seeds.len() as f64,
        };
        (degrees > 0.0).then(|| variance.sqrt_of())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seeds(values: &[f64]) -> Vec<RunValue> {
        values.iter().map(|mean| RunValue { mean: *mean, by_prompt: Vec::new() }).collect()
    }

    #[test]
    fn without_prompts_an_interval_is_that_of_student_over_seeds() {
        let values = [1.0, 2.0, 3.0, 4.0, 5.0];
        let figure = Resamples::new(5, 0).figure(&seeds(&values));
        assert_eq!(figure.estimate(), Estimate::of(&values).unwrap());
        assert!(figure.p_value().unwrap() < 0.02, "t = 3 / √½ = 4.24");
        assert_eq!(Resamples::new(1, 0).figure(&seeds(&[2.0])).p_value(), None);
    }

    /// Prompts that all seeds share: with 200 seeds that agree, the prompts alone are the chance, and
    /// the deviation of a mean over 40 of them is theirs over √40.
    #[test]
    fn prompts_that_seeds_share_count_once() {
        let by_prompt: Vec<(usize, f64)> =
            (0..40).map(|prompt| (prompt, if prompt % 2 == 0 { 0.0 } else { 2.0 })).collect();
        let run = RunValue { mean: 1.0, by_prompt };
        let figure = Resamples::new(200, 40).figure(&vec![run; 200]);
        let expected = 1.0 / 40_f64.sqrt_of();
        let error = figure.error().unwrap();
        assert!((error / expected - 1.0).abs() < 0.08, "{error} {expected}");
        let nothing = figure.less(&figure);
        assert_eq!((nothing.mean(), nothing.p_value()), (0.0, Some(1.0)));
    }

    /// With three seeds whose prompts all agree the seeds are the chance: an error as by Student.
    #[test]
    fn few_seeds_are_as_uncertain_as_by_themselves() {
        let run = |at: f64| RunValue {
            mean: at,
            by_prompt: (0..40).map(|prompt| (prompt, at)).collect(),
        };
        let (by_prompt, alone) = ([1.0, 2.0, 3.0].map(run), seeds(&[1.0, 2.0, 3.0]));
        let resamples = Resamples::new(3, 40);
        let error = |runs: &[RunValue]| resamples.figure(runs).error().unwrap();
        let ratio = error(&by_prompt) / error(&alone);
        assert!((ratio - 1.0).abs() < 0.08, "{ratio}");
    }

    /// Of 40 prompts two count, as where few have N responses: now and then neither is drawn, which is
    /// no result and leaves an interval, of a single degree of freedom.
    #[test]
    fn prompts_of_which_few_count_leave_an_interval() {
        let run = |at: f64| RunValue { mean: at, by_prompt: vec![(3, at - 1.0), (17, at + 1.0)] };
        let figure = Resamples::new(5, 40).figure(&[1.0, 2.0, 3.0, 4.0, 5.0].map(run));
        assert!(figure.replicates().iter().any(|value| value.is_nan()));
        let (estimate, error) = (figure.estimate(), figure.error().unwrap());
        let half = quantile(1) * error;
        assert_eq!((estimate.low, estimate.high), (Some(3.0 - half), Some(3.0 + half)));
        assert_eq!(figure.p_value(), Some(two_sided(3.0 / error, 1)));
    }

    #[test]
    fn what_is_drawn_is_as_much_as_there_is() {
        for times in drawn("resampled seeds", 7) {
            let mut all = 0;
            times.iter().for_each(|times| all += times);
            assert_eq!(all, 7);
        }
    }
}
