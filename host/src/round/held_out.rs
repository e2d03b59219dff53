//! The model on held-out labels, whose golden rewards nobody knows.

use pairpick_core::head::{rewards, rewards_workspace_len};
use pairpick_core::metric::held_out::HeldOut;
use pairpick_core::parallel::Executor;

use crate::data::embeddings::Embeddings;
use crate::data::labels::Label;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::model::items::Items;
use crate::model::items::PairFeatures;
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
    let mut held_out = HeldOut::default();
    if labels.is_empty() {
        return Ok(held_out);
    }
    let items = Items::of(labels);
    let features = model.features_of(embeddings, &items.numbers, threads)?;
    let pairs = PairFeatures { labels, items: &items, features: features.columns()?, model };
    for (label, margin) in labels.iter().zip(margins(threads, pairs)?) {
        held_out
            .add(margin, label.preference.value())
            .map_err(Error::core("the model on held-out labels"))?;
    }
    Ok(held_out)
}

/// r_a − r_b of each pair, in f64 from f32 features.
///
/// # Errors
/// [`Error::Core`] if a reward is no number.
pub(super) fn margins(threads: &Threads, pairs: PairFeatures<'_>) -> Result<Vec<f64>> {
    let PairFeatures { labels, items, features, model } = pairs;
    let mut values = vec![0.0_f64; features.len()];
    let mut workspace = vec![0.0; threads.threads() * rewards_workspace_len(model.features())];
    rewards(threads, features, model.head(), &mut values, &mut workspace)
        .map_err(Error::core("rewards of the pairs"))?;
    let margin = |label: &Label| {
        let (a, b) = items.pair(label);
        values[a as usize] - values[b as usize]
    };
    Ok(labels.iter().map(margin).collect())
}
