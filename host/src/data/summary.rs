//! [`DataSummary`]: what a result depends on in the data, to be written down and compared; and [`Supply`],
//! what they give to ask about.

use pairpick_core::pool::pairs_of;
use serde::{Deserialize, Serialize};

use super::candidates::Candidates;
use super::covariates::Covariates;
use super::embeddings::Embeddings;
use super::labels::{self, Label};
use super::pool_kind::PoolKind;
use super::responses::Responses;
use crate::digest::HexDigest;
use crate::error::Result;

/// What a result depends on in the data, without its path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSummary {
    /// The training data.
    pub train: SplitSummary,
    /// The pairs that can be asked about, if they are listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidates: Option<CandidatesSummary>,
    /// The test data, if any.
    pub test: Option<SplitSummary>,
    /// The held-out labels, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_labels: Option<TestLabelsSummary>,
}

impl DataSummary {
    /// What there is to ask about.
    #[must_use]
    pub fn supply(&self) -> Supply {
        let SplitSummary { prompts, responses, .. } = &self.train;
        let candidates = self.candidates.as_ref().map(|candidates| candidates.pairs);
        Supply { prompts: *prompts, responses: responses.clone(), candidates }
    }
}

/// How many pairs are listed, and a digest that tells the list from others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CandidatesSummary {
    /// Pairs on offer.
    pub pairs: u64,
    /// Of the numbers of their items, and of their answers.
    pub digest: HexDigest,
}

impl CandidatesSummary {
    pub(super) fn of(candidates: &Candidates) -> Self {
        Self { pairs: candidates.offered(), digest: HexDigest(candidates.digest()) }
    }
}

/// How many labels are held out, and a digest that tells them from others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestLabelsSummary {
    /// Labels.
    pub labels: u64,
    /// Of the numbers of their items, and of their answers.
    pub digest: HexDigest,
}

impl TestLabelsSummary {
    pub(super) fn of(labels: &[Label]) -> Self {
        Self { labels: labels.len() as u64, digest: HexDigest(labels::digest(labels)) }
    }
}

/// What else is known of responses, and a digest that tells it from others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CovariatesSummary {
    /// What each is called.
    pub names: Vec<String>,
    /// Of all values.
    pub digest: HexDigest,
}

impl CovariatesSummary {
    pub(super) fn of(covariates: &Covariates) -> Result<Self> {
        Ok(Self { names: covariates.names().to_vec(), digest: covariates.digest()? })
    }
}

/// A split's shape, and digests that tell it from others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitSummary {
    /// N.
    pub prompts: usize,
    /// K, or how many prompts have how many responses, where ids tell the prompts.
    pub responses: Responses,
    /// D.
    pub dimensions: usize,
    /// Of which rows are of which prompt, where ids tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_ids: Option<HexDigest>,
    /// Of all embeddings, where they were all read.
    pub embeddings: Option<HexDigest>,
    /// Of the embeddings of up to 256 prompts, spread evenly.
    pub sample: HexDigest,
    /// Of all rewards, if there are any.
    pub rewards: Option<HexDigest>,
    /// Of all covariates, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covariates: Option<CovariatesSummary>,
}

impl SplitSummary {
    /// Whether the embeddings are the same, as far as both tell.
    #[must_use]
    pub fn has_embeddings_of(&self, other: &Self) -> bool {
        // What is left without rewards and covariates is of the embeddings: their shape and digests.
        let told = |one: &Self, embeddings| {
            let (rewards, covariates) = (None, None);
            Self { rewards, covariates, embeddings, ..one.clone() }
        };
        let both = self.embeddings.zip(other.embeddings);
        told(self, both.map(|(own, _)| own)) == told(other, both.map(|(_, theirs)| theirs))
    }
}

/// What there is to ask about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supply {
    /// N.
    pub prompts: usize,
    /// Responses to each prompt.
    pub responses: Responses,
    /// Pairs listed, where only those can be asked about.
    pub candidates: Option<u64>,
}

impl Supply {
    /// What these embeddings and candidates offer.
    #[must_use]
    pub fn of(embeddings: &Embeddings, candidates: Option<&Candidates>) -> Self {
        let candidates = candidates.map(Candidates::offered);
        Self { prompts: embeddings.prompts(), responses: embeddings.responses(), candidates }
    }

    /// All pairs of so many prompts, as a pool of this kind makes them: of the largest, where prompts
    /// differ in size.
    #[must_use]
    pub fn pairs(&self, pool: PoolKind, prompts: usize) -> u64 {
        match (self.candidates, pool) {
            (Some(listed), _) => listed,
            (None, PoolKind::CrossPrompt) => pairs_of(self.responses.items(prompts)),
            (None, _) => self.responses.pairs(prompts),
        }
    }
}
