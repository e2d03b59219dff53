//! [`Trunk`]: all of a model but its head: what turns an embedding into features.
//!
//! Every question of what kind of trunk a model has is asked here; a kind answers in a file of its
//! own.

use pairpick_core::columns::Columns;
use pairpick_core::rng::Stream;

use super::Context;
use super::file::{ModelFile, NamedTensor};
use super::mlp::{self, MlpTrunk};
use super::train::{self, Fit};
use crate::data::embeddings::Embeddings;
use crate::data::labels::Label;
use crate::error::Result;
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::settings::Architecture;

/// What turns an embedding into features.
#[derive(Clone, Debug, PartialEq)]
pub enum Trunk {
    /// The hidden layers of a network, which labels train.
    Mlp(MlpTrunk),
}

impl Trunk {
    /// One for these settings and training embeddings, before [`Trunk::reset`].
    pub(super) fn untrained(context: Context<'_>, progress: &mut dyn Progress) -> Result<Self> {
        let Context { embeddings, settings, .. } = context;
        match &settings.model {
            Architecture::Mlp(network) => {
                MlpTrunk::untrained(embeddings, network, progress).map(Self::Mlp)
            }
        }
    }

    /// Forgets what labels have taught it and the head.
    pub(super) fn reset(&mut self, rng: &mut Stream, head: &mut [f32]) -> Result<()> {
        match self {
            Self::Mlp(mlp) => mlp.reset(rng, head),
        }
    }

    /// Numbers in an embedding.
    #[must_use]
    pub fn inputs(&self) -> usize {
        match self {
            Self::Mlp(mlp) => mlp.mlp().inputs(),
        }
    }

    /// Features of an item: the order of every Fisher matrix.
    #[must_use]
    pub fn features(&self) -> usize {
        match self {
            Self::Mlp(mlp) => mlp.mlp().features(),
        }
    }

    /// Embeddings of items as the trunk takes them, an item a column.
    ///
    /// # Errors
    /// As [`Embeddings::read_items`].
    pub fn inputs_of(&self, embeddings: &Embeddings, items: &[u64]) -> Result<Vec<f32>> {
        match self {
            Self::Mlp(mlp) => mlp.inputs_of(embeddings, items),
        }
    }

    /// Numbers that [`Trunk::apply`] needs to work in.
    pub(super) fn workspace_len(&self, items: usize) -> usize {
        match self {
            Self::Mlp(mlp) => mlp.mlp().workspace_len(items),
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
        }
    }

    /// Learns from labels so far, and teaches the head with it.
    pub(super) fn fit(
        &mut self,
        head: &mut [f32],
        context: Context<'_>,
        round: u64,
        labels: &[Label],
        progress: &mut dyn Progress,
    ) -> Result<Fit> {
        match self {
            Self::Mlp(mlp) => train::fit(mlp, head, context, round, labels, progress),
        }
    }

    /// What labels have taught it.
    pub(super) fn parameters(&self) -> &[f32] {
        match self {
            Self::Mlp(mlp) => mlp.parameters(),
        }
    }

    /// What no label changes, in the order in which it is digested.
    pub(super) fn constants(&self) -> Vec<&[f32]> {
        match self {
            Self::Mlp(mlp) => mlp.constants(),
        }
    }

    /// Reads the trunk's part of a model's file.
    pub(super) fn read(file: &mut ModelFile<'_>) -> Result<Self> {
        match file.trunk()?.as_deref() {
            None | Some(mlp::KIND) => MlpTrunk::read(file).map(Self::Mlp),
            Some(other) => Err(file.damaged(format!("its trunk is of an unknown kind, {other:?}"))),
        }
    }

    /// Its tensors, as a model's file has them.
    pub(super) fn tensors(&self) -> Vec<NamedTensor> {
        match self {
            Self::Mlp(mlp) => mlp.tensors(),
        }
    }

    /// What a model's file says beside the tensors.
    pub(super) fn metadata(&self) -> serde_json::Result<String> {
        match self {
            Self::Mlp(mlp) => mlp.metadata(),
        }
    }
}
