//! Scores of all pairs that a pool offers, and the best k of them.
//!
//! The gradient of the log-determinant with respect to a pair's selection weight, at weight 1 for
//! the whole pool, is the leverage w dᵀM⁻¹d (equations 8–10 of Shen, Sun and Ton, 2025). With
//! M = LLᵀ and whitened items u = L⁻¹φ it is w ‖u_a − u_b‖²: one substitution an item, then H
//! multiplications a pair. The squared differences are summed in ascending feature order, never by
//! a Gram matrix, which cancels.

use crate::arith::Real;
use crate::error::Error;
use crate::fisher::{Weighting, block_weights, workers};
use crate::kernel::lanes::{Operation, Simd, run_at};
use crate::kernel::panel::{
    distances, fill_panel, fill_whitener, panel_stride, whiten_panel, whitener_len,
};
use crate::linalg::Cholesky;
use crate::parallel::{Executor, for_chunks, split_at};
use crate::pool::{BlockSize, Pool};
use crate::topk::{Scored, TopK};

/// Prompts whose items are whitened together, so that they stay in cache. Not part of the
/// contract: items do not meet.
const BLOCK: usize = 25;

/// What a pair is scored by.
#[derive(Clone, Copy, Debug)]
pub enum Criterion<'a, T, D> {
    /// How close the margin |r_a − r_b| is to 0: its negative. The same order as the entropy of
    /// the answer (equation 5), without its rounding.
    Entropy,
    /// The margin |r_a − r_b| (equation 6).
    MaxDiff,
    /// w dᵀM⁻¹d, with the factor of M.
    Leverage(&'a Cholesky<T, D>, Weighting),
}

impl<T: Real, D: AsRef<[T]>> Criterion<'_, T, D> {
    /// Features that must be whitened: none for the scores that use rewards alone.
    fn order(&self) -> usize {
        match self {
            Self::Leverage(factor, _) => factor.order(),
            Self::Entropy | Self::MaxDiff => 0,
        }
    }
}

/// Sizes of the working memories of [`best_pairs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScoreMemory {
    /// Numbers shared by all workers.
    pub shared: usize,
    /// Numbers a worker needs; a multiple lets more threads work.
    pub each: usize,
}

impl ScoreMemory {
    /// For features of this order and prompts of these sizes (`Prompts::largest_block(25)` or
    /// larger).
    #[must_use]
    pub fn new(order: usize, block: BlockSize) -> Self {
        let panel = order.saturating_mul(panel_stride(block.items));
        let each = panel.saturating_add(block.pairs).saturating_add(block.replies);
        Self { shared: whitener_len(order), each }
    }
}

/// The block that [`ScoreMemory::new`] is to be given for these prompts.
#[must_use]
pub fn block_size(prompts: crate::pool::Prompts<'_>) -> BlockSize {
    prompts.largest_block(BLOCK)
}

/// Fills `batch` with the best pairs of the pool, best first. `heaps` holds a batch a worker.
///
/// # Errors
/// [`Error::Batch`] if the pool offers fewer pairs; [`Error::Shape`] where `rewards` does not have
/// a value an item or the factor another order than the features; [`Error::Workspace`];
/// [`Error::NonFinite`] with the pair whose score is no finite number.
pub fn best_pairs<T: Real, E: Executor, D: AsRef<[T]> + Sync>(
    executor: &E,
    pool: &Pool<'_>,
    rewards: &[T],
    criterion: Criterion<'_, T, D>,
    workspace: &mut [T],
    heaps: &mut [Scored<T>],
    batch: &mut [Scored<T>],
) -> Result<(), Error> {
    let requested = batch.len() as u64;
    if requested == 0 {
        return Ok(());
    }
    if requested > pool.available() {
        return Err(Error::Batch { requested, available: pool.available() });
    }
    crate::error::check_shape("rewards", pool.features().len(), rewards.len())?;
    let order = criterion.order();
    if order != 0 {
        crate::error::check_shape("order of the factor", pool.features().rows(), order)?;
    }
    let memory = ScoreMemory::new(order, block_size(pool.prompts()));
    let found = workspace.len();
    let (whitener, workspace) = split_at(workspace, memory.shared);
    if whitener.len() < memory.shared || workspace.is_empty() {
        let required = memory.shared.saturating_add(memory.each);
        return Err(Error::Workspace { what: "scores", required, found });
    }
    if let Criterion::Leverage(factor, _) = criterion {
        fill_whitener(factor.as_slice(), order, whitener);
    }
    let fits = workers("scores", memory.each, executor.threads(), workspace.len())?;
    let fits = workers("heaps", batch.len(), fits.get(), heaps.len())?.get();
    let share = pool.prompts().len().div_ceil(BLOCK).div_ceil(fits);
    let (heaps, _) = split_at(heaps, fits * batch.len());
    // A slot that no pair fills is marked by a pair number beyond the pool.
    heaps.fill(Scored { score: -T::INFINITY, pair: u64::MAX });
    let scan = Scan { pool, rewards, criterion, whitener: &*whitener, executor };
    for_chunks(executor, heaps, batch.len(), workspace, memory.each, &|number, heap, memory| {
        let mut best = TopK::new(heap);
        for block in number * share..(number + 1) * share {
            scan.block(block, memory, &mut best);
        }
    });
    let mut best = TopK::new(batch);
    for candidate in heaps.iter().filter(|candidate| candidate.pair != u64::MAX) {
        best.offer(*candidate);
    }
    match best.finish().iter().find(|kept| !kept.score.is_finite_number()) {
        Some(kept) => {
            let index = usize::try_from(kept.pair).unwrap_or(usize::MAX);
            Err(Error::NonFinite { what: "scores", index })
        }
        None => Ok(()),
    }
}

struct Scan<'a, T, D, E> {
    pool: &'a Pool<'a>,
    rewards: &'a [T],
    criterion: Criterion<'a, T, D>,
    whitener: &'a [T],
    executor: &'a E,
}

impl<T: Real, D: AsRef<[T]>, E: Executor> Scan<'_, T, D, E> {
    /// Scores the pairs of one block of prompts and offers them.
    fn block(&self, block: usize, memory: &mut [T], best: &mut TopK<'_, T>) {
        let prompts = self.pool.prompts();
        let (first, end) = (block * BLOCK, ((block + 1) * BLOCK).min(prompts.len()));
        if first >= end {
            return;
        }
        let (start, stop) = prompts.items_of(first, end);
        let stride = panel_stride(stop - start);
        let (panel, memory) = split_at(memory, self.criterion.order() * stride);
        let pairs = prompts.first_pair(end) - prompts.first_pair(first);
        let (weights, row) = split_at(memory, usize::try_from(pairs).unwrap_or(usize::MAX));
        if let Criterion::Leverage(factor, weighting) = self.criterion {
            let level = self.executor.level();
            fill_panel(self.pool.features().range(start, stop), stride, panel);
            whiten_panel(level, self.whitener, factor.order(), stride, panel);
            let range = (first, end);
            block_weights(self.executor, self.pool, self.rewards, weighting, range, weights);
        }
        let mut weights = &*weights;
        let mut skipped =
            self.pool.labelled_in(prompts.first_pair(first), prompts.first_pair(end)).iter();
        let mut skip = skipped.next();
        for prompt in first..end {
            let (own, last) = prompts.items_of(prompt, prompt + 1);
            let mut pair = prompts.first_pair(prompt);
            for a in own..last {
                let (row, _) = split_at(row, last - a - 1);
                let (own_weights, rest) = weights.split_at_checked(row.len()).unwrap_or_default();
                weights = rest;
                self.row(panel, stride, start, a, own_weights, row);
                for score in row {
                    if skip == Some(&pair) {
                        skip = skipped.next();
                    } else {
                        best.offer(Scored { score: *score, pair });
                    }
                    pair += 1;
                }
            }
        }
    }

    /// The scores of item `a` with each later item of its prompt.
    fn row(
        &self,
        panel: &[T],
        stride: usize,
        start: usize,
        a: usize,
        weights: &[T],
        row: &mut [T],
    ) {
        let reward = self.rewards.get(a).copied().unwrap_or(T::ZERO);
        let others = self.rewards.get(a + 1..).unwrap_or_default();
        match self.criterion {
            Criterion::Entropy => {
                for (score, other) in row.iter_mut().zip(others) {
                    // 0 − |m| rather than −|m|: no negative zero may be a key.
                    *score = T::ZERO - (reward - *other).magnitude();
                }
            }
            Criterion::MaxDiff => {
                for (score, other) in row.iter_mut().zip(others) {
                    *score = (reward - *other).magnitude();
                }
            }
            Criterion::Leverage(..) => {
                let from = a - start;
                run_at(self.executor.level(), Distances { panel, stride, from, row });
                for (score, weight) in row.iter_mut().zip(weights) {
                    *score = *weight * *score;
                }
            }
        }
    }
}

struct Distances<'a, T> {
    panel: &'a [T],
    stride: usize,
    from: usize,
    row: &'a mut [T],
}

impl<T: Real> Operation for Distances<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        distances(simd, self.panel, self.stride, self.from, self.from + 1, self.row);
    }
}
