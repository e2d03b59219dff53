//! [`Options`]: what a strategy leaves to its caller. One type serves them all. Weights, misfit, caps,
//! what a design starts from and pairs drawn change what a batch means: a strategy that does not read
//! them refuses them, and [`Options::read_by`] takes them out. The sizes of samples and clusters mean
//! nothing to strategies that have none. What is left open is resolved once, before a strategy runs.

use super::Facts;
use crate::arith::Real;
use crate::error::Error;
use crate::linalg::Packed;
use crate::pool::Distinct;

/// Choices of the strategies.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Options<'a, T> {
    /// The weights w of the Fisher information; without them, [`Facts::weights`].
    pub weights: Option<Weights>,
    /// V, the second moment of the differences whose rewards are wanted; of order H.
    pub target: Option<Packed<T, &'a [T]>>,
    /// κ: how much of ‖d‖² the score's denominator gains, for features that do not explain the
    /// reward fully; without it, [`Facts::misfit`].
    pub misfit: Option<T>,
    /// The most pairs of a batch that may touch one item, or one prompt; without it,
    /// [`Facts::distinct`].
    pub distinct: Option<Distinct>,
    /// Whether designs start at P, the past counted, rather than at λI.
    pub past: bool,
    /// λ of the matrix that a design starts from; without it, [`Facts::prior_precision`].
    pub prior_precision: Option<T>,
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
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Weights {
    /// p(1 − p) at the model's probabilities.
    #[default]
    PlugIn,
    /// Its mean over the posterior of the last layer, c σ′(c m) with c = 1/√(1 + πv/8) and
    /// v = dᵀP⁻¹d ([`averaged`](crate::fisher::averaged)); P is the posterior precision of the labels
    /// so far, whatever matrix the strategy scores by.
    Averaged,
    /// ¼, that of p = ½, whatever the rewards: no label changes what a pair counts. The past that a
    /// design starts from is the caller's, who weighs it alike.
    Constant,
}

impl<T: Real> Default for Options<'_, T> {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl<T: Real> Options<'_, T> {
    /// The defaults, by name where memory is sized when a program is built.
    pub const DEFAULT: Self = Self {
        weights: None,
        target: None,
        misfit: None,
        distinct: None,
        past: true,
        prior_precision: None,
        sampled: false,
        mixed: 0,
        posterior_samples: 100,
        configurations: 1000,
        clusters: 10,
        radius: T::ONE,
    };

    /// These, without those that the strategy does not read and would refuse.
    #[must_use]
    pub fn read_by(self, strategy: &Facts) -> Self {
        let options = Self {
            weights: self.weights.filter(|_| strategy.weights.is_some()),
            misfit: self.misfit.filter(|_| strategy.misfit.is_some()),
            distinct: self.distinct.filter(|_| strategy.distinct.is_some()),
            past: self.past || !strategy.past,
            prior_precision: self.prior_precision.filter(|_| strategy.past),
            sampled: self.sampled && strategy.sampled,
            ..self
        };
        let capped = options.resolved(strategy).distinct() != Distinct::Unlimited;
        Self { mixed: if capped { 0 } else { self.mixed }, ..options }
    }

    /// These, with the strategy's choice of what sizes its memory.
    pub(super) const fn sized(self, strategy: &Facts) -> Self {
        let distinct = match self.distinct {
            Some(distinct) => Some(distinct),
            None => strategy.distinct,
        };
        let weights = match self.weights {
            Some(weights) => Some(weights),
            None => strategy.weights,
        };
        Self { distinct, weights, ..self }
    }

    /// These, with the strategy's choice of all that they leave open.
    pub(super) fn resolved(self, strategy: &Facts) -> Self {
        let own = strategy.prior_precision.map(T::from_f64);
        Self {
            misfit: self.misfit.or(strategy.misfit.map(T::from_f64)),
            prior_precision: self.prior_precision.or(own),
            ..self.sized(strategy)
        }
    }

    /// The weights, once they are resolved.
    pub(super) const fn weights(&self) -> Weights {
        match self.weights {
            Some(weights) => weights,
            None => Weights::PlugIn,
        }
    }

    /// The caps on a batch, once they are resolved.
    pub(super) const fn distinct(&self) -> Distinct {
        match self.distinct {
            Some(distinct) => distinct,
            None => Distinct::Unlimited,
        }
    }

    /// Whether a pair's score has a bound that two numbers an item make: no draw decides, and no
    /// variance of its own.
    pub(crate) const fn is_bounded(&self) -> bool {
        !self.sampled && !matches!(self.weights(), Weights::Averaged)
    }

    /// κ, once it is resolved.
    pub(super) fn misfit(&self) -> T {
        self.misfit.unwrap_or(T::ZERO)
    }

    /// Refuses what the strategy would not honour.
    pub(super) fn check(&self, strategy: &Facts) -> Result<(), Error> {
        let refused = [
            (
                self.weights() != Weights::PlugIn && strategy.weights.is_none(),
                "weights other than plug-in, for a strategy that has no weights",
            ),
            (
                self.misfit.is_some_and(|misfit| !(misfit >= T::ZERO && misfit.is_finite_number())),
                "misfit must be a finite number, not negative",
            ),
            (
                self.misfit() != T::ZERO && strategy.misfit.is_none(),
                "misfit, for a strategy that does not read it",
            ),
            (
                self.distinct() != Distinct::Unlimited && strategy.distinct.is_none(),
                "distinct, for a strategy that keeps no caps",
            ),
            (!self.past && !strategy.past, "past, for a strategy that has no choice of it"),
            (
                self.prior_precision.is_some_and(|x| !(x > T::ZERO && x.is_finite_number())),
                "prior precision of a design must be a finite number above 0",
            ),
            (
                self.prior_precision.is_some() && !strategy.past,
                "prior precision of a design, for a strategy that does not read it",
            ),
            (
                self.sampled && !strategy.sampled,
                "sampled, for a strategy whose scores are no gradients",
            ),
            (
                self.mixed > 0 && self.resolved(strategy).distinct() != Distinct::Unlimited,
                "mixed, beside caps that random pairs would not keep",
            ),
        ];
        match refused.into_iter().find(|(holds, _)| *holds) {
            Some((_, what)) => Err(Error::Parameter { what }),
            None => Ok(()),
        }
    }
}
