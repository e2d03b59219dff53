//! The matrix of all pairs of all items where every pair counts alike, w = 1: with the mean item as
//! origin, δ_a = φ_a − φ̄, it is Σ_a δ_a (n δ_a − Σ_b δ_b)ᵀ, [`sum::SORTED_ITEMS`] items a block; Σ_b δ_b is
//! what rounding leaves of 0. Labelled pairs are subtracted one by one.

use super::blocks::BlockColumns;
use super::pairs::Labelled;
use crate::arith::{Real, sum};
use crate::kernel::axpy::{add_scaled, subtract_origin};
use crate::parallel::{Executor, split_at};

/// Numbers that [`UniformPairs::new`] keeps beside the mean item, and works in.
pub(super) const fn total_len(order: usize) -> usize {
    order.saturating_mul(3)
}

/// All pairs, each of them alike.
#[derive(Clone, Copy)]
pub(super) struct UniformPairs<'a, T> {
    labelled: Labelled<'a, T>,
    centre: &'a [T],
    /// Σ δ.
    total: &'a [T],
}

impl<'a, T: Real> UniformPairs<'a, T> {
    /// Sums the differences from the mean item, block by block.
    pub(super) fn new<E: Executor>(
        executor: &E,
        labelled: Labelled<'a, T>,
        centre: &'a [T],
        workspace: &'a mut [T],
    ) -> Self {
        let features = labelled.pool.features();
        let (total, workspace) = split_at(workspace, features.rows());
        let (block, workspace) = split_at(workspace, features.rows());
        let (difference, _) = split_at(workspace, features.rows());
        total.fill(T::ZERO);
        for first in (0..features.len()).step_by(sum::SORTED_ITEMS) {
            block.fill(T::ZERO);
            for item in features.range(first, first + sum::SORTED_ITEMS).iter() {
                subtract_origin(executor.level(), item, centre, difference);
                add_scaled(block, T::ONE, difference);
            }
            add_scaled(total, T::ONE, block);
        }
        Self { labelled, centre, total }
    }

    /// δ_a and n δ_a − Σ δ of each item of a block; of the blocks after them d and −d of each labelled
    /// pair.
    pub(super) fn fill<E: Executor>(
        self,
        executor: &E,
        block: usize,
        columns: &mut BlockColumns<'_, T>,
    ) -> usize {
        let features = self.labelled.pool.features();
        if let Some(block) = block.checked_sub(features.len().div_ceil(sum::SORTED_ITEMS)) {
            return self.labelled.fill(executor, block, columns);
        }
        let first = block.saturating_mul(sum::SORTED_ITEMS);
        let items = features.range(first, first.saturating_add(sum::SORTED_ITEMS));
        let (left, _) = split_at(columns.left, features.rows() * items.len());
        let (right, _) = split_at(columns.right, features.rows() * items.len());
        subtract_origin(executor.level(), items.as_slice(), self.centre, left);
        let count = T::from_u64(features.len() as u64);
        let order = features.rows().max(1);
        for (left, right) in left.chunks_exact(order).zip(right.chunks_exact_mut(order)) {
            for ((out, difference), total) in right.iter_mut().zip(left).zip(self.total) {
                *out = count * *difference - *total;
            }
        }
        items.len()
    }
}
