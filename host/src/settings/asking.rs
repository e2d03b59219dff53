//! [`Asking`]: which pairs can be asked about, which are, and how many.

use pairpick_core::select::{Strategy, Weights};
use serde::{Deserialize, Serialize};

use super::check::{at_least_one, in_range};
#[cfg(feature = "cli")]
use super::text::switch;
use super::{Amount, DistinctPairs, Features};
use crate::data::pool_kind::PoolKind;
use crate::error::Result;
#[cfg(feature = "cli")]
use crate::named::choice;
use crate::named::{self, named};

/// What is asked about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "cli", derive(clap::Args), command(next_help_heading = "Asking"))]
pub struct Asking {
    /// Which pairs to ask about
    #[serde(with = "named")]
    #[cfg_attr(feature = "cli", arg(long, value_parser = choice::<Strategy>()))]
    pub strategy: Strategy,

    /// Which pairs can be asked about
    #[serde(with = "named")]
    #[cfg_attr(feature = "cli", arg(long, value_parser = choice::<PoolKind>()))]
    pub pool: PoolKind,

    /// Prompts drawn each round, whose responses make the round's pool; all, if there are fewer
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub prompts_per_round: usize,

    /// all, or how many of the pool's pairs are offered, drawn at random
    #[cfg_attr(feature = "cli", arg(long, value_name = "N|all"))]
    pub pairs: Amount,

    /// Pairs asked about each round
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub batch: usize,

    /// on or off: draw pairs in proportion to their scores, rather than take the best
    #[cfg_attr(feature = "cli", arg(long, value_name = "on|off", value_parser = switch,
        num_args = 0..=1, default_missing_value = "on", action = clap::ArgAction::Set))]
    pub sample: bool,

    /// The share of a batch that is drawn at random among the pairs that are not in it
    #[cfg_attr(feature = "cli", arg(long, value_name = "S"))]
    pub mix: f64,

    /// on or off: bound what any batch of the pool could gain, and say how near this one and one
    /// drawn at random are; select does so unless told not to
    #[cfg_attr(feature = "cli", arg(long, value_name = "on|off", value_parser = switch,
        num_args = 0..=1, default_missing_value = "on", action = clap::ArgAction::Set))]
    pub certificate: bool,

    /// off, item:N or prompt:N: at most N pairs of a batch with the same item, or with a response
    /// to the same prompt; even: as few pairs a prompt as the batch needs, even+N N more. The default
    /// is off, of robust-v-opt even, and even+1 once there are as many labels as prompts. A row of
    /// (M, D) embeddings counts as a prompt
    #[cfg_attr(feature = "cli", arg(long, value_name = "off|item:N|prompt:N|even"))]
    pub distinct: Option<DistinctPairs>,

    /// κ of greedy-a-opt, greedy-v-opt and robust-v-opt: how much a pair far apart is distrusted;
    /// the default is 0, of robust-v-opt 10
    #[cfg_attr(feature = "cli", arg(long, value_name = "X"))]
    pub misfit: Option<f64>,

    /// on or off: start designs from the prior alone, as if there were no labels yet: a-opt, v-opt,
    /// exchange, and whatever picks pair by pair
    #[cfg_attr(feature = "cli", arg(long, value_name = "on|off", value_parser = switch,
        num_args = 0..=1, default_missing_value = "on", action = clap::ArgAction::Set))]
    pub no_past: bool,

    /// The precision of the prior that such designs start from, apart from --prior-precision, which
    /// the last layer is fitted with; the default is the latter, of robust-v-opt 3
    #[cfg_attr(feature = "cli", arg(long, value_name = "X"))]
    pub design_precision: Option<f64>,

    /// robust-v-opt: the features that it computes its design on, whatever the last layer sees, scaled
    /// alike; the default is kernel, and mlp is the network of --features mlp
    #[serde(with = "named::open")]
    #[cfg_attr(feature = "cli", arg(long, value_parser = choice::<Features>()))]
    pub design_features: Option<Features>,

    /// Rounds of asking and training; a batch that nobody sized leaves pairs for all of them
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub rounds: usize,

    /// How the first round chooses; the default is random, and model where weights are constant and the
    /// design is on no network's features, since such a design needs no label
    #[serde(with = "named::open")]
    #[cfg_attr(feature = "cli", arg(long, value_parser = choice::<FirstRound>()))]
    pub first_round: Option<FirstRound>,

    /// The weight of a pair in the Fisher information; the default is plug-in, of robust-v-opt
    /// constant
    #[serde(with = "named::open")]
    #[cfg_attr(feature = "cli", arg(long, value_parser = choice::<Weights>()))]
    pub weights: Option<Weights>,

    /// Arithmetic of the selection
    #[serde(with = "named")]
    #[cfg_attr(feature = "cli", arg(long, value_parser = choice::<Precision>()))]
    pub precision: Precision,

    /// bald, batchbald: draws of the last layer, which ln N nats of answers tell apart
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub posterior_samples: usize,

    /// batchbald: joint answers that the entropy of a batch is estimated by
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub configurations: usize,

    /// coreset: clusters of the pairs' differences
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub clusters: usize,

    /// coreset: the radius of the ball of parameters; the larger, the more single pairs count
    #[cfg_attr(feature = "cli", arg(long, value_name = "R"))]
    pub radius: f64,
}

impl Asking {
    /// How many pairs of a batch are drawn at random.
    pub(crate) fn mixed(&self, batch: usize) -> usize {
        // The little more is for shares such as 0.29, whose product with 100 is below 29.
        (self.mix * batch as f64 + 1e-9) as usize
    }

    /// Checks what can be checked without data.
    pub(super) fn check(&self) -> Result<()> {
        at_least_one("prompts_per_round", self.prompts_per_round)?;
        if self.pairs == Amount::Only(0) {
            at_least_one("pairs", 0)?;
        }
        at_least_one("batch", self.batch)?;
        at_least_one("rounds", self.rounds)?;
        self.distinct.unwrap_or_default().check()?;
        let misfit = self.misfit.unwrap_or(0.0);
        let holds = misfit >= 0.0 && (misfit as f32).is_finite();
        in_range("misfit", misfit, holds, "not negative, and one in f32")?;
        let precision = self.design_precision.unwrap_or(1.0);
        let holds = precision as f32 > 0.0 && (precision as f32).is_finite();
        in_range("design_precision", precision, holds, "above 0, and one in f32")?;
        in_range("mix", self.mix, (0.0..=1.0).contains(&self.mix), "from 0 to 1")?;
        self.check_strategy()
    }
}

/// How the first round chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstRound {
    /// At random.
    #[default]
    Random,
    /// By the strategy.
    Model,
}

named!(FirstRound, "first round",
    Random = "random": "at random, since nothing is learnt yet",
    Model = "model": "by the strategy on the untrained model, as the paper does",
);

named!(Weights, "kind of weights",
    PlugIn = "plug-in": "p(1 − p) at the model's probabilities",
    Averaged = "averaged": "its mean over what the labels leave open about the last layer",
    Constant = "constant": "1/4, that of probability 1/2: no label changes the design",
);

/// The arithmetic of Fisher matrix, Cholesky factor and scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits.
    F32,
    /// 64 bits.
    #[default]
    F64,
}

named!(Precision, "precision",
    F32 = "f32": "32 bits, as on a microcontroller; ill-conditioned matrices fail",
    F64 = "f64": "64 bits",
);
