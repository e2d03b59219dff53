//! `--data`: a folder whose files are found by their names.

use std::path::{Path, PathBuf};

use clap::Args;

use super::groups::{Covariates, TestData, TrainEmbeddings, is_length};
use super::output::Output;
use crate::data::embeddings::Embeddings;
use crate::error::{Error, Result};
use crate::progress::Progress;

/// A folder with data.
#[derive(Debug, Args)]
pub(super) struct DataFolder {
    /// Folder in which files are found by their names, unless an option names another: train_embeddings
    /// or embeddings and train_rewards or rewards (.npy, .npz or .safetensors), train_prompt_ids or
    /// prompt_ids (.npy, .txt or .jsonl), or for rows train_texts.jsonl or texts.jsonl;
    /// candidates.jsonl, labels.jsonl, and where lengths are wanted the texts; the same of test_embeddings, test_rewards, test_prompt_ids,
    /// test_texts.jsonl and test_labels.jsonl; of these, what the command reads
    #[arg(long, value_name = "DIR", help_heading = "Data")]
    pub data: Option<PathBuf>,
}

/// What an option's file may be called: any of the stems with any of the ends.
pub(super) struct Names {
    setting: &'static str,
    stems: &'static [&'static str],
    ends: &'static [&'static str],
}

impl Names {
    const fn arrays(setting: &'static str, stems: &'static [&'static str]) -> Self {
        Self { setting, stems, ends: &["npy", "npz", "safetensors"] }
    }

    const fn ids(setting: &'static str, stems: &'static [&'static str]) -> Self {
        Self { setting, stems, ends: &["npy", "txt", "jsonl"] }
    }

    const fn lines(setting: &'static str, stems: &'static [&'static str]) -> Self {
        Self { setting, stems, ends: &["jsonl"] }
    }

    fn all(&self) -> impl Iterator<Item = String> {
        let ends = |stem| self.ends.iter().map(move |end| format!("{stem}.{end}"));
        self.stems.iter().flat_map(ends)
    }
}

const TRAIN_EMBEDDINGS: Names =
    Names::arrays("train_embeddings", &["train_embeddings", "embeddings"]);
pub(super) const TRAIN_REWARDS: Names =
    Names::arrays("train_rewards", &["train_rewards", "rewards"]);
const TRAIN_IDS: Names = Names::ids("train_prompt_ids", &["train_prompt_ids", "prompt_ids"]);
const TRAIN_TEXTS: Names = Names::lines("train_prompt_ids", &["train_texts", "texts"]);
pub(super) const CANDIDATES: Names = Names::lines("candidates", &["candidates"]);
pub(super) const LABELS: Names = Names::lines("labels", &["labels"]);
const TEST_EMBEDDINGS: Names = Names::arrays("test_embeddings", &["test_embeddings"]);
const TEST_REWARDS: Names = Names::arrays("test_rewards", &["test_rewards"]);
const TEST_IDS: Names = Names::ids("test_prompt_ids", &["test_prompt_ids"]);
const TEST_TEXTS: Names = Names::lines("test_prompt_ids", &["test_texts"]);
/// Texts whose lengths are wanted.
pub(super) const TRAIN_LENGTHS: Names = Names::lines("texts", &["train_texts", "texts"]);
const TEST_LENGTHS: Names = Names::lines("test_texts", &["test_texts"]);
pub(super) const TEST_LABELS: Names = Names::lines("test_labels", &["test_labels"]);

impl DataFolder {
    /// The folder, if there is one.
    pub fn open(&self) -> Result<Option<Folder>> {
        let Some(path) = &self.data else {
            return Ok(None);
        };
        match path.is_dir() {
            true => Ok(Some(Folder { path: path.clone(), taken: Vec::new() })),
            false => Err(Error::setting("data", path.display(), "is no folder")),
        }
    }
}

/// The files of a folder.
pub(super) struct Folder {
    path: PathBuf,
    /// Those that an option has been given.
    taken: Vec<String>,
}

impl Folder {
    /// Gives an option its file, if there is one and no other is named.
    pub fn fill(&mut self, option: &mut Option<PathBuf>, names: &Names) -> Result<()> {
        if option.is_some() {
            return Ok(());
        }
        let mut found = names.all().filter(|name| self.path.join(name).is_file());
        let (first, second) = (found.next(), found.next());
        if let (Some(first), Some(second)) = (&first, second) {
            let expected = format!(
                "holds {first} and {second}; name the one that is meant by `{}`",
                names.setting
            );
            return Err(Error::setting("data", self.path.display(), expected));
        }
        *option = first.as_ref().map(|name| self.path.join(name));
        self.taken.extend(first);
        Ok(())
    }

    /// The same of a file that is needed.
    pub fn fill_needed(&mut self, option: &mut Option<PathBuf>, names: &Names) -> Result<()> {
        self.fill(option, names)?;
        if option.is_some() {
            return Ok(());
        }
        let (setting, wanted) = (names.setting, names.all().collect::<Vec<_>>().join(", "));
        let expected = format!("holds none of {wanted}, which are looked for without `{setting}`");
        Err(Error::setting("data", self.path.display(), expected))
    }

    /// Training embeddings, and the prompts of their rows.
    pub fn fill_train(&mut self, train: &mut TrainEmbeddings) -> Result<()> {
        let TrainEmbeddings { train_embeddings, train_prompt_ids } = train;
        self.fill_needed(train_embeddings, &TRAIN_EMBEDDINGS)?;
        self.fill_ids(train_prompt_ids, [&TRAIN_IDS, &TRAIN_TEXTS], train_embeddings.as_ref())
    }

    /// Test embeddings, the prompts of their rows and their rewards, if they are there.
    pub fn fill_test(&mut self, test: &mut TestData) -> Result<()> {
        let TestData { test_embeddings, test_prompt_ids, test_rewards, .. } = test;
        self.fill(test_embeddings, &TEST_EMBEDDINGS)?;
        if test_embeddings.is_none() {
            return Ok(());
        }
        self.fill(test_rewards, &TEST_REWARDS)?;
        self.fill_ids(test_prompt_ids, [&TEST_IDS, &TEST_TEXTS], test_embeddings.as_ref())?;
        self.fill_texts(test.test_covariates.as_deref(), &mut test.test_texts, &TEST_LENGTHS)
    }

    /// The texts whose lengths are wanted of training embeddings.
    pub fn fill_lengths(&mut self, covariates: &mut Covariates) -> Result<()> {
        let Covariates { covariates, texts } = covariates;
        self.fill_texts(covariates.as_deref(), texts, &TRAIN_LENGTHS)
    }

    /// Texts, where these covariates are their lengths.
    pub fn fill_texts(
        &mut self,
        covariates: Option<&Path>,
        texts: &mut Option<PathBuf>,
        names: &Names,
    ) -> Result<()> {
        if covariates.is_some_and(is_length) {
            self.fill(texts, names)?;
            // The texts of rows may be their prompt ids.
            self.taken.dedup();
        }
        Ok(())
    }

    /// What a model scores or is measured on: test embeddings, or where there are none the others.
    pub fn fill_scored(
        &mut self,
        embeddings: &mut Option<PathBuf>,
        prompt_ids: &mut Option<PathBuf>,
        covariates: Option<&Path>,
        texts: &mut Option<PathBuf>,
    ) -> Result<()> {
        self.fill(embeddings, &TEST_EMBEDDINGS)?;
        if embeddings.is_some() {
            self.fill_ids(prompt_ids, [&TEST_IDS, &TEST_TEXTS], embeddings.as_ref())?;
            return self.fill_texts(covariates, texts, &TEST_LENGTHS);
        }
        self.fill_needed(embeddings, &TRAIN_EMBEDDINGS)?;
        self.fill_ids(prompt_ids, [&TRAIN_IDS, &TRAIN_TEXTS], embeddings.as_ref())?;
        self.fill_texts(covariates, texts, &TRAIN_LENGTHS)
    }

    /// Prompt ids; of rows without ids of their own those of their texts.
    fn fill_ids(
        &mut self,
        option: &mut Option<PathBuf>,
        [ids, texts]: [&Names; 2],
        embeddings: Option<&PathBuf>,
    ) -> Result<()> {
        self.fill(option, ids)?;
        match embeddings {
            Some(path) if option.is_none() && Embeddings::open(path)?.is_flat() => {
                self.fill(option, texts)
            }
            _ => Ok(()),
        }
    }

    /// Says which files were found.
    pub fn note(self, output: &mut Output) {
        output.note(&format!("`data` {}: {}", self.path.display(), self.taken.join(", ")));
    }
}
