//! [`Settings`]: what an image fixes of how pairs are selected and learnt from.

use crate::head::{Covariates, Prior};
use crate::linalg::Packed;
use crate::pool::Distinct;
use crate::profile::Profile;
use crate::select::{Options, Strategy, Weights};

/// How features are stored. They are computed with in f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Precision {
    /// As they are: little-endian memory that is aligned is used where it lies.
    F32 = 1,
    /// In half the room, and widened into memory.
    F16 = 2,
}

impl Precision {
    /// In the order of their codes.
    pub(super) const ALL: [Self; 2] = [Self::F32, Self::F16];

    /// Bytes of a number.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
        }
    }
}

/// Which pairs are on offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum PairKind {
    /// Every two responses to one prompt.
    InPrompt = 1,
    /// Every two items.
    CrossPrompt = 2,
}

impl PairKind {
    /// In the order of their codes.
    pub(super) const ALL: [Self; 2] = [Self::InPrompt, Self::CrossPrompt];
}

/// How pairs are selected and learnt from. Where a choice is `None`, it is the strategy's.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Settings {
    /// How features are stored.
    pub precision: Precision,
    /// Whose functions are computed with.
    pub profile: Profile,
    /// What ranks the pairs.
    pub strategy: Strategy,
    /// Which pairs are on offer.
    pub pairs: PairKind,
    /// [`Options::weights`](field@Options::weights).
    pub weights: Option<Weights>,
    /// [`Options::misfit`](field@Options::misfit): κ.
    pub misfit: Option<f32>,
    /// [`Options::distinct`](field@Options::distinct).
    pub distinct: Option<Distinct>,
    /// [`Options::past`].
    pub past: bool,
    /// [`Options::prior_precision`](field@Options::prior_precision): λ that designs start from.
    pub design_precision: Option<f32>,
    /// [`Options::sampled`].
    pub sampled: bool,
    /// [`Options::mixed`]; at most a batch.
    pub mixed: u32,
    /// [`Options::posterior_samples`].
    pub posterior_samples: u32,
    /// [`Options::configurations`].
    pub configurations: u32,
    /// [`Options::clusters`].
    pub clusters: u32,
    /// [`Options::radius`].
    pub radius: f32,
    /// λ, the precision of the head's prior.
    pub prior_precision: f32,
    /// How many of the last features are covariates.
    pub covariates: u32,
    /// The prior precision of their weights.
    pub covariate_precision: f32,
    /// Numerical jitter, relative.
    pub jitter: f32,
    /// Pairs of a batch.
    pub batch: u32,
    /// The seed of every draw.
    pub seed: u64,
    /// The number of the first round, which draws are keyed by.
    pub first_round: u32,
}

impl Settings {
    /// A strategy with its own choices, in-prompt pairs, features in f32, everything exact.
    #[must_use]
    pub const fn new(strategy: Strategy, prior_precision: f32, batch: u32) -> Self {
        let own = Options::<f32>::DEFAULT;
        Self {
            precision: Precision::F32,
            profile: Profile::Exact,
            strategy,
            pairs: PairKind::InPrompt,
            weights: None,
            misfit: None,
            distinct: None,
            past: own.past,
            design_precision: None,
            sampled: own.sampled,
            mixed: 0,
            posterior_samples: own.posterior_samples as u32,
            configurations: own.configurations as u32,
            clusters: own.clusters as u32,
            radius: own.radius,
            prior_precision,
            covariates: 0,
            covariate_precision: 1.0,
            jitter: 0.0,
            batch,
            seed: 0,
            first_round: 1,
        }
    }

    /// The options that the strategy is called with.
    #[must_use]
    pub const fn options<'a>(&self, target: Option<Packed<f32, &'a [f32]>>) -> Options<'a, f32> {
        Options {
            weights: self.weights,
            target,
            misfit: self.misfit,
            distinct: self.distinct,
            past: self.past,
            prior_precision: self.design_precision,
            sampled: self.sampled,
            mixed: self.mixed as usize,
            posterior_samples: self.posterior_samples as usize,
            configurations: self.configurations as usize,
            clusters: self.clusters as usize,
            radius: self.radius,
        }
    }

    /// What is believed of the head's weights before any answer.
    pub(crate) const fn prior(&self) -> Prior<f32> {
        let (count, precision) = (self.covariates as usize, self.covariate_precision);
        Prior { precision: self.prior_precision, covariates: Covariates { count, precision } }
    }

    /// Whether designs weigh pairs alike, whatever their answers.
    #[must_use]
    pub const fn weighs_alike(&self) -> bool {
        let weights = match self.weights {
            Some(weights) => Some(weights),
            None => self.strategy.facts().weights,
        };
        matches!(weights, Some(Weights::Constant))
    }
}
