//! A batch of pairs to ask about, for people and for programs.

use pairpick_core::select::Information;
use serde::Serialize;

use crate::data::item::ItemName;
use crate::digest::HexDigest;
use crate::round::metrics::{CertificateReport, PerLabel};

/// A line of `select`'s output. With a `"label"` added it is a line of labels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
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
    /// p(1 − p) at the model's probability, or its mean, as the setting `weights` says.
    pub weight: f64,
    /// r_a − r_b under the model.
    pub margin: f64,
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

    fn summary(&self) -> String {
        let Self { nats, limit, .. } = self;
        let random = match self.random_from {
            Some(rank) => format!("pairs from {rank} on are random"),
            None => "no pair is random".to_owned(),
        };
        format!("\ninformation {nats:.2} nats of at most ln K = {limit:.2}; {random}")
    }
}

/// What `select` prints as JSON.
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
    /// log|P| once the batch is answered, by the same model.
    pub log_det_after: Option<f64>,
    /// Their difference, in nats.
    pub gain: Option<f64>,
    /// What the batch tells about the last layer, where the strategy counts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub information: Option<InformationReport>,
    /// ½ Δlog|P| over the labels of the batch, in nats: what a label is expected to tell.
    pub information_per_label: Option<f64>,
    /// How near the batch is to the best there could be.
    pub certificate: Option<CertificateReport>,
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

impl SelectionReport {
    /// All but the pairs, in words.
    #[must_use]
    pub fn summary(&self) -> String {
        let decimals = |value: Option<f64>| {
            value.map_or_else(|| "unknown".to_owned(), |value| format!("{value:.2}"))
        };
        let per_label = PerLabel { nats: self.information_per_label, share: None };
        let certificate =
            self.certificate.map_or_else(String::new, |report| format!("{}\n", report.words()));
        format!(
            "round {}, {}: {} of {} pairs offered\n\
             log|P| {} -> {}, a gain of {} nats (prior precision {}): {}{}\n\
             {}{} items ({:.1} effective) of {} prompts\n\
             batch {}",
            self.round,
            self.strategy,
            self.pairs.len(),
            self.offered,
            decimals(self.log_det_before),
            decimals(self.log_det_after),
            decimals(self.gain),
            self.prior_precision,
            per_label.words(),
            self.information.as_ref().map(InformationReport::summary).unwrap_or_default(),
            certificate,
            self.items,
            self.effective_items,
            self.prompts,
            self.digest,
        )
    }
}
