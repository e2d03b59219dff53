//! How far a batch is from the best there could be: an upper bound on what any batch of its size
//! adds to log|P|, without looking at them one by one.
//!
//! P is the posterior precision before the batch; w and d are a pair's weight and difference. A batch
//! S gains f(S) = log|P + Σ w ddᵀ| − log|P|, which is monotone and submodular: what a pair e adds,
//! f(e | S) = ln(1 + w dᵀ(P + Σ_S)⁻¹d), never grows with S. So for every batch A, no batch of k
//! pairs gains more than f(A) and the k largest f(e | A) over the pairs outside it (Nemhauser, Wolsey
//! and Fisher, 1978). That is a bound at the batch itself, and one at none, f(∅) = 0, which is
//! exact for one pair and nearly so where all gains are small.
//!
//! A third bound relaxes the choice. Let a pair be chosen in part, 0 ≤ s ≤ 1 with Σ s = k, and
//! M(s) = P + Σ s w ddᵀ. Batches are the corners of that polytope, and the gain is concave on it with
//! the gradient g = w dᵀM(s)⁻¹d, so that for every s
//!
//! f(S) ≤ f(s) + (the k largest g) − Σ g s,  Σ g s = tr(M(s)⁻¹(M(s) − P)).
//!
//! The right-hand side is the Frank–Wolfe bound. Frank and Wolfe's method (1956; for designs,
//! Fedorov, 1972, and Jaggi, 2013) tightens it: the k largest g are the corner to go towards, and
//! the step is the one with the largest log|M|. Only the matrix B = M(s) − P is kept, a mixture of
//! the corners' matrices: no weight a pair is stored, and any pool serves, the one of all
//! cross-prompt pairs too, at one walk over its pairs an iteration. Wherever the iterations stop,
//! the bound holds.
//!
//! The least of the three is the bound. It holds under caps on the batch as well, which leave fewer
//! batches. P is λI and the past: no jitter, whatever a strategy adds to its own matrix, and the past
//! also where a strategy starts without it. Weights are p(1 − p) at the model's probabilities.
//!
//! # Rounding
//!
//! Gains and the first two bounds are sums of ln(1 + w v), each right to its own last digits whatever
//! λ is, and refused where the factor has lost them
//! ([`mutual_information`]). The Frank–Wolfe bound subtracts, and has an
//! allowance for it: ε κ times the sum of H, the k largest g and Σ g s, κ being the condition estimate
//! of M(s). Where M(s) has no factor in the precision `T`, that bound is left as it is.

mod relaxation;
mod walk;

use self::relaxation::{Line, MATRICES, Relaxation};
use self::walk::Walk;
use crate::arith::{Real, exp};
use crate::error::{Error, check_shape};
use crate::fisher::pairs_workspace_len;
use crate::head::{rewards, rewards_workspace_len};
use crate::linalg::packed_len;
use crate::memory::{Memory, larger};
use crate::mutual_information::{self, BatchInformation, GrowingPosterior, growing_len};
use crate::parallel::{Executor, split_at};
use crate::pool::{Distinct, ItemPair, PickedPairs, PoolSize};
use crate::score::ScoreWorkspaceLen;
use crate::select::{Problem, Sizes};
use crate::topk::Scored;

/// When the iterations end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// What the bound may be above the gain of the batch, or of the best choice in part that was
    /// found, in nats a feature: over H.
    pub gap: f64,
    /// The most iterations.
    pub iterations: usize,
}

impl Default for Effort {
    /// A thousandth of a nat a feature, which is a thousandth of D-efficiency.
    fn default() -> Self {
        Self { gap: 1e-3, iterations: 100 }
    }
}

/// What a batch gains, and what no batch of its size exceeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certificate {
    /// H.
    pub order: usize,
    /// What the batch adds to log|P|.
    pub gain: f64,
    /// No batch of as many pairs of this pool adds more; at least the gain.
    pub bound: f64,
    /// Iterations of Frank and Wolfe's method.
    pub iterations: usize,
}

impl Certificate {
    /// What the best batch may gain beyond this one, at most.
    #[must_use]
    pub fn gap(&self) -> f64 {
        self.bound - self.gain
    }

    /// The D-efficiency of a batch with this gain, at least: (|M| / the largest |M|)^(1/H).
    #[must_use]
    pub fn d_efficiency(&self, gain: f64) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "at most MAX_ORDER")]
        let order = self.order as f64;
        exp((gain - self.bound) / order)
    }

    /// How much of the possible gain such a batch brings, at least; 1 where there is nothing to be
    /// gained.
    #[must_use]
    pub fn gain_share(&self, gain: f64) -> f64 {
        if self.bound > 0.0 { gain / self.bound } else { 1.0 }
    }

    fn lower_to(&mut self, bound: f64) {
        // The batch shows that there is one of this gain, which a rounded bound may miss.
        let bound = if bound < self.gain { self.gain } else { bound };
        if bound < self.bound {
            self.bound = bound;
        }
    }
}

/// Measures and bounds batches in memory of its own: arrays, lent slices, or what
/// [grows](crate::memory::Growing). [`workspace_len`] says how much a batch takes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Certifier<N, H, P, R> {
    /// Numbers.
    pub numbers: N,
    /// A batch of candidates for each worker, and one more.
    pub heaps: H,
    /// The items of each pair of a batch.
    pub pairs: P,
    /// The pairs of a batch by their numbers.
    pub ranks: R,
}

/// Lengths of the parts of a [`Certifier`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkspaceLen {
    /// Numbers.
    pub numbers: usize,
    /// Candidates.
    pub heaps: usize,
    /// Pairs.
    pub pairs: usize,
    /// Numbers of pairs.
    pub ranks: usize,
}

/// The memory with which a [`Certifier`] can work.
#[must_use]
pub const fn workspace_len(sizes: &Sizes) -> WorkspaceLen {
    let PoolSize { order, items, .. } = sizes.pool;
    let (batch, workers) = (sizes.batch, sizes.workers());
    let scores = ScoreWorkspaceLen::new(&sizes.pool)
        .at_least(larger(pairs_workspace_len(order), rewards_workspace_len(order)));
    let numbers = items
        .saturating_add(packed_len(order).saturating_mul(MATRICES))
        .saturating_add(order)
        .saturating_add(growing_len(order))
        .saturating_add(scores.numbers(workers));
    let heaps = scores.heaps(workers, batch).saturating_add(batch);
    WorkspaceLen { numbers, heaps, pairs: batch, ranks: batch }
}

impl<N, H, P: Memory<ItemPair>, R: Memory<u64>> Certifier<N, H, P, R> {
    /// What a batch brings: [`mutual_information::of_batch`].
    ///
    /// # Errors
    /// As there.
    pub fn information<T: Real, E: Executor>(
        &mut self,
        problem: &Problem<'_, T, E>,
        batch: &[Scored<T>],
    ) -> Result<BatchInformation, Error>
    where
        N: Memory<T>,
    {
        let sizes = Sizes::of(problem.pool, batch.len(), problem.executor.threads());
        let len = mutual_information::workspace_len(&sizes);
        mutual_information::of_batch(problem, batch, self.numbers.lend("numbers", len)?)
    }

    /// What a batch gains, and a bound on what all batches of the pool gain that have as many pairs.
    /// `seen` has the bound before each iteration and at the end.
    ///
    /// # Errors
    /// [`Error::Batch`] if the pool offers fewer pairs; [`Error::Index`] for a pair that the pool
    /// does not have; [`Error::NotPositiveDefinite`] where P has no factor in the precision `T`,
    /// [`Error::IllConditioned`] where rounding may be more than a small part of the gain;
    /// [`Error::Shape`], [`Error::Workspace`], [`Error::NonFinite`].
    pub fn certify<T: Real, E: Executor>(
        &mut self,
        problem: &Problem<'_, T, E>,
        batch: &[Scored<T>],
        effort: Effort,
        seen: &mut impl FnMut(&Certificate),
    ) -> Result<Certificate, Error>
    where
        N: Memory<T>,
        H: Memory<Scored<T>>,
    {
        let Problem { executor, pool, posterior, .. } = *problem;
        let (requested, available) = (batch.len() as u64, pool.available());
        if requested > available {
            return Err(Error::Batch { requested, available });
        }
        let order = pool.features().rows();
        check_shape("order of the past Fisher matrix", order, posterior.past.order())?;
        let len = workspace_len(&Sizes::of(pool, batch.len(), executor.threads()));
        let pairs = self.pairs.lend("pairs", len.pairs)?;
        let ranks = self.ranks.lend("ranks", len.ranks)?;
        let (best, heaps) = split_at(self.heaps.lend("heaps", len.heaps)?, batch.len());
        let numbers = self.numbers.lend("numbers", len.numbers)?;
        let (rewards_of_items, numbers) = split_at(numbers, pool.features().len());
        let (matrices, numbers) = split_at(numbers, MATRICES * packed_len(order));
        let (diagonal, numbers) = split_at(numbers, order);
        let (factor, numbers) = split_at(numbers, growing_len(order));
        rewards(executor, pool.features(), posterior.head, rewards_of_items, numbers)?;
        let mut walk = Walk { problem, rewards: rewards_of_items, numbers, heaps, best, pairs };
        let mut certificate = bound_by_submodularity(&mut walk, batch, diagonal, factor, ranks)?;
        let line = Line::new(&mut walk, batch, matrices)?;
        let (matrix, columns) = split_at(factor, packed_len(order));
        Relaxation { walk, line, diagonal, matrix, columns }.lower(
            &mut certificate,
            effort,
            seen,
        )?;
        Ok(certificate)
    }
}

/// What the batch gains, and the bounds at no pair and at the batch.
fn bound_by_submodularity<T: Real, E: Executor>(
    walk: &mut Walk<'_, T, E>,
    batch: &[Scored<T>],
    diagonal: &mut [T],
    memory: &mut [T],
    ranks: &mut [u64],
) -> Result<Certificate, Error> {
    let Problem { pool, posterior, .. } = *walk.problem;
    let mut growing = GrowingPosterior::new(posterior, memory)?;
    for (place, slot) in diagonal.iter_mut().enumerate() {
        *slot = growing.factor().diagonal(place);
    }
    let from_none = walk.largest_gains(growing.factor(), None)?;
    let mut gain = 0.0;
    growing.add_batch(walk.problem, walk.rewards, batch, &mut |pair| gain += pair.gain())?;
    let (order, bound) = (growing.factor().order(), f64::INFINITY);
    let mut certificate = Certificate { order, gain, bound, iterations: 0 };
    certificate.lower_to(from_none);
    // What follows the batch may have lost its digits where what is in it has not.
    if let Ok(factor) = growing.finish() {
        let (mut picked, _) = PickedPairs::new(pool, Distinct::Unlimited, batch.len(), ranks)?;
        for scored in batch {
            picked.insert(scored.pair);
        }
        certificate.lower_to(gain + walk.largest_gains(&factor, Some(&picked))?);
    }
    Ok(certificate)
}
