//! [`Inputs`]: where an unfinished run has its data from, so that it can be gone on with by its
//! name alone. Paths decide no result, and go with the file when the run ends.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::FolderError;
use crate::data::dataset::{DataSummary, Dataset, SplitSummary};
use crate::data::labels::HexDigest;
use crate::error::{Error, Result};

/// What the files hold, in the order of [`Source::paths`].
const FILES: [&str; 4] =
    ["training embeddings", "training rewards", "test embeddings", "test rewards"];

/// Embeddings and their golden rewards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// The embeddings' file.
    pub embeddings: PathBuf,
    /// The rewards' file.
    pub rewards: PathBuf,
}

impl Files {
    fn absolute(&self) -> Result<Self> {
        let absolute =
            |path: &Path| std::path::absolute(path).map_err(|error| Error::io(path, "find", error));
        Ok(Self { embeddings: absolute(&self.embeddings)?, rewards: absolute(&self.rewards)? })
    }

    fn paths(&self) -> (&Path, &Path) {
        (&self.embeddings, &self.rewards)
    }
}

/// Where a run's data is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// In the program.
    Bundled,
    /// In files.
    Files {
        /// What is trained on.
        train: Files,
        /// What is measured on, if anything.
        test: Option<Files>,
    },
}

impl Source {
    /// Opens the data.
    ///
    /// # Errors
    /// As [`Dataset::open`].
    pub fn open(&self) -> Result<Dataset> {
        match self {
            Self::Bundled => Dataset::bundled(),
            Self::Files { train, test } => {
                Dataset::open(train.paths(), test.as_ref().map(Files::paths))
            }
        }
    }

    /// Checks that the data is what the run began with.
    ///
    /// # Errors
    /// [`FolderError::DataChanged`] naming the first file whose shape or digest differs.
    pub fn check_unchanged(&self, began: Option<&DataSummary>, now: &DataSummary) -> Result<()> {
        let splits = |data: &DataSummary| [Some(data.train.clone()), data.test.clone()];
        let began = began.map_or([None, None], splits);
        let same = began.iter().zip(splits(now)).flat_map(|(began, now)| {
            let rewards = began.as_ref().map(|split| split.rewards);
            let same_rewards = rewards == now.as_ref().map(|split| split.rewards);
            // What is left without the rewards is of the embeddings: their shape and digest.
            let embeddings = |split: &SplitSummary| SplitSummary {
                rewards: HexDigest::default(),
                ..split.clone()
            };
            [began.as_ref().map(embeddings) == now.as_ref().map(embeddings), same_rewards]
        });
        match same.zip(FILES).enumerate().find(|(_, (same, _))| !same) {
            None => Ok(()),
            Some((place, (_, what))) => {
                let path = self.paths().get(place).map_or_else(PathBuf::new, PathBuf::from);
                Err(FolderError::DataChanged { path, what }.into())
            }
        }
    }

    /// Every file.
    #[must_use]
    pub fn paths(&self) -> Vec<&Path> {
        match self {
            Self::Bundled => Vec::new(),
            Self::Files { train, test } => [Some(train), test.as_ref()]
                .into_iter()
                .flatten()
                .flat_map(|files| [files.embeddings.as_path(), files.rewards.as_path()])
                .collect(),
        }
    }

    /// The same files, whatever the working folder.
    ///
    /// # Errors
    /// [`Error::Io`] if there is no working folder.
    pub fn absolute(&self) -> Result<Self> {
        Ok(match self {
            Self::Bundled => Self::Bundled,
            Self::Files { train, test } => Self::Files {
                train: train.absolute()?,
                test: test.as_ref().map(Files::absolute).transpose()?,
            },
        })
    }
}

/// What `inputs.json` holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Where the data is.
    pub data: Source,
    /// Whether the run may replace an earlier one's folder.
    pub force: bool,
    /// Of the text of `settings.json`, so that a changed one is noticed.
    pub settings: HexDigest,
}
