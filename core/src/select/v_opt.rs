//! `v-opt`: V-optimal design by the gradient of tr(V M⁻¹), the summed variance of the rewards'
//! differences that are wanted.

use super::{Problem, Selection, Workspace, trace};
use crate::arith::Real;
use crate::error::Error;
use crate::parallel::Executor;
use crate::rng::Stream;
use crate::topk::Scored;

/// Fills `batch`. The score is w dᵀM⁻¹VM⁻¹d, M = P + Σ w ddᵀ over the pool (λI in the place of P
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
    let target = trace::target(problem.options)?;
    trace::by_gradient(problem, target, workspace, rng, batch)
}
