//! `pairpick run`: the annotation loop against golden rewards.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use pairpick_core::model::Activation;
use pairpick_core::model::mlp::LAYERS;
use pairpick_core::select::Strategy;
use serde::Serialize;

use super::help;
use super::options::{self, EarlyStopping, choice};
use super::output::Output;
use crate::data::dataset::Dataset;
use crate::error::{Error, Result};
use crate::output::OutputFolder;
use crate::progress::Progress;
use crate::report::metrics::{RoundMetrics, Summary};
use crate::report::{curves, table};
use crate::round;
use crate::runtime::{Isa, Runtime};
use crate::settings::named::Named;
use crate::settings::{FirstRound, Oracle, Precision, Preset, Settings, Typed};

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
    /// Embeddings to draw pairs from: .npy, float32 or float16, shape (N, K, D)
    #[arg(long, value_name = "FILE", help_heading = "Data", requires = "train_rewards")]
    train_embeddings: Option<PathBuf>,

    /// Their golden rewards: .npy of shape (N, K) or (N, K, 1)
    #[arg(long, value_name = "FILE", help_heading = "Data", requires = "train_embeddings")]
    train_rewards: Option<PathBuf>,

    /// Embeddings to measure the model on; without them nothing is evaluated
    #[arg(long, value_name = "FILE", help_heading = "Data",
          requires_all = ["test_rewards", "train_embeddings"])]
    test_embeddings: Option<PathBuf>,

    /// Their golden rewards
    #[arg(long, value_name = "FILE", help_heading = "Data", requires = "test_embeddings")]
    test_rewards: Option<PathBuf>,

    /// Skip the search for NaN and infinities, which reads the embeddings once
    #[arg(long, help_heading = "Data")]
    trust_finite: bool,

    /// Which pairs to ask about
    #[arg(long, value_parser = choice::<Strategy>(), help_heading = "Asking")]
    strategy: Option<Strategy>,

    /// Prompts drawn each round; all pairs of their responses are the round's pool
    #[arg(long, value_name = "N", help_heading = "Asking")]
    prompts_per_round: Option<usize>,

    /// Pairs asked about each round
    #[arg(long, value_name = "N", help_heading = "Asking")]
    batch: Option<usize>,

    /// Rounds
    #[arg(long, value_name = "N", help_heading = "Asking")]
    rounds: Option<usize>,

    /// How the first round chooses
    #[arg(long, value_parser = choice::<FirstRound>(), help_heading = "Asking")]
    first_round: Option<FirstRound>,

    /// λ, the precision of the prior on the last layer: how much is believed before any answer
    #[arg(long, value_name = "X", help_heading = "Asking")]
    prior_precision: Option<f64>,

    /// Arithmetic of the selection
    #[arg(long, value_parser = choice::<Precision>(), help_heading = "Asking")]
    precision: Option<Precision>,

    /// Who answers
    #[arg(long, value_parser = choice::<Oracle>(), help_heading = "Answers")]
    oracle: Option<Oracle>,

    /// Divides the golden rewards: above 1 the oracle errs more, below 1 less
    #[arg(long, value_name = "T", help_heading = "Answers")]
    temperature: Option<f64>,

    /// Units of the three hidden layers, at most 256 each
    #[arg(long, value_name = "A,B,C", value_parser = options::hidden, help_heading = "Training")]
    hidden: Option<[usize; LAYERS]>,

    /// What the hidden layers apply
    #[arg(long, value_parser = choice::<Activation>(), help_heading = "Training")]
    activation: Option<Activation>,

    /// The most training iterations a round (full batch, Adam)
    #[arg(long, value_name = "N", help_heading = "Training")]
    iterations: Option<usize>,

    /// Learning rate
    #[arg(long, value_name = "X", help_heading = "Training")]
    lr: Option<f64>,

    /// Decoupled weight decay
    #[arg(long, value_name = "X", help_heading = "Training")]
    weight_decay: Option<f64>,

    /// on, off, or N: stop after more than N iterations without a better loss on held-out labels
    #[arg(long, value_name = "on|off|N", value_parser = options::early_stopping,
          num_args = 0..=1, default_missing_value = "on", help_heading = "Training")]
    early_stopping: Option<EarlyStopping>,

    /// on or off: standardise inputs by the training embeddings
    #[arg(long, value_name = "on|off", value_parser = options::switch,
          num_args = 0..=1, default_missing_value = "on", help_heading = "Training")]
    standardise: Option<bool>,

    /// The N of best-of-N in the metrics
    #[arg(long, value_name = "N,…", value_delimiter = ',', help_heading = "Metrics")]
    best_of: Option<Vec<usize>>,

    /// The recipe that the other options change
    #[arg(long, value_parser = choice::<Preset>(), default_value = Preset::Default.name(),
          help_heading = "General")]
    preset: Preset,

    /// Seed of every random draw
    #[arg(long, value_name = "N", help_heading = "General")]
    seed: Option<u64>,

    /// Threads; one for each core if not given. Changes no result
    #[arg(long, value_name = "N", help_heading = "General")]
    threads: Option<NonZeroUsize>,

    /// Instruction set. Changes no result
    #[arg(long, value_parser = choice::<Isa>(), default_value = Isa::Auto.name(),
          help_heading = "General")]
    isa: Isa,

    /// Folder for the results; it must be empty or new
    #[arg(long, value_name = "DIR", default_value = "pairpick-out", help_heading = "Output")]
    out: PathBuf,

    /// Replace the folder and all that is in it
    #[arg(long, help_heading = "Output")]
    force: bool,

    /// Print one JSON object instead of a table
    #[arg(long, help_heading = "Output")]
    json: bool,
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
        let recipe = match self.train_embeddings {
            Some(_) => Settings::of_preset(self.preset),
            None => Settings::of_preset(self.preset).sized_for_bundled(),
        };
        Settings {
            seed: self.seed.unwrap_or(recipe.seed),
            strategy: self.strategy.unwrap_or(recipe.strategy),
            prompts_per_round: self.prompts_per_round.unwrap_or(recipe.prompts_per_round),
            batch: self.batch.unwrap_or(recipe.batch),
            rounds: self.rounds.unwrap_or(recipe.rounds),
            first_round: self.first_round.unwrap_or(recipe.first_round),
            hidden: self.hidden.unwrap_or(recipe.hidden),
            activation: self.activation.unwrap_or(recipe.activation),
            iterations: self.iterations.unwrap_or(recipe.iterations),
            learning_rate: self.lr.unwrap_or(recipe.learning_rate),
            weight_decay: self.weight_decay.unwrap_or(recipe.weight_decay),
            early_stopping: self.early_stopping.map_or(recipe.early_stopping, |typed| typed.0),
            standardise: self.standardise.unwrap_or(recipe.standardise),
            prior_precision: self.prior_precision.unwrap_or(recipe.prior_precision),
            precision: self.precision.unwrap_or(recipe.precision),
            oracle: self.oracle.unwrap_or(recipe.oracle),
            temperature: self.temperature.unwrap_or(recipe.temperature),
            best_of: self.best_of.clone().unwrap_or_else(|| recipe.best_of.clone()),
            ..recipe
        }
    }

    fn typed(&self) -> Typed {
        Typed {
            prompts_per_round: self.prompts_per_round.is_some(),
            batch: self.batch.is_some(),
            rounds: self.rounds.is_some(),
            best_of: self.best_of.is_some(),
        }
    }

    fn dataset(&self) -> Result<Dataset> {
        let both = |embeddings: &Option<PathBuf>, rewards: &Option<PathBuf>| {
            embeddings.clone().zip(rewards.clone())
        };
        let train = both(&self.train_embeddings, &self.train_rewards);
        let test = both(&self.test_embeddings, &self.test_rewards);
        match train {
            None => Dataset::bundled(),
            Some(train) => Dataset::open(
                (&train.0, &train.1),
                test.as_ref().map(|test| (test.0.as_path(), test.1.as_path())),
            ),
        }
    }

    fn inputs(&self) -> Vec<&Path> {
        [&self.train_embeddings, &self.train_rewards, &self.test_embeddings, &self.test_rewards]
            .into_iter()
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
        let runtime = Runtime { threads: self.threads, isa: self.isa };
        let summary = round::run(dataset, settings, &runtime, &mut folder, output)?;
        let title = format!("{}, seed {}", settings.strategy.name(), settings.seed);
        folder.write_curves(&curves::svg(&title, &summary.rounds)?)?;
        folder.finish()?;
        Ok(summary)
    }

    fn report(&self, summary: &Summary, output: &Output) -> Result<()> {
        let out = self.out.display().to_string();
        if !self.json {
            let table = table::of_rounds(&summary.rounds);
            return output.result(&format!("{table}\n\nresults in {out}\n"));
        }
        let json = serde_json::to_string_pretty(&Report { out, rounds: &summary.rounds })
            .map_err(|error| Error::io("standard output", "write", error.into()))?;
        output.result(&format!("{json}\n"))
    }
}
