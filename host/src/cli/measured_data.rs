//! [`MeasuredData`]: the data of commands that ask, learn and measure, as options.

use std::path::{Path, PathBuf};

use clap::Args;

use super::data_folder::{CANDIDATES, DataFolder, LABELS, TEST_LABELS, TRAIN_REWARDS};
use super::groups;
use super::output::Output;
use crate::data::dataset::Dataset;
use crate::data::overlap::Overlap;
use crate::data::pool_kind::PoolKind;
use crate::data::summary::DataSummary;
use crate::error::{Error, Result};
use crate::named::Named;
use crate::output::inputs::{Files, LabelsFile, Source, TrainingFiles};
use crate::progress::Progress;
use crate::settings::{Oracle, Settings, Typed};

/// What is asked about and trained on, who answers, and what models are measured on.
#[derive(Debug, Args)]
pub(super) struct MeasuredData {
    #[command(flatten)]
    data: DataFolder,

    #[command(flatten)]
    embeddings: groups::TrainEmbeddings,

    #[command(flatten)]
    rewards: groups::TrainRewards,

    #[command(flatten)]
    candidates: groups::ListedPairs,

    #[command(flatten)]
    test: groups::TestData,

    #[command(flatten)]
    fields: groups::PromptFields,

    #[command(flatten)]
    covariates: groups::Covariates,

    #[command(flatten)]
    names: groups::CovariateNames,

    /// Held-out labels to measure the model on, of items of the test embeddings, or without these of
    /// the training embeddings: JSON Lines
    #[arg(long, value_name = "FILE", requires = "train_source", help_heading = "Data")]
    test_labels: Option<PathBuf>,

    #[command(flatten)]
    repeats: groups::RepeatedLabels,

    /// Skip the search for NaN and the digest of all embeddings, which read them once: an interrupted
    /// run then knows its data by a sample of 256 prompts
    #[arg(long, help_heading = "Data")]
    trust_finite: bool,
}

impl MeasuredData {
    /// Finds in the folder of the data what no option names.
    pub fn fill(&mut self, typed: &Typed, output: &mut Output) -> Result<()> {
        let Some(mut folder) = self.data.open()? else {
            return Ok(());
        };
        folder.fill_train(&mut self.embeddings)?;
        folder.fill_lengths(&mut self.covariates)?;
        folder.fill(&mut self.rewards.train_rewards, &TRAIN_REWARDS)?;
        let candidates = &mut self.candidates.candidates;
        if !typed.has("pool") {
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

    /// The training embeddings' file; none where the data is the program's.
    pub fn train_embeddings(&self) -> Option<&Path> {
        self.embeddings.train_embeddings.as_deref()
    }

    /// Whether the pairs that can be asked about are listed.
    pub fn is_listed(&self) -> bool {
        self.candidates.candidates.is_some()
    }

    /// Where the data is.
    pub fn source(&self) -> Result<Source> {
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
    pub fn fit_oracle(
        &self,
        settings: &mut Settings,
        dataset: &Dataset,
        typed: &Typed,
    ) -> Result<()> {
        let recorded = dataset.candidates.as_ref().is_some_and(|list| list.answers.is_some());
        if dataset.train.rewards.is_none() && !typed.has("oracle") {
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

    /// Says what whoever gave the data may not know of it.
    pub fn note(&self, dataset: &Dataset, settings: &Settings, output: &mut Output) -> Result<()> {
        let pool = settings.asking.pool;
        if pool == PoolKind::InPrompt {
            groups::note_single_responses(&dataset.train.embeddings, output);
        }
        groups::note_rounded(&dataset.train.embeddings, output);
        groups::note_equal_rewards(
            &dataset.train,
            "every answer is a matter of chance, or a tie",
            output,
        );
        if let Some(test) = &dataset.test {
            groups::note_rounded(&test.embeddings, output);
            groups::note_equal_rewards(test, groups::NO_ORDER, output);
            if test.rewards.is_some() {
                groups::note_uncounted(&test.embeddings, &settings.measuring.best_of, output);
            }
        }
        let overlap = Overlap::of(dataset, pool)?.to_string();
        if !overlap.is_empty() {
            output.note(&format!("`test_labels`: {overlap}"));
        }
        Ok(())
    }

    /// What all of the data is; where it is trusted, no more than a sample tells.
    pub fn scan(
        &self,
        dataset: &Dataset,
        sample: DataSummary,
        output: &mut Output,
    ) -> Result<DataSummary> {
        if self.trust_finite {
            if dataset.is_more_than_a_sample() {
                output.note("`trust_finite`: the embeddings are known by a sample of them alone");
            }
            return Ok(sample);
        }
        output.begin("reading the data once", dataset.values());
        let scanned = dataset.scan(sample, &mut |done| output.advance(done));
        output.end();
        let (summary, all_equal) = scanned?;
        for path in all_equal {
            let path = path.display();
            output.note(&format!("{path}: all embeddings are equal: no answer teaches a model"));
        }
        Ok(summary)
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
