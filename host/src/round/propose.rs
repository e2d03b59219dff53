//! [`propose`]: a batch that somebody else will answer, and what is to be gained by it.

use pairpick_core::arith::{Real, exp, ln};
use pairpick_core::digest::Digest;

use super::posterior::LabelPosterior;
use super::select::{Request, batch};
use super::weights::weights;
use crate::data::embeddings::Embeddings;
use crate::data::labels::Label;
use crate::data::preference::Preference;
use crate::digest::HexDigest;
use crate::error::Result;
use crate::model::items::PairFeatures;
use crate::model::{Context, FeatureCache, Model};
use crate::progress::Progress;
use crate::report::selection::{InformationReport, SelectedPair, SelectionReport};
use crate::settings::Precision;

/// Picks the batch of a round as `run` does, and measures it by the model that picked it.
///
/// # Errors
/// What reading the embeddings refuses; [`crate::Error::Core`] if the strategy's matrix has no factor.
pub fn propose(
    request: &Request<'_>,
    embeddings: &Embeddings,
    model: &Model,
    labels: &[Label],
    progress: &mut dyn Progress,
) -> Result<SelectionReport> {
    match request.settings.asking.precision {
        Precision::F32 => propose_at::<f32>(request, embeddings, model, labels, progress),
        Precision::F64 => propose_at::<f64>(request, embeddings, model, labels, progress),
    }
}

fn propose_at<T: Real>(
    request: &Request<'_>,
    embeddings: &Embeddings,
    model: &Model,
    labels: &[Label],
    progress: &mut dyn Progress,
) -> Result<SelectionReport> {
    let Request { settings, threads, round, strategy, .. } = *request;
    let context = Context { embeddings, settings, threads };
    let past = LabelPosterior::<T>::of(context, model, labels, progress)?;
    let picked = batch(request, embeddings, (model, &past, labels), progress)?;
    let pairs: Vec<Label> = picked
        .pairs
        .iter()
        // An answer's information does not depend on what it is.
        .map(|pair| Label {
            round,
            a: pair.a,
            b: pair.b,
            preference: Preference::Tie,
            score: pair.score,
        })
        .collect();
    // What is drawn at random tells no more, as far as its strategy knows.
    let scores = pairs.iter().map(|pair| pair.score.unwrap_or(0.0));
    let information =
        picked.information.map(|information| InformationReport::new(information, scores));
    let before = past.log_det(progress)?;
    let gain = picked.gain;
    let (margins, weights) =
        measure(request, embeddings, (model, &past), (&pairs, &picked.embedded))?;
    let (items, prompts) = touched(embeddings, &pairs);
    let places = picked.pairs.iter().map(|pair| pair.place);
    let measured = pairs.iter().zip(margins.iter().zip(&weights)).zip(places);
    let lines = measured.zip(1..).map(|(((pair, (margin, weight)), place), rank)| SelectedPair {
        round,
        rank,
        pair: place,
        a: embeddings.name(pair.a),
        b: embeddings.name(pair.b),
        score: pair.score,
        weight: *weight,
        margin: *margin,
    });
    Ok(SelectionReport {
        round,
        strategy: strategy.name().to_owned(),
        offered: picked.offered,
        prior_precision: past.prior_precision(),
        log_det_before: before,
        log_det_after: before.zip(gain.nats).map(|(before, gain)| before + gain),
        gain: gain.nats,
        information,
        information_per_label: gain.per_label,
        certificate: gain.certificate,
        effective_items: effective_number(&items),
        items: items.len(),
        prompts,
        digest: digest(&pairs),
        pairs: lines.collect(),
    })
}

/// The margins and the weights of the pairs of a batch, whose items the pool has.
fn measure<T: Real>(
    request: &Request<'_>,
    embeddings: &Embeddings,
    (model, past): (&Model, &LabelPosterior<T>),
    (pairs, pool): (&[Label], &FeatureCache),
) -> Result<(Vec<f64>, Vec<f64>)> {
    if pairs.is_empty() {
        return Ok(Default::default());
    }
    let Request { settings, threads, strategy, .. } = *request;
    let pairs = PairFeatures::of(model.trunk(), pool, embeddings, threads, pairs)?;
    let margins = pairs.margins(model, threads)?;
    let weights = weights(settings.asking.options::<T>(strategy).weights, past, &pairs, &margins)?;
    Ok((margins, weights))
}

/// How often each item stands in a pair, and how many prompts the items are of.
fn touched(embeddings: &Embeddings, pairs: &[Label]) -> (Vec<u64>, usize) {
    let mut items: Vec<u64> = pairs.iter().flat_map(|pair| [pair.a, pair.b]).collect();
    items.sort_unstable();
    let counts = items.chunk_by(|item, next| item == next).map(|run| run.len() as u64).collect();
    let mut prompts: Vec<u64> = items.iter().map(|item| embeddings.prompt_of(*item)).collect();
    prompts.dedup();
    (counts, prompts.len())
}

/// exp of the entropy of how often items occur: their number, if all occur alike. 0 of nothing.
fn effective_number(counts: &[u64]) -> f64 {
    let (mut total, mut entropy) = (0, 0.0);
    for count in counts {
        total += count;
    }
    for count in counts {
        let share = *count as f64 / total as f64;
        entropy -= share * ln(share);
    }
    if counts.is_empty() { 0.0 } else { exp(entropy) }
}

/// FNV-1a of the items' numbers, pair by pair.
fn digest(pairs: &[Label]) -> HexDigest {
    let mut digest = Digest::new();
    for pair in pairs {
        digest.integer(pair.a);
        digest.integer(pair.b);
    }
    HexDigest(digest.value())
}

#[cfg(test)]
mod tests {
    use super::effective_number;

    #[test]
    fn the_effective_number_is_the_number_of_items_that_occur_alike() {
        assert_eq!(effective_number(&[]), 0.0);
        assert_eq!(effective_number(&[7]), 1.0);
        assert!((effective_number(&[2, 2, 2, 2]) - 4.0).abs() < 1e-12);
        let uneven = effective_number(&[100, 1, 1]);
        assert!(1.0 < uneven && uneven < 1.2, "{uneven}");
    }
}
