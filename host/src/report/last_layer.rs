//! What a fit of the last layer came to, for people and for programs.

use serde::Serialize;

use super::count::Count;
use crate::data::agreement::Agreement;
use crate::data::labels::{Label, answers};
use crate::digest::HexDigest;
use crate::model::last_layer::Fitted;
use crate::round::certainty::OrderReport;
use crate::settings::PriorPrecision;

/// A fit of the last layer, as JSON has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LastLayerReport {
    /// The model's file.
    pub out: String,
    /// The largest round among the labels.
    pub round: u64,
    /// All labels.
    pub labels: usize,
    /// The answers that they stand for: votes and weights counted.
    pub answers: Count,
    /// What the setting `prior_precision` said.
    pub prior: PriorPrecision,
    /// λ: the number itself.
    pub prior_precision: f64,
    /// Newton steps.
    pub steps: usize,
    /// Σ ln σ(±m) over the answers.
    pub log_likelihood: f64,
    /// The log-likelihood less λ/2 ‖β‖².
    pub log_posterior: f64,
    /// The log-posterior + H/2 ln λ − ½ log|P|: what `prior_precision` auto maximises.
    pub log_evidence: f64,
    /// log|P|, P = λI + Σ over the labels.
    pub log_det: f64,
    /// How well the model knows its own order, and what covariates do in it.
    #[serde(flatten)]
    pub order: OrderReport,
    /// Of the model's bits.
    pub digest: HexDigest,
    /// How far people agree, where a pair may have several labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
}

impl LastLayerReport {
    /// What there is to say of a fit to these labels, the largest round among them.
    pub(crate) fn new(
        fitted: &Fitted,
        prior: PriorPrecision,
        labels: &[Label],
        round: u64,
        out: String,
        digest: HexDigest,
    ) -> Self {
        let Fitted { prior_precision, fit, log_evidence } = *fitted;
        Self {
            out,
            round,
            labels: labels.len(),
            answers: Count(answers(labels)),
            prior,
            prior_precision,
            steps: fit.steps,
            log_likelihood: fit.log_likelihood,
            log_posterior: fit.log_posterior,
            log_evidence,
            log_det: fit.log_det,
            order: OrderReport::default(),
            digest,
            agreement: None,
        }
    }

    /// The same in words.
    #[must_use]
    pub fn text(&self) -> String {
        let how = match self.prior {
            PriorPrecision::Fixed(_) => String::new(),
            chosen => format!(", by {chosen}"),
        };
        format!(
            "{} labels, {} Newton steps, prior precision {}{how}\n\
             log-likelihood {:.4}, log-posterior {:.4}, log-evidence {:.4}\n\
             log|P| {:.4}\n\
             {}model {} in {}\n",
            self.labels,
            self.steps,
            self.prior_precision,
            self.log_likelihood,
            self.log_posterior,
            self.log_evidence,
            self.log_det,
            self.order,
            self.digest,
            self.out,
        )
    }
}
