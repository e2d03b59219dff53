//! Rewards of items under a head.

use crate::arith::{Real, sum};
use crate::columns::Columns;
use crate::error::{Error, check_shape};
use crate::kernel::dot::dots;
use crate::kernel::panel::{Panel, fill_panel, panel_stride, project_panel};
use crate::memory::SCARCE;
use crate::parallel::{Executor, for_chunks, split_at, workers};

/// Items that are taken together. Not part of the contract: items share nothing.
const BLOCK: usize = if SCARCE { 32 } else { sum::ITEMS };

/// Numbers that [`rewards`] needs to work in, for one thread; a multiple lets more threads work.
#[must_use]
pub const fn rewards_workspace_len(order: usize) -> usize {
    order.saturating_mul(panel_stride(BLOCK) + 1)
}

/// Rewards r = φᵀβ of items in the precision `T`, each summed in ascending feature order.
///
/// # Errors
/// [`Error::Shape`] unless `head` has a weight for each feature and `out` a place for each item;
/// [`Error::Workspace`]; [`Error::NonFinite`] if a reward overflows.
pub fn rewards<F: Real, T: Real, E: Executor>(
    executor: &E,
    features: Columns<'_, F>,
    head: &[F],
    out: &mut [T],
    workspace: &mut [T],
) -> Result<(), Error> {
    check_shape("head", features.rows(), head.len())?;
    check_shape("rewards", features.len(), out.len())?;
    let unit = rewards_workspace_len(features.rows());
    let workers = workers("rewards", unit, executor.threads(), workspace.len())?;
    let share = out.len().div_ceil(workers.get()).div_ceil(BLOCK) * BLOCK;
    for_chunks(
        executor,
        out,
        share,
        workspace,
        unit,
        &|number, out: &mut [T], workspace: &mut [T]| {
            let (weights, panel) = split_at(workspace, features.rows());
            for (weight, value) in weights.iter_mut().zip(head) {
                *weight = T::from_real(*value);
            }
            let stride = panel_stride(sum::longest(BLOCK, out.len()));
            let (panel, _) = split_at(panel, features.rows() * stride);
            for (block, out) in out.chunks_mut(BLOCK).enumerate() {
                let first = number * share + block * BLOCK;
                let items = features.range(first, first + out.len());
                if executor.level().is_fallback() {
                    dots(items, weights, out);
                    continue;
                }
                fill_panel(executor.level(), items, stride, panel);
                let items = Panel { values: panel, stride }.from(0);
                project_panel(executor.level(), items, weights, out);
            }
        },
    );
    match out.iter().position(|reward| !reward.is_finite_number()) {
        Some(index) => Err(Error::NonFinite { what: "rewards", index }),
        None => Ok(()),
    }
}
