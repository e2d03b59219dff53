//! Strategies: which pairs of a pool to ask about. One file a strategy, all of one shape:
//! `(pool, posterior, workspace, rng) → batch`.
//!
//! Two matrices must not be confused. P = λI + Σ over the labelled pairs is the posterior
//! precision of the last layer. M adds the whole pool to a start, which is λI ([`dopt`],
//! [`design`]) or P ([`pa_dopt`]); it only serves the gradient at selection weight 1.

pub mod design;
pub mod dopt;
pub mod entropy;
mod leverage;
pub mod maxdiff;
pub mod pa_dopt;
pub mod random;

use crate::arith::Real;
use crate::error::Error;
use crate::fisher::{pool_workspace_len, rewards_workspace_len};
use crate::linalg::{Packed, condition_workspace_len, packed_len};
use crate::parallel::Executor;
use crate::pool::{Pairs, Pool};
use crate::rng::Stream;
use crate::score::ScoreMemory;
use crate::topk::Scored;

/// The strategies by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// [`random`]
    Random,
    /// [`entropy`]
    Entropy,
    /// [`maxdiff`]
    MaxDiff,
    /// [`design`]
    Design,
    /// [`dopt`]
    Dopt,
    /// [`pa_dopt`]
    PaDopt,
}

impl Strategy {
    /// Every strategy, in the order of the paper.
    pub const ALL: [Self; 6] =
        [Self::Random, Self::Entropy, Self::MaxDiff, Self::Design, Self::Dopt, Self::PaDopt];

    /// The name used everywhere: on command lines, in files, in traces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Entropy => "entropy",
            Self::MaxDiff => "maxdiff",
            Self::Design => "design",
            Self::Dopt => "dopt",
            Self::PaDopt => "pa-dopt",
        }
    }

    /// The strategy of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strategy| strategy.name() == name)
    }

    /// Fills `batch` with as many distinct pairs as it has places, best first.
    ///
    /// # Errors
    /// [`Error::Batch`] if the pool offers fewer; [`Error::NotPositiveDefinite`] where M has no
    /// factor in the precision `T`; [`Error::Shape`], [`Error::Workspace`], [`Error::NonFinite`].
    pub fn select<T: Real, E: Executor>(
        self,
        executor: &E,
        pool: &Pool<'_>,
        posterior: &Posterior<'_, T>,
        workspace: Workspace<'_, T>,
        rng: &mut Stream,
        batch: &mut [Scored<T>],
    ) -> Result<Selection, Error> {
        let (requested, available) = (batch.len() as u64, pool.available());
        if requested > available {
            return Err(Error::Batch { requested, available });
        }
        let select = match self {
            Self::Random => random::select::<T, E>,
            Self::Entropy => entropy::select,
            Self::MaxDiff => maxdiff::select,
            Self::Design => design::select,
            Self::Dopt => dopt::select,
            Self::PaDopt => pa_dopt::select,
        };
        select(executor, pool, posterior, workspace, rng, batch)
    }
}

/// What is believed of the last layer before the batch: its weights, and the parts of
/// P = λI + Σ over the labelled pairs.
#[derive(Clone, Copy, Debug)]
pub struct Posterior<'a, T> {
    /// β, a weight a feature.
    pub head: &'a [f32],
    /// λ, absolute: a statistical choice.
    pub prior_precision: T,
    /// Numerical jitter, relative to the mean diagonal entry of the matrix that is factored: 0
    /// where the precision suffices.
    pub jitter: T,
    /// Fisher information of the labelled pairs under this model; of order H.
    pub past: Packed<T, &'a [T]>,
}

/// Memory that a selection works in; [`workspace_len`] sizes it.
#[derive(Debug)]
pub struct Workspace<'a, T> {
    /// Numbers.
    pub numbers: &'a mut [T],
    /// A batch of candidates for each worker.
    pub heaps: &'a mut [Scored<T>],
    /// A rank for each pair of the batch; `random` alone uses it.
    pub ranks: &'a mut [u64],
}

/// Lengths of the parts of a [`Workspace`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkspaceLen {
    /// Numbers.
    pub numbers: usize,
    /// Candidates.
    pub heaps: usize,
    /// Ranks.
    pub ranks: usize,
}

/// The workspace with which `threads` threads can pick a batch from a pool, whatever the strategy.
#[must_use]
pub fn workspace_len(pool: &Pool<'_>, batch: usize, threads: usize) -> WorkspaceLen {
    let features = pool.features();
    WorkspaceLen::new(features.rows(), pool.pairs(), features.len(), batch, threads)
}

impl WorkspaceLen {
    /// The same before there is a pool: for these pairs of so many items, with features of this
    /// order.
    #[must_use]
    pub fn new(order: usize, pairs: Pairs<'_>, items: usize, batch: usize, threads: usize) -> Self {
        let threads = threads.max(1);
        let score = ScoreMemory::new(order, pairs, items);
        let shared = threads
            .saturating_mul(pool_workspace_len(order, pairs))
            .saturating_mul(2)
            .max(threads.saturating_mul(score.each).saturating_add(score.shared))
            .max(threads.saturating_mul(rewards_workspace_len(order)));
        let numbers = items
            .saturating_add(packed_len(order))
            .saturating_add(condition_workspace_len(order))
            .saturating_add(shared);
        Self { numbers, heaps: threads.saturating_mul(batch), ranks: batch }
    }
}

/// What a selection tells besides its batch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Selection {
    /// Estimated condition number of M (1-norm), if the strategy factored it.
    pub condition: Option<f64>,
    /// log det M, if the strategy factored it.
    pub log_det: Option<f64>,
}

impl Selection {
    /// This selection, if its matrix could be trusted in the precision `T`.
    ///
    /// # Errors
    /// [`Error::IllConditioned`] where the condition estimate is not below 1/ε.
    pub fn checked<T: Real>(self) -> Result<Self, Error> {
        match self.condition {
            None => Ok(self),
            Some(estimate) if estimate < 1.0 / T::EPSILON.to_f64() => Ok(self),
            Some(estimate) => Err(Error::IllConditioned { estimate }),
        }
    }
}
