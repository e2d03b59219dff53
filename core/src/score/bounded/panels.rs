//! Panels of the items that most pairs of blocks look at.

use super::walk::Walk;
use crate::arith::{Real, sum};
use crate::memory::{larger, smaller};
use crate::parallel::{Executor, split_at};
use crate::whiten::block_stride;

/// Numbers of the panels that a worker keeps. Not part of the contract.
const KEPT: usize = 1 << 16;

/// Whitened items of the first blocks, filled as they are needed: those that most parts look at.
pub(super) struct Panels<'w, T> {
    pub(super) values: &'w mut [T],
    pub(super) filled: usize,
    /// The columns of a block's items.
    pub(super) columns: &'w mut [T],
}

/// How many blocks are kept.
pub(super) const fn count(rows: usize, items: usize) -> usize {
    let panel = larger(rows.saturating_mul(block_stride(items)), 1);
    smaller(KEPT / panel, items.div_ceil(sum::ITEMS))
}

/// Numbers of the panels kept, and of two more where that is not all: never less for more rows.
pub(super) const fn workspace_len(rows: usize, items: usize) -> usize {
    let panel = rows.saturating_mul(block_stride(items));
    let all = panel.saturating_mul(items.div_ceil(sum::ITEMS));
    if all <= KEPT { all } else { panel.saturating_mul(2).saturating_add(KEPT) }
}

impl<T: Real> Panels<'_, T> {
    /// Makes sure that the block's items are whitened: among those kept, or in `spare`.
    pub(super) fn prepare<D: AsRef<[T]> + Sync, E: Executor>(
        &mut self,
        walk: &Walk<'_, T, D, E>,
        block: usize,
        spare: &mut [T],
    ) {
        let len = walk.panel_len();
        if block >= self.values.len().checked_div(len).unwrap_or(0) {
            return walk.whiten(block, self.columns, spare);
        }
        while self.filled <= block {
            let (_, panel) = split_at(self.values, self.filled * len);
            walk.whiten(self.filled, self.columns, split_at(panel, len).0);
            self.filled += 1;
        }
    }

    pub(super) fn of<'p, D: AsRef<[T]> + Sync, E: Executor>(
        &'p self,
        walk: &Walk<'_, T, D, E>,
        block: usize,
        spare: &'p [T],
    ) -> &'p [T] {
        let len = walk.panel_len();
        self.values.get(block * len..(block + 1) * len).unwrap_or(spare)
    }
}
