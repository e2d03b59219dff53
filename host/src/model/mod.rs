//! [`Model`]: a [`Trunk`], which turns an embedding into features φ, and a head β, which turns
//! features into a reward φᵀβ.

pub(crate) mod covariates;
pub(crate) mod differences;
mod features;
mod file;
mod input;
pub(crate) mod items;
pub(crate) mod kernel;
pub mod last_layer;
mod mlp;
pub(crate) mod prior;
mod standardise;
pub mod train;
mod trunk;

use pairpick_core::columns::Columns;
use pairpick_core::digest::Digest;
use pairpick_core::head::{rewards, rewards_workspace_len};
use pairpick_core::parallel::Executor;
use pairpick_core::rng::Stream;

pub use self::features::{FeatureCache, Features};
pub use self::file::FORMAT_VERSION;
pub use self::input::InputTrunk;
pub use self::kernel::KernelTrunk;
use self::last_layer::Fitted;
pub use self::mlp::MlpTrunk;
pub use self::standardise::Standardisation;
use self::train::Fit;
pub use self::trunk::Trunk;
use crate::data::embeddings::Embeddings;
use crate::data::labels::Label;
use crate::digest::HexDigest;
use crate::error::{Error, Result};
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::settings::Settings;

/// What models are made and trained with.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The training embeddings.
    pub embeddings: &'a Embeddings,
    /// What decides the result.
    pub settings: &'a Settings,
    /// Threads and instruction set.
    pub threads: &'a Threads,
    /// The pairs that are asked about, where they are listed.
    pub listed: Option<&'a [(u64, u64)]>,
}

/// What learning from labels came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Learnt {
    /// Of a network and its head.
    Network(Fit),
    /// Of the head alone, on features that stay as they are.
    Head(Fitted),
}

impl Learnt {
    /// λ, where the fit has chosen it.
    #[must_use]
    pub fn prior_precision(&self) -> Option<f64> {
        match self {
            Self::Network(_) => None,
            Self::Head(fitted) => Some(fitted.prior_precision),
        }
    }
}

/// A reward model.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    trunk: Trunk,
    head: Vec<f32>,
}

impl Model {
    /// A trunk and its head.
    ///
    /// # Errors
    /// [`Error::Core`] unless the head has a weight for each of the trunk's features.
    pub fn new(trunk: Trunk, head: Vec<f32>) -> Result<Self> {
        let (what, expected, found) = ("head", trunk.features(), head.len());
        match expected == found {
            true => Ok(Self { trunk, head }),
            false => {
                Err(Error::core("the model")(pairpick_core::Error::Shape { what, expected, found }))
            }
        }
    }

    /// The model before its first training.
    ///
    /// # Errors
    /// [`Error::Core`] for sizes beyond the core's; what reading the embeddings refuses.
    pub fn untrained(context: Context<'_>, progress: &mut dyn Progress) -> Result<Self> {
        let trunk = Trunk::untrained(context, progress)?;
        let head = vec![0.0; trunk.features()];
        let mut model = Self { trunk, head };
        model.reset(context.settings.seed, 0)?;
        Ok(model)
    }

    /// Forgets what labels have taught it; where it begins anew is drawn for this round.
    ///
    /// # Errors
    /// None that the model's own parts give.
    pub fn reset(&mut self, seed: u64, round: u64) -> Result<()> {
        self.trunk.reset(&mut Stream::new(seed, "init", round), &mut self.head)
    }

    /// Learns from all labels so far, those of this round the last.
    ///
    /// # Errors
    /// What reading the embeddings refuses; [`Error::Core`] without a label or if the training
    /// diverges.
    pub fn fit(
        &mut self,
        context: Context<'_>,
        round: u64,
        labels: &[Label],
        progress: &mut dyn Progress,
    ) -> Result<Learnt> {
        match &mut self.trunk {
            Trunk::Mlp(mlp) => train::fit(mlp, &mut self.head, context, round, labels, progress)
                .map(Learnt::Network),
            Trunk::Kernel(_) | Trunk::Input(_) | Trunk::Beside(_) => {
                last_layer::fit(self, context, labels, progress).map(Learnt::Head)
            }
        }
    }

    /// What turns an embedding into features.
    #[must_use]
    pub fn trunk(&self) -> &Trunk {
        &self.trunk
    }

    /// β, a weight a feature.
    #[must_use]
    pub fn head(&self) -> &[f32] {
        &self.head
    }

    /// The same, whose rewards leave covariates out.
    ///
    /// # Errors
    /// [`Error::Setting`] for one that it has not learnt from.
    pub fn without(mut self, names: &[String]) -> Result<Self> {
        let (known, order) = (self.trunk.covariates(), self.head.len());
        let first = order - known.len();
        let mut places = Vec::new();
        for name in names {
            let place = known.iter().position(|own| own == name).ok_or_else(|| {
                let known = match known {
                    [] => "it has learnt from no covariates".to_owned(),
                    known => format!("it knows {}", known.join(", ")),
                };
                Error::setting(
                    "without",
                    name,
                    format!("is none of the model's covariates: {known}"),
                )
            })?;
            places.push(first + place);
        }
        places.into_iter().for_each(|place| self.head[place] = 0.0);
        Ok(self)
    }

    /// The same, whose rewards are those of one covariate alone.
    pub(crate) fn of_covariate(mut self, place: usize) -> Self {
        let kept = self.head.len() - self.trunk.covariates().len() + place;
        let others = self.head.iter_mut().enumerate().filter(|(place, _)| *place != kept);
        others.for_each(|(_, weight)| *weight = 0.0);
        self
    }

    /// Puts other weights in the head's place, each rounded once.
    pub(crate) fn set_head(&mut self, head: &[f64]) {
        self.head = head.iter().map(|weight| *weight as f32).collect();
    }

    /// Rewards φᵀβ of items, in f64 from their f32 features: finite, since neither is beyond f32.
    ///
    /// # Errors
    /// [`Error::Core`] unless the features are the trunk's.
    pub fn rewards(&self, threads: &Threads, features: Columns<'_, f32>) -> Result<Vec<f64>> {
        let mut values = vec![0.0; features.len()];
        let mut workspace = vec![0.0; threads.threads() * rewards_workspace_len(features.rows())];
        rewards(threads, features, &self.head, &mut values, &mut workspace)
            .map_err(Error::core("rewards"))?;
        Ok(values)
    }

    /// FNV-1a of the model's bits: what labels have taught trunk and head, then what is constant.
    ///
    /// # Errors
    /// [`Error::Core`] if one of its numbers is none.
    pub fn digest(&self) -> Result<HexDigest> {
        let mut digest = Digest::new();
        let mut add = |values| digest.numbers(values).map_err(Error::core("the model's digest"));
        add(self.trunk.parameters())?;
        add(&self.head)?;
        for constants in self.trunk.constants() {
            add(constants)?;
        }
        Ok(HexDigest(digest.value()))
    }
}
