//! What every Fisher sum shares: blocks of fixed size, each a matrix product of its own, folded in
//! ascending order, as many at once as memory and threads allow.

use crate::arith::{Level, Real};
use crate::error::{Error, check_shape};
use crate::kernel::gemm::{Gemm, Part, Right, add_gemm, gemm};
use crate::linalg::{Packed, packed_len};
use crate::memory::{SCARCE, larger};
use crate::parallel::{Executor, for_chunks, split_at, workers};

/// Columns that are made before they are added to a block's sum, which goes on from what those before
/// came to: its order is that of the block, and so this is not part of the contract.
pub(super) const RUN: usize = if SCARCE { 32 } else { usize::MAX };

/// What one block of a Fisher sum takes at most.
#[derive(Clone, Copy)]
pub(super) struct BlockLen {
    pub(super) order: usize,
    /// Columns of the two matrices.
    pub(super) columns: usize,
    /// Numbers that filling them takes.
    pub(super) workspace: usize,
}

impl BlockLen {
    /// What serves blocks of either.
    pub(super) const fn max(self, other: Self) -> Self {
        Self {
            order: self.order,
            columns: larger(self.columns, other.columns),
            workspace: larger(self.workspace, other.workspace),
        }
    }

    /// Numbers that a sum needs to work in, for one block at a time; a multiple lets as many blocks
    /// be summed at once.
    pub(super) const fn workspace_len(self) -> usize {
        let Self { order, columns, workspace } = self;
        let square = order.saturating_mul(order);
        let columns = order.saturating_mul(columns).saturating_mul(2);
        packed_len(order).saturating_add(square).saturating_add(columns).saturating_add(workspace)
    }
}

/// What one block of a Fisher sum is made of: it becomes Σ_t left_t · right_tᵀ over the columns t
/// of two matrices of `order` rows.
pub(super) struct BlockColumns<'a, T> {
    pub(super) left: &'a mut [T],
    pub(super) right: &'a mut [T],
    pub(super) workspace: &'a mut [T],
    level: Level,
    order: usize,
    sum: &'a mut [T],
    /// Whether columns were added before.
    onto: bool,
}

impl<T: Real> BlockColumns<'_, T> {
    /// How many columns there is room for.
    pub(super) fn room(&self) -> usize {
        self.left.len() / self.order.max(1)
    }

    /// Adds the first columns to the block's sum, and makes room for those that follow them.
    pub(super) fn add(&mut self, columns: usize) {
        let a = self.left.get(..self.order * columns).unwrap_or_default();
        let b = Right::Rows { values: &*self.right, stride: self.order, first: 0 };
        let (c, rows, inner, part) = (&mut *self.sum, self.order, columns, Part::Lower);
        let product = Gemm { a, b, c, rows, inner, part };
        match self.onto {
            false => gemm(self.level, product),
            true => add_gemm(self.level, product),
        }
        self.onto = true;
    }
}

/// Sums blocks and folds them in ascending order, as many at once as the workspace holds. `fill`
/// writes a block's columns and returns how many there are, but for those that it has added itself.
pub(super) fn add_blocks<T: Real, E: Executor, D: AsRef<[T]> + AsMut<[T]>>(
    executor: &E,
    blocks: usize,
    block: BlockLen,
    fisher: &mut Packed<T, D>,
    workspace: &mut [T],
    fill: &(impl Fn(usize, &mut BlockColumns<'_, T>) -> usize + Sync),
) -> Result<(), Error> {
    check_shape("order of the Fisher matrix", block.order, fisher.order())?;
    let (threads, matrix) = (executor.threads().saturating_mul(4), packed_len(block.order));
    let wave = workers("Fisher sum", block.workspace_len(), threads, workspace.len())?.get();
    let (sums, workspace) = split_at(workspace, wave * matrix);
    for first in (0..blocks).step_by(wave) {
        let (sums, _) = split_at(sums, wave.min(blocks - first) * matrix);
        sum_at_once(executor, first, block, sums, workspace, fill);
        fold(sums, fisher)?;
    }
    Ok(())
}

/// Writes the sums of the blocks from `first` on, as many as `sums` has room for.
pub(super) fn sum_blocks<T: Real, E: Executor>(
    executor: &E,
    first: usize,
    block: BlockLen,
    sums: &mut [T],
    workspace: &mut [T],
    fill: &(impl Fn(usize, &mut BlockColumns<'_, T>) -> usize + Sync),
) -> Result<(), Error> {
    let (threads, matrix) = (executor.threads().saturating_mul(4), packed_len(block.order));
    let unit = block.workspace_len() - matrix;
    let wave = workers("Fisher sum", unit, threads, workspace.len())?.get();
    let waves = sums.chunks_mut((wave * matrix).max(1));
    for (first, sums) in (first..).step_by(wave).zip(waves) {
        sum_at_once(executor, first, block, sums, workspace, fill);
    }
    Ok(())
}

/// Writes the sums of the blocks from `first` on, each in a part of the workspace.
fn sum_at_once<T: Real, E: Executor>(
    executor: &E,
    first: usize,
    block: BlockLen,
    sums: &mut [T],
    workspace: &mut [T],
    fill: &(impl Fn(usize, &mut BlockColumns<'_, T>) -> usize + Sync),
) {
    let BlockLen { order, columns, .. } = block;
    let matrix = packed_len(order);
    let unit = block.workspace_len() - matrix;
    for_chunks(executor, sums, matrix, workspace, unit, &|number, sum, workspace| {
        let (square, workspace) = split_at(workspace, order * order);
        let (left, workspace) = split_at(workspace, order * columns);
        let (right, workspace) = split_at(workspace, order * columns);
        let level = executor.level();
        let mut columns =
            BlockColumns { left, right, workspace, level, order, sum: &mut *square, onto: false };
        let last = fill(first + number, &mut columns);
        columns.add(last);
        pack_lower(square, order, sum);
    });
}

/// Adds the sums of blocks, as [`block_sums`](super::block_sums) writes them, one after the other.
/// Those of all blocks of a pool in their order are [`add_pool`](super::add_pool), to the bit.
///
/// # Errors
/// [`Error::Shape`] unless `sums` is matrices of the order of `fisher`.
pub fn fold<T: Real, D: AsRef<[T]> + AsMut<[T]>>(
    sums: &[T],
    fisher: &mut Packed<T, D>,
) -> Result<(), Error> {
    let order = fisher.order();
    let blocks = sums.chunks_exact(packed_len(order).max(1));
    check_shape("sums of blocks", sums.len() - blocks.remainder().len(), sums.len())?;
    for block in blocks {
        fisher.add(&Packed::new(order, block)?)?;
    }
    Ok(())
}

/// Copies the lower triangle of a square matrix, column by column.
fn pack_lower<T: Real>(square: &[T], order: usize, packed: &mut [T]) {
    let mut rest = packed;
    for (diagonal, column) in square.chunks_exact(order.max(1)).enumerate() {
        let (own, others) = split_at(rest, order - diagonal);
        for (to, from) in own.iter_mut().zip(column.get(diagonal..).unwrap_or_default()) {
            *to = *from;
        }
        rest = others;
    }
}
