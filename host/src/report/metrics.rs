//! [`RoundMetrics`]: a line of `metrics.jsonl`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::worth::{CertificateReport, PerLabel};
use crate::data::labels::HexDigest;

/// What is known after a round. A metric without test data, or without a value, is `null`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundMetrics {
    /// The round, from 1.
    pub round: u64,
    /// Labels so far.
    pub labels: u64,
    /// 1 − Spearman's rank correlation with the golden rewards, mean over the test prompts.
    pub one_minus_spearman: Option<f64>,
    /// Expected golden reward of the best of N responses, by N, mean over the test prompts.
    pub best_of_n: BTreeMap<usize, Option<f64>>,
    /// Test pairs ordered as the golden rewards order them, a share.
    pub pairwise_accuracy: Option<f64>,
    /// λ after the round's labels, which the next round asks by: the one set, or chosen from them.
    pub prior_precision: f64,
    /// log|P| after the round's labels, by the round's model.
    pub log_det: Option<f64>,
    /// ½ Δlog|P| over the round's labels, in nats, by the model that picked them: what a label was
    /// expected to tell.
    pub information_per_label: Option<f64>,
    /// That over the largest of the rounds before.
    pub information_share: Option<f64>,
    /// How near the batch was to the best there could be, where that was asked for.
    pub certificate: Option<CertificateReport>,
    /// Wall-clock time of the round: the only field that may differ between equal runs.
    pub seconds: f64,
    /// Of the model's bits.
    pub digest: HexDigest,
}

impl RoundMetrics {
    /// Whether a label of the round told little beside one of an earlier round.
    #[must_use]
    pub fn tells_little(&self) -> bool {
        let (nats, share) = (self.information_per_label, self.information_share);
        PerLabel { nats, share }.is_little()
    }
}

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// A line a round.
    pub rounds: Vec<RoundMetrics>,
}
