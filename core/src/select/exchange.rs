//! `exchange`: the batch of [`greedy_dopt`](super::greedy_dopt), then improved by swaps: a pair goes
//! and the best one outside comes, until no swap gains more than 10⁻¹² of what the batch gains (64 ε
//! in f32), or all pairs of the batch have been tried 20 times. A pair without which the matrix is
//! singular to working precision stays.

use super::{Problem, Selection, Workspace, sequential};
use crate::arith::Real;
use crate::error::Error;
use crate::parallel::Executor;
use crate::rng::Stream;
use crate::topk::Scored;

/// Fills `batch`. The score is w dᵀM⁻¹d, M = P + Σ w ddᵀ over the other pairs of the batch.
///
/// # Errors
/// As [`super::Strategy::select`].
pub(super) fn select<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    _rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    sequential::exchange(problem, workspace, batch)
}
