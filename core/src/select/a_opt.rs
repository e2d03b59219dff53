//! `a-opt`: A-optimal design by the gradient of tr M⁻¹, the summed variance of the weights.

use super::{Problem, Selection, Workspace, trace};
use crate::arith::Real;
use crate::error::Error;
use crate::parallel::Executor;
use crate::rng::Stream;
use crate::topk::Scored;

/// Fills `batch`. The score is w dᵀM⁻²d, M = P + Σ w ddᵀ over the pool (λI in the place of P
/// without the past).
///
/// # Errors
/// As [`super::Strategy::select`].
pub(super) fn select<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    trace::by_gradient(problem, None, workspace, rng, batch)
}
