//! [`LabelPosterior`]: the Fisher information of all labels so far, under the current model.

use pairpick_core::arith::Real;
use pairpick_core::fisher::{Weighting, add_pairs, pairs_workspace_len};
use pairpick_core::head::{rewards, rewards_workspace_len};
use pairpick_core::linalg::{Cholesky, Packed, condition_workspace_len, packed_len};
use pairpick_core::parallel::Executor;

use crate::data::embeddings::Embeddings;
use crate::data::labels::Label;
use crate::error::{Error, Result};
use crate::model::items::Items;
use crate::model::items::PairFeatures;
use crate::model::prior::prior_precision;
use crate::model::{FeatureCache, Model};
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::settings::Settings;

/// What the labels tell of the last layer: the parts of P = λI + Σ.
pub(super) struct LabelPosterior<T> {
    /// Σ over the labelled pairs of w ddᵀ, the features those of the current trunk.
    fisher: Packed<T, Vec<T>>,
    /// λ.
    prior_precision: f64,
    /// The items of the labels, as the current model has them.
    embedded: FeatureCache,
}

impl<T: Real> LabelPosterior<T> {
    /// That of the labels so far; of none, λ is the only part.
    pub(super) fn of(
        settings: &Settings,
        model: &Model,
        embeddings: &Embeddings,
        threads: &Threads,
        labels: &[Label],
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        if labels.is_empty() {
            let prior_precision = prior_precision(settings, embeddings, threads, None, progress)?;
            return Self::empty(model.features(), prior_precision);
        }
        let items = Items::of(labels);
        let features = model.features_of(embeddings, &items.numbers, threads)?;
        let pairs = PairFeatures { labels, items: &items, features: features.columns()?, model };
        let prior_precision =
            prior_precision(settings, embeddings, threads, Some(pairs), progress)?;
        let mut posterior = Self::empty(model.features(), prior_precision)?;
        add(threads, pairs, &mut posterior.fisher)?;
        posterior.embedded = FeatureCache { items: items.numbers, features };
        Ok(posterior)
    }

    /// No label yet.
    fn empty(order: usize, prior_precision: f64) -> Result<Self> {
        let zeros = vec![T::ZERO; packed_len(order)];
        let fisher = Packed::new(order, zeros).map_err(Error::core("the past"))?;
        Ok(Self { fisher, prior_precision, embedded: FeatureCache::default() })
    }

    /// λ.
    pub(super) fn prior_precision(&self) -> f64 {
        self.prior_precision
    }

    /// The items of the labels, as the current model has them.
    pub(super) fn embedded(&self) -> &FeatureCache {
        &self.embedded
    }

    /// The matrix, lent.
    pub(super) fn fisher(&self) -> Result<Packed<T, &[T]>> {
        Packed::new(self.fisher.order(), self.fisher.as_slice()).map_err(Error::core("the past"))
    }

    /// P.
    pub(super) fn precision(&self) -> Packed<T, Vec<T>> {
        let mut precision = self.fisher.clone();
        precision.add_diagonal(T::from_f64(self.prior_precision));
        precision
    }

    /// log|P|; none, with a note, where P has no factor in this precision.
    pub(super) fn log_det(&self, progress: &mut dyn Progress) -> Result<Option<f64>> {
        match Cholesky::factor(self.precision()) {
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

/// Adds the Fisher information of labels.
fn add<T: Real>(
    threads: &Threads,
    pairs: PairFeatures<'_>,
    fisher: &mut Packed<T, Vec<T>>,
) -> Result<()> {
    let PairFeatures { labels, items, features, model } = pairs;
    let pairs: Vec<(u32, u32)> = labels.iter().map(|label| items.pair(label)).collect();
    let order = model.features();
    let len = rewards_workspace_len(order).max(4 * pairs_workspace_len(order));
    let mut workspace = vec![T::ZERO; threads.threads() * len];
    let mut values = vec![T::ZERO; features.len()];
    let weighting = Weighting::Bernoulli;
    rewards(threads, features, model.head(), &mut values, &mut workspace)
        .and_then(|()| {
            add_pairs(threads, features, &pairs, &values, weighting, fisher, &mut workspace)
        })
        .map_err(Error::core("the Fisher information of the labels"))
}
