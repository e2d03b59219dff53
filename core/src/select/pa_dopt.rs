//! `pa-dopt`: past-aware D-optimal design: as `dopt`, from the posterior precision P of all labels
//! so far in place of the prior.

use super::{Problem, Selection, Workspace, leverage};
use crate::arith::Real;
use crate::error::Error;
use crate::fisher::Weighting;
use crate::parallel::Executor;
use crate::rng::Stream;
use crate::topk::Scored;

/// Fills `batch`. The score is w dᵀM⁻¹d, M = λI + Σ over the labelled pairs + Σ w ddᵀ over the pool.
/// w is what [`super::Options::weights`] says.
///
/// # Errors
/// As [`super::Strategy::select`].
pub(super) fn select<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    leverage::from_posterior(problem, workspace, Weighting::Bernoulli, rng, batch)
}
