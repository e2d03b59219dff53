//! [`Curve`]: a strategy's runs of a set-up by one measure, round by round.

use serde::Serialize;

use super::CellRun;
use super::resample::{Figure, Resamples, RunValue};
use super::statistics::{Estimate, Needed, needed};
use crate::round::measure::Measure;

/// As far as all of the runs have the measure.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Labels after each round, mean over the runs.
    pub labels: Vec<f64>,
    /// What is measured then.
    pub figures: Vec<Figure>,
    lower_is_better: bool,
}

/// How many labels a strategy needs for a result.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LabelsNeeded {
    /// By the means.
    pub labels: Needed,
    /// From so many, in 95 % of the replicates.
    pub low: Needed,
    /// To so many.
    pub high: Needed,
}

impl Curve {
    /// Of these runs, one a seed, whose test prompts have the numbers that `prompts` tells of a run.
    #[must_use]
    pub fn of(
        runs: &[&CellRun],
        measure: &Measure,
        resamples: &Resamples,
        prompts: &dyn Fn(&CellRun) -> Vec<usize>,
    ) -> Self {
        let numbers: Vec<Vec<usize>> = runs.iter().map(|run| prompts(run)).collect();
        let mut curve = Self {
            labels: Vec::new(),
            figures: Vec::new(),
            lower_is_better: measure.lower_is_better != Some(false),
        };
        for round in 0.. {
            let values = runs.iter().zip(&numbers).map(|(run, numbers)| {
                let round = run.rounds.get(round)?;
                let by_prompt = measure.by_prompt.map(|of| of(&round.by_prompt));
                let by_prompt = numbers.iter().zip(by_prompt.unwrap_or_default());
                let counted = by_prompt
                    .filter_map(|(prompt, value)| value.map(|value| (*prompt, f64::from(value))));
                let mut by_prompt: Vec<(usize, f64)> = counted.collect();
                // One prompt tells nothing of prompts.
                if by_prompt.len() < 2 {
                    by_prompt.clear();
                }
                Some(RunValue { mean: measure.value(&round.metrics)?, by_prompt })
            });
            let Some(values) = values.collect::<Option<Vec<_>>>().filter(|all| !all.is_empty())
            else {
                return curve;
            };
            let labels = runs.iter().map(|run| run.rounds[round].metrics.labels as f64);
            curve.labels.push(labels.fold(0.0, |sum, labels| sum + labels) / runs.len() as f64);
            curve.figures.push(resamples.figure(&values));
        }
        curve
    }

    /// The mean and its interval, round by round.
    #[must_use]
    pub fn estimates(&self) -> Vec<Estimate> {
        self.figures.iter().map(Figure::estimate).collect()
    }

    /// This less another, seed by seed, in the rounds that both have.
    #[must_use]
    pub fn less(&self, other: &Self) -> Vec<Figure> {
        let both = self.figures.iter().zip(&other.figures);
        both.map(|(own, others)| own.less(others)).collect()
    }

    /// With how many labels it comes to what another has at its end; none where either has nothing.
    #[must_use]
    pub fn needed(&self, other: &Self) -> Option<LabelsNeeded> {
        let end = other.figures.last()?;
        let sign = if self.lower_is_better { 1.0 } else { -1.0 };
        let reached = |value: &dyn Fn(&Figure) -> f64| {
            let errors = self.figures.iter().map(|figure| sign * value(figure));
            let curve: Vec<(f64, f64)> = self.labels.iter().copied().zip(errors).collect();
            needed(&curve, sign * value(end))
        };
        let labels = reached(&Figure::mean)?;
        let of_replicate = |place: usize| {
            let value = |figure: &Figure| figure.replicates()[place];
            let is_known = self.figures.iter().chain([end]).all(|figure| value(figure).is_finite());
            is_known.then(|| reached(&value)).flatten()
        };
        let mut replicates: Vec<Needed> =
            (0..end.replicates().len()).filter_map(of_replicate).collect();
        replicates.sort_by(Needed::total_cmp);
        let quantile = |share: f64| {
            let last = replicates.len().saturating_sub(1);
            replicates.get((share * last as f64).round() as usize).copied().unwrap_or(labels)
        };
        Some(LabelsNeeded { labels, low: quantile(0.025), high: quantile(0.975) })
    }
}
