//! The settings that are a choice among names, and what each name means.

use std::fmt;
use std::str::FromStr;

use pairpick_core::select::{Strategy, Weights};
use pairpick_core::trunk::Activation;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::named::Named;

/// Implements [`Named`]: the names are data, and the same code goes with every list of them.
macro_rules! named {
    ($type:ty, $what:literal, $($value:ident = $name:literal: $about:literal),+ $(,)?) => {
        impl Named for $type {
            const WHAT: &'static str = $what;
            const ALL: &'static [Self] = &[$(Self::$value),+];

            fn name(self) -> &'static str {
                match self {
                    $(Self::$value => $name),+
                }
            }

            fn about(self) -> &'static str {
                match self {
                    $(Self::$value => $about),+
                }
            }
        }
    };
}

/// A recipe: a value for every setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// Sound training.
    #[default]
    Default,
    /// The paper's.
    Paper,
}

named!(Preset, "preset",
    Default = "default": "standardised inputs, early stopping, a prior that counts",
    Paper = "paper": "the paper and its authors' code: 1,000 iterations, no regularisation",
);

/// Which pairs can be asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PoolKind {
    /// Two responses to the same prompt.
    #[default]
    InPrompt,
    /// Any two responses to the prompts drawn.
    CrossPrompt,
    /// The pairs of a file.
    Listed,
}

named!(PoolKind, "pool",
    InPrompt = "in-prompt": "two responses to the same prompt",
    CrossPrompt = "cross-prompt": "any two responses to the prompts drawn",
    Listed = "listed": "the pairs of a list",
);

/// How many of a round's pairs are offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PairsOffered {
    /// All of them: written `"all"`.
    #[default]
    All,
    /// So many, drawn anew each round: written as the number.
    Sampled(u64),
}

impl fmt::Display for PairsOffered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Sampled(count) => write!(f, "{count}"),
        }
    }
}

impl FromStr for PairsOffered {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self::All),
            number => number
                .parse()
                .map(Self::Sampled)
                .map_err(|_| "expected all, or a number of pairs".to_owned()),
        }
    }
}

impl Serialize for PairsOffered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str("all"),
            Self::Sampled(count) => serializer.serialize_u64(*count),
        }
    }
}

impl<'de> Deserialize<'de> for PairsOffered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected \"all\" or a number of pairs")]
        enum Form {
            Count(u64),
            Text(String),
        }
        match Form::deserialize(deserializer)? {
            Form::Count(count) => Ok(Self::Sampled(count)),
            Form::Text(text) if text == "all" => Ok(Self::All),
            Form::Text(text) => Err(D::Error::custom(format!("{text:?} is not \"all\""))),
        }
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

named!(Weights, "kind of weights",
    PlugIn = "plug-in": "p(1 − p) at the model's probabilities",
    Averaged = "averaged": "its mean over what the labels leave open about the last layer",
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

/// Who answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Oracle {
    /// Draws the answer with the Bradley–Terry probability of the golden rewards.
    #[default]
    BradleyTerry,
    /// Always the response of the larger golden reward.
    ArgMax,
    /// Whoever answered the candidates before.
    Recorded,
}

named!(Oracle, "oracle",
    BradleyTerry = "bt": "a person who errs: draws from the Bradley–Terry probability",
    ArgMax = "argmax": "a person who never errs: the larger golden reward wins",
    Recorded = "recorded": "the labels that the candidates have already",
);

named!(Activation, "activation",
    Gelu = "gelu": "x times the normal distribution function, exact",
    Relu = "relu": "x where positive, else 0",
);

impl Named for Strategy {
    const WHAT: &'static str = "strategy";
    const ALL: &'static [Self] = &Self::ALL;

    fn name(self) -> &'static str {
        self.name()
    }

    fn about(self) -> &'static str {
        match self {
            Self::Random => "pairs at random: the baseline to beat",
            Self::Entropy => "pairs whose answer the model is least sure of",
            Self::MaxDiff => "pairs of the largest difference in reward",
            Self::Design => "D-optimal for a linear model, rewards ignored",
            Self::Dopt => "D-optimal for the last layer's Fisher information",
            Self::PaDopt => "the same, past labels counted: asks what is not known yet",
            Self::Coreset => "pairs drawn by how much the posterior could miss each",
            Self::Bald => "pairs whose answer tells most about the last layer, each alone",
            Self::BatchBald => "the batch whose answers together tell most about it",
            Self::AOpt => "A-optimal: for the least variance of the last layer's weights",
            Self::VOpt => "V-optimal: for the least variance of rewards within prompts",
            Self::GreedyDopt => "D-optimal pair by pair, each under those before it",
            Self::Exchange => "the same, then improved by swapping pairs until nothing is gained",
            Self::GreedyAOpt => "pair by pair, for the least variance of the weights",
            Self::GreedyVOpt => "pair by pair, for the least variance of rewards within prompts",
            Self::RobustVOpt => "the same, wary of outliers, one pair a prompt",
        }
    }
}
