//! [`Training`]: how the network learns.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Amount;
use super::check::{at_least_one, in_range, positive};
use super::text::number_or_word;
use crate::error::Result;
#[cfg(feature = "cli")]
use crate::named::choice;
use crate::named::{self, named};

/// How the network learns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "cli", derive(clap::Args), command(next_help_heading = "Training"))]
pub struct Training {
    /// What training starts from
    #[serde(with = "named")]
    #[cfg_attr(feature = "cli", arg(long, value_parser = choice::<Init>()))]
    pub init: Init,

    /// The most training iterations a round, each one step of Adam
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub iterations: usize,

    /// all, or how many labels an iteration looks at, in an order shuffled each time that all have
    /// been seen
    #[cfg_attr(feature = "cli", arg(long, value_name = "N|all"))]
    pub minibatch: Amount,

    /// Learning rate: Adam's step size
    #[cfg_attr(feature = "cli", arg(long, value_name = "X"))]
    pub lr: f64,

    /// Decoupled weight decay, on weights and not on biases
    #[cfg_attr(feature = "cli", arg(long, value_name = "X"))]
    pub weight_decay: f64,

    /// on, off, or N: stop after more than N iterations without a better loss on held-out labels
    #[cfg_attr(feature = "cli", arg(long, value_name = "on|off|N",
        num_args = 0..=1, default_missing_value = "on"))]
    pub early_stopping: EarlyStopping,

    /// Iterations before which early stopping does not look at the held-out loss
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub warm_up: usize,

    /// The share of the labels that early stopping holds out, in whole prompts but for one that has
    /// too many
    #[cfg_attr(feature = "cli", arg(long, value_name = "S"))]
    pub holdout: f64,
}

impl Training {
    /// Checks what can be checked without data.
    pub(super) fn check(&self) -> Result<()> {
        at_least_one("iterations", self.iterations)?;
        if self.minibatch == Amount::Only(0) {
            at_least_one("minibatch", 0)?;
        }
        if self.early_stopping == EarlyStopping::Patience(0) {
            at_least_one("early_stopping", 0)?;
        }
        positive("lr", self.lr)?;
        in_range("weight_decay", self.weight_decay, self.weight_decay >= 0.0, "not negative")?;
        let share = self.holdout > 0.0 && self.holdout < 1.0;
        in_range("holdout", self.holdout, share, "between 0 and 1")
    }
}

/// What training starts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Init {
    /// New random parameters each round.
    #[default]
    Fresh,
    /// The last round's parameters, with nothing else of its training.
    Warm,
}

named!(Init, "initialisation",
    Fresh = "fresh": "new random parameters each round",
    Warm = "warm": "the parameters of the round before",
);

/// When training stops early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EarlyStopping {
    /// Never: written `"off"`.
    Off,
    /// After more than so many iterations without a better held-out loss: written as the number.
    Patience(usize),
}

impl EarlyStopping {
    /// With the patience of the default recipe: what `on` stands for.
    pub const ON: Self = Self::Patience(10);

    /// Iterations, where training stops early.
    #[must_use]
    pub const fn patience(self) -> Option<usize> {
        match self {
            Self::Off => None,
            Self::Patience(patience) => Some(patience),
        }
    }
}

impl fmt::Display for EarlyStopping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Patience(patience) => write!(f, "{patience}"),
        }
    }
}

impl FromStr for EarlyStopping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "off" => Ok(Self::Off),
            "on" => Ok(Self::ON),
            number => number
                .parse()
                .map(Self::Patience)
                .map_err(|_| "expected on, off, or a number of iterations".to_owned()),
        }
    }
}

impl Serialize for EarlyStopping {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Off => serializer.collect_str(self),
            Self::Patience(patience) => patience.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for EarlyStopping {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        number_or_word(deserializer)
    }
}
