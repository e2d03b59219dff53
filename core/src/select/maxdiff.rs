//! `maxdiff`: the pairs that the model thinks furthest apart (equation 6).

use super::{Problem, Selection, Workspace, leverage};
use crate::arith::Real;
use crate::error::Error;
use crate::parallel::Executor;
use crate::rng::Stream;
use crate::score::Criterion;
use crate::topk::Scored;

/// Fills `batch`. The score is |r_a − r_b|.
///
/// # Errors
/// As [`super::Strategy::select`].
pub(super) fn select<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    leverage::by_margin(problem, workspace, Criterion::MaxDiff, rng, batch)
}
