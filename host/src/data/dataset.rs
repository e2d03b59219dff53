//! [`Dataset`]: what a run learns from and what it is measured on.

use std::ops::Range;
use std::path::Path;

use pairpick_core::digest::Digest;
use serde::{Deserialize, Serialize};

use super::bundled;
use super::embeddings::Embeddings;
use super::labels::HexDigest;
use super::rewards::Rewards;
use crate::error::{Error, Result};

/// Prompts whose embeddings enter a data set's digest, spread evenly; of fewer prompts, all.
const DIGESTED_PROMPTS: usize = 256;

/// Embeddings with the golden rewards of the same responses.
pub struct Split {
    /// ψ, on disk.
    pub embeddings: Embeddings,
    /// Golden rewards, in memory.
    pub rewards: Rewards,
}

impl Split {
    /// Opens two files and checks that they belong together.
    ///
    /// # Errors
    /// Every defect of either file; shapes that disagree.
    pub fn open(embeddings: &Path, rewards: &Path) -> Result<Self> {
        Self::of(Embeddings::open(embeddings)?, rewards)
    }

    /// The same, where pairs of responses to one prompt will be made.
    fn open_in_prompt((embeddings, rewards): (&Path, &Path)) -> Result<Self> {
        let embeddings = Embeddings::open(embeddings)?;
        embeddings.check_in_prompt()?;
        Self::of(embeddings, rewards)
    }

    fn of(embeddings: Embeddings, rewards: &Path) -> Result<Self> {
        let rewards = Rewards::open(rewards, &embeddings)?;
        Ok(Self { embeddings, rewards })
    }

    fn bundled(prompts: impl FnOnce(usize) -> Range<usize>) -> Result<Self> {
        let (embeddings_name, rewards_name) = bundled::NAMES;
        let embeddings = Embeddings::from_bytes(bundled::EMBEDDINGS, embeddings_name)?;
        let rewards = Rewards::from_bytes(bundled::REWARDS, rewards_name, &embeddings)?;
        let range = prompts(embeddings.prompts());
        let whole = Self { embeddings, rewards };
        whole.restricted_to(range)
    }

    /// Only the prompts of `range`, renumbered from 0.
    ///
    /// # Errors
    /// [`Error::Core`] if the range is empty or goes beyond the last prompt.
    pub fn restricted_to(self, range: Range<usize>) -> Result<Self> {
        let (index, len) = (range.end as u64, self.embeddings.prompts() as u64 + 1);
        let source = pairpick_core::Error::Index { what: "prompts of a split", index, len };
        let context = self.embeddings.path().display().to_string();
        let embeddings = self.embeddings.restricted_to(range.clone());
        match (embeddings, self.rewards.restricted_to(range)) {
            (Some(embeddings), Some(rewards)) => Ok(Self { embeddings, rewards }),
            _ => Err(Error::Core { context, source }),
        }
    }

    /// Shape and digests.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::NonFiniteEmbedding`] among the embeddings that are digested.
    pub fn summary(&mut self) -> Result<SplitSummary> {
        let mut rewards = Digest::new();
        rewards.numbers(self.rewards.values()).map_err(Error::core("digest of the rewards"))?;
        Ok(SplitSummary {
            prompts: self.embeddings.prompts(),
            responses: self.embeddings.responses(),
            dimensions: self.embeddings.dimensions(),
            embeddings: HexDigest(self.embeddings_digest()?),
            rewards: HexDigest(rewards.value()),
        })
    }

    /// FNV-1a of the embeddings of up to [`DIGESTED_PROMPTS`] prompts: enough to tell data sets
    /// apart without reading gigabytes.
    fn embeddings_digest(&mut self) -> Result<u64> {
        let prompts = self.embeddings.prompts();
        let digested = if prompts < DIGESTED_PROMPTS { prompts } else { DIGESTED_PROMPTS };
        let mut digest = Digest::new();
        let mut row = vec![0.0; self.embeddings.responses() * self.embeddings.dimensions()];
        for place in 0..digested as u64 {
            // In 64 bits, since the product may exceed a 32-bit usize.
            let prompt = (place * prompts as u64 / digested as u64) as usize;
            self.embeddings.read_prompts(prompt..prompt + 1, &mut row)?;
            digest.numbers(&row).map_err(Error::core("digest of the embeddings"))?;
        }
        Ok(digest.value())
    }
}

/// Training data, and test data if there is any.
pub struct Dataset {
    /// What is drawn from, asked about and trained on.
    pub train: Split,
    /// What the model is measured on; without it nothing is evaluated.
    pub test: Option<Split>,
}

impl Dataset {
    /// Opens the files of the training data and, if given, the test data: (embeddings, rewards).
    ///
    /// # Errors
    /// Every defect of a file; embeddings of which no pairs of responses to one prompt can be made;
    /// embeddings of different lengths.
    pub fn open(train: (&Path, &Path), test: Option<(&Path, &Path)>) -> Result<Self> {
        let train = Split::open_in_prompt(train)?;
        let test = test.map(Split::open_in_prompt).transpose()?;
        if let Some(test) = &test {
            check_dimensions(&train.embeddings, &test.embeddings)?;
        }
        Ok(Self { train, test })
    }

    /// The data that is part of the program; one prompt in [`bundled::TEST_SHARE`] is for testing.
    ///
    /// # Errors
    /// None that a release of this program would give.
    pub fn bundled() -> Result<Self> {
        let first_test = |prompts: usize| prompts - prompts / bundled::TEST_SHARE;
        let train = Split::bundled(|prompts| 0..first_test(prompts))?;
        let test = Split::bundled(|prompts| first_test(prompts)..prompts)?;
        Ok(Self { train, test: Some(test) })
    }

    /// Shapes and digests of both parts.
    ///
    /// # Errors
    /// As [`Split::summary`].
    pub fn summary(&mut self) -> Result<DataSummary> {
        let train = self.train.summary()?;
        let test = self.test.as_mut().map(Split::summary).transpose()?;
        Ok(DataSummary { train, test })
    }

    /// How many numbers [`Dataset::scan_finite`] reads.
    #[must_use]
    pub fn values(&self) -> u64 {
        let test = self.test.as_ref().map_or(0, |test| test.embeddings.values());
        self.train.embeddings.values() + test
    }

    /// Looks at every embedding once. `advance` is told how many numbers it has read.
    ///
    /// # Errors
    /// [`Error::NonFiniteEmbedding`] at the first NaN or infinity; [`Error::Io`].
    pub fn scan_finite(&mut self, advance: &mut dyn FnMut(u64)) -> Result<()> {
        self.train.embeddings.scan_finite(advance)?;
        let train = self.train.embeddings.values();
        match &mut self.test {
            Some(test) => test.embeddings.scan_finite(&mut |done| advance(train + done)),
            None => Ok(()),
        }
    }
}

fn check_dimensions(train: &Embeddings, test: &Embeddings) -> Result<()> {
    if train.dimensions() == test.dimensions() {
        return Ok(());
    }
    Err(Error::Dimensions {
        train: train.path().into(),
        train_dimensions: train.dimensions(),
        test: test.path().into(),
        test_dimensions: test.dimensions(),
    })
}

/// What a result depends on in the data, without its path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSummary {
    /// The training data.
    pub train: SplitSummary,
    /// The test data, if any.
    pub test: Option<SplitSummary>,
}

/// A split's shape, and digests that tell it from others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitSummary {
    /// N.
    pub prompts: usize,
    /// K.
    pub responses: usize,
    /// D.
    pub dimensions: usize,
    /// Of the embeddings of up to 256 prompts, spread evenly.
    pub embeddings: HexDigest,
    /// Of all rewards.
    pub rewards: HexDigest,
}

impl SplitSummary {
    /// Pairs of responses to the same prompt: N · K(K − 1)/2.
    #[must_use]
    pub fn pairs(&self) -> u64 {
        self.prompts as u64 * self.pairs_a_prompt()
    }

    /// K(K − 1)/2.
    #[must_use]
    pub fn pairs_a_prompt(&self) -> u64 {
        pairpick_core::pool::pairs_of(self.responses as u64)
    }
}
