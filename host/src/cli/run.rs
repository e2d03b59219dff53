//! `pairpick run`: the annotation loop against golden rewards or recorded answers.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use serde::Serialize;

use super::data_folder::{CANDIDATES, DataFolder, LABELS, TEST_LABELS, TRAIN_REWARDS};
use super::interrupt::quoted;
use super::output::Output;
use super::over::Over;
use super::{groups, help};
use crate::data::dataset::{DataSummary, Dataset};
use crate::data::overlap::Overlap;
use crate::data::pool_kind::PoolKind;
use crate::error::{Error, Result};
use crate::label::oracle::OracleAnswerer;
use crate::named::Named;
use crate::output::inputs::{Files, LabelsFile, Source, TrainingFiles};
use crate::output::{Interrupted, OutputFolder};
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::report::{curves, table};
use crate::round;
use crate::round::metrics::{RoundMetrics, Summary};
use crate::runtime::Runtime;
use crate::settings::{
    Answers, Architecture, Asking, Measuring, Network, Oracle, Prior, Settings, Training, Typed,
};

/// Rounds of asking, training and measuring, answered from golden rewards or recorded answers
///
/// Each round draws prompts, picks a batch of pairs by the strategy, has them answered by an
/// oracle that knows the golden rewards, or from the answers that the candidates have, trains a
/// Bradley–Terry reward model on all answers so far, and measures it on the test prompts, or on
/// held-out labels. Without data options it runs on the small data that
/// comes with the program, of which a quarter of the prompts are for testing.
///
/// The folder gets metrics.jsonl, labels.jsonl, model.safetensors, settings.json, curves.svg and
/// manifest.json. The same command gives the same files on every machine, but for the field
/// "seconds" and what manifest.json has of the file that it is in.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = help::RUN,
    after_long_help = help::run(),
    allow_negative_numbers = true
)]
pub(super) struct Args {
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

    #[command(flatten)]
    asking: Over<Asking>,

    #[command(flatten)]
    prior: Over<Prior>,

    #[command(flatten)]
    answers: Over<Answers>,

    #[command(flatten)]
    network: Over<Network>,

    #[command(flatten)]
    training: Over<Training>,

    #[command(flatten)]
    measuring: Over<Measuring>,

    #[command(flatten)]
    recipe: groups::Recipe,

    #[command(flatten)]
    runtime: Runtime,

    /// Go on with an interrupted run: DIR is the name that was given to --out
    #[arg(long, value_name = "DIR", conflicts_with_all = DECIDING, help_heading = "Output")]
    resume: Option<PathBuf>,

    /// Folder for the results; it must be empty or new
    #[arg(long, value_name = "DIR", default_value = "pairpick-out", help_heading = "Output")]
    out: PathBuf,

    /// Replace the folder of an earlier run, if all in it is as that run wrote it; discard an
    /// interrupted one
    #[arg(long, help_heading = "Output")]
    force: bool,

    #[command(flatten)]
    print: groups::Print,
}

/// Groups and options that decide what a run does, which an interrupted one has been told.
const DECIDING: [&str; 19] = [
    "DataFolder",
    "TrainEmbeddings",
    "TrainRewards",
    "ListedPairs",
    "TestData",
    "PromptFields",
    "Covariates",
    "CovariateNames",
    "test_labels",
    "RepeatedLabels",
    "Asking",
    "Prior",
    "Answers",
    "Network",
    "Training",
    "Measuring",
    "preset",
    "seed",
    "out",
];

/// A run that can begin, or go on.
struct Job {
    out: PathBuf,
    folder: OutputFolder,
    dataset: Dataset,
    settings: Settings,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    out: String,
    rounds: &'a [RoundMetrics],
}

/// Runs. Nothing is written before all that can be checked is.
pub(super) fn execute(args: &mut Args, output: &mut Output) -> Result<()> {
    args.fill(output)?;
    let threads = Threads::start(&args.runtime)?;
    let (out, summary) = match &args.resume {
        None => (&args.out, args.begin(output)?.carry_out(&threads, output)?),
        Some(out) => (out, args.go_on(out, &threads, output)?),
    };
    args.report(out, &summary, output)
}

impl Args {
    /// Finds in the folder of the data what no option names.
    fn fill(&mut self, output: &mut Output) -> Result<()> {
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

    fn settings(&self) -> Settings {
        let mut settings = self.recipe.settings(self.embeddings.train_embeddings.as_deref());
        self.asking.write(&mut settings.asking);
        self.prior.write(&mut settings.prior);
        self.answers.write(&mut settings.answers);
        let Architecture::Mlp(network) = &mut settings.model;
        self.network.write(network);
        self.training.write(&mut settings.training);
        self.measuring.write(&mut settings.measuring);
        settings.offer_pairs_of_recipe(&self.typed());
        settings
    }

    fn typed(&self) -> Typed {
        self.asking.typed()
    }

    fn source(&self) -> Result<Source> {
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
    fn fit_oracle(&self, settings: &mut Settings, dataset: &Dataset) -> Result<()> {
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

    fn begin(&self, output: &mut Output) -> Result<Job> {
        let mut settings = self.settings();
        if self.candidates.candidates.is_some() {
            settings.asking.pool = PoolKind::Listed;
        }
        settings.check()?;
        let source = self.source()?;
        if source.is_bundled() {
            groups::note_bundled("train_embeddings", output);
        }
        let Asking { pool, prompts_per_round, .. } = settings.asking;
        let dataset = source.open(pool)?;
        dataset.train.embeddings.check_round(pool, prompts_per_round)?;
        self.fit_oracle(&mut settings, &dataset)?;
        let data = dataset.summary()?;
        let notes = settings.fit_to(data.clone(), &self.typed())?;
        let folder = OutputFolder::create(&self.out, self.force, &source)?;
        output.work().fills(&self.out, folder.partial_path(), 0);
        for note in &notes {
            output.note(note);
        }
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
        let overlap = Overlap::of(&dataset, pool)?.to_string();
        if !overlap.is_empty() {
            output.note(&format!("`test_labels`: {overlap}"));
        }
        settings.data = Some(self.scan(&dataset, data, output)?);
        output.place(folder.partial_path(), &self.out);
        Ok(Job { out: self.out.clone(), folder, dataset, settings })
    }

    fn go_on(&self, out: &Path, threads: &Threads, output: &mut Output) -> Result<Summary> {
        let (folder, interrupted) = OutputFolder::resume(out, self.force)?;
        let Interrupted { settings, data, rounds } = interrupted;
        let ended = rounds.len();
        output.work().fills(out, folder.partial_path(), ended as u64);
        let Some(source) = data else {
            folder.finish()?;
            return Ok(Summary { rounds });
        };
        let dataset = source.open(settings.asking.pool)?;
        let began = settings.data.as_ref();
        // A sample first, which tells most changes at once.
        let now = dataset.summary()?;
        source.check_unchanged(began, &now)?;
        source.check_unchanged(began, &self.scan(&dataset, now, output)?)?;
        output.note(&format!("going on after round {ended} of {}", settings.asking.rounds));
        Job { out: out.to_owned(), folder, dataset, settings }.carry_out(threads, output)
    }

    /// What all of the data is; where it is trusted, no more than a sample tells.
    fn scan(
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

    fn report(&self, out: &Path, summary: &Summary, output: &Output) -> Result<()> {
        let out = out.display().to_string();
        if !self.print.json {
            let table = table::of_rounds(&summary.rounds);
            return output.result(&format!("{table}\n\nresults in {out}\n"));
        }
        output.json(&Report { out, rounds: &summary.rounds })
    }
}

impl Job {
    fn carry_out(self, threads: &Threads, output: &mut Output) -> Result<Summary> {
        let out = quoted(&self.out);
        let partial = self.folder.partial_path().to_owned();
        let filled = self.fill(threads, output);
        if filled.is_err() && partial.exists() {
            output.note(&format!("the rounds that ended are kept for pairpick run --resume {out}"));
        }
        filled
    }

    fn fill(self, threads: &Threads, output: &mut Output) -> Result<Summary> {
        let Self { mut folder, dataset, settings, .. } = self;
        let mut oracle = OracleAnswerer { dataset: &dataset, settings: &settings };
        let summary = round::run(&dataset, &settings, threads, &mut oracle, &mut folder, output)?;
        let title = format!("{}, seed {}", settings.asking.strategy.name(), settings.seed);
        folder.write_curves(&curves::svg(&title, &summary.rounds)?)?;
        folder.finish()?;
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
