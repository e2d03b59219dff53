//! The Fisher information of listed or labelled pairs: entry (i, j) adds d_i · ((w · c) · d_j) for
//! each pair in order, c being how often it counts, [`sum::PAIRS`] places of the list a block. Labelled
//! pairs of a listed pool are passed over.

use super::Weighting;
use super::blocks::{BlockColumns, BlockLen, RUN};
use crate::arith::{Real, sum};
use crate::columns::Columns;
use crate::kernel::axpy::{add_scaled, subtract_scaled};
use crate::memory::smaller;
use crate::parallel::{Executor, split_at};
use crate::pool::{ItemPair, Pair, Pool};

/// Of a block of a list of so many pairs; it works in their weights.
pub(super) const fn block_len(order: usize, pairs: usize) -> BlockLen {
    let block = sum::longest(sum::PAIRS, pairs);
    BlockLen { order, columns: smaller(block, RUN), workspace: block }
}

/// Listed pairs of items with these features and rewards.
#[derive(Clone, Copy)]
pub(super) struct PairList<'a, T, P> {
    pub(super) features: Columns<'a, f32>,
    pub(super) pairs: &'a [P],
    /// The places of those that do not count, ascending.
    pub(super) left_out: &'a [u64],
    pub(super) rewards: &'a [T],
    pub(super) weighting: Weighting<'a, T>,
}

impl<'a, T: Real, P: Pair> PairList<'a, T, P> {
    /// The pairs of one block that count.
    fn block(self, block: usize) -> impl Iterator<Item = P> + use<'a, T, P> {
        let first = block.saturating_mul(sum::PAIRS);
        let pairs = self.pairs.get(first..).unwrap_or_default().iter().take(sum::PAIRS);
        let from = self.left_out.partition_point(|place| *place < first as u64);
        let mut left_out = self.left_out.get(from..).unwrap_or_default().iter().peekable();
        (first as u64..)
            .zip(pairs)
            .filter(move |(place, _)| left_out.next_if(|left| *left == place).is_none())
            .map(|(_, pair)| *pair)
    }

    /// d and w·d of each pair of a block.
    pub(super) fn fill<E: Executor>(
        self,
        executor: &E,
        block: usize,
        columns: &mut BlockColumns<'_, T>,
    ) -> usize {
        let order = self.features.rows();
        let reward = |item: u32| self.rewards.get(item as usize).copied().unwrap_or(T::ZERO);
        let mut count = 0;
        let workspace = core::mem::take(&mut columns.workspace);
        for (weight, pair) in workspace.iter_mut().zip(self.block(block)) {
            let ItemPair { a, b } = pair.items();
            *weight = reward(a) - reward(b);
            count += 1;
        }
        let (weights, _) = split_at(workspace, count);
        self.weighting.apply(executor, self.block(block).map(P::items), weights);
        let mut terms = weights.iter().zip(self.block(block));
        loop {
            let left = columns.left.chunks_exact_mut(order.max(1));
            let right = columns.right.chunks_exact_mut(order.max(1));
            let mut filled = 0;
            for ((left, right), (weight, pair)) in left.zip(right).zip(&mut terms) {
                let ItemPair { a, b } = pair.items();
                for (out, d) in left.iter_mut().zip(self.features.difference(a, b)) {
                    *out = d;
                }
                right.fill(T::ZERO);
                add_scaled(right, *weight * pair.count::<T>(), left);
                filled += 1;
            }
            count = count.saturating_sub(filled);
            if count == 0 || filled == 0 {
                return filled;
            }
            columns.add(filled);
        }
    }
}

/// The labelled pairs of a pool, to be taken out of a sum over all its pairs.
#[derive(Clone, Copy)]
pub(super) struct Labelled<'a, T> {
    pub(super) pool: &'a Pool<'a>,
    pub(super) rewards: &'a [T],
    pub(super) weighting: Weighting<'a, T>,
}

impl<T: Real> Labelled<'_, T> {
    /// d and −w·d of each pair of a block.
    pub(super) fn fill<E: Executor>(
        self,
        executor: &E,
        block: usize,
        columns: &mut BlockColumns<'_, T>,
    ) -> usize {
        let features = self.pool.features();
        let first = block.saturating_mul(sum::PAIRS);
        let numbers = self.pool.labelled().get(first..).unwrap_or_default();
        let numbers = numbers.get(..sum::PAIRS).unwrap_or(numbers);
        let items = |pair: &u64| self.pool.pairs().items_of_pair(*pair).unwrap_or_default();
        let reward = |item: u32| self.rewards.get(item as usize).copied().unwrap_or(T::ZERO);
        let (weights, _) = split_at(columns.workspace, numbers.len());
        for (weight, ItemPair { a, b }) in weights.iter_mut().zip(numbers.iter().map(items)) {
            *weight = reward(a) - reward(b);
        }
        self.weighting.apply(executor, numbers.iter().map(items), weights);
        let order = features.rows().max(1);
        let left = columns.left.chunks_exact_mut(order);
        let right = columns.right.chunks_exact_mut(order);
        for (((left, right), weight), ItemPair { a, b }) in
            left.zip(right).zip(&*weights).zip(numbers.iter().map(items))
        {
            for (out, d) in left.iter_mut().zip(features.difference(a, b)) {
                *out = d;
            }
            right.fill(T::ZERO);
            subtract_scaled(right, *weight, left);
        }
        numbers.len()
    }
}
