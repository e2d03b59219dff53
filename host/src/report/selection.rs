//! A batch of pairs to ask about, for people and for programs.

use serde::Serialize;

use super::worth::{CertificateReport, Information};
use crate::data::item::ItemName;
use crate::data::labels::HexDigest;

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
    /// p(1 − p) at the model's probability.
    pub weight: f64,
    /// r_a − r_b under the model.
    pub margin: f64,
}

/// What `select --json` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SelectionReport {
    /// The round that asks.
    pub round: u64,
    /// The strategy that picked: in the first round it may be another than the one asked for.
    pub strategy: String,
    /// Pairs on offer.
    pub offered: u64,
    /// log|P| of the labels so far.
    pub log_det_before: Option<f64>,
    /// log|P| once the batch is answered, by the same model.
    pub log_det_after: Option<f64>,
    /// Their difference, in nats.
    pub gain: Option<f64>,
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
        let information = Information { per_label: self.information_per_label, share: None };
        let certificate =
            self.certificate.map_or_else(String::new, |report| format!("{}\n", report.words()));
        format!(
            "round {}, {}: {} of {} pairs offered\n\
             log|P| {} -> {}, a gain of {} nats: {}\n\
             {}{} items ({:.1} effective) of {} prompts\n\
             batch {}",
            self.round,
            self.strategy,
            self.pairs.len(),
            self.offered,
            decimals(self.log_det_before),
            decimals(self.log_det_after),
            decimals(self.gain),
            information.words(),
            certificate,
            self.items,
            self.effective_items,
            self.prompts,
            self.digest,
        )
    }
}
