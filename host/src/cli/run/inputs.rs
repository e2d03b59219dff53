//! What a run reads: its files, or the data that comes with the program.

use std::path::{Path, PathBuf};

use super::Args;
use crate::cli::data_folder::{CANDIDATES, LABELS, TEST_LABELS, TRAIN_REWARDS};
use crate::cli::groups;
use crate::cli::output::Output;
use crate::data::dataset::Dataset;
use crate::error::{Error, Result};
use crate::named::Named;
use crate::output::inputs::{Files, LabelsFile, Source, TrainingFiles};
use crate::settings::{Oracle, Settings};

impl Args {
    /// Finds in the folder of the data what no option names.
    pub(super) fn fill(&mut self, output: &mut Output) -> Result<()> {
        let Some(mut folder) = self.data.open()? else {
            return Ok(());
        };
        folder.fill_train(&mut self.embeddings)?;
        folder.fill_lengths(&mut self.covariates)?;
        folder.fill(&mut self.rewards.train_rewards, &TRAIN_REWARDS)?;
        let candidates = &mut self.candidates.candidates;
        if !self.asking.typed().has("pool") {
            folder.fill(candidates, &CANDIDATES)?;
            if self.rewards.train_rewards.is_none() {
                folder.fill(candidates, &LABELS)?;
            }
        }
        folder.fill_test(&mut self.test)?;
        folder.fill(&mut self.test_labels, &TEST_LABELS)?;
        folder.note(output);
        Ok(())
    }

    pub(super) fn source(&self) -> Result<Source> {
        let (rewards, candidates) = (&self.rewards.train_rewards, &self.candidates.candidates);
        let Some(embeddings) = &self.embeddings.train_embeddings else {
            return self.bundled();
        };
        if rewards.is_none() && candidates.is_none() {
            let needed = "`train_rewards`, or `candidates` with labels,";
            return Err(missing("train_embeddings", embeddings, needed));
        }
        check_is_a_file("candidates", candidates.as_ref())?;
        check_is_a_file("test_labels", self.test_labels.as_ref())?;
        let train = TrainingFiles {
            embeddings: embeddings.clone(),
            prompt_ids: self.fields.input(self.embeddings.train_prompt_ids.as_ref()),
            rewards: rewards.clone(),
            candidates: candidates.clone(),
            covariates: self.covariates.known(&self.names).of_files()?,
        };
        let repeats = self.repeats.repeats;
        let test_labels = self.test_labels.clone().map(|path| LabelsFile { path, repeats });
        Ok(Source::Files { train, test: self.test_files()?, test_labels })
    }

    /// The data that is part of the program, which goes with no file.
    fn bundled(&self) -> Result<Source> {
        let groups::TestData { test_embeddings, test_covariates, .. } = &self.test;
        match (test_embeddings, test_covariates) {
            (Some(found), _) => Err(missing("test_embeddings", found, "`train_embeddings`")),
            (None, Some(found)) => Err(missing("test_covariates", found, "`train_embeddings`")),
            _ if self.covariates.known(&self.names).of_bundled("train_embeddings")? => {
                Ok(Source::BundledWithLengths)
            }
            _ => Ok(Source::Bundled),
        }
    }

    /// Test embeddings with what the model is measured against; one without the other is an error.
    fn test_files(&self) -> Result<Option<Files>> {
        let groups::TestData {
            test_embeddings,
            test_prompt_ids,
            test_rewards,
            test_covariates,
            ..
        } = &self.test;
        match (test_embeddings, test_rewards) {
            (None, None) => match test_covariates {
                Some(found) => Err(missing("test_covariates", found, "`test_embeddings`")),
                None => Ok(None),
            },
            (None, Some(found)) => Err(missing("test_rewards", found, "`test_embeddings`")),
            (Some(found), None) if self.test_labels.is_none() => {
                Err(missing("test_embeddings", found, "`test_rewards` or `test_labels`"))
            }
            (Some(embeddings), rewards) => {
                let prompt_ids = self.fields.input(test_prompt_ids.as_ref());
                let (embeddings, rewards) = (embeddings.clone(), rewards.clone());
                let covariates = self.test.known(&self.names).of_files()?;
                Ok(Some(Files { embeddings, prompt_ids, rewards, covariates }))
            }
        }
    }

    /// Where no golden rewards are, the candidates' labels answer.
    pub(super) fn fit_oracle(&self, settings: &mut Settings, dataset: &Dataset) -> Result<()> {
        let recorded = dataset.candidates.as_ref().is_some_and(|list| list.answers.is_some());
        if dataset.train.rewards.is_none() && !self.typed().has("oracle") {
            settings.answers.oracle = Oracle::Recorded;
        }
        let needed = match settings.answers.oracle {
            Oracle::Recorded | Oracle::RecordedAll if !recorded => {
                "needs `candidates` with a label in each line, or `train_rewards` for another"
            }
            Oracle::BradleyTerry | Oracle::ArgMax if dataset.train.rewards.is_none() => {
                "needs `train_rewards`"
            }
            _ => return Ok(()),
        };
        Err(Error::setting("oracle", settings.answers.oracle.name(), needed))
    }
}

/// A run that goes on reads its inputs again, which only a file allows.
fn check_is_a_file(setting: &'static str, path: Option<&PathBuf>) -> Result<()> {
    let is_read_once = |path: &&PathBuf| {
        path.as_path() == Path::new("-") || path.metadata().is_ok_and(|found| !found.is_file())
    };
    match path.filter(is_read_once) {
        Some(found) => {
            let expected = "must be a file here: a run that goes on reads it again";
            Err(Error::setting(setting, found.display(), expected))
        }
        None => Ok(()),
    }
}

fn missing(setting: &'static str, found: &Path, needed: &str) -> Error {
    Error::setting(setting, found.display(), format!("needs {needed} beside it"))
}
