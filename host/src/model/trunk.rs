//! [`Trunk`]: all of a model but its head: what turns an embedding into features.
//!
//! Every question of what kind of trunk a model has is asked here; a kind answers in a file of its
//! own.

use pairpick_core::Error as Core;
use pairpick_core::columns::Columns;
use pairpick_core::head::{Covariates, Prior};
use pairpick_core::rng::Stream;

use super::Context;
use super::covariates::{CovariateTrunk, PRECISION};
use super::file::{FORMAT_VERSION, FixedMetadata, ModelFile, NamedTensor};
use super::input::{self, InputTrunk};
use super::kernel::{self, KernelTrunk, check_dimensions};
use super::mlp::{self, MlpTrunk};
use crate::data::embeddings::Embeddings;
use crate::error::{Error, Result};
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::settings::{Architecture, Features, Landmarks, Settings};

/// What turns an embedding into features.
#[derive(Clone, Debug, PartialEq)]
pub enum Trunk {
    /// The hidden layers of a network, which labels train.
    Mlp(MlpTrunk),
    /// Features of a kernel, fixed.
    Kernel(KernelTrunk),
    /// The embeddings themselves.
    Input(InputTrunk),
    /// One of the last two, and covariates.
    Beside(CovariateTrunk),
}

impl Trunk {
    /// One for these settings and training embeddings, before [`Trunk::reset`].
    pub(super) fn untrained(context: Context<'_>, progress: &mut dyn Progress) -> Result<Self> {
        let Context { embeddings, settings, .. } = context;
        let trunk = match &settings.model {
            Architecture::Mlp(network) => {
                MlpTrunk::untrained(embeddings, network, progress).map(Self::Mlp)
            }
            Architecture::Kernel(Landmarks { landmarks }) => {
                KernelTrunk::fitted(context, *landmarks, progress).map(Self::Kernel)
            }
            Architecture::Input => InputTrunk::fitted(context, progress).map(Self::Input),
        }?;
        match (&trunk, embeddings.covariates()) {
            (_, None) => Ok(trunk),
            (Self::Mlp(_), Some(covariates)) => {
                let expected = "have no coefficient beside `features` mlp; kernel and input have";
                Err(Error::setting("covariates", covariates.names().join(","), expected))
            }
            (_, Some(_)) => CovariateTrunk::fitted(trunk, context).map(Self::Beside),
        }
    }

    /// Fixed features of this kind for a design, as the recipe that has them fits them.
    pub(crate) fn of_design(
        context: Context<'_>,
        features: Features,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        check_dimensions("design_features", context.embeddings)?;
        let model = Architecture::of_recipe(features);
        let settings = &Settings { model, ..context.settings.clone() };
        let trunk = Self::untrained(Context { settings, ..context }, progress)?;
        Ok(trunk.beside_covariates().cloned().unwrap_or(trunk))
    }

    /// Forgets what labels have taught it and the head.
    pub(super) fn reset(&mut self, rng: &mut Stream, head: &mut [f32]) -> Result<()> {
        match self {
            Self::Mlp(mlp) => mlp.reset(rng, head),
            Self::Kernel(_) | Self::Input(_) | Self::Beside(_) => {
                head.fill(0.0);
                Ok(())
            }
        }
    }

    /// What features it gives.
    #[must_use]
    pub fn kind(&self) -> Features {
        match self {
            Self::Mlp(_) => Features::Mlp,
            Self::Kernel(_) => Features::Kernel,
            Self::Input(_) => Features::Input,
            Self::Beside(both) => both.features().kind(),
        }
    }

    /// What gives the features beside covariates, if there are any.
    pub(crate) fn beside_covariates(&self) -> Option<&Self> {
        match self {
            Self::Beside(both) => Some(both.features()),
            Self::Mlp(_) | Self::Kernel(_) | Self::Input(_) => None,
        }
    }

    /// The names of covariates, which have the last weights of the head.
    #[must_use]
    pub fn covariates(&self) -> &[String] {
        match self {
            Self::Beside(both) => both.names(),
            Self::Mlp(_) | Self::Kernel(_) | Self::Input(_) => &[],
        }
    }

    /// The prior of a head with this λ.
    pub(crate) fn prior(&self, precision: f64) -> Prior<f64> {
        let count = self.covariates().len();
        Prior { precision, covariates: Covariates { count, precision: PRECISION } }
    }

    /// Numbers in an embedding.
    #[must_use]
    pub fn inputs(&self) -> usize {
        match self {
            Self::Mlp(mlp) => mlp.mlp().inputs(),
            Self::Kernel(kernel) => kernel.inputs(),
            Self::Input(input) => input.inputs(),
            Self::Beside(both) => both.features().inputs(),
        }
    }

    /// Features of an item: the order of every Fisher matrix.
    #[must_use]
    pub fn features(&self) -> usize {
        match self {
            Self::Mlp(mlp) => mlp.mlp().features(),
            Self::Kernel(kernel) => kernel.features(),
            Self::Input(input) => input.inputs(),
            Self::Beside(both) => both.features().features() + both.names().len(),
        }
    }

    /// Embeddings of items as the trunk takes them, an item a column.
    ///
    /// # Errors
    /// As [`Embeddings::read_items`].
    pub fn inputs_of(&self, embeddings: &Embeddings, items: &[u64]) -> Result<Vec<f32>> {
        match self {
            Self::Mlp(mlp) => mlp.inputs_of(embeddings, items),
            Self::Kernel(kernel) => kernel.inputs_of(embeddings, items),
            Self::Input(input) => input.inputs_of(embeddings, items),
            Self::Beside(both) => both.features().inputs_of(embeddings, items),
        }
    }

    /// Numbers that [`Trunk::compute`] needs to work in.
    pub(super) fn workspace_len(&self, items: usize) -> usize {
        match self {
            Self::Mlp(mlp) => mlp.mlp().workspace_len(items),
            Self::Kernel(kernel) => kernel.workspace_len(items),
            Self::Input(_) | Self::Beside(_) => 0,
        }
    }

    /// Writes the features of items, an item a column.
    pub(super) fn compute(
        &self,
        threads: &Threads,
        embeddings: &Embeddings,
        items: &[u64],
        out: &mut [f32],
        workspace: &mut [f32],
    ) -> Result<()> {
        if let Self::Beside(both) = self {
            out.copy_from_slice(&both.mixed(embeddings, items, threads)?);
            return Ok(());
        }
        let inputs = self.inputs_of(embeddings, items)?;
        let inputs = Columns::new(&inputs, self.inputs(), items.len());
        let computed = inputs.and_then(|inputs| match self {
            Self::Mlp(mlp) => mlp.apply(threads, inputs, out, workspace),
            Self::Kernel(kernel) => kernel.apply(threads, inputs, out, workspace),
            Self::Input(input) => input.apply(inputs, out),
            Self::Beside(_) => Ok(()),
        });
        computed.map_err(|error| match error {
            Core::NonFinite { index, .. } => {
                embeddings.overflow(items[index / self.features()], "the features")
            }
            error => Error::core("features")(error),
        })
    }

    /// The second moment of differences within the training prompts, its lower triangle, where the
    /// trunk knows it.
    #[must_use]
    pub fn moment(&self) -> Option<&[f32]> {
        match self {
            Self::Kernel(kernel) => Some(kernel.moment()),
            Self::Beside(both) => Some(both.moment()),
            Self::Mlp(_) | Self::Input(_) => None,
        }
    }

    /// What labels have taught it.
    pub(super) fn parameters(&self) -> &[f32] {
        match self {
            Self::Mlp(mlp) => mlp.parameters(),
            Self::Kernel(_) | Self::Input(_) | Self::Beside(_) => &[],
        }
    }

    /// What no label changes, in the order in which it is digested.
    pub(super) fn constants(&self) -> Vec<&[f32]> {
        match self {
            Self::Mlp(mlp) => mlp.constants(),
            Self::Kernel(kernel) => kernel.constants(),
            Self::Input(input) => input.constants(),
            Self::Beside(both) => both.constants(),
        }
    }

    /// Reads the trunk's part of a model's file.
    pub(super) fn read(file: &mut ModelFile<'_>) -> Result<Self> {
        let kind = file.trunk()?;
        let trunk = match kind.as_deref() {
            None | Some(mlp::KIND) => return MlpTrunk::read(file).map(Self::Mlp),
            Some(kernel::KIND) => Self::Kernel(KernelTrunk::read(file)?),
            Some(input::KIND) => Self::Input(InputTrunk::read(file)?),
            Some(other) => {
                let problem = format!("its trunk is of an unknown kind, {other:?}");
                return Err(file.damaged(problem));
            }
        };
        let FixedMetadata { covariates, .. } = file.metadata()?;
        match covariates.is_empty() {
            true => Ok(trunk),
            false => CovariateTrunk::read(trunk, covariates, file).map(Self::Beside),
        }
    }

    /// Its tensors, as a model's file has them.
    pub(super) fn tensors(&self) -> Vec<NamedTensor> {
        match self {
            Self::Mlp(mlp) => mlp.tensors(),
            Self::Kernel(kernel) => kernel.tensors(),
            Self::Input(input) => input.tensors(),
            Self::Beside(both) => both.tensors(),
        }
    }

    /// What a model's file says beside the tensors.
    pub(super) fn metadata(&self) -> serde_json::Result<String> {
        match self {
            Self::Mlp(mlp) => mlp.metadata(),
            Self::Kernel(_) => fixed(kernel::KIND, &[]),
            Self::Input(_) => fixed(input::KIND, &[]),
            Self::Beside(both) => match both.features().kind() {
                Features::Input => fixed(input::KIND, both.names()),
                Features::Mlp | Features::Kernel => fixed(kernel::KIND, both.names()),
            },
        }
    }
}

/// What the file of a model of fixed features says beside the tensors.
fn fixed(kind: &str, covariates: &[String]) -> serde_json::Result<String> {
    let (trunk, covariates) = (kind.to_owned(), covariates.to_vec());
    serde_json::to_string(&FixedMetadata { format_version: FORMAT_VERSION, trunk, covariates })
}
