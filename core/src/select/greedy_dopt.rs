//! `greedy-dopt`: the pairs one by one, each the one that adds most to log det M, M from P on.
//!
//! The gain is ln(1 + w dᵀM⁻¹d) (the matrix determinant lemma), a submodular function of the batch:
//! the whole has at least 1 − 1/e of the best gain there is (Nemhauser, Wolsey and Fisher, 1978).

use super::sequential::{self, Goal};
use super::{Problem, Selection, Workspace};
use crate::arith::Real;
use crate::error::Error;
use crate::parallel::Executor;
use crate::rng::Stream;
use crate::topk::Scored;

/// Fills `batch`, in the order of picking. The score is w dᵀM⁻¹d under the pairs before it.
///
/// # Errors
/// As [`super::Strategy::select`].
pub(super) fn select<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    _rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    sequential::select(problem, Goal::LogDet, workspace, batch)
}
