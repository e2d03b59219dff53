//! `pairpick run`: the annotation loop against golden rewards.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use serde::Serialize;

use super::output::Output;
use super::{groups, help};
use crate::data::dataset::Dataset;
use crate::error::{Error, Result};
use crate::output::OutputFolder;
use crate::progress::Progress;
use crate::report::metrics::{RoundMetrics, Summary};
use crate::report::{curves, table};
use crate::round;
use crate::settings::{Settings, Typed};

/// Rounds of asking, training and measuring, answered from golden rewards
///
/// Each round draws prompts, picks a batch of pairs by the strategy, has them answered by an
/// oracle that knows the golden rewards, trains a Bradley–Terry reward model on all answers so
/// far, and measures it on the test prompts. Without data options it runs on the small data that
/// comes with the program, of which a quarter of the prompts are for testing.
///
/// The folder gets metrics.jsonl, labels.jsonl, model.safetensors, settings.json and curves.svg.
/// The same command gives the same files on every machine, but for the field "seconds".
#[derive(Debug, ClapArgs)]
#[command(
    after_help = help::RUN,
    after_long_help = help::presets(),
    allow_negative_numbers = true
)]
pub(super) struct Args {
    #[command(flatten)]
    embeddings: groups::TrainEmbeddings,

    #[command(flatten)]
    rewards: groups::TrainRewards,

    #[command(flatten)]
    test: groups::TestData,

    /// Skip the search for NaN and infinities, which reads the embeddings once
    #[arg(long, help_heading = "Data")]
    trust_finite: bool,

    #[command(flatten)]
    asking: groups::Asking,

    /// Rounds
    #[arg(long, value_name = "N", help_heading = "Asking")]
    rounds: Option<usize>,

    #[command(flatten)]
    answers: groups::Answers,

    #[command(flatten)]
    network: groups::Network,

    #[command(flatten)]
    training: groups::Training,

    #[command(flatten)]
    metrics: groups::Metrics,

    #[command(flatten)]
    recipe: groups::Recipe,

    #[command(flatten)]
    speed: groups::Speed,

    /// Folder for the results; it must be empty or new
    #[arg(long, value_name = "DIR", default_value = "pairpick-out", help_heading = "Output")]
    out: PathBuf,

    /// Replace the folder and all that is in it
    #[arg(long, help_heading = "Output")]
    force: bool,

    #[command(flatten)]
    print: groups::Print,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    out: String,
    rounds: &'a [RoundMetrics],
}

/// Runs. Nothing is written before all that can be checked is.
pub(super) fn execute(args: &Args, output: &mut Output) -> Result<()> {
    let mut settings = args.settings();
    settings.check()?;
    let mut dataset = args.dataset()?;
    let notes = settings.fit_to(dataset.summary()?, args.typed())?;
    let folder = OutputFolder::create(&args.out, args.force, &args.inputs())?;
    for note in &notes {
        output.note(note);
    }
    let partial = folder.partial_path().to_owned();
    let filled = args.fill(folder, &mut dataset, &settings, output);
    if filled.is_err() && partial.exists() {
        output.note(&format!("what there is of the output is in {}", partial.display()));
    }
    args.report(&filled?, output)
}

impl Args {
    fn settings(&self) -> Settings {
        let mut settings = self.recipe.settings(self.embeddings.train_embeddings.as_deref());
        self.asking.apply(&mut settings);
        self.answers.apply(&mut settings);
        self.network.apply(&mut settings);
        self.training.apply(&mut settings);
        self.metrics.apply(&mut settings);
        settings.rounds = self.rounds.unwrap_or(settings.rounds);
        settings
    }

    fn typed(&self) -> Typed {
        Typed {
            prompts_per_round: self.asking.prompts_per_round.is_some(),
            batch: self.asking.batch.is_some(),
            rounds: self.rounds.is_some(),
            best_of: self.metrics.best_of.is_some(),
        }
    }

    fn dataset(&self) -> Result<Dataset> {
        let train = both(
            ("train-embeddings", &self.embeddings.train_embeddings),
            ("train-rewards", &self.rewards.train_rewards),
        )?;
        let test = both(
            ("test-embeddings", &self.test.test_embeddings),
            ("test-rewards", &self.test.test_rewards),
        )?;
        match (train, test) {
            (Some(train), test) => Dataset::open(train, test),
            (None, None) => Dataset::bundled(),
            (None, Some((embeddings, _))) => {
                Err(missing("test-embeddings", embeddings, "train-embeddings"))
            }
        }
    }

    fn inputs(&self) -> Vec<&Path> {
        let test = &self.test;
        let train = [&self.embeddings.train_embeddings, &self.rewards.train_rewards];
        train
            .into_iter()
            .chain([&test.test_embeddings, &test.test_rewards])
            .flatten()
            .map(PathBuf::as_path)
            .collect()
    }

    /// The work. A folder in which nothing was written yet goes when it fails.
    fn fill(
        &self,
        mut folder: OutputFolder,
        dataset: &mut Dataset,
        settings: &Settings,
        output: &mut Output,
    ) -> Result<Summary> {
        if !self.trust_finite {
            output.begin("searching for NaN", dataset.values());
            let scanned = dataset.scan_finite(&mut |done| output.advance(done));
            output.end();
            scanned?;
        }
        output.place(folder.partial_path(), &self.out);
        folder.write_settings(settings)?;
        let summary = round::run(dataset, settings, &self.speed.runtime(), &mut folder, output)?;
        let title = format!("{}, seed {}", settings.strategy.name(), settings.seed);
        folder.write_curves(&curves::svg(&title, &summary.rounds)?)?;
        folder.finish()?;
        Ok(summary)
    }

    fn report(&self, summary: &Summary, output: &Output) -> Result<()> {
        let out = self.out.display().to_string();
        if !self.print.json {
            let table = table::of_rounds(&summary.rounds);
            return output.result(&format!("{table}\n\nresults in {out}\n"));
        }
        let json = serde_json::to_string_pretty(&Report { out, rounds: &summary.rounds })
            .map_err(|error| Error::io("standard output", "write", error.into()))?;
        output.result(&format!("{json}\n"))
    }
}

/// Embeddings with their rewards; one without the other is an error.
fn both<'a>(
    embeddings: (&'static str, &'a Option<PathBuf>),
    rewards: (&'static str, &'a Option<PathBuf>),
) -> Result<Option<(&'a Path, &'a Path)>> {
    match (embeddings.1, rewards.1) {
        (Some(embeddings), Some(rewards)) => Ok(Some((embeddings, rewards))),
        (None, None) => Ok(None),
        (Some(found), None) => Err(missing(embeddings.0, found, rewards.0)),
        (None, Some(found)) => Err(missing(rewards.0, found, embeddings.0)),
    }
}

fn missing(option: &'static str, found: &Path, needed: &str) -> Error {
    let expected = format!("needs --{needed} beside it");
    Error::Setting { option, found: found.display().to_string(), expected }
}
