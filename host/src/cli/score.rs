//! `pairpick score`: what a model says of responses.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use super::data_folder::{DataFolder, TRAIN_LENGTHS};
use super::output::Output;
use super::over::Over;
use super::{groups, help};
use crate::data::embeddings::Embeddings;
use crate::data::labels::LabelFile;
use crate::data::rewards::rewards_file;
use crate::error::{Error, Result};
use crate::json;
use crate::model::{Context, Model};
use crate::output::file::NewFile;
use crate::parallel::Threads;
use crate::report::scores::ScoreReport;
use crate::round::certainty::OrderReport;
use crate::round::score::{Certainty, score};
use crate::runtime::Runtime;
use crate::settings::{Prior, Settings};

/// Score responses with a reward model: what it is for
///
/// Prints a line a response as JSON: `item, reward, deviation, rank`, in the order of the embeddings.
/// Rank 1 is the best response to its prompt. Rewards are worth something beside other rewards of the
/// same prompt alone.
///
/// With the labels that the model learnt from there is a standard deviation: that of the reward less
/// the mean reward of the prompt's responses, by the posterior of the last layer.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = help::SCORE,
    allow_negative_numbers = true,
    mut_arg("train_embeddings", |train| train.help(
        "Embeddings of the labels' items; without them and --embeddings it is the data that comes with the program"
    ))
)]
pub(super) struct Args {
    #[command(flatten)]
    data: DataFolder,

    /// The model: a file that run or train wrote
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    model: PathBuf,

    #[command(flatten)]
    scored: groups::ScoredEmbeddings,

    #[command(flatten)]
    covariates: groups::Covariates,

    #[command(flatten)]
    names: groups::CovariateNames,

    /// The labels that the model learnt from: JSON Lines, - for standard input
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    labels: Option<PathBuf>,

    #[command(flatten)]
    repeats: groups::RepeatedLabels,

    #[command(flatten)]
    embeddings: groups::TrainEmbeddings,

    #[command(flatten)]
    fields: groups::PromptFields,

    /// Numbers known of each response of the training embeddings, as --covariates: a file, or length
    #[arg(long, value_name = "FILE|length", requires = "labels", help_heading = "Data")]
    train_covariates: Option<PathBuf>,

    /// Their texts, in a file as that of --texts
    #[arg(long, value_name = "FILE", requires = "train_covariates", help_heading = "Data")]
    train_texts: Option<PathBuf>,

    #[command(flatten)]
    prior: Over<Prior>,

    #[command(flatten)]
    recipe: groups::Recipe,

    #[command(flatten)]
    runtime: Runtime,

    /// Covariates, such as length, whose part in the rewards is left out: the order is then by what
    /// else the model knows
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', help_heading = "Data")]
    without: Vec<String>,

    /// Only the best response to each prompt
    #[arg(long, help_heading = "Output")]
    best: bool,

    /// File for the scores, in place of standard output, which is -: JSON Lines, or, if its name ends
    /// in .npy, the rewards alone as float64 in the shape of the embeddings without their last axis
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    out: Option<PathBuf>,

    /// Replace the file if it is there
    #[arg(long, requires = "out", help_heading = "Output")]
    force: bool,

    #[command(flatten)]
    print: groups::Print,
}

/// Scores. Nothing is written before all is known.
pub(super) fn execute(args: &mut Args, output: &mut Output) -> Result<()> {
    args.fill(output)?;
    let threads = Threads::start(&args.runtime)?;
    args.check()?;
    let file = args.file()?;
    let known = args.covariates.known(&args.names);
    let embeddings = args.scored.open(&args.fields, known, output)?;
    let report = threads.install(|| args.score(&embeddings, &threads, output))?;
    let scores = || match args.is_array() {
        true => Ok(rewards_file(&embeddings, &report.rewards())),
        false => json::lines(&report.scores)
            .map_err(|error| Error::io("standard output", "write", error)),
    };
    args.print.write(scores, file, output)?;
    args.print.tell(&report, || report.summary(), output)
}

impl Args {
    /// Finds in the folder of the data what no option names.
    fn fill(&mut self, output: &mut Output) -> Result<()> {
        let Some(mut folder) = self.data.open()? else {
            return Ok(());
        };
        let groups::Covariates { covariates, texts } = &mut self.covariates;
        let groups::ScoredEmbeddings { embeddings, prompt_ids } = &mut self.scored;
        folder.fill_scored(embeddings, prompt_ids, covariates.as_deref(), texts)?;
        if self.labels.is_some() {
            folder.fill_train(&mut self.embeddings)?;
            let covariates = self.train_covariates.as_deref();
            folder.fill_texts(covariates, &mut self.train_texts, &TRAIN_LENGTHS)?;
        }
        folder.note(output);
        Ok(())
    }

    /// Whether the rewards go to an array.
    fn is_array(&self) -> bool {
        self.out.as_ref().is_some_and(|out| out.extension().is_some_and(|end| end == "npy"))
    }

    fn check(&self) -> Result<()> {
        if self.best && self.is_array() {
            let expected = "an array has a reward for every response; choose JSON Lines for `out`";
            return Err(Error::setting("best", "on", expected));
        }
        if let Some(out) = self.out.as_ref().filter(|out| is_of_another_format(out)) {
            let expected =
                "rewards are written to a .npy array, or as JSON Lines to any other name";
            return Err(Error::setting("out", out.display(), expected));
        }
        if let Some(labels) = &self.labels {
            if self.scored.embeddings.is_some() && self.embeddings.train_embeddings.is_none() {
                let needed = "needs `train_embeddings` beside `embeddings`: the responses that they are about";
                return Err(Error::setting("labels", labels.display(), needed));
            }
            return Ok(());
        }
        let needed = "needs `labels`, which tell deviations";
        if let Some(path) = &self.embeddings.train_embeddings {
            return Err(Error::setting("train_embeddings", path.display(), needed));
        }
        if self.prior.typed().has("prior_precision") {
            let precision = self.settings().prior.prior_precision;
            return Err(Error::setting("prior_precision", precision, needed));
        }
        Ok(())
    }

    fn settings(&self) -> Settings {
        let mut settings = self.recipe.settings(self.embeddings.train_embeddings.as_deref());
        self.prior.write(&mut settings.prior);
        settings
    }

    fn file(&self) -> Result<Option<NewFile>> {
        let inputs = [
            Some(&self.model),
            self.scored.embeddings.as_ref(),
            self.scored.prompt_ids.as_ref(),
            self.labels.as_ref(),
            self.embeddings.train_embeddings.as_ref(),
            self.embeddings.train_prompt_ids.as_ref(),
            self.covariates.covariates.as_ref(),
            self.covariates.texts.as_ref(),
            self.train_covariates.as_ref(),
            self.train_texts.as_ref(),
        ];
        let inputs: Vec<&Path> = inputs.into_iter().flatten().map(PathBuf::as_path).collect();
        let mut places = self.print.beside(self.force, &inputs);
        self.out.as_ref().map(|path| places.take(path)).transpose()
    }

    fn score(
        &self,
        embeddings: &Embeddings,
        threads: &Threads,
        output: &mut Output,
    ) -> Result<ScoreReport> {
        let model = Model::open_for(embeddings, &self.model)?;
        let order = OrderReport::of(&model);
        let model = model.without(&self.without)?;
        let labelled = self.labelled(&model, output)?;
        let certainty = match &labelled {
            Some(Labelled { embeddings, settings, file }) => {
                let context = Context { embeddings, settings, threads, listed: None };
                Some(Certainty::of(context, &model, &file.labels, output)?)
            }
            None => None,
        };
        let mut scores = score(&model, embeddings, certainty.as_ref(), threads, output)?;
        let (responses, prompts) = (scores.len(), embeddings.prompts());
        if self.best {
            scores.retain(|score| score.rank == 1);
        }
        Ok(ScoreReport {
            model: self.model.display().to_string(),
            digest: model.digest()?,
            prior_precision: certainty.as_ref().map(|certainty| certainty.prior_precision),
            order: OrderReport {
                confidence: certainty.and_then(|certainty| certainty.confidence),
                ..order
            },
            prompts: embeddings.has_prompts().then_some(prompts),
            responses,
            agreement: labelled.and_then(|labelled| labelled.file.agreement),
            scores,
        })
    }

    /// The labels that the model learnt from, if they are given.
    fn labelled(&self, model: &Model, output: &mut Output) -> Result<Option<Labelled>> {
        let Some(path) = &self.labels else {
            return Ok(None);
        };
        let mut settings = self.settings();
        settings.learn_from(model.trunk().kind(), &self.prior.typed());
        settings.check()?;
        let (covariates, texts) = (self.train_covariates.as_ref(), self.train_texts.as_ref());
        let known = self.names.known(["train_covariates", "train_texts"], covariates, texts);
        let embeddings = self.embeddings.open(&self.fields, known, output)?;
        model.check_fits(&embeddings, &self.model)?;
        let file = self.repeats.read(path, &embeddings, output)?;
        Ok(Some(Labelled { embeddings, settings, file }))
    }
}

/// Whether a name promises a file that this is not.
fn is_of_another_format(path: &Path) -> bool {
    let others = ["csv", "tsv", "npz", "parquet"];
    path.extension().is_some_and(|end| others.iter().any(|other| end.eq_ignore_ascii_case(other)))
}

/// Labels, and what they are read by.
struct Labelled {
    embeddings: Embeddings,
    settings: Settings,
    file: LabelFile,
}
