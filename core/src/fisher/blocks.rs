//! What every Fisher sum shares: blocks of fixed size, each a matrix product of its own, folded in
//! ascending order, as many at once as memory and threads allow.

use crate::arith::Real;
use crate::error::{Error, check_shape};
use crate::kernel::gemm::{Gemm, Part, Right, gemm};
use crate::linalg::{Packed, packed_len};
use crate::parallel::{Executor, for_chunks, split_at, workers};

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
}

/// Sums blocks, as many at once as the workspace holds, and folds them in ascending order. `fill`
/// writes a block's columns and returns how many there are.
pub(super) fn add_blocks<T: Real, E: Executor, D: AsRef<[T]> + AsMut<[T]>>(
    executor: &E,
    blocks: usize,
    block: BlockLen,
    fisher: &mut Packed<T, D>,
    workspace: &mut [T],
    fill: &(impl Fn(usize, BlockColumns<'_, T>) -> usize + Sync),
) -> Result<(), Error> {
    let BlockLen { order, columns, .. } = block;
    check_shape("order of the Fisher matrix", order, fisher.order())?;
    let unit = block.workspace_len();
    let wave =
        workers("Fisher sum", unit, executor.threads().saturating_mul(4), workspace.len())?.get();
    let (sums, workspace) = split_at(workspace, wave * packed_len(order));
    for first in (0..blocks).step_by(wave) {
        let (sums, _) = split_at(sums, wave.min(blocks - first) * packed_len(order));
        let workspace_len = unit - packed_len(order);
        for_chunks(
            executor,
            sums,
            packed_len(order),
            workspace,
            workspace_len,
            &|number, sum, workspace| {
                let (square, workspace) = split_at(workspace, order * order);
                let (left, workspace) = split_at(workspace, order * columns);
                let (right, workspace) = split_at(workspace, order * columns);
                let inner = fill(first + number, BlockColumns { left, right, workspace });
                let a = left.get(..order * inner).unwrap_or_default();
                let b = Right::Rows { values: right, stride: order, first: 0 };
                let product = Gemm { a, b, c: square, rows: order, inner, part: Part::Lower };
                gemm(executor.level(), product);
                pack_lower(square, order, sum);
            },
        );
        for block in sums.chunks_exact(packed_len(order).max(1)) {
            fisher.add(&Packed::new(order, block)?)?;
        }
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
