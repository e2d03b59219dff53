//! The Fisher information of listed or labelled pairs: entry (i, j) adds d_i · (w · d_j) for each
//! pair in order, [`sum::PAIRS`] places of the list a block. Labelled pairs of a listed pool are
//! passed over.

use super::Weighting;
use super::blocks::{BlockColumns, BlockLen};
use crate::arith::{Real, sum};
use crate::columns::Columns;
use crate::kernel::axpy::add_scaled;
use crate::parallel::{Executor, split_at};
use crate::pool::Pair;

/// The pairs of a block, and the places among all of those that are left out, ascending.
#[derive(Clone, Copy)]
pub(super) struct List<'a, P> {
    pub(super) pairs: &'a [P],
    pub(super) left_out: &'a [u64],
}

impl<'a, P: Pair> List<'a, P> {
    /// The pairs of one block that count.
    fn block(self, block: usize) -> impl Iterator<Item = (u32, u32)> + 'a {
        let first = block.saturating_mul(sum::PAIRS);
        let pairs = self.pairs.get(first..).unwrap_or_default().iter().take(sum::PAIRS);
        let from = self.left_out.partition_point(|place| *place < first as u64);
        let mut left_out = self.left_out.get(from..).unwrap_or_default().iter().peekable();
        (first as u64..)
            .zip(pairs)
            .filter(move |(place, _)| left_out.next_if(|left| *left == place).is_none())
            .map(|(_, pair)| pair.items())
    }
}

/// Of a block of a list of so many pairs; it works in their weights.
pub(super) const fn block_len(order: usize, pairs: usize) -> BlockLen {
    let block = sum::longest(sum::PAIRS, pairs);
    BlockLen { order, columns: block, workspace: block }
}

/// d and w·d of each pair of a block.
pub(super) fn fill<T: Real, E: Executor>(
    executor: &E,
    (features, list): (Columns<'_, f32>, List<'_, impl Pair>),
    rewards: &[T],
    weighting: Weighting<'_, T>,
    block: usize,
    columns: BlockColumns<'_, T>,
) -> usize {
    let order = features.rows();
    let reward = |item: u32| rewards.get(item as usize).copied().unwrap_or(T::ZERO);
    let mut count = 0;
    for (weight, (a, b)) in columns.workspace.iter_mut().zip(list.block(block)) {
        *weight = reward(a) - reward(b);
        count += 1;
    }
    let (weights, _) = split_at(columns.workspace, count);
    let items = list.block(block).map(|(a, b)| (a as usize, b as usize));
    weighting.apply(executor, items, weights);
    let left = columns.left.chunks_exact_mut(order.max(1));
    let right = columns.right.chunks_exact_mut(order.max(1));
    for (((left, right), weight), (a, b)) in left.zip(right).zip(&*weights).zip(list.block(block)) {
        for (out, d) in left.iter_mut().zip(features.difference(a, b)) {
            *out = d;
        }
        right.fill(T::ZERO);
        add_scaled(right, *weight, left);
    }
    count
}
