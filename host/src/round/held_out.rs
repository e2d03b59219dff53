//! The model on held-out labels, whose golden rewards nobody knows.

use pairpick_core::metric::held_out::HeldOut;

use crate::data::embeddings::Embeddings;
use crate::data::labels::{Label, questions};
use crate::error::{Error, Result};
use crate::model::items::PairFeatures;
use crate::model::{FeatureCache, Model};
use crate::parallel::Threads;

/// Compares the model's probabilities with the answers, in f64 from its f32 features; each item is
/// embedded once.
///
/// # Errors
/// What reading the embeddings refuses; [`Error::Core`] if a reward is no number.
pub fn held_out(
    model: &Model,
    embeddings: &Embeddings,
    threads: &Threads,
    labels: &[Label],
) -> Result<HeldOut> {
    let cache = FeatureCache::default();
    let pairs = PairFeatures::of(model.trunk(), &cache, embeddings, threads, questions(labels))?;
    let mut held_out = HeldOut::default();
    for (label, margin) in labels.iter().zip(pairs.margins(model, threads)?) {
        for (preference, count) in label.votes.answers() {
            held_out
                .add(margin, preference.value(), count)
                .map_err(Error::core("the model on held-out labels"))?;
        }
    }
    Ok(held_out)
}
