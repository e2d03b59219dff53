//! `pairpick select`: one batch of pairs to ask about.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use pairpick_core::select::Strategy;

use super::data_folder::{CANDIDATES, DataFolder, LABELS};
use super::output::Output;
use super::over::Over;
use super::{groups, help};
use crate::data::labels::LabelFile;
use crate::data::pool_kind::PoolKind;
use crate::data::summary::Supply;
use crate::error::{Error, Result};
use crate::json;
use crate::model::{Context, Model};
use crate::output::file::NewFile;
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::report::selection::summary;
use crate::round::answer::Answered;
use crate::round::propose::{SelectionReport, propose};
use crate::round::request::{Request, strategy_of};
use crate::runtime::Runtime;
use crate::settings::{Asking, Prior, Settings};

/// Pick one batch of pairs to ask about
///
/// Prints a line a pair, best first, as JSON: `round, rank, a, b, score, fisher_weight, margin`. The score
/// is the strategy's, and null where it has none: of a pair drawn at random. Pairs
/// of --candidates keep what else their lines say, such as "id" and "text". With a "label" added to each
/// (1 if a is better, 0 if b is, 0.5 for a tie), or "votes", the lines are labels that `train` and the next
/// `select` read. A summary goes to stderr. The round is the largest among the
/// labels plus one; with the same seed, labels and model it asks what that round of `run` asks.
///
/// Without a model it is the first round: by the strategy where that needs no answers, else at random,
/// unless --first-round says otherwise. With constant weights, as robust-v-opt has them, no label
/// changes what a pair counts, so the first batch may be a whole one.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = help::SELECT,
    after_long_help = help::select(),
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

    /// The model of the round before: a file that run or train wrote
    #[arg(long, value_name = "FILE", conflicts_with_all = ["Features", "Landmarks", "Network"], help_heading = "Data")]
    model: Option<PathBuf>,

    /// Labels so far: JSON Lines as run writes them, - for standard input
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    labels: Option<PathBuf>,

    #[command(flatten)]
    repeats: groups::RepeatedLabels,

    #[command(flatten)]
    candidates: groups::ListedPairs,

    #[command(flatten)]
    asking: Over<Asking>,

    #[command(flatten)]
    prior: Over<Prior>,

    #[command(flatten)]
    features: groups::FeatureOptions,

    #[command(flatten)]
    recipe: groups::Recipe,

    #[command(flatten)]
    runtime: Runtime,

    /// File for the pairs, in place of standard output, which is -
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    out: Option<PathBuf>,

    /// Replace the file if it is there
    #[arg(long, requires = "out", help_heading = "Output")]
    force: bool,

    #[command(flatten)]
    print: groups::Print,
}

/// Picks. Nothing is written before the batch is there.
pub(super) fn execute(args: &mut Args, output: &mut Output) -> Result<()> {
    args.fill(output)?;
    let threads = Threads::start(&args.runtime)?;
    let mut settings = args.settings()?;
    settings.check_groups()?;
    args.check_standard_input()?;
    let file = args.file()?;
    let known = args.covariates.known(&args.names);
    let embeddings = args.embeddings.open(&args.fields, known, output)?;
    let candidates = args.candidates.open(&embeddings, &mut settings.asking)?;
    let model = args.model.as_ref().map(|path| Model::open_for(&embeddings, path)).transpose()?;
    if let Some(model) = &model {
        settings.learn_from(model.trunk().kind(), &args.prior.typed());
    }
    settings.check_design()?;
    embeddings.check_round(settings.asking.pool, settings.asking.prompts_per_round)?;
    if settings.asking.pool == PoolKind::InPrompt {
        groups::note_single_responses(&embeddings, output);
    }
    let supply = &Supply::of(&embeddings, candidates.as_ref());
    for note in settings.asking.fit_to(supply, &args.asking.typed())? {
        output.note(&note);
    }
    let labels = match &args.labels {
        Some(path) => args.repeats.read(path, &embeddings, output)?,
        None => LabelFile::default(),
    };
    let listed = candidates.as_ref().map(|list| list.pairs.as_slice());
    let context =
        Context { embeddings: &embeddings, settings: &settings, threads: &threads, listed };
    let (round, model, strategy) = args.model(context, model, &labels, output)?;
    let candidates = candidates.as_ref();
    let request = Request { context, candidates, round, strategy };
    let LabelFile { labels, skipped, agreement } = labels;
    let known = Answered { labels, skipped };
    let report = threads.install(|| propose(&request, model, known, output))?;
    let report = SelectionReport { agreement, ..report };
    args.report(&report, file, output)
}

impl Args {
    /// Finds in the folder of the data what no option names.
    fn fill(&mut self, output: &mut Output) -> Result<()> {
        let Some(mut folder) = self.data.open()? else {
            return Ok(());
        };
        folder.fill_train(&mut self.embeddings)?;
        folder.fill_lengths(&mut self.covariates)?;
        folder.fill(&mut self.labels, &LABELS)?;
        if !self.asking.typed().has("pool") {
            folder.fill(&mut self.candidates.candidates, &CANDIDATES)?;
        }
        folder.note(output);
        Ok(())
    }

    fn settings(&self) -> Result<Settings> {
        let mut settings = self.recipe.settings(self.embeddings.train_embeddings.as_deref());
        self.asking.write(&mut settings.asking);
        self.prior.write(&mut settings.prior);
        self.features.write(&mut settings)?;
        let typed = self.asking.typed();
        settings.offer_pairs_of_recipe(&typed);
        if !typed.has("certificate") {
            settings = Self::certified(settings);
        }
        Ok(settings)
    }

    /// Somebody will answer, so the certificate is worth its time.
    pub(super) fn certified(settings: Settings) -> Settings {
        let asking = Asking { certificate: true, ..settings.asking };
        Settings { asking, ..settings }
    }

    /// Standard input can be read once: who reads it second finds nothing there.
    fn check_standard_input(&self) -> Result<()> {
        let is_standard = |path: &Option<PathBuf>| path.as_deref() == Some(Path::new("-"));
        if !is_standard(&self.candidates.candidates) || !is_standard(&self.labels) {
            return Ok(());
        }
        let expected = "needs a file, since `labels` reads standard input";
        Err(Error::setting("candidates", "-", expected))
    }

    fn file(&self) -> Result<Option<NewFile>> {
        let inputs = [
            &self.embeddings.train_embeddings,
            &self.embeddings.train_prompt_ids,
            &self.model,
            &self.labels,
            &self.candidates.candidates,
            &self.covariates.covariates,
            &self.covariates.texts,
        ];
        let inputs: Vec<&Path> = inputs.into_iter().flatten().map(PathBuf::as_path).collect();
        let mut places = self.print.beside(self.force, &inputs);
        self.out.as_ref().map(|path| places.take(path)).transpose()
    }

    /// The round, the model that the labels so far gave, and who picks.
    fn model(
        &self,
        context: Context<'_>,
        model: Option<Model>,
        labels: &LabelFile,
        output: &mut Output,
    ) -> Result<(u64, Model, Strategy)> {
        let settings = context.settings;
        let round = labels.last_round().saturating_add(1);
        if let Some(model) = model {
            return Ok((round, model, settings.asking.strategy));
        }
        self.check_needs_no_model(settings, labels)?;
        let model = Model::untrained(context, output)?;
        Ok((round, model, strategy_of(settings, round)))
    }

    /// Labels without the model that learnt from them say nothing to a strategy.
    fn check_needs_no_model(&self, settings: &Settings, labels: &LabelFile) -> Result<()> {
        match &self.labels {
            Some(path)
                if !labels.labels.is_empty() && settings.asking.strategy != Strategy::Random =>
            {
                let expected = "needs `model`, the model trained on them; pairpick train makes it \
                                (`strategy` random needs none)";
                Err(Error::setting("labels", path.display(), expected))
            }
            _ => Ok(()),
        }
    }

    fn report(
        &self,
        report: &SelectionReport,
        file: Option<NewFile>,
        output: &mut Output,
    ) -> Result<()> {
        let lines = || {
            json::lines(&report.pairs).map_err(|error| Error::io("standard output", "write", error))
        };
        self.print.write(lines, file, output)?;
        if report.pairs.is_empty() {
            output.note("no pair is left to ask about");
        }
        self.print.tell(report, || summary(report), output)
    }
}
