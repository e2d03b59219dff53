//! What is told of a set-up apart from how its models measure: what its strategies asked about, and what
//! covariates alone come to.

use pairpick_core::select::Strategy;
use serde::Serialize;

use super::standing::Runs;
use crate::grid::statistics::Estimate;
use crate::grid::{CellRound, CellRun};
use crate::named;
use crate::round::metrics::CovariateMetrics;

/// What a strategy has asked about by its end, mean over its runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AskedStanding {
    /// Which.
    #[serde(with = "named")]
    pub strategy: Strategy,
    /// Training prompts with a response in some question.
    pub prompts: Option<f64>,
    /// Distance between the embeddings of a question's two responses.
    pub distance: Option<f64>,
}

/// How a covariate alone orders the test prompts' responses.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alone {
    /// Its name.
    pub covariate: String,
    /// Mean over the test prompts, and over seeds where these have prompts of their own.
    pub one_minus_spearman: f64,
}

/// What every strategy has asked about.
pub(super) fn asked(runs: &Runs<'_>, setup: usize) -> Vec<AskedStanding> {
    let of = |(place, strategy): (usize, &Strategy)| {
        let of_strategy = runs.of(setup, place);
        let mean = |value: &dyn Fn(&CellRound) -> Option<f64>| {
            let ends = of_strategy.iter().map(|run| value(run.rounds.last()?));
            Some(Estimate::of(&ends.collect::<Option<Vec<f64>>>()?)?.mean)
        };
        AskedStanding {
            strategy: *strategy,
            prompts: mean(&|round| Some(round.prompts_asked as f64)),
            distance: mean(&|round| round.distance_asked),
        }
    };
    runs.plan.strategies.iter().enumerate().map(of).collect()
}

/// What covariates alone come to, where there are any: the same for every strategy.
pub(super) fn alone(runs: &Runs<'_>, setup: usize) -> Vec<Alone> {
    let of_setup = runs.of(setup, 0);
    let last = |run: &&CellRun| run.rounds.last().map(|round| round.metrics.covariates.clone());
    let of_runs: Vec<_> = of_setup.iter().filter_map(last).collect();
    let names = of_runs.first().into_iter().flatten().map(|covariate| covariate.name.clone());
    let mean = |(place, covariate): (usize, String)| {
        let value = |run: &Vec<CovariateMetrics>| {
            run.get(place).and_then(|covariate| covariate.one_minus_spearman_alone)
        };
        let values = Estimate::of(&of_runs.iter().filter_map(value).collect::<Vec<f64>>())?;
        Some(Alone { covariate, one_minus_spearman: values.mean })
    };
    names.enumerate().filter_map(mean).collect()
}
