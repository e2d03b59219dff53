//! `greedy-a-opt`: the pairs one by one, each the one by which tr M⁻¹, the summed variance of the
//! weights, drops most, M from P on.

use super::sequential::{self, Goal};
use super::{Problem, Selection, Workspace};
use crate::arith::Real;
use crate::error::Error;
use crate::parallel::Executor;
use crate::rng::Stream;
use crate::topk::Scored;

/// Fills `batch`, in the order of picking. The score is that drop, w dᵀM⁻²d / (1 + w (dᵀM⁻¹d + κ‖d‖²)),
/// exact where κ is 0.
///
/// # Errors
/// As [`super::Strategy::select`].
pub(super) fn select<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    _rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    let goal = Goal::Trace { target: None, misfit: problem.options.misfit() };
    sequential::select(problem, goal, workspace, batch)
}
