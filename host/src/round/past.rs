//! [`Past`]: the Fisher information of all labels so far, under the current model.

use pairpick_core::arith::Real;
use pairpick_core::fisher::{
    Weighting, add_pairs, pairs_workspace_len, rewards, rewards_workspace_len,
};
use pairpick_core::linalg::{Cholesky, Packed, condition_workspace_len, packed_len};
use pairpick_core::parallel::Executor;

use super::model::Model;
use super::train::Items;
use crate::data::embeddings::Embeddings;
use crate::data::labels::Label;
use crate::error::{Error, Result};
use crate::parallel::Threads;
use crate::progress::Progress;

/// Σ over the labelled pairs of w ddᵀ, the features those of the current trunk.
pub(super) struct Past<T>(Packed<T, Vec<T>>);

impl<T: Real> Past<T> {
    /// No label yet.
    fn empty(order: usize) -> Result<Self> {
        let zeros = vec![T::ZERO; packed_len(order)];
        Packed::new(order, zeros).map(Self).map_err(Error::core("the past"))
    }

    /// All labels so far.
    pub(super) fn of(
        model: &Model,
        embeddings: &mut Embeddings,
        threads: &Threads,
        labels: &[Label],
    ) -> Result<Self> {
        let mut past = Self::empty(model.features())?;
        if labels.is_empty() {
            return Ok(past);
        }
        let items = Items::of(labels);
        let features = model.features_of(embeddings, &items.numbers, threads)?;
        let columns = features.columns()?;
        let pairs: Vec<(u32, u32)> = labels.iter().map(|label| items.pair(label)).collect();
        let order = model.features();
        let len = rewards_workspace_len(order).max(4 * pairs_workspace_len(order));
        let mut workspace = vec![T::ZERO; threads.threads() * len];
        let mut values = vec![T::ZERO; columns.len()];
        let (fisher, weighting) = (&mut past.0, Weighting::Bernoulli);
        rewards(threads, columns, model.head(), &mut values, &mut workspace)
            .and_then(|()| {
                add_pairs(threads, columns, &pairs, &values, weighting, fisher, &mut workspace)
            })
            .map_err(Error::core("the Fisher information of the labels"))?;
        Ok(past)
    }

    /// The matrix, lent.
    pub(super) fn fisher(&self) -> Result<Packed<T, &[T]>> {
        Packed::new(self.0.order(), self.0.as_slice()).map_err(Error::core("the past"))
    }

    /// log|P|, P = λI + this; none, with a note, where P has no factor in this precision.
    pub(super) fn log_det(
        &self,
        prior_precision: f64,
        progress: &mut dyn Progress,
    ) -> Result<Option<f64>> {
        let mut precision = self.0.clone();
        precision.add_diagonal(T::from_f64(prior_precision));
        match Cholesky::factor(precision) {
            Ok(factor) => {
                let mut workspace = vec![T::ZERO; condition_workspace_len(factor.order())];
                let log_det = factor.log_det().to_f64();
                if let Err(error) = factor.checked(&mut workspace) {
                    progress.note(&Error::core("log|P| is uncertain")(error).to_string());
                }
                Ok(Some(log_det))
            }
            Err(error) => {
                progress.note(&Error::core("log|P| is not known")(error).to_string());
                Ok(None)
            }
        }
    }
}
