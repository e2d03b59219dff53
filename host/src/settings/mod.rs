//! [`Settings`]: everything that decides a run's result, and nothing else. Threads, instruction
//! set, folder and paths are not here, since they may not change a bit.

mod choices;
mod distinct;
mod fit;
pub mod named;
mod preset;
mod prior;
mod strategy;

use std::path::Path;

use pairpick_core::select::{Strategy, Weights};
use pairpick_core::trunk::Activation;
use pairpick_core::trunk::mlp::{LAYERS, MAX_HIDDEN};
use serde::{Deserialize, Serialize};

pub use self::choices::{FirstRound, Init, Oracle, PairsOffered, PoolKind, Precision, Preset};
pub use self::distinct::DistinctPairs;
pub use self::fit::{Supply, Typed};
pub use self::prior::PriorPrecision;
use crate::data::dataset::DataSummary;
use crate::error::{Error, Result};

/// The version of the settings' meaning; a file of another version is not read.
pub const FORMAT_VERSION: u32 = 1;

/// What decides a result, in the order in which `settings.json` has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
    /// The recipe that was started from.
    #[serde(with = "named")]
    pub preset: Preset,
    /// Every random stream is keyed by it.
    pub seed: u64,
    /// Which pairs are asked about.
    #[serde(with = "named")]
    pub strategy: Strategy,
    /// Which pairs can be.
    #[serde(with = "named")]
    pub pool: PoolKind,
    /// Prompts drawn each round.
    pub prompts_per_round: usize,
    /// How many of a round's pairs are offered.
    pub pairs: PairsOffered,
    /// Pairs asked about each round.
    pub batch: usize,
    /// Whether pairs are drawn in proportion to their scores rather than ranked.
    pub sample: bool,
    /// The share of a batch that is drawn at random among the rest.
    pub mix: f64,
    /// Whether each batch is held against the best there could be.
    pub certificate: bool,
    /// How many pairs of a batch may touch one item, or one prompt; `null` as many as the strategy
    /// of the round takes by itself.
    pub distinct: Option<DistinctPairs>,
    /// κ of designs that distrust the features; `null` the strategy's own.
    pub misfit: Option<f64>,
    /// Whether designs that can start from the prior alone count past labels all the same.
    pub count_past: bool,
    /// Rounds of asking and training.
    pub rounds: usize,
    /// How the first round chooses, when no label is there to learn from.
    #[serde(with = "named")]
    pub first_round: FirstRound,
    /// Units of the hidden layers.
    pub hidden: [usize; LAYERS],
    /// What the hidden layers apply.
    #[serde(with = "named")]
    pub activation: Activation,
    /// What training starts from.
    #[serde(with = "named")]
    pub init: Init,
    /// The most training iterations a round.
    pub iterations: usize,
    /// Labels an iteration looks at; `null` all of them.
    pub minibatch: Option<usize>,
    /// Adam's step size.
    pub learning_rate: f64,
    /// Decoupled weight decay, on weights and not on biases.
    pub weight_decay: f64,
    /// Training stops after more than this many iterations without a better held-out loss; `null` never.
    pub early_stopping: Option<usize>,
    /// Iterations before which early stopping does not look at the held-out loss.
    pub warm_up: usize,
    /// The share of the labels that early stopping holds out, in whole prompts.
    pub holdout: f64,
    /// Whether inputs are standardised by the training embeddings.
    pub standardise: bool,
    /// λ: the precision of the prior on the last layer, or how it is chosen.
    pub prior_precision: PriorPrecision,
    /// The weights w of the Fisher matrix.
    #[serde(with = "named")]
    pub weights: Weights,
    /// The arithmetic of Fisher matrix, Cholesky factor and scores.
    #[serde(with = "named")]
    pub precision: Precision,
    /// Draws of the last layer that `bald` and `batchbald` ask about.
    pub posterior_samples: usize,
    /// Joint answers that `batchbald` estimates entropies by.
    pub configurations: usize,
    /// Clusters of `coreset`.
    pub clusters: usize,
    /// Radius of the parameters of `coreset`.
    pub radius: f64,
    /// Who answers.
    #[serde(with = "named")]
    pub oracle: Oracle,
    /// The oracle's rewards are divided by it.
    pub temperature: f64,
    /// The N of best-of-N, ascending.
    pub best_of: Vec<usize>,
    /// Shape and digests of the data; `null` until data is known.
    pub data: Option<DataSummary>,
}

impl Settings {
    /// Reads a `settings.json`.
    ///
    /// # Errors
    /// [`Error::SettingsFile`], and [`Error::Setting`] as [`Settings::check`].
    pub fn from_json(text: &str, path: &Path) -> Result<Self> {
        let damaged = |problem| Error::SettingsFile { path: path.into(), problem };
        let settings: Self =
            serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
        if settings.format_version != FORMAT_VERSION {
            let found = settings.format_version;
            return Err(damaged(format!("version {found}, not {FORMAT_VERSION}")));
        }
        settings.check()?;
        Ok(settings)
    }

    /// The text of `settings.json`.
    ///
    /// # Errors
    /// None: every field can be written.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }

    /// Checks what can be checked without data.
    ///
    /// # Errors
    /// [`Error::Setting`], naming it.
    pub fn check(&self) -> Result<()> {
        for size in self.hidden {
            check_hidden(size)?;
        }
        at_least_one("prompts_per_round", self.prompts_per_round)?;
        if self.pairs == PairsOffered::Sampled(0) {
            at_least_one("pairs", 0)?;
        }
        at_least_one("batch", self.batch)?;
        self.distinct.unwrap_or_default().check()?;
        let misfit = self.misfit.unwrap_or(0.0);
        let holds = misfit >= 0.0 && (misfit as f32).is_finite();
        in_range("misfit", misfit, holds, "not negative, and one in f32")?;
        at_least_one("rounds", self.rounds)?;
        at_least_one("iterations", self.iterations)?;
        at_least_one("minibatch", self.minibatch.unwrap_or(1))?;
        at_least_one("early_stopping", self.early_stopping.unwrap_or(1))?;
        for n in &self.best_of {
            at_least_one("best_of", *n)?;
        }
        positive("lr", self.learning_rate)?;
        self.check_prior_precision()?;
        positive("temperature", self.temperature)?;
        self.check_strategy()?;
        in_range("mix", self.mix, (0.0..=1.0).contains(&self.mix), "from 0 to 1")?;
        self.check_what_is_read()?;
        in_range("weight_decay", self.weight_decay, self.weight_decay >= 0.0, "not negative")?;
        let share = self.holdout > 0.0 && self.holdout < 1.0;
        in_range("holdout", self.holdout, share, "between 0 and 1")
    }

    /// How many pairs of a batch are drawn at random.
    pub(crate) fn mixed(&self, batch: usize) -> usize {
        // The little more is for shares such as 0.29, whose product with 100 is below 29.
        (self.mix * batch as f64 + 1e-9) as usize
    }

    /// What is 0 or infinite in the precision of the selection is no prior there.
    fn check_prior_precision(&self) -> Result<()> {
        let Some(value) = self.prior_precision.fixed() else {
            return Ok(());
        };
        positive("prior_precision", value)?;
        let rounded = value as f32;
        let holds = rounded > 0.0 && rounded.is_finite();
        if holds || self.precision == Precision::F64 {
            return Ok(());
        }
        let expected = format!("is {rounded} in f32; choose another, or `precision` f64");
        Err(Error::setting("prior_precision", value, expected))
    }
}

/// Checks the units of a hidden layer.
///
/// # Errors
/// [`Error::Setting`] beyond the core's capacity.
pub fn check_hidden(size: usize) -> Result<()> {
    if (1..=MAX_HIDDEN).contains(&size) {
        return Ok(());
    }
    let expected = format!("a hidden layer has from 1 to {MAX_HIDDEN} units");
    Err(Error::setting("hidden", size, expected))
}

fn at_least_one(setting: &'static str, found: usize) -> Result<()> {
    if found >= 1 {
        return Ok(());
    }
    Err(Error::setting(setting, found, "must be at least 1"))
}

fn positive(setting: &'static str, found: f64) -> Result<()> {
    in_range(setting, found, found > 0.0, "above 0")
}

fn in_range(setting: &'static str, found: f64, holds: bool, range: &str) -> Result<()> {
    if holds && found.is_finite() {
        return Ok(());
    }
    Err(Error::setting(setting, found, format!("must be a finite number {range}")))
}
