//! The recipes. Every number that a run starts from stands here and nowhere else.

use pairpick_core::select::Strategy;
use pairpick_core::trunk::Activation;

use super::{
    Amount, Answers, Architecture, Asking, EarlyStopping, FORMAT_VERSION, Features, FirstRound,
    Init, Landmarks, Measuring, Network, Oracle, Precision, Prior, PriorGrid, PriorPrecision,
    Settings, Training, Typed,
};
use crate::data::pool_kind::PoolKind;
use crate::named::named;

/// A recipe: a value for every setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// Features of a kernel, a head fitted to the labels, a design that needs none.
    #[default]
    Default,
    /// A network, soundly trained.
    Mlp,
    /// The paper's.
    Paper,
}

named!(Preset, "preset",
    Default = "default": "kernel features, robust-v-opt, a prior chosen by the labels",
    Mlp = "mlp": "a network, dopt: standardised inputs, early stopping, a prior that counts",
    Paper = "paper": "the paper and its authors' code: 1,000 iterations, no regularisation",
);

/// λ of each recipe, which stands in where λ is to be chosen and no label can tell it.
const FIXED_PRIOR: f64 = 10.0;
const SOUND_PRIOR: f64 = 1.0;
const PAPER_PRIOR: f64 = 1e-6;

impl Settings {
    /// A recipe, for data not known yet.
    #[must_use]
    pub fn of_preset(preset: Preset) -> Self {
        match preset {
            Preset::Default => fixed(),
            Preset::Mlp => sound(),
            Preset::Paper => paper(),
        }
    }

    /// The same recipe in sizes that suit the bundled data: its 78 prompts of 8 responses.
    #[must_use]
    pub fn sized_for_bundled(self) -> Self {
        Self {
            asking: Asking { prompts_per_round: 78, batch: 20, ..self.asking },
            measuring: Measuring { best_of: vec![2, 8] },
            ..self
        }
    }

    /// Offers as many pairs of the kind of pool set as the recipe and the strategy do, unless it was
    /// typed how many: the paper samples 20,000 of those across prompts, since its code cannot score
    /// them all, and `robust-v-opt` as many, since it goes through all for each pick.
    pub fn offer_pairs_of_recipe(&mut self, typed: &Typed) {
        let across = self.asking.pool == PoolKind::CrossPrompt;
        let sampled = self.preset == Preset::Paper || self.asking.strategy == Strategy::RobustVOpt;
        if sampled && across && !typed.has("pairs") {
            self.offer_a_sample();
        }
    }

    /// Offers so many pairs of a round as the paper's code does, drawn at random.
    pub fn offer_a_sample(&mut self) {
        self.asking.pairs = Amount::Only(20_000);
    }

    /// The recipe's λ.
    #[must_use]
    pub const fn prior_precision_of_recipe(&self) -> f64 {
        match (&self.model, self.preset) {
            (Architecture::Kernel(_) | Architecture::Input, _) => FIXED_PRIOR,
            (Architecture::Mlp(_), Preset::Default | Preset::Mlp) => SOUND_PRIOR,
            (Architecture::Mlp(_), Preset::Paper) => PAPER_PRIOR,
        }
    }

    /// Learns from other features than the recipe's, as a recipe that has these does: with its prior,
    /// unless one was typed.
    pub fn learn_from(&mut self, features: Features, typed: &Typed) {
        if self.model.features() == features {
            return;
        }
        let recipe = of_features(features);
        self.model = recipe.model;
        if !typed.has("prior_precision") {
            self.prior.prior_precision = recipe.prior.prior_precision;
        }
        if !typed.has("prior_grid") {
            self.prior.prior_grid = recipe.prior.prior_grid;
        }
    }
}

impl Architecture {
    /// That of the recipe that has these features.
    #[must_use]
    pub fn of_recipe(features: Features) -> Self {
        of_features(features).model
    }
}

/// The recipe that has these features.
fn of_features(features: Features) -> Settings {
    match features {
        Features::Mlp => sound(),
        Features::Kernel => fixed(),
        Features::Input => Settings { model: Architecture::Input, ..fixed() },
    }
}

impl Default for Settings {
    fn default() -> Self {
        fixed()
    }
}

/// The kernel and its prior as chosen on responses to some prompts, and seen to hold on others and on
/// people's votes.
fn fixed() -> Settings {
    let sound = sound();
    Settings {
        preset: Preset::Default,
        asking: Asking { strategy: Strategy::RobustVOpt, ..sound.asking },
        model: Architecture::Kernel(Landmarks { landmarks: 256 }),
        prior: Prior {
            prior_precision: PriorPrecision::Evidence,
            prior_grid: PriorGrid::of(&[30.0, 10.0, 3.0]),
        },
        ..sound
    }
}

/// One recipe for all strategies, chosen by random labels on folds of training prompts alone. The
/// paper's overfits on a few hundred labels.
fn sound() -> Settings {
    let paper = paper();
    Settings {
        preset: Preset::Mlp,
        asking: Asking { first_round: None, ..paper.asking },
        model: Architecture::Mlp(Network { standardise: true, ..paper_network() }),
        training: Training {
            iterations: 30,
            weight_decay: 0.01,
            early_stopping: EarlyStopping::ON,
            warm_up: 15,
            ..paper.training
        },
        prior: Prior { prior_precision: PriorPrecision::Fixed(SOUND_PRIOR), ..paper.prior },
        ..paper
    }
}

/// The paper's section 5 and its authors' code.
fn paper() -> Settings {
    Settings {
        format_version: FORMAT_VERSION,
        preset: Preset::Paper,
        seed: 0,
        asking: paper_asking(),
        model: Architecture::Mlp(paper_network()),
        training: paper_training(),
        prior: Prior {
            prior_precision: PriorPrecision::Fixed(PAPER_PRIOR),
            prior_grid: PriorGrid::default(),
        },
        answers: Answers { oracle: Oracle::BradleyTerry, temperature: 1.0 },
        measuring: Measuring { best_of: vec![2, 8, 32] },
        data: None,
    }
}

fn paper_asking() -> Asking {
    Asking {
        strategy: Strategy::Dopt,
        pool: PoolKind::InPrompt,
        prompts_per_round: 500,
        pairs: Amount::All,
        batch: 125,
        sample: false,
        mix: 0.0,
        certificate: false,
        distinct: None,
        misfit: None,
        no_past: false,
        design_precision: None,
        design_features: None,
        rounds: 8,
        first_round: Some(FirstRound::Model),
        weights: None,
        precision: Precision::F64,
        posterior_samples: 100,
        configurations: 1000,
        clusters: 10,
        radius: 1.0,
    }
}

fn paper_network() -> Network {
    Network { hidden: [64, 64, 64], activation: Activation::Gelu, standardise: false }
}

fn paper_training() -> Training {
    Training {
        init: Init::Fresh,
        iterations: 1000,
        minibatch: Amount::All,
        lr: 1e-3,
        weight_decay: 0.0,
        early_stopping: EarlyStopping::Off,
        warm_up: 0,
        holdout: 0.2,
    }
}
