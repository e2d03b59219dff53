//! [`Request`]: the batch that is wanted.

use pairpick_core::select::Strategy;

use crate::data::candidates::Candidates;
use crate::error::Error;
use crate::model::Context;
use crate::settings::{Features, FirstRound, Settings};

/// Which batch is wanted, of which pairs, by whom.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The embeddings to draw from, the size of the batch, and threads.
    pub context: Context<'a>,
    /// The pairs that can be asked about, where not all can.
    pub candidates: Option<&'a Candidates>,
    /// The round, from 1, which every draw is keyed by.
    pub round: u64,
    /// What ranks the pairs.
    pub strategy: Strategy,
}

impl Request<'_> {
    /// Wraps a refusal of the core.
    pub(super) fn refused(&self) -> impl FnOnce(pairpick_core::Error) -> Error + use<> {
        Error::core(format!("round {}, {}", self.round, self.strategy.name()))
    }
}

/// The strategy of a round: when no label is there to learn from, it may be another. So it is, unless
/// something else was asked for, where the design is on a network's features: before its first training
/// they are no better than chance, and a design on them is worse than random pairs.
#[must_use]
pub fn strategy_of(settings: &Settings, round: u64) -> Strategy {
    let untrained = settings.design_features(settings.asking.strategy) == Features::Mlp;
    let first_round = match settings.asking.first_round {
        None if untrained => FirstRound::Random,
        _ => settings.asking.first_round(),
    };
    match first_round {
        FirstRound::Random if round == 1 => Strategy::Random,
        _ => settings.asking.strategy,
    }
}
