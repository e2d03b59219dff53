//! [`propose`]: a batch that somebody else will answer, and what is to be gained by it.

use pairpick_core::arith::{Real, exp, ln};
use pairpick_core::digest::Digest;
use pairpick_core::select::Information;
use serde::Serialize;

use super::answer::Answered;
use super::certainty::{OrderReport, confidence};
use super::information::Worth;
use super::metrics::CertificateReport;
use super::request::Request;
use super::select::{Batch, batch};
use super::state::State;
use super::weights::weights;
use crate::data::agreement::Agreement;
use crate::data::candidates::Given;
use crate::data::embeddings::Embeddings;
use crate::data::fields::ExtraFields;
use crate::data::item::ItemName;
use crate::data::question::Question;
use crate::digest::HexDigest;
use crate::error::Result;
use crate::model::Model;
use crate::model::items::PairFeatures;
use crate::progress::Progress;
use crate::settings::Precision;

/// A line of `select`'s output. With a `"label"` added it is a line of labels. A candidate's items
/// come in the order of its line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SelectedPair {
    /// The round that asks about it.
    pub round: u64,
    /// Its place in the batch, from 1, the best.
    pub rank: u64,
    /// Its place in the candidates' file, from 0, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pair: Option<u64>,
    /// Its first item.
    pub a: ItemName,
    /// Its second item.
    pub b: ItemName,
    /// The strategy's score; none where it has no scores.
    pub score: Option<f64>,
    /// p(1 − p) at the model's probability, its mean, or ¼, as the setting `weights` says.
    pub fisher_weight: f64,
    /// r_a − r_b under the model.
    pub margin: f64,
    /// How often an answer counts, where the candidate says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// What else the candidate's line says.
    #[serde(flatten)]
    pub fields: ExtraFields,
}

/// What a batch tells about the last layer, where the strategy counts it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InformationReport {
    /// I, the mutual information of the batch's answers with the parameters.
    pub nats: f64,
    /// ln K, which bounds it.
    pub limit: f64,
    /// I / ln K after each pair.
    pub share: Vec<f64>,
    /// The rank from which pairs are random, since the best score was within the noise of the median.
    pub random_from: Option<usize>,
}

impl InformationReport {
    /// Of a batch with these scores.
    #[must_use]
    pub fn new(information: Information, scores: impl Iterator<Item = f64>) -> Self {
        let Information { nats, limit, noise_from } = information;
        let share = scores
            .scan(0.0, |sum, score| {
                *sum += score;
                Some(*sum / limit)
            })
            .collect();
        Self { nats, limit, share, random_from: noise_from.map(|place| place + 1) }
    }
}

/// A batch, for programs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SelectionReport {
    /// The round that asks.
    pub round: u64,
    /// The strategy that picked: in the first round it may be another than the one asked for.
    pub strategy: String,
    /// Pairs on offer.
    pub offered: u64,
    /// λ: the one set, or chosen from the labels so far.
    pub prior_precision: f64,
    /// log|P| of the labels so far.
    pub log_det_before: Option<f64>,
    /// That less H ln λ: what the labels add to the prior's.
    pub log_det_over_prior: Option<f64>,
    /// log|P| once the batch is answered, by the same model.
    pub log_det_after: Option<f64>,
    /// What the batch adds to log|P|.
    pub gain: Option<f64>,
    /// What the batch tells about the last layer, where the strategy counts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub information: Option<InformationReport>,
    /// What a label of the batch is expected to tell of the last layer, in nats: at most ln 2.
    pub information_per_label: Option<f64>,
    /// How well the model knows its own order, and what covariates do in it.
    #[serde(flatten)]
    pub order: OrderReport,
    /// How near the batch is to the best there could be.
    pub certificate: Option<CertificateReport>,
    /// How far people agree, where a pair may have several labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
    /// exp of the entropy of how often items occur in the batch.
    pub effective_items: f64,
    /// Items in the batch.
    pub items: usize,
    /// Prompts in the batch.
    pub prompts: usize,
    /// Of the batch: the items' numbers, in its order.
    pub digest: HexDigest,
    /// The batch, best first.
    pub pairs: Vec<SelectedPair>,
}

/// Picks the batch of a round as `run` does, and measures it by the model that picked it, which was
/// trained on the labels so far.
///
/// # Errors
/// What reading the embeddings refuses; [`crate::Error::Core`] if the strategy's matrix has no factor.
pub fn propose(
    request: &Request<'_>,
    model: Model,
    known: Answered,
    progress: &mut dyn Progress,
) -> Result<SelectionReport> {
    match request.context.settings.asking.precision {
        Precision::F32 => propose_at::<f32>(request, model, known, progress),
        Precision::F64 => propose_at::<f64>(request, model, known, progress),
    }
}

fn propose_at<T: Real>(
    request: &Request<'_>,
    model: Model,
    known: Answered,
    progress: &mut dyn Progress,
) -> Result<SelectionReport> {
    let Answered { labels, skipped } = known;
    let state = State::<T>::new(request.context, model, labels, skipped, progress)?;
    let batch = batch(request, &state, progress)?;
    if let Some(note) = batch.identical.note(request.round) {
        progress.note(&note);
    }
    // What is drawn at random tells no more, as far as its strategy knows.
    let scores = batch.questions.iter().map(|question| question.score.unwrap_or(0.0));
    let information =
        batch.information.map(|information| InformationReport::new(information, scores));
    let log_det = state.posterior.log_det(progress);
    let confidence = confidence(&state.model, state.posterior.precision())?;
    let log_det_before = log_det.map(|log_det| log_det.value);
    let Worth { per_label, gain, certificate } = batch.worth;
    let Touched { counts, prompts } = touched(request.context.embeddings, &batch.questions);
    Ok(SelectionReport {
        round: request.round,
        strategy: request.strategy.name().to_owned(),
        offered: batch.offered,
        prior_precision: state.posterior.prior_precision(),
        log_det_before,
        log_det_over_prior: log_det.map(|log_det| log_det.over_prior),
        log_det_after: log_det_before.zip(gain).map(|(before, gain)| before + gain),
        gain,
        information,
        information_per_label: per_label,
        order: OrderReport { confidence, ..OrderReport::of(&state.model) },
        certificate,
        agreement: None,
        effective_items: effective_number(&counts),
        items: counts.len(),
        prompts,
        digest: digest(&batch.questions),
        pairs: selected_pairs(request, &state, &batch)?,
    })
}

/// The pairs of a batch with their margins and weights.
fn selected_pairs<T: Real>(
    request: &Request<'_>,
    state: &State<T>,
    batch: &Batch,
) -> Result<Vec<SelectedPair>> {
    let (embeddings, threads) = (request.context.embeddings, request.context.threads);
    let (trunk, questions) = (state.model.trunk(), batch.questions.iter());
    let pairs = PairFeatures::of(trunk, &batch.cache, embeddings, threads, questions.clone())?;
    let margins = pairs.margins(&state.model, threads)?;
    let kind = request.context.settings.asking.weights(request.strategy).unwrap_or_default();
    let weights = weights(kind, &state.posterior, &pairs, &margins)?;
    let pairs = questions.zip(margins.iter().zip(&weights)).zip(1..);
    Ok(pairs
        .map(|((question, (margin, fisher_weight)), rank)| {
            let listed = request.candidates.zip(question.candidate);
            let given = listed.map_or_else(Given::default, |(list, place)| list.given(place));
            let (first, second) = (embeddings.name(question.a), embeddings.name(question.b));
            let (a, b, margin) = match given.turned {
                true => (second, first, 0.0 - *margin),
                false => (first, second, *margin),
            };
            SelectedPair {
                round: question.round,
                rank,
                pair: question.candidate,
                a,
                b,
                score: question.score,
                fisher_weight: *fisher_weight,
                margin,
                weight: given.weight(),
                fields: given.fields.cloned().unwrap_or_default(),
            }
        })
        .collect())
}

/// The items of a batch.
struct Touched {
    /// How often each item stands in a pair.
    counts: Vec<u64>,
    /// How many prompts they are of.
    prompts: usize,
}

fn touched(embeddings: &Embeddings, questions: &[Question]) -> Touched {
    let mut items: Vec<u64> =
        questions.iter().flat_map(|question| [question.a, question.b]).collect();
    items.sort_unstable();
    let counts = items.chunk_by(|item, next| item == next).map(|run| run.len() as u64).collect();
    let mut prompts: Vec<u64> = items.iter().map(|item| embeddings.prompt_of(*item)).collect();
    prompts.dedup();
    Touched { counts, prompts: prompts.len() }
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
fn digest(questions: &[Question]) -> HexDigest {
    let mut digest = Digest::new();
    for question in questions {
        digest.integer(question.a);
        digest.integer(question.b);
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
