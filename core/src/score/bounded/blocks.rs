//! What pairs of blocks are scored from, and what bounds them, kept for the blocks that most pairs look at.

use super::bounds::bounds_len;
use super::walk::{Block, Walk};
use crate::arith::{Real, sum};
use crate::memory::{SCARCE, smaller};
use crate::parallel::{Executor, split_at};
use crate::whiten::block_stride;

/// Numbers of the blocks that all workers together keep, beyond those that they need. Not part of the
/// contract.
const KEPT: usize = if SCARCE { 0 } else { 1 << 20 };

/// Blocks that a worker needs: a first and a second.
const NEEDED: usize = 2;

/// Numbers of a block: the panel of its items, and their bounds.
const fn block_len(rows: usize, items: usize) -> usize {
    let panel = rows.saturating_mul(block_stride(items));
    panel.saturating_add(bounds_len(sum::longest(sum::ITEMS, items)))
}

/// Numbers that a worker needs: those of its blocks, and the columns of one.
pub(super) const fn needed_len(rows: usize, items: usize) -> usize {
    let blocks = smaller(NEEDED, items.div_ceil(sum::ITEMS));
    let columns = rows.saturating_mul(sum::longest(sum::ITEMS, items));
    block_len(rows, items).saturating_mul(blocks).saturating_add(columns)
}

/// Numbers of the blocks kept, which workers share out: never less for more rows.
pub(in crate::score) const fn kept_len(rows: usize, items: usize) -> usize {
    let blocks = items.div_ceil(sum::ITEMS).saturating_sub(NEEDED);
    smaller(block_len(rows, items).saturating_mul(blocks), KEPT)
}

/// The first blocks, filled as they are needed; where that is not all, two more, of those that are not
/// kept.
pub(super) struct Blocks<'w, T> {
    kept: &'w mut [T],
    filled: usize,
    spare: [&'w mut [T]; NEEDED],
    /// The columns of a block's items.
    columns: &'w mut [T],
    len: usize,
}

impl<'w, T: Real> Blocks<'w, T> {
    /// In memory for [`needed_len`] numbers, and more.
    pub(super) fn new(rows: usize, items: usize, workspace: &'w mut [T]) -> Self {
        let len = block_len(rows, items);
        let (columns, rest) = split_at(workspace, rows * sum::longest(sum::ITEMS, items));
        let (fit, all) = (rest.len() / len.max(1), items.div_ceil(sum::ITEMS));
        let kept = if fit < all { fit.saturating_sub(NEEDED) } else { all };
        let (kept, rest) = split_at(rest, kept * len);
        let (first, rest) = split_at(rest, len);
        let (second, _) = split_at(rest, len);
        Self { kept, filled: 0, spare: [first, second], columns, len }
    }

    /// Makes sure that a block is there, as the first or the second of a pair.
    pub(super) fn prepare<D: AsRef<[T]> + Sync, E: Executor>(
        &mut self,
        walk: &Walk<'_, T, D, E>,
        block: usize,
        place: Place,
    ) {
        if block >= self.kept.len() / self.len.max(1) {
            let [first, second] = &mut self.spare;
            let spare = if let Place::First = place { first } else { second };
            return walk.fill_block(block, self.columns, spare);
        }
        while self.filled <= block {
            let (_, kept) = split_at(self.kept, self.filled * self.len);
            walk.fill_block(self.filled, self.columns, split_at(kept, self.len).0);
            self.filled += 1;
        }
    }

    /// A block that [is there](Self::prepare).
    pub(super) fn block<'p, D: AsRef<[T]> + Sync, E: Executor>(
        &'p self,
        walk: &Walk<'p, T, D, E>,
        block: usize,
        place: Place,
    ) -> Block<'p, T> {
        let [first, second] = &self.spare;
        let spare = if let Place::First = place { first } else { second };
        let first = block.saturating_mul(self.len);
        let kept = self.kept.get(first..first.saturating_add(self.len));
        walk.block(block, kept.unwrap_or(spare))
    }
}

/// Which of two blocks one is.
#[derive(Clone, Copy)]
pub(super) enum Place {
    First,
    Second,
}
