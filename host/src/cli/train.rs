//! `pairpick train`: a reward model from labels.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use super::output::Output;
use super::{groups, help};
use crate::data::embeddings::Embeddings;
use crate::data::labels::{Label, read_labels};
use crate::error::{Error, Result};
use crate::output::file::NewFile;
use crate::output::json_lines;
use crate::parallel::Threads;
use crate::report::curves;
use crate::report::training::TrainingReport;
use crate::round::model::Model;
use crate::round::train::{self, Fit};
use crate::settings::{Init, Settings};

/// Train a reward model on labels
///
/// Trains a Bradley–Terry reward model on all labels of a file, as each round of `run` does: with
/// the same seed, labels and options it is the very model that `run` has after that round, which
/// is the largest round among the labels. Prints the loss curve and the digest of the model's bits.
#[derive(Debug, ClapArgs)]
#[command(after_help = help::TRAIN, allow_negative_numbers = true)]
pub(super) struct Args {
    #[command(flatten)]
    embeddings: groups::TrainEmbeddings,

    /// Labels to learn from: JSON Lines as run writes them, - for standard input
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    labels: PathBuf,

    #[command(flatten)]
    repeats: groups::RepeatedLabels,

    /// Model to start from, with --init warm
    #[arg(long, value_name = "FILE", conflicts_with = "Network", help_heading = "Data")]
    model: Option<PathBuf>,

    #[command(flatten)]
    network: groups::Network,

    #[command(flatten)]
    training: groups::Training,

    #[command(flatten)]
    recipe: groups::Recipe,

    #[command(flatten)]
    speed: groups::Speed,

    /// File for the model
    #[arg(long, value_name = "FILE", default_value = "model.safetensors", help_heading = "Output")]
    out: PathBuf,

    /// File for the losses: JSON Lines, a line an iteration
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    losses: Option<PathBuf>,

    /// File for the loss curve, an SVG
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    curve: Option<PathBuf>,

    /// Replace files that are there
    #[arg(long, help_heading = "Output")]
    force: bool,

    #[command(flatten)]
    print: groups::Print,
}

/// The files to write, their places looked at.
struct Files {
    model: NewFile,
    losses: Option<NewFile>,
    curve: Option<NewFile>,
}

/// Trains. Nothing is written before the training has ended.
pub(super) fn execute(args: &Args, output: &mut Output) -> Result<()> {
    let threads = Threads::start(&args.speed.runtime())?;
    let settings = args.settings();
    settings.check()?;
    let files = args.files()?;
    let mut embeddings = args.embeddings.open()?;
    let labels = read_labels(&args.labels, &embeddings, args.repeats.repeats)?;
    let Some(round) = labels.iter().map(|label| label.round).max() else {
        let expected = "holds no label to learn from".to_owned();
        let found = args.labels.display().to_string();
        return Err(Error::Setting { option: "labels", found, expected });
    };
    let (model, fit) = threads
        .install(|| args.fit(&settings, &mut embeddings, &threads, (round, &labels), output))?;
    let out = files.model.path().display().to_string();
    let report = TrainingReport::new(&fit, labels.len(), round, out, model.digest()?);
    files.write(&model, &report, &fit)?;
    args.report(&report, output)
}

impl Args {
    fn settings(&self) -> Settings {
        let mut settings = self.recipe.settings(self.embeddings.train_embeddings.as_deref());
        self.network.apply(&mut settings);
        self.training.apply(&mut settings);
        settings
    }

    fn files(&self) -> Result<Files> {
        let inputs = [self.embeddings.train_embeddings.as_deref(), Some(self.labels.as_path())];
        let inputs: Vec<&Path> = inputs.into_iter().flatten().collect();
        let place = |path: &PathBuf| NewFile::at(path, self.force, &inputs);
        Ok(Files {
            model: place(&self.out)?,
            losses: self.losses.as_ref().map(place).transpose()?,
            curve: self.curve.as_ref().map(place).transpose()?,
        })
    }

    fn fit(
        &self,
        settings: &Settings,
        embeddings: &mut Embeddings,
        threads: &Threads,
        (round, labels): (u64, &[Label]),
        output: &mut Output,
    ) -> Result<(Model, Fit)> {
        let mut model = self.start(settings, embeddings, round, output)?;
        let fit = train::fit(&mut model, embeddings, settings, threads, round, labels, output)?;
        Ok((model, fit))
    }

    /// New parameters, or those of a model; in the first round there is none to start from.
    fn start(
        &self,
        settings: &Settings,
        embeddings: &mut Embeddings,
        round: u64,
        output: &mut Output,
    ) -> Result<Model> {
        let setting = |option, found: String, expected: &str| {
            Err(Error::Setting { option, found, expected: expected.to_owned() })
        };
        match (settings.init, &self.model) {
            (Init::Warm, Some(path)) => Model::open(path, embeddings),
            (Init::Fresh, Some(path)) => {
                let expected = "is only used with --init warm";
                setting("model", path.display().to_string(), expected)
            }
            (Init::Warm, None) if round > 1 => {
                let expected = "needs --model, the model of the round before";
                setting("init", "warm".to_owned(), expected)
            }
            (_, None) => {
                let mut model = Model::untrained(embeddings, settings, output)?;
                model.reset(settings.seed, round)?;
                Ok(model)
            }
        }
    }

    fn report(&self, report: &TrainingReport, output: &Output) -> Result<()> {
        if self.print.json {
            return output.json(report);
        }
        output.result(&format!(
            "{}\n\nstopped after {} iterations ({}); kept: iteration {}\nmodel {} in {}\n",
            report.table(),
            report.iterations,
            report.stopped,
            report.kept.iteration,
            report.digest,
            report.out,
        ))
    }
}

impl Files {
    /// The model comes last: once it is there, so is the rest.
    fn write(self, model: &Model, report: &TrainingReport, fit: &Fit) -> Result<()> {
        if let Some(file) = self.losses {
            let lines = json_lines(&report.losses)
                .map_err(|error| Error::io(file.path(), "write", error))?;
            file.write(&lines)?;
        }
        if let Some(file) = self.curve {
            let title = format!("{} labels, round {}", report.labels, report.round);
            let svg = curves::losses_svg(&title, &fit.losses, fit.held_out > 0)?;
            file.write(svg.as_bytes())?;
        }
        let bytes = model.tensors().to_bytes(self.model.path())?;
        self.model.write(&bytes)
    }
}
