//! [`Problem`]: what every strategy is asked, the memory that it works in, and what it tells besides
//! its batch.

use crate::arith::{self, Real};
use crate::error::Error;
use crate::head::Covariates;
use crate::linalg::Packed;
use crate::memory::larger;
use crate::pool::{Pool, PoolSize};
use crate::topk::Scored;

use super::Options;

/// What is asked of a strategy, and by whose threads.
#[derive(Debug)]
pub struct Problem<'a, T, E> {
    /// Threads and instruction set.
    pub executor: &'a E,
    /// The pairs that can be asked about.
    pub pool: &'a Pool<'a>,
    /// What is believed before the batch.
    pub posterior: &'a Posterior<'a, T>,
    /// What a strategy leaves to its caller.
    pub options: &'a Options<'a, T>,
}

impl<T, E> Clone for Problem<'_, T, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, E> Copy for Problem<'_, T, E> {}

/// What is believed of the last layer before the batch: its weights, and the parts of
/// P = λI + Σ over the labelled pairs, covariates having a precision of their own in place of λ.
#[derive(Clone, Copy, Debug)]
pub struct Posterior<'a, T> {
    /// β, a weight a feature.
    pub head: &'a [f32],
    /// λ, absolute: a statistical choice.
    pub prior_precision: T,
    /// The last features, whose weights have another prior precision: wherever the past is counted,
    /// whatever λ it is counted beside.
    pub covariates: Covariates<T>,
    /// Numerical jitter, relative to the mean diagonal entry of the matrix that is factored: 0
    /// where the precision suffices.
    pub jitter: T,
    /// Fisher information of the labelled pairs under this model; of order H.
    pub past: Packed<T, &'a [T]>,
}

/// Memory that a selection works in: [`Strategy::workspace_len`](super::Strategy::workspace_len)
/// sizes it, or a [`Selector`](super::Selector) has its own.
#[derive(Debug)]
pub struct Workspace<'a, T> {
    /// Numbers.
    pub numbers: &'a mut [T],
    /// Candidates: of each worker, and of the batch.
    pub heaps: &'a mut [Scored<T>],
    /// Whole numbers: ranks of pairs, counts, pairs picked.
    pub ranks: &'a mut [u64],
}

/// Lengths of the parts of a [`Workspace`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct WorkspaceLen {
    /// Numbers.
    pub numbers: usize,
    /// Candidates.
    pub heaps: usize,
    /// Ranks.
    pub ranks: usize,
}

impl WorkspaceLen {
    /// No memory.
    pub const NONE: Self = Self { numbers: 0, heaps: 0, ranks: 0 };

    /// The bytes of such a workspace.
    #[must_use]
    pub const fn bytes<T>(self) -> usize {
        let numbers = self.numbers.saturating_mul(size_of::<T>());
        let heaps = self.heaps.saturating_mul(size_of::<Scored<T>>());
        let ranks = self.ranks.saturating_mul(size_of::<u64>());
        numbers.saturating_add(heaps).saturating_add(ranks)
    }

    /// The lengths that serve either.
    #[must_use]
    pub const fn max(self, other: Self) -> Self {
        Self {
            numbers: larger(self.numbers, other.numbers),
            heaps: larger(self.heaps, other.heaps),
            ranks: larger(self.ranks, other.ranks),
        }
    }
}

/// What sizes a [`Workspace`]. It borrows nothing, so that a program can size its memory when it is
/// built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Sizes {
    /// The pool.
    pub pool: PoolSize,
    /// Pairs to pick.
    pub batch: usize,
    /// Threads that share the work.
    pub threads: usize,
}

impl Sizes {
    /// Those of a batch from this pool.
    #[must_use]
    pub const fn of(pool: &Pool<'_>, batch: usize, threads: usize) -> Self {
        Self { pool: pool.size(), batch, threads }
    }

    /// How many workers the memory is for: at least one.
    pub(crate) const fn workers(&self) -> usize {
        larger(self.threads, 1)
    }
}

/// What a selection tells besides its batch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Selection {
    /// Estimated condition number (1-norm) of the matrix that the strategy factored, if any: M, or P.
    pub condition: Option<f64>,
    /// The log-determinant of that matrix.
    pub log_det: Option<f64>,
    /// What the batch tells about the last layer, if the strategy counts it.
    pub information: Option<Information>,
    /// What rounding may have taken from a design that was picked pair by pair.
    pub growth: Option<Growth>,
}

/// How a matrix was conditioned while pairs were added to it one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Growth {
    /// The largest estimated condition number (1-norm) of the matrices that were factored on the way.
    pub condition: f64,
    /// The largest factor by which dᵀM⁻¹d of a picked pair had fallen since the last factorisation:
    /// rounding may have changed it by ε times as much.
    pub loss: f64,
}

/// The most that rounding may change a score by, relative, without a word.
const ROUNDING: f64 = 1.0 / 1024.0;

impl Selection {
    /// This selection, if its matrix could be trusted in the precision `T`.
    ///
    /// # Errors
    /// [`Error::IllConditioned`] where a condition estimate is not below 1/ε.
    pub fn checked<T: Real>(self) -> Result<Self, Error> {
        let of_growth = self.growth.map(|growth| growth.condition);
        let trusted = |estimate: &f64| *estimate < 1.0 / T::EPSILON.to_f64();
        let conditions = [self.condition, of_growth].into_iter().flatten();
        match conditions.into_iter().find(|estimate| !trusted(estimate)) {
            None => Ok(self),
            Some(estimate) => Err(Error::IllConditioned { estimate }),
        }
    }

    /// By about how much rounding may have changed scores of a design that was picked pair by pair,
    /// relative: ε times [`Growth::loss`]; `None` where that is below 2⁻¹⁰.
    #[must_use]
    pub fn rounding<T: Real>(&self) -> Option<f64> {
        let rounding = self.growth?.loss * T::EPSILON.to_f64();
        (rounding >= ROUNDING).then_some(rounding)
    }
}

/// What a batch tells about the last layer.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Information {
    /// The mutual information I of the batch's answers with the parameters, in nats: the sum of the
    /// batch's scores, as the first n scores sum to that of the first n pairs.
    pub nats: f64,
    /// ln K, which I exceeds by no more than the noise of its estimate: K draws of the parameters
    /// can be told apart no further.
    pub limit: f64,
    /// The first place of the batch, from 0, for which the best score was no further above the
    /// median of all pairs than the noise of the estimate would lift the best of so many. The pairs
    /// from there on are random ones.
    pub noise_from: Option<usize>,
}

impl Information {
    /// None yet, of K draws.
    pub(super) fn none(samples: usize) -> Self {
        let limit = arith::ln(f64::from_u64(samples as u64));
        Self { nats: 0.0, limit, noise_from: None }
    }
}
