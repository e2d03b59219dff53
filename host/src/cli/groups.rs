//! The options that subcommands share, in groups: one definition, one help text, and one way into
//! [`Settings`], whichever command has the option.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;
use pairpick_core::select::{Strategy, Weights};
use pairpick_core::trunk::Activation;
use pairpick_core::trunk::mlp::LAYERS;

use super::options::{self, EarlyStopping, choice};
use crate::data::candidates::Candidates;
use crate::data::dataset::Dataset;
use crate::data::embeddings::Embeddings;
use crate::data::labels::Repeats;
use crate::error::Result;
use crate::runtime::{Isa, Runtime};
use crate::settings::named::Named;
use crate::settings::{
    DistinctPairs, FirstRound, Init, Oracle, PairsOffered, PoolKind, Precision, Preset,
    PriorPrecision, Settings, Typed,
};

/// What is drawn from and trained on.
#[derive(Debug, Args)]
pub(super) struct TrainEmbeddings {
    /// Embeddings to draw pairs from: .npy (float32 or float16) or safetensors, of shape (N prompts,
    /// K responses, D) or, if pairs are across prompts or listed, (M, D)
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    pub train_embeddings: Option<PathBuf>,
}

impl TrainEmbeddings {
    /// Opens the file, or the bundled data where there is none.
    pub fn open(&self) -> Result<Embeddings> {
        match &self.train_embeddings {
            Some(path) => Embeddings::open(path),
            None => Ok(Dataset::bundled()?.train.embeddings),
        }
    }
}

/// What becomes of a pair that has several labels.
#[derive(Debug, Args)]
pub(super) struct RepeatedLabels {
    /// What becomes of a pair that has several labels
    #[arg(long, value_parser = choice::<Repeats>(), default_value = Repeats::Refuse.name(),
          help_heading = "Data")]
    pub repeats: Repeats,
}

/// The pairs that can be asked about, where not all can.
#[derive(Debug, Args)]
pub(super) struct ListedPairs {
    /// The only pairs that can be asked about: JSON Lines of {"a": ITEM, "b": ITEM}, an item being a
    /// row of (M, D) embeddings or [prompt, response] of (N, K, D) ones
    #[arg(long, value_name = "FILE", conflicts_with = "pool", help_heading = "Data")]
    pub candidates: Option<PathBuf>,
}

impl ListedPairs {
    /// Reads the list, which makes the pool a listed one.
    pub fn open(
        &self,
        embeddings: &Embeddings,
        settings: &mut Settings,
    ) -> Result<Option<Candidates>> {
        let Some(path) = &self.candidates else {
            return Ok(None);
        };
        settings.pool = PoolKind::Listed;
        Candidates::open(path, embeddings).map(Some)
    }
}

/// What answers the pairs.
#[derive(Debug, Args)]
pub(super) struct TrainRewards {
    /// Their golden rewards: shape (N, K) or (N, K, 1), or (M,) for (M, D) embeddings
    #[arg(long, value_name = "FILE", help_heading = "Data", requires = "train_embeddings")]
    pub train_rewards: Option<PathBuf>,
}

/// What a model is measured on.
#[derive(Debug, Args)]
pub(super) struct TestData {
    /// Embeddings to measure the model on; without them nothing is evaluated
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    pub test_embeddings: Option<PathBuf>,

    /// Their golden rewards
    #[arg(long, value_name = "FILE", help_heading = "Data", requires = "test_embeddings")]
    pub test_rewards: Option<PathBuf>,
}

/// What is asked about.
#[derive(Debug, Args)]
pub(super) struct Asking {
    /// Which pairs to ask about
    #[arg(long, value_parser = choice::<Strategy>(), help_heading = "Asking")]
    strategy: Option<Strategy>,

    /// Which pairs can be asked about
    #[arg(long, value_parser = choice::<PoolKind>(), help_heading = "Asking")]
    pool: Option<PoolKind>,

    /// Prompts drawn each round, whose responses make the round's pool
    #[arg(long, value_name = "N", help_heading = "Asking")]
    pub prompts_per_round: Option<usize>,

    /// all, or how many of the pool's pairs are offered, drawn at random
    #[arg(long, value_name = "N|all", help_heading = "Asking")]
    pub pairs: Option<PairsOffered>,

    /// Pairs asked about each round
    #[arg(long, value_name = "N", help_heading = "Asking")]
    pub batch: Option<usize>,

    /// on or off: draw pairs in proportion to their scores, rather than take the best
    #[arg(long, value_name = "on|off", value_parser = options::switch,
          num_args = 0..=1, default_missing_value = "on", help_heading = "Asking")]
    sample: Option<bool>,

    /// The share of a batch that is drawn at random among the pairs that are not in it
    #[arg(long, value_name = "S", help_heading = "Asking")]
    mix: Option<f64>,

    /// on or off: bound what any batch of the pool could gain, and say how near this one and one
    /// drawn at random are; select does so unless told not to
    #[arg(long, value_name = "on|off", value_parser = options::switch,
          num_args = 0..=1, default_missing_value = "on", help_heading = "Asking")]
    pub certificate: Option<bool>,

    /// off, item:N or prompt:N: at most N pairs of a batch with the same item, or with a response
    /// to the same prompt; the default is off, of robust-v-opt prompt:1. A row of (M, D) embeddings
    /// counts as a prompt
    #[arg(long, value_name = "off|item:N|prompt:N", help_heading = "Asking")]
    distinct: Option<DistinctPairs>,

    /// κ of greedy-a-opt, greedy-v-opt and robust-v-opt: how much a pair far apart is distrusted;
    /// the default is 0, of robust-v-opt 10
    #[arg(long, value_name = "X", help_heading = "Asking")]
    misfit: Option<f64>,

    /// Start designs from the prior alone, as if there were no labels yet: a-opt, v-opt, exchange,
    /// and whatever picks pair by pair
    #[arg(long, help_heading = "Asking")]
    no_past: bool,

    /// How the first round chooses
    #[arg(long, value_parser = choice::<FirstRound>(), help_heading = "Asking")]
    first_round: Option<FirstRound>,

    /// The weight of a pair in the Fisher information
    #[arg(long, value_parser = choice::<Weights>(), help_heading = "Asking")]
    weights: Option<Weights>,

    /// Arithmetic of the selection
    #[arg(long, value_parser = choice::<Precision>(), help_heading = "Asking")]
    precision: Option<Precision>,

    /// bald, batchbald: draws of the last layer, which ln N nats of answers tell apart
    #[arg(long, value_name = "N", help_heading = "Asking")]
    posterior_samples: Option<usize>,

    /// batchbald: joint answers that the entropy of a batch is estimated by
    #[arg(long, value_name = "N", help_heading = "Asking")]
    configurations: Option<usize>,

    /// coreset: clusters of the pairs' differences
    #[arg(long, value_name = "K", help_heading = "Asking")]
    clusters: Option<usize>,

    /// coreset: the radius of the ball of parameters; the larger, the more single pairs count
    #[arg(long, value_name = "R", help_heading = "Asking")]
    radius: Option<f64>,
}

impl Asking {
    /// Which sizes were asked for.
    pub fn typed(&self) -> Typed {
        Typed {
            prompts_per_round: self.prompts_per_round.is_some(),
            pairs: self.pairs.is_some(),
            batch: self.batch.is_some(),
            clusters: self.clusters.is_some(),
            ..Typed::default()
        }
    }

    /// Writes what was typed over the recipe.
    pub fn apply(&self, settings: &mut Settings) {
        set(&mut settings.strategy, self.strategy);
        set(&mut settings.pool, self.pool);
        set(&mut settings.prompts_per_round, self.prompts_per_round);
        settings.pairs = self.pairs.unwrap_or_else(|| settings.pairs_of_recipe());
        set(&mut settings.batch, self.batch);
        set(&mut settings.sample, self.sample);
        set(&mut settings.mix, self.mix);
        set(&mut settings.certificate, self.certificate);
        settings.distinct = self.distinct.or(settings.distinct);
        settings.misfit = self.misfit.or(settings.misfit);
        settings.count_past &= !self.no_past;
        set(&mut settings.first_round, self.first_round);
        set(&mut settings.weights, self.weights);
        set(&mut settings.precision, self.precision);
        set(&mut settings.posterior_samples, self.posterior_samples);
        set(&mut settings.configurations, self.configurations);
        set(&mut settings.clusters, self.clusters);
        set(&mut settings.radius, self.radius);
    }
}

/// What is believed before any answer.
#[derive(Debug, Args)]
pub(super) struct Prior {
    /// λ, the precision of the prior on the last layer: how much is believed before any answer; auto
    /// chooses it by the evidence of the labels so far, auto-cv by labels left out, prompt by prompt
    #[arg(long, value_name = "X|auto|auto-cv", help_heading = "Last layer")]
    pub prior_precision: Option<PriorPrecision>,
}

impl Prior {
    /// Writes what was typed over the recipe.
    pub fn apply(&self, settings: &mut Settings) {
        set(&mut settings.prior_precision, self.prior_precision);
    }
}

/// Who answers, and how well.
#[derive(Debug, Args)]
pub(super) struct Answers {
    /// Who answers
    #[arg(long, value_parser = choice::<Oracle>(), help_heading = "Answers")]
    oracle: Option<Oracle>,

    /// Divides the golden rewards: above 1 the oracle errs more, below 1 less
    #[arg(long, value_name = "T", help_heading = "Answers")]
    temperature: Option<f64>,
}

impl Answers {
    /// Whether it was said who answers.
    pub fn is_typed(&self) -> bool {
        self.oracle.is_some()
    }

    /// Writes what was typed over the recipe.
    pub fn apply(&self, settings: &mut Settings) {
        set(&mut settings.oracle, self.oracle);
        set(&mut settings.temperature, self.temperature);
    }
}

/// The units of the network, which an untrained one is made by.
#[derive(Debug, Args)]
pub(super) struct Network {
    /// Units of the three hidden layers, at most 256 each
    #[arg(long, value_name = "A,B,C", value_parser = options::hidden, help_heading = "Training")]
    hidden: Option<[usize; LAYERS]>,

    /// What the hidden layers apply
    #[arg(long, value_parser = choice::<Activation>(), help_heading = "Training")]
    activation: Option<Activation>,

    /// on or off: standardise inputs by the training embeddings
    #[arg(long, value_name = "on|off", value_parser = options::switch,
          num_args = 0..=1, default_missing_value = "on", help_heading = "Training")]
    standardise: Option<bool>,
}

impl Network {
    /// Writes what was typed over the recipe.
    pub fn apply(&self, settings: &mut Settings) {
        set(&mut settings.hidden, self.hidden);
        set(&mut settings.activation, self.activation);
        set(&mut settings.standardise, self.standardise);
    }
}

/// How the network learns.
#[derive(Debug, Args)]
pub(super) struct Training {
    /// What training starts from
    #[arg(long, value_parser = choice::<Init>(), help_heading = "Training")]
    init: Option<Init>,

    /// The most training iterations a round, each one step of Adam
    #[arg(long, value_name = "N", help_heading = "Training")]
    iterations: Option<usize>,

    /// Labels an iteration looks at, in an order shuffled each time that all have been seen; all
    /// of them if not given
    #[arg(long, value_name = "N", help_heading = "Training")]
    minibatch: Option<usize>,

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
}

impl Training {
    /// Writes what was typed over the recipe.
    pub fn apply(&self, settings: &mut Settings) {
        set(&mut settings.init, self.init);
        set(&mut settings.iterations, self.iterations);
        set(&mut settings.minibatch, self.minibatch.map(Some));
        set(&mut settings.learning_rate, self.lr);
        set(&mut settings.weight_decay, self.weight_decay);
        set(&mut settings.early_stopping, self.early_stopping.map(|typed| typed.0));
    }
}

/// What is measured against golden rewards.
#[derive(Debug, Args)]
pub(super) struct Metrics {
    /// The N of best-of-N in the metrics
    #[arg(long, value_name = "N,…", value_delimiter = ',', help_heading = "Metrics")]
    pub best_of: Option<Vec<usize>>,
}

impl Metrics {
    /// Writes what was typed over the recipe.
    pub fn apply(&self, settings: &mut Settings) {
        set(&mut settings.best_of, self.best_of.clone());
    }
}

/// What every result starts from.
#[derive(Debug, Args)]
pub(super) struct Recipe {
    /// The recipe that the other options change
    #[arg(long, value_parser = choice::<Preset>(), default_value = Preset::Default.name(),
          help_heading = "General")]
    preset: Preset,

    /// Seed of every random draw
    #[arg(long, value_name = "N", help_heading = "General")]
    seed: Option<u64>,
}

impl Recipe {
    /// The recipe itself, in sizes that suit the bundled data where there is no other.
    pub fn settings(&self, embeddings: Option<&Path>) -> Settings {
        let recipe = Settings::of_preset(self.preset);
        let mut settings = match embeddings {
            Some(_) => recipe,
            None => recipe.sized_for_bundled(),
        };
        set(&mut settings.seed, self.seed);
        settings
    }
}

/// What only decides how fast a result comes.
#[derive(Debug, Args)]
pub(super) struct Speed {
    /// Threads; one for each core if not given. Changes no result
    #[arg(long, value_name = "N", help_heading = "General")]
    threads: Option<NonZeroUsize>,

    /// Instruction set. Changes no result
    #[arg(long, value_parser = choice::<Isa>(), default_value = Isa::Auto.name(),
          help_heading = "General")]
    isa: Isa,
}

impl Speed {
    /// Threads and instruction set.
    pub fn runtime(&self) -> Runtime {
        Runtime { threads: self.threads, isa: self.isa }
    }
}

/// How the result is printed.
#[derive(Debug, Args)]
pub(super) struct Print {
    /// Print one JSON object instead of a table
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

fn set<T>(setting: &mut T, typed: Option<T>) {
    if let Some(typed) = typed {
        *setting = typed;
    }
}
