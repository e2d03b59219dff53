//! What a model says of responses, in words and for programs.

use serde::Serialize;

use crate::data::agreement::Agreement;
use crate::digest::HexDigest;
use crate::round::certainty::OrderReport;
use crate::round::score::Score;

/// What `score` prints as JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScoreReport {
    /// The model's file.
    pub model: String,
    /// Of the model's bits.
    pub digest: HexDigest,
    /// λ, where deviations are known.
    pub prior_precision: Option<f64>,
    /// How well the model knows its own order, where there are labels, and what covariates do in it.
    #[serde(flatten)]
    pub order: OrderReport,
    /// Prompts, where the embeddings have them.
    pub prompts: Option<usize>,
    /// Responses.
    pub responses: usize,
    /// How far people agree, where a pair may have several labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
    /// In the order of the embeddings: of every response, or of the best to each prompt.
    pub scores: Vec<Score>,
}

impl ScoreReport {
    /// The rewards alone.
    #[must_use]
    pub fn rewards(&self) -> Vec<f64> {
        self.scores.iter().map(|score| score.reward).collect()
    }

    /// All but the scores.
    #[must_use]
    pub fn summary(&self) -> String {
        let prompts = self.prompts.map_or_else(
            || "without prompts, compared with each other".to_owned(),
            |prompts| format!("to {prompts} prompts"),
        );
        let prior = self.prior_precision.map_or_else(
            || "no deviations, for want of labels".to_owned(),
            |precision| format!("prior precision λ {precision}"),
        );
        let Self { responses, order, digest, .. } = self;
        format!("{responses} responses {prompts}; {prior}\n{order}model {digest}")
    }
}
