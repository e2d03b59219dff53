//! The weights of some pairs as a selection has them, to be told beside its scores.

use pairpick_core::arith::{Real, bernoulli_variance};
use pairpick_core::fisher::averaged_variance;
use pairpick_core::linalg::Cholesky;
use pairpick_core::pool::ItemPair;
use pairpick_core::select::Weights;

use super::posterior::LabelPosterior;
use crate::error::{Error, Result};
use crate::model::items::PairFeatures;

/// p(1 − p) at each margin, or its mean over the posterior of the last layer.
pub(super) fn weights<T: Real>(
    weights: Weights,
    posterior: &LabelPosterior<T>,
    pairs: &PairFeatures,
    margins: &[f64],
) -> Result<Vec<f64>> {
    if weights == Weights::PlugIn || margins.is_empty() {
        return Ok(margins.iter().map(|margin| bernoulli_variance(*margin)).collect());
    }
    let context = "the weights of the batch";
    let factor = Cholesky::factor(posterior.precision()).map_err(Error::core(context))?;
    let features = pairs.columns()?;
    let weight = |(pair, margin): (&ItemPair, &f64)| {
        let (a, b) = (features.column(pair.a as usize), features.column(pair.b as usize));
        let difference = a.iter().zip(b).map(|(a, b)| T::from_real(*a) - T::from_real(*b));
        let mut whitened: Vec<T> = difference.collect();
        factor.solve_lower(&mut whitened).map_err(Error::core(context))?;
        let mut variance = T::ZERO;
        for value in whitened {
            variance += value * value;
        }
        Ok(averaged_variance(*margin, variance.to_f64()))
    };
    pairs.pairs().iter().zip(margins).map(weight).collect()
}
