//! The last layer alone, fitted to all labels on the features of a trunk that stays as it is.

use pairpick_core::head::evidence::log_evidence;
use pairpick_core::head::newton::{self, Fit, workspace_len};
use pairpick_core::parallel::Executor;

use super::items::PairFeatures;
use super::prior::prior_precision;
use super::{Context, FeatureCache, Model};
use crate::data::labels::{Label, questions};
use crate::error::{Error, Result};
use crate::progress::Progress;

/// What a fit came to, before the head is rounded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fitted {
    /// λ.
    pub prior_precision: f64,
    /// Steps, log-likelihood, log-posterior, log|P|.
    pub fit: Fit,
    /// The log-evidence of λ, by the Laplace approximation.
    pub log_evidence: f64,
}

/// Fits the model's head in f64 from 0 on, so that nothing of the old one is left, and rounds it
/// once.
///
/// # Errors
/// What reading the embeddings refuses; [`Error::Core`] without a label or if P has no factor.
pub fn fit(
    model: &mut Model,
    context: Context<'_>,
    labels: &[Label],
    progress: &mut dyn Progress,
) -> Result<Fitted> {
    let Context { embeddings, threads, .. } = context;
    let cache = FeatureCache::default();
    progress.begin("fitting the last layer", 0);
    let pairs = PairFeatures::of(model.trunk(), &cache, embeddings, threads, questions(labels))?;
    let prior_precision = prior_precision(context, model.trunk(), &pairs, labels, progress)?;
    let (features, comparisons) = (pairs.columns()?, pairs.comparisons(labels));
    let order = features.rows();
    let mut workspace =
        vec![0.0; workspace_len(threads.threads(), order, features.len(), comparisons.len())];
    let mut head = vec![0.0; order];
    let prior = model.trunk().prior(prior_precision);
    let fit = newton::fit(threads, features, &comparisons, prior, &mut head, &mut workspace)
        .map_err(Error::core("the last layer"))?;
    progress.end();
    model.set_head(&head);
    let log_evidence = log_evidence(&fit, order, prior);
    Ok(Fitted { prior_precision, fit, log_evidence })
}
