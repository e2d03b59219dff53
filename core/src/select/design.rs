//! `design`: the gradient of log det(λI + XᵀX), X the differences of features, which asks no model
//! for its predictions (equation 7).

use super::{Problem, Selection, Workspace, leverage};
use crate::arith::Real;
use crate::error::Error;
use crate::fisher::Weighting;
use crate::parallel::Executor;
use crate::rng::Stream;
use crate::topk::Scored;

/// Fills `batch`. The score is dᵀM⁻¹d, M = λI + Σ ddᵀ over the pool.
///
/// # Errors
/// As [`super::Strategy::select`].
pub(super) fn select<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    leverage::from_prior(problem, workspace, Weighting::Unit, rng, batch)
}
