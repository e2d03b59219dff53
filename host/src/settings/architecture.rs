//! [`Architecture`]: what learns rewards from embeddings.

use pairpick_core::trunk::Activation;
use pairpick_core::trunk::mlp::{LAYERS, MAX_HIDDEN};
use pairpick_core::trunk::nystrom::MAX_LANDMARKS;
use serde::{Deserialize, Serialize};

#[cfg(feature = "cli")]
use super::text::switch;
use crate::error::{Error, Result};
#[cfg(feature = "cli")]
use crate::named::choice;
use crate::named::{self, named};

/// The trunk that makes features for the last layer, and what there is to say of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "trunk", rename_all = "snake_case")]
pub enum Architecture {
    /// A network, trained.
    Mlp(Network),
    /// Features of a Gaussian kernel, fitted to the embeddings alone.
    Kernel(Landmarks),
    /// The embeddings, standardised.
    Input,
}

impl Architecture {
    /// Checks what can be checked without data.
    pub(super) fn check(&self) -> Result<()> {
        match self {
            Self::Mlp(network) => network.hidden.iter().try_for_each(|size| check_hidden(*size)),
            Self::Kernel(kernel) => {
                let landmarks = kernel.landmarks;
                if (1..=MAX_LANDMARKS).contains(&landmarks) {
                    return Ok(());
                }
                let expected = format!("from 1 to {MAX_LANDMARKS}");
                Err(Error::setting("landmarks", landmarks, expected))
            }
            Self::Input => Ok(()),
        }
    }

    /// What the last layer sees.
    #[must_use]
    pub const fn features(&self) -> Features {
        match self {
            Self::Mlp(_) => Features::Mlp,
            Self::Kernel(_) => Features::Kernel,
            Self::Input => Features::Input,
        }
    }
}

/// What the last layer sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Features {
    /// The last hidden layer of a network.
    Mlp,
    /// Features of a Gaussian kernel.
    Kernel,
    /// Standardised embeddings.
    Input,
}

named!(Features, "kind of features",
    Mlp = "mlp": "the last hidden layer of a network, trained with it",
    Kernel = "kernel": "a Gaussian kernel at landmarks, fixed before any label",
    Input = "input": "the embeddings, standardised: a linear model",
);

/// The landmarks of a kernel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "cli", derive(clap::Args), command(next_help_heading = "Training"))]
pub struct Landmarks {
    /// kernel: responses drawn at random that others are compared with, at most 512: as many features
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub landmarks: usize,
}

/// Layers between embeddings and features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "cli", derive(clap::Args), command(next_help_heading = "Training"))]
pub struct Network {
    /// Units of the three hidden layers, at most 256 each
    #[cfg_attr(feature = "cli", arg(long, value_name = "A,B,C", value_parser = hidden_sizes))]
    pub hidden: [usize; LAYERS],

    /// What the hidden layers apply
    #[serde(with = "named")]
    #[cfg_attr(feature = "cli", arg(long, value_parser = choice::<Activation>()))]
    pub activation: Activation,

    /// on or off: standardise inputs by the training embeddings
    #[cfg_attr(feature = "cli", arg(long, value_name = "on|off", value_parser = switch,
        num_args = 0..=1, default_missing_value = "on", action = clap::ArgAction::Set))]
    pub standardise: bool,
}

named!(Activation, "activation",
    Gelu = "gelu": "x times the normal distribution function, exact",
    Relu = "relu": "x where positive, else 0",
);

/// Units of the hidden layers from text, such as `64,64,64`.
///
/// # Errors
/// What was expected.
pub fn hidden_sizes(text: &str) -> Result<[usize; LAYERS], String> {
    let sizes: Result<Vec<usize>, _> = text.split(',').map(|size| size.trim().parse()).collect();
    sizes
        .ok()
        .and_then(|sizes| sizes.try_into().ok())
        .ok_or_else(|| format!("expected {LAYERS} sizes, such as 64,64,64"))
}

/// Checks the units of a hidden layer.
///
/// # Errors
/// [`Error::Setting`] beyond the core's capacity.
pub fn check_hidden(size: usize) -> Result<()> {
    if (1..=MAX_HIDDEN).contains(&size) {
        return Ok(());
    }
    let expected = format!("a hidden layer has from 1 to {MAX_HIDDEN} units");
    Err(Error::setting("hidden", size, expected))
}
