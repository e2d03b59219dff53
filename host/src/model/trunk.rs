//! [`Trunk`]: all of a model but its head: what turns an embedding into features.
//!
//! Every question of what kind of trunk a model has is asked here; a kind answers in a file of its
//! own.

use pairpick_core::columns::Columns;
use pairpick_core::rng::Stream;

use super::Context;
use super::file::{ModelFile, NamedTensor};
use super::input::{self, InputTrunk};
use super::kernel::{self, KernelTrunk};
use super::mlp::{self, MlpTrunk};
use crate::data::embeddings::Embeddings;
use crate::error::Result;
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::settings::{Architecture, Features, Landmarks};

/// What turns an embedding into features.
#[derive(Clone, Debug, PartialEq)]
pub enum Trunk {
    /// The hidden layers of a network, which labels train.
    Mlp(MlpTrunk),
    /// Features of a kernel, fixed.
    Kernel(KernelTrunk),
    /// The embeddings themselves.
    Input(InputTrunk),
}

impl Trunk {
    /// One for these settings and training embeddings, before [`Trunk::reset`].
    pub(super) fn untrained(context: Context<'_>, progress: &mut dyn Progress) -> Result<Self> {
        let Context { embeddings, settings, .. } = context;
        match &settings.model {
            Architecture::Mlp(network) => {
                MlpTrunk::untrained(embeddings, network, progress).map(Self::Mlp)
            }
            Architecture::Kernel(Landmarks { landmarks }) => {
                KernelTrunk::fitted(context, *landmarks, progress).map(Self::Kernel)
            }
            Architecture::Input => InputTrunk::fitted(context, progress).map(Self::Input),
        }
    }

    /// Forgets what labels have taught it and the head.
    pub(super) fn reset(&mut self, rng: &mut Stream, head: &mut [f32]) -> Result<()> {
        match self {
            Self::Mlp(mlp) => mlp.reset(rng, head),
            Self::Kernel(_) | Self::Input(_) => {
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
        }
    }

    /// Numbers in an embedding.
    #[must_use]
    pub fn inputs(&self) -> usize {
        match self {
            Self::Mlp(mlp) => mlp.mlp().inputs(),
            Self::Kernel(kernel) => kernel.inputs(),
            Self::Input(input) => input.inputs(),
        }
    }

    /// Features of an item: the order of every Fisher matrix.
    #[must_use]
    pub fn features(&self) -> usize {
        match self {
            Self::Mlp(mlp) => mlp.mlp().features(),
            Self::Kernel(kernel) => kernel.features(),
            Self::Input(input) => input.inputs(),
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
        }
    }

    /// Numbers that [`Trunk::apply`] needs to work in.
    pub(super) fn workspace_len(&self, items: usize) -> usize {
        match self {
            Self::Mlp(mlp) => mlp.mlp().workspace_len(items),
            Self::Kernel(kernel) => kernel.workspace_len(items),
            Self::Input(_) => 0,
        }
    }

    /// Writes the features of inputs, an item a column.
    pub(super) fn apply(
        &self,
        threads: &Threads,
        inputs: Columns<'_, f32>,
        out: &mut [f32],
        workspace: &mut [f32],
    ) -> Result<(), pairpick_core::Error> {
        match self {
            Self::Mlp(mlp) => mlp.apply(threads, inputs, out, workspace),
            Self::Kernel(kernel) => kernel.apply(threads, inputs, out, workspace),
            Self::Input(input) => input.apply(inputs, out),
        }
    }

    /// The second moment of differences within the training prompts, its lower triangle, where the
    /// trunk knows it.
    #[must_use]
    pub fn moment(&self) -> Option<&[f32]> {
        match self {
            Self::Kernel(kernel) => Some(kernel.moment()),
            Self::Mlp(_) | Self::Input(_) => None,
        }
    }

    /// What labels have taught it.
    pub(super) fn parameters(&self) -> &[f32] {
        match self {
            Self::Mlp(mlp) => mlp.parameters(),
            Self::Kernel(_) | Self::Input(_) => &[],
        }
    }

    /// What no label changes, in the order in which it is digested.
    pub(super) fn constants(&self) -> Vec<&[f32]> {
        match self {
            Self::Mlp(mlp) => mlp.constants(),
            Self::Kernel(kernel) => kernel.constants(),
            Self::Input(input) => input.constants(),
        }
    }

    /// Reads the trunk's part of a model's file.
    pub(super) fn read(file: &mut ModelFile<'_>) -> Result<Self> {
        match file.trunk()?.as_deref() {
            None | Some(mlp::KIND) => MlpTrunk::read(file).map(Self::Mlp),
            Some(kernel::KIND) => KernelTrunk::read(file).map(Self::Kernel),
            Some(input::KIND) => InputTrunk::read(file).map(Self::Input),
            Some(other) => Err(file.damaged(format!("its trunk is of an unknown kind, {other:?}"))),
        }
    }

    /// Its tensors, as a model's file has them.
    pub(super) fn tensors(&self) -> Vec<NamedTensor> {
        match self {
            Self::Mlp(mlp) => mlp.tensors(),
            Self::Kernel(kernel) => kernel.tensors(),
            Self::Input(input) => input.tensors(),
        }
    }

    /// What a model's file says beside the tensors.
    pub(super) fn metadata(&self) -> serde_json::Result<String> {
        match self {
            Self::Mlp(mlp) => mlp.metadata(),
            Self::Kernel(kernel) => kernel.metadata(),
            Self::Input(input) => input.metadata(),
        }
    }
}
