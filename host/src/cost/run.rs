//! [`seconds_of_run`]: how long the rounds of a run take on one thread, roughly.

use pairpick_core::select::Strategy;
use pairpick_core::trunk::mlp::MAX_HIDDEN;

use super::calibration::Calibration;
use super::machine::{Machine, costs};
use super::measure::Clock;
use super::stages::{PoolShape, Shape};
use crate::data::pool_kind::PoolKind;
use crate::error::Result;
use crate::parallel::Threads;
use crate::settings::{Amount, Architecture, Precision, PriorPrecision, Settings};

/// Selections by `dopt` that a pair-by-pair design takes as long as, where it picks 500 pairs; one that
/// goes through draws of the last layer; and one through joint answers besides.
const DESIGNED: f64 = 20.0;
const DRAWN: f64 = 5.0;
const JOINT: f64 = 200.0;

/// Newton steps of a fit of the last layer.
const STEPS: f64 = 8.0;

/// What a run takes, but for how its strategy goes through the pool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunSeconds {
    /// Learning and measuring, in all rounds.
    pub learning: f64,
    /// One-shot selections, one in each round.
    pub selecting: f64,
}

impl RunSeconds {
    /// The run of a strategy.
    #[must_use]
    pub fn by(&self, strategy: Strategy) -> f64 {
        let selections = match strategy {
            Strategy::Random => 0.0,
            Strategy::GreedyDopt
            | Strategy::GreedyAOpt
            | Strategy::GreedyVOpt
            | Strategy::RobustVOpt
            | Strategy::Exchange => DESIGNED,
            Strategy::Coreset | Strategy::Bald => DRAWN,
            Strategy::BatchBald => JOINT,
            _ => 1.0,
        };
        self.learning + selections * self.selecting
    }
}

/// The rounds of a run on one thread, from stages that are run on few items by a clock; for data of
/// which the settings know the shape.
///
/// # Errors
/// As [`Calibration::run`].
pub fn seconds_of_run(one: &Threads, settings: &Settings, clock: Clock<'_>) -> Result<RunSeconds> {
    let shape = shape_of(settings);
    let machine = Machine::Calibrated(Calibration::run(one, &shape, clock)?);
    let rounds = settings.asking.rounds;
    let (mut learning, mut selecting) = (0.0, 0.0);
    for round in 1..=rounds as u64 {
        let labels = round.saturating_mul(settings.asking.batch as u64).max(1);
        let shape = Shape { labels, ..shape };
        let seconds: Vec<f64> =
            costs(&shape, &machine, 1).iter().map(|cost| cost.seconds).collect();
        let [embed, fisher, cholesky, whiten, scores, iteration] = seconds[..] else { continue };
        selecting += fisher + cholesky + whiten + scores;
        learning += match &settings.model {
            Architecture::Mlp(_) => embed + settings.training.iterations as f64 * iteration,
            Architecture::Kernel(_) | Architecture::Input => {
                let listed = Shape { pool: PoolShape::Listed { pairs: labels }, ..shape };
                let fits = match settings.prior.prior_precision {
                    PriorPrecision::Evidence => {
                        settings.prior.prior_grid.values().map_or(3, <[f64]>::len)
                    }
                    _ => 1,
                };
                // The Fisher matrix of a pool, by how many pairs the labels are beside it.
                let fisher = fisher * listed.pairs() / shape.pairs();
                // Fixed features are made once.
                embed / rounds as f64 + fits as f64 * STEPS * (fisher + cholesky)
            }
        };
    }
    Ok(RunSeconds { learning, selecting })
}

fn shape_of(settings: &Settings) -> Shape {
    let train = settings.data.as_ref().map(|data| &data.train);
    let dimensions = train.map_or(384, |train| train.dimensions) as u64;
    let responses = train.map_or(8, |train| train.responses.most()) as u64;
    let prompts = settings.asking.prompts_per_round as u64;
    let prompts = train.map_or(prompts, |train| prompts.min(train.prompts as u64));
    // Three products either way: of a network, or with the metric, the landmarks and their factor.
    let hidden = match &settings.model {
        Architecture::Mlp(network) => network.hidden.map(|size| size as u64),
        Architecture::Kernel(kernel) => {
            [dimensions, kernel.landmarks as u64, kernel.landmarks as u64]
        }
        Architecture::Input => [1, 1, dimensions],
    };
    let pool = match (settings.asking.pairs, settings.asking.pool) {
        (Amount::Only(pairs), _) => PoolShape::Listed { pairs },
        (Amount::All, PoolKind::InPrompt) => PoolShape::InPrompt { responses: responses.max(2) },
        (Amount::All, PoolKind::CrossPrompt) => PoolShape::CrossPrompt,
        (Amount::All, PoolKind::Listed) => {
            let listed = settings.data.as_ref().and_then(|data| data.candidates.as_ref());
            PoolShape::Listed { pairs: listed.map_or(1, |listed| listed.pairs.max(1)) }
        }
    };
    let items = match pool {
        // All prompts are on offer, as far as their items are listed.
        PoolShape::Listed { pairs } if settings.asking.pool == PoolKind::Listed => {
            let prompts = train.map_or(prompts, |train| train.prompts as u64);
            prompts.saturating_mul(responses).min(pairs.saturating_mul(2))
        }
        _ => prompts.saturating_mul(responses),
    };
    Shape {
        items: items.max(2),
        dimensions,
        hidden: hidden.map(|size| size.clamp(1, MAX_HIDDEN as u64)),
        pool,
        labels: settings.asking.batch as u64,
        scalar: match settings.asking.precision {
            Precision::F32 => 4,
            Precision::F64 => 8,
        },
    }
}
