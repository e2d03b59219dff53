//! [`Inputs`]: where an unfinished run has its data from, so that it can be gone on with by its
//! name alone. Paths decide no result, and go with the file when the run ends.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::stored_path;
use crate::data::covariates::CovariatesFile;
use crate::data::dataset::Dataset;
use crate::data::embeddings::Embeddings;
use crate::data::labels::Repeats;
use crate::data::pool_kind::PoolKind;
use crate::data::prompt_ids::PromptIdsFile;
use crate::data::summary::{DataSummary, SplitSummary};
use crate::error::{Error, FolderError, Result};
use crate::grid::Plan;
use crate::named;

/// What the files hold, in the order of [`Source::all`].
const FILES: [&str; 10] = [
    "training prompt ids",
    "training embeddings",
    "training rewards",
    "training covariates",
    "candidates",
    "test prompt ids",
    "test embeddings",
    "test rewards",
    "test covariates",
    "test labels",
];

/// What tells the prompt of each row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptIds {
    /// The file.
    #[serde(with = "stored_path")]
    pub path: PathBuf,
    /// The fields of JSON Lines that are the id.
    pub fields: Vec<String>,
}

/// What tells what else is known of each response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Covariates {
    /// An array.
    Array {
        /// The file.
        #[serde(with = "stored_path")]
        path: PathBuf,
        /// What its covariates are called, where that was said.
        names: Vec<String>,
    },
    /// The lengths of texts.
    Lengths {
        /// The file.
        #[serde(with = "stored_path")]
        path: PathBuf,
    },
}

impl Covariates {
    /// What is to be read.
    #[must_use]
    pub fn file(&self) -> CovariatesFile<'_> {
        match self {
            Self::Array { path, names } => CovariatesFile::Array { path, names },
            Self::Lengths { path } => CovariatesFile::Lengths(path),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Array { path, .. } | Self::Lengths { path } => path,
        }
    }

    fn at(&self, path: PathBuf) -> Self {
        match self {
            Self::Array { names, .. } => Self::Array { path, names: names.clone() },
            Self::Lengths { .. } => Self::Lengths { path },
        }
    }
}

/// Embeddings that a model is measured on, and their golden rewards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// The embeddings' file.
    #[serde(with = "stored_path")]
    pub embeddings: PathBuf,
    /// The prompts of its rows, where it has no axis of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_ids: Option<PromptIds>,
    /// The rewards' file, if there is one.
    #[serde(with = "stored_path::optional")]
    pub rewards: Option<PathBuf>,
    /// What else is known of each response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covariates: Option<Covariates>,
}

/// Labels, and how they are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelsFile {
    /// The file.
    #[serde(with = "stored_path")]
    pub path: PathBuf,
    /// What becomes of a pair that has several labels.
    #[serde(with = "named")]
    pub repeats: Repeats,
}

/// What is asked about and trained on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingFiles {
    /// The embeddings' file.
    #[serde(with = "stored_path")]
    pub embeddings: PathBuf,
    /// The prompts of its rows, where it has no axis of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_ids: Option<PromptIds>,
    /// The rewards' file, where golden rewards answer.
    #[serde(with = "stored_path::optional")]
    pub rewards: Option<PathBuf>,
    /// The file of the pairs that can be asked about, where not all can.
    #[serde(with = "stored_path::optional")]
    pub candidates: Option<PathBuf>,
    /// What else is known of each response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covariates: Option<Covariates>,
}

/// Where a run's data is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "there is one of a run")]
pub enum Source {
    /// In the program.
    Bundled,
    /// The same, with the length of each reply as a covariate.
    BundledWithLengths,
    /// In files.
    Files {
        /// What is trained on.
        train: TrainingFiles,
        /// What is measured on, if it is other data.
        test: Option<Files>,
        /// Held-out labels of its items, or without it of the training items.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        test_labels: Option<LabelsFile>,
    },
}

impl Source {
    /// Opens the data, to be asked about as a pool of this kind does.
    ///
    /// # Errors
    /// As [`Dataset::open`], [`Dataset::with_test`] and [`Dataset::with_test_labels`].
    pub fn open(&self, pool: PoolKind) -> Result<Dataset> {
        match self {
            Self::Bundled => Dataset::bundled(),
            Self::BundledWithLengths => Dataset::bundled_with_lengths(),
            Self::Files { train, test, test_labels } => {
                let TrainingFiles { embeddings, prompt_ids, rewards, candidates, covariates } =
                    train;
                let embeddings = opened(embeddings, prompt_ids.as_ref(), covariates.as_ref())?;
                let (rewards, candidates) = (rewards.as_deref(), candidates.as_deref());
                let dataset = Dataset::open(embeddings, rewards, candidates, pool)?;
                let dataset = match test {
                    Some(Files { embeddings, prompt_ids, rewards, covariates }) => {
                        let embeddings =
                            opened(embeddings, prompt_ids.as_ref(), covariates.as_ref())?;
                        dataset.with_test(embeddings, rewards.as_deref())?
                    }
                    None => dataset,
                };
                match test_labels {
                    Some(LabelsFile { path, repeats }) => dataset.with_test_labels(path, *repeats),
                    None => Ok(dataset),
                }
            }
        }
    }

    /// Checks that the data is what the run began with.
    ///
    /// # Errors
    /// [`FolderError::DataChanged`] naming the first file whose shape or digest differs.
    pub fn check_unchanged(&self, began: Option<&DataSummary>, now: &DataSummary) -> Result<()> {
        let Some(began) = began else {
            return Ok(());
        };
        let (ids, rewards) = (|of: &SplitSummary| of.prompt_ids, |of: &SplitSummary| of.rewards);
        let covariates = |of: &SplitSummary| of.covariates.clone();
        let (test, test_now) = (began.test.as_ref(), now.test.as_ref());
        let same = [
            ids(&began.train) == ids(&now.train),
            began.train.has_embeddings_of(&now.train),
            began.train.rewards == now.train.rewards,
            began.train.covariates == now.train.covariates,
            began.candidates == now.candidates,
            test.map(ids) == test_now.map(ids),
            match test.zip(test_now) {
                Some((test, now)) => test.has_embeddings_of(now),
                None => test.is_none() && test_now.is_none(),
            },
            test.map(rewards) == test_now.map(rewards),
            test.map(covariates) == test_now.map(covariates),
            began.test_labels == now.test_labels,
        ];
        match same.iter().position(|same| !same) {
            None => Ok(()),
            Some(place) => {
                let (path, what) = (self.all()[place].unwrap_or(Path::new("")), FILES[place]);
                Err(FolderError::DataChanged { path: path.into(), what }.into())
            }
        }
    }

    /// Whether the data is part of the program.
    #[must_use]
    pub fn is_bundled(&self) -> bool {
        matches!(self, Self::Bundled | Self::BundledWithLengths)
    }

    /// Every file.
    #[must_use]
    pub fn paths(&self) -> Vec<&Path> {
        self.all().into_iter().flatten().collect()
    }

    fn all(&self) -> [Option<&Path>; 10] {
        fn path(ids: &PromptIds) -> &Path {
            &ids.path
        }
        match self {
            Self::Bundled | Self::BundledWithLengths => [None; 10],
            Self::Files { train, test, test_labels } => [
                train.prompt_ids.as_ref().map(path),
                Some(&train.embeddings),
                train.rewards.as_deref(),
                train.covariates.as_ref().map(Covariates::path),
                train.candidates.as_deref(),
                test.as_ref().and_then(|test| test.prompt_ids.as_ref()).map(path),
                test.as_ref().map(|test| test.embeddings.as_path()),
                test.as_ref().and_then(|test| test.rewards.as_deref()),
                test.as_ref().and_then(|test| test.covariates.as_ref()).map(Covariates::path),
                test_labels.as_ref().map(|labels| labels.path.as_path()),
            ],
        }
    }

    /// The same files, whatever the working folder.
    ///
    /// # Errors
    /// [`Error::Io`] if there is no working folder.
    pub fn absolute(&self) -> Result<Self> {
        let absolute = |path: &PathBuf| {
            std::path::absolute(path).map_err(|error| Error::io(path, "find", error))
        };
        let ids = |ids: &PromptIds| -> Result<PromptIds> {
            Ok(PromptIds { path: absolute(&ids.path)?, fields: ids.fields.clone() })
        };
        let covariates = |covariates: &Covariates| {
            absolute(&covariates.path().into()).map(|path| covariates.at(path))
        };
        let Self::Files { train, test, test_labels } = self else {
            return Ok(self.clone());
        };
        let train = TrainingFiles {
            embeddings: absolute(&train.embeddings)?,
            prompt_ids: train.prompt_ids.as_ref().map(ids).transpose()?,
            rewards: train.rewards.as_ref().map(absolute).transpose()?,
            candidates: train.candidates.as_ref().map(absolute).transpose()?,
            covariates: train.covariates.as_ref().map(covariates).transpose()?,
        };
        let test = test.as_ref().map(|test| -> Result<Files> {
            Ok(Files {
                embeddings: absolute(&test.embeddings)?,
                prompt_ids: test.prompt_ids.as_ref().map(ids).transpose()?,
                rewards: test.rewards.as_ref().map(absolute).transpose()?,
                covariates: test.covariates.as_ref().map(covariates).transpose()?,
            })
        });
        let test_labels = test_labels.as_ref().map(|LabelsFile { path, repeats }| {
            absolute(path).map(|path| LabelsFile { path, repeats: *repeats })
        });
        Ok(Self::Files { train, test: test.transpose()?, test_labels: test_labels.transpose()? })
    }
}

fn opened(
    embeddings: &Path,
    prompt_ids: Option<&PromptIds>,
    covariates: Option<&Covariates>,
) -> Result<Embeddings> {
    let file = prompt_ids.map(|ids| PromptIdsFile { path: &ids.path, fields: &ids.fields });
    Embeddings::open_with(embeddings, file)?.with_covariates(covariates.map(Covariates::file))
}

/// What `inputs.json` holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Where the data is.
    pub data: Source,
    /// Whether the run may replace an earlier one's folder.
    pub force: bool,
    /// The runs that are compared with it, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grid: Option<Plan>,
}
