//! [`Options`]: what a strategy leaves to its caller. One set serves them all; a strategy's page
//! says which it reads.

use crate::arith::Real;
use crate::linalg::Packed;

/// Choices of the strategies.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a, T> {
    /// The weights w of the Fisher information.
    pub weights: Weights,
    /// V, the second moment of the differences whose rewards are wanted; of order H.
    pub target: Option<Packed<T, &'a [T]>>,
    /// κ: how much of ‖d‖² the score's denominator gains, for features that do not explain the
    /// reward fully.
    pub misfit: T,
    /// The most pairs of a batch that may touch one item, or one prompt.
    pub distinct: Distinct,
    /// Whether designs start at λI rather than at P.
    pub without_past: bool,
    /// Whether pairs are drawn in proportion to their scores rather than ranked.
    pub sampled: bool,
    /// How many of a batch's pairs, its last, are drawn at random among the rest.
    pub mixed: usize,
    /// K, the draws of the last layer from its posterior: at least 2.
    pub posterior_samples: usize,
    /// Joint answers that a batch's entropy is estimated by: at least K.
    pub configurations: usize,
    /// Clusters of feature differences.
    pub clusters: usize,
    /// R, the radius of the ball of parameters that sensitivities are bounded over.
    pub radius: T,
}

/// The weights w of the Fisher information.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weights {
    /// p(1 − p) at the model's probabilities.
    #[default]
    PlugIn,
    /// Its mean over the posterior of the last layer, c σ′(c m) with c = 1/√(1 + πv/8) and
    /// v = dᵀP⁻¹d ([`averaged`](crate::kernel::averaged)); P is the posterior precision of the labels
    /// so far, whatever matrix the strategy scores by.
    Averaged,
}

/// How often a batch may come back to the same place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Distinct {
    /// As often as scores say.
    #[default]
    Unlimited,
    /// At most so many pairs an item.
    PerItem(u32),
    /// At most so many pairs a prompt.
    PerPrompt(u32),
}

impl<T: Real> Default for Options<'_, T> {
    fn default() -> Self {
        Self {
            weights: Weights::default(),
            target: None,
            misfit: T::ZERO,
            distinct: Distinct::default(),
            without_past: false,
            sampled: false,
            mixed: 0,
            posterior_samples: 100,
            configurations: 1000,
            clusters: 10,
            radius: T::ONE,
        }
    }
}
