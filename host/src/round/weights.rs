//! The weights of some pairs as a selection has them, to be told beside its scores.

use pairpick_core::arith::{Real, bernoulli_variance};
use pairpick_core::fisher::averaged_variance;
use pairpick_core::linalg::Cholesky;
use pairpick_core::pool::ItemPair;
use pairpick_core::select::Weights;

use super::posterior::LabelPosterior;
use crate::error::{Error, Result};
use crate::model::items::PairFeatures;

/// p(1 − p) at each margin, its mean over the posterior of the last layer, or ¼.
pub(super) fn weights<T: Real>(
    weights: Weights,
    posterior: &LabelPosterior<T>,
    pairs: &PairFeatures,
    margins: &[f64],
) -> Result<Vec<f64>> {
    match weights {
        Weights::PlugIn => return Ok(margins.iter().copied().map(bernoulli_variance).collect()),
        Weights::Constant => return Ok(vec![bernoulli_variance(0.0); margins.len()]),
        Weights::Averaged if margins.is_empty() => return Ok(Vec::new()),
        Weights::Averaged => {}
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
