//! The recipes. Every number that a run starts from stands here and nowhere else.

use pairpick_core::select::{Strategy, Weights};
use pairpick_core::trunk::Activation;

use super::choices::{FirstRound, Init, Oracle, PairsOffered, PoolKind, Precision, Preset};
use super::{FORMAT_VERSION, PriorPrecision, Settings};

/// Iterations without a better held-out loss before training stops, where it stops early.
pub(super) const PATIENCE: usize = 10;

/// λ of each recipe, which stands in where λ is to be chosen and no label can tell it.
const SOUND_PRIOR: f64 = 1.0;
const PAPER_PRIOR: f64 = 1e-6;

impl Settings {
    /// A recipe, for data not known yet.
    #[must_use]
    pub fn of_preset(preset: Preset) -> Self {
        match preset {
            Preset::Default => sound(),
            Preset::Paper => paper(),
        }
    }

    /// The same recipe in sizes that suit the bundled data: its 78 prompts of 8 responses.
    #[must_use]
    pub fn sized_for_bundled(self) -> Self {
        Self { prompts_per_round: 78, batch: 20, best_of: vec![2, 8], ..self }
    }

    /// How many pairs the recipe offers from the kind of pool set: the paper samples 20,000 of
    /// those across prompts, since its code cannot score them all.
    #[must_use]
    pub fn pairs_of_recipe(&self) -> PairsOffered {
        match (self.preset, self.pool) {
            (Preset::Paper, PoolKind::CrossPrompt) => PairsOffered::Sampled(20_000),
            _ => PairsOffered::All,
        }
    }

    /// The recipe's λ.
    #[must_use]
    pub const fn prior_precision_of_recipe(&self) -> f64 {
        match self.preset {
            Preset::Default => SOUND_PRIOR,
            Preset::Paper => PAPER_PRIOR,
        }
    }

    /// The patience where training is only said to stop early.
    #[must_use]
    pub const fn default_patience() -> usize {
        PATIENCE
    }
}

impl Default for Settings {
    fn default() -> Self {
        sound()
    }
}

/// One recipe for all strategies, chosen by random labels on folds of training prompts alone. The
/// paper's overfits on a few hundred labels.
fn sound() -> Settings {
    Settings {
        preset: Preset::Default,
        first_round: FirstRound::Random,
        iterations: 30,
        weight_decay: 0.01,
        early_stopping: Some(PATIENCE),
        warm_up: 15,
        standardise: true,
        prior_precision: PriorPrecision::Fixed(SOUND_PRIOR),
        ..paper()
    }
}

/// The paper's section 5 and its authors' code.
fn paper() -> Settings {
    Settings {
        format_version: FORMAT_VERSION,
        preset: Preset::Paper,
        seed: 0,
        strategy: Strategy::Dopt,
        pool: PoolKind::InPrompt,
        prompts_per_round: 500,
        pairs: PairsOffered::All,
        batch: 125,
        sample: false,
        mix: 0.0,
        certificate: false,
        distinct: None,
        misfit: None,
        count_past: true,
        rounds: 8,
        first_round: FirstRound::Model,
        hidden: [64, 64, 64],
        activation: Activation::Gelu,
        init: Init::Fresh,
        iterations: 1000,
        minibatch: None,
        learning_rate: 1e-3,
        weight_decay: 0.0,
        early_stopping: None,
        warm_up: 0,
        holdout: 0.2,
        standardise: false,
        prior_precision: PriorPrecision::Fixed(PAPER_PRIOR),
        weights: Weights::PlugIn,
        precision: Precision::F64,
        posterior_samples: 100,
        configurations: 1000,
        clusters: 10,
        radius: 1.0,
        oracle: Oracle::BradleyTerry,
        temperature: 1.0,
        best_of: vec![2, 8, 32],
        data: None,
    }
}
