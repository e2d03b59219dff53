//! `pairpick train`: a reward model from labels.

mod last_layer;

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use super::data_folder::{DataFolder, LABELS};
use super::output::Output;
use super::over::Over;
use super::{groups, help};
use crate::data::agreement::Agreement;
use crate::data::embeddings::Embeddings;
use crate::data::labels::{Label, LabelFile, questions};
use crate::data::question::Question;
use crate::error::{Error, Result};
use crate::json;
use crate::model::train::Fit;
use crate::model::{Context, Learnt, Model};
use crate::output::file::NewFile;
use crate::parallel::Threads;
use crate::report::curves;
use crate::report::training::TrainingReport;
use crate::runtime::Runtime;
use crate::settings::{Init, Prior, Settings, Training};

/// Train a reward model on labels
///
/// Trains a Bradley–Terry reward model on all labels of a file, as each round of `run` does: with
/// the same seed, labels and options it is the very model that `run` has after that round, which
/// is the largest round among the labels. Prints the loss curve and the digest of the model's bits.
///
/// With --features kernel or input, which no label changes, it fits the head, and reports the fit. Such
/// features are fitted to the embeddings by differences within prompts; of rows without prompts, by
/// those of the labelled pairs.
///
/// With --last-layer only the head of --model is fitted anew, to the maximum of its log-posterior.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = help::TRAIN,
    after_long_help = help::train(),
    allow_negative_numbers = true
)]
pub(super) struct Args {
    #[command(flatten)]
    data: DataFolder,

    #[command(flatten)]
    embeddings: groups::TrainEmbeddings,

    #[command(flatten)]
    fields: groups::PromptFields,

    #[command(flatten)]
    covariates: groups::Covariates,

    #[command(flatten)]
    names: groups::CovariateNames,

    /// Labels to learn from: JSON Lines as run writes them, - for standard input
    #[arg(long, value_name = "FILE", required_unless_present = "data", help_heading = "Data")]
    labels: Option<PathBuf>,

    #[command(flatten)]
    repeats: groups::RepeatedLabels,

    /// Model to start from, with --init warm, or whose last layer is fitted, with --last-layer
    #[arg(long, value_name = "FILE", conflicts_with_all = ["Features", "Landmarks", "Network"], help_heading = "Data")]
    model: Option<PathBuf>,

    #[command(flatten)]
    features: groups::FeatureOptions,

    #[command(flatten)]
    training: Over<Training>,

    /// Keep all of --model but its last layer, and fit that to all labels by Newton's method in f64
    #[arg(long, requires = "model", conflicts_with_all = ["Training", "losses", "curve"],
          help_heading = "Last layer")]
    last_layer: bool,

    #[command(flatten)]
    prior: Over<Prior>,

    #[command(flatten)]
    recipe: groups::Recipe,

    #[command(flatten)]
    runtime: Runtime,

    /// File for the model, - for standard output
    #[arg(long, value_name = "FILE", default_value = "model.safetensors", help_heading = "Output")]
    out: PathBuf,

    /// File for the losses: JSON Lines, a line an iteration; - for standard output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    losses: Option<PathBuf>,

    /// File for the loss curve, an SVG; - for standard output
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

/// What both kinds of training start from.
struct Job {
    threads: Threads,
    settings: Settings,
    files: Files,
    embeddings: Embeddings,
    labels: Vec<Label>,
    /// The pairs that they are about.
    asked: Vec<(u64, u64)>,
    agreement: Option<Agreement>,
    /// The largest among the labels.
    round: u64,
}

impl Job {
    fn context(&self) -> Context<'_> {
        let Self { embeddings, settings, threads, asked, .. } = self;
        Context { embeddings, settings, threads, listed: Some(asked) }
    }
}

/// Trains. Nothing is written before the training has ended.
pub(super) fn execute(args: &mut Args, output: &mut Output) -> Result<()> {
    args.fill(output)?;
    let job = args.job(output)?;
    match args.last_layer {
        true => last_layer::execute(args, job, output),
        false => args.train(job, output),
    }
}

impl Args {
    /// Finds in the folder of the data what no option names.
    fn fill(&mut self, output: &mut Output) -> Result<()> {
        let Some(mut folder) = self.data.open()? else {
            return Ok(());
        };
        folder.fill_train(&mut self.embeddings)?;
        folder.fill_lengths(&mut self.covariates)?;
        folder.fill_needed(&mut self.labels, &LABELS)?;
        folder.note(output);
        Ok(())
    }

    /// The labels' file, which there is with or without a folder.
    fn labels(&self) -> &Path {
        self.labels.as_deref().unwrap_or(Path::new(""))
    }

    fn job(&self, output: &mut Output) -> Result<Job> {
        let threads = Threads::start(&self.runtime)?;
        let settings = self.settings()?;
        last_layer::check(self, &settings)?;
        settings.check()?;
        let files = self.files()?;
        let known = self.covariates.known(&self.names);
        let embeddings = self.embeddings.open(&self.fields, known, output)?;
        let read = self.repeats.read(self.labels(), &embeddings, output)?;
        let round = read.last_round();
        let LabelFile { labels, agreement, .. } = read;
        if labels.is_empty() {
            let expected = "holds no label to learn from";
            return Err(Error::setting("labels", self.labels().display(), expected));
        }
        let asked = questions(&labels).map(Question::ascending).collect();
        Ok(Job { threads, settings, files, embeddings, labels, asked, agreement, round })
    }

    fn train(&self, job: Job, output: &mut Output) -> Result<()> {
        let (model, learnt) = job.threads.install(|| self.fit(&job, output))?;
        let fit = match learnt {
            Learnt::Network(fit) => fit,
            Learnt::Head(fitted) => {
                return last_layer::finish(self, job, &model, &fitted, output);
            }
        };
        let out = job.files.model.path().display().to_string();
        let report = TrainingReport::new(&fit, &job.labels, job.round, out, model.digest()?);
        let report = TrainingReport { agreement: job.agreement, ..report };
        let printed = job.files.are_printed();
        job.files.write(&model, &report, &fit)?;
        self.report(&report, printed, output)
    }

    fn settings(&self) -> Result<Settings> {
        let mut settings = self.recipe.settings(self.embeddings.train_embeddings.as_deref());
        self.features.write(&mut settings)?;
        self.training.write(&mut settings.training);
        self.prior.write(&mut settings.prior);
        Ok(settings)
    }

    fn files(&self) -> Result<Files> {
        let groups::TrainEmbeddings { train_embeddings, train_prompt_ids } = &self.embeddings;
        let (embeddings, ids) = (train_embeddings.as_deref(), train_prompt_ids.as_deref());
        let groups::Covariates { covariates, texts } = &self.covariates;
        let known = [covariates.as_deref(), texts.as_deref()];
        let inputs = [embeddings, ids, Some(self.labels()), self.model.as_deref()];
        let inputs = [&inputs[..], &known].concat();
        let inputs: Vec<&Path> = inputs.into_iter().flatten().collect();
        let mut places = self.print.beside(self.force, &inputs);
        let mut take = |path: &PathBuf| places.take(path);
        Ok(Files {
            model: take(&self.out)?,
            losses: self.losses.as_ref().map(&mut take).transpose()?,
            curve: self.curve.as_ref().map(&mut take).transpose()?,
        })
    }

    fn fit(&self, job: &Job, output: &mut Output) -> Result<(Model, Learnt)> {
        let mut model = self.start(job, output)?;
        let fit = model.fit(job.context(), job.round, &job.labels, output)?;
        Ok((model, fit))
    }

    /// New parameters, or those of a model; in the first round there is none to start from.
    fn start(&self, job: &Job, output: &mut Output) -> Result<Model> {
        let Job { settings, embeddings, round, .. } = job;
        match (settings.training.init, &self.model) {
            (Init::Warm, Some(path)) => Model::open_for(embeddings, path),
            (Init::Fresh, Some(path)) => {
                let expected = "is only used with `init` warm or `last_layer`";
                Err(Error::setting("model", path.display(), expected))
            }
            (Init::Warm, None) if *round > 1 => {
                let expected = "needs `model`, the model of the round before";
                Err(Error::setting("init", "warm", expected))
            }
            (_, None) => {
                let mut model = Model::untrained(job.context(), output)?;
                model.reset(settings.seed, *round)?;
                Ok(model)
            }
        }
    }

    fn report(&self, report: &TrainingReport, printed: bool, output: &Output) -> Result<()> {
        if self.print.json {
            return output.json(report);
        }
        let text = format!(
            "{}\n\nstopped after {} iterations ({}); kept: iteration {}\nmodel {} in {}\n",
            report.table(),
            report.iterations,
            report.stopped,
            report.kept.iteration,
            report.digest,
            report.out,
        );
        output.result_beside(printed, &text)
    }
}

impl Files {
    /// Whether one of them goes to standard output.
    fn are_printed(&self) -> bool {
        let files = [Some(&self.model), self.losses.as_ref(), self.curve.as_ref()];
        files.into_iter().flatten().any(NewFile::is_standard_output)
    }

    /// The model comes first: nothing that happens to the others can cost it.
    fn write(self, model: &Model, report: &TrainingReport, fit: &Fit) -> Result<()> {
        let bytes = model.to_bytes(self.model.path())?;
        self.model.write(&bytes)?;
        if let Some(file) = self.losses {
            let lines = json::lines(&report.losses)
                .map_err(|error| Error::io(file.path(), "write", error))?;
            file.write(&lines)?;
        }
        if let Some(file) = self.curve {
            let title = format!("{} labels, round {}", report.labels, report.round);
            let svg = curves::losses_svg(&title, fit)?;
            file.write(svg.as_bytes())?;
        }
        Ok(())
    }
}
