//! `entropy`: the pairs whose answer the model is least sure of, |r_a − r_b| closest to 0
//! (equation 5).

use super::{Problem, Selection, Workspace, leverage};
use crate::arith::Real;
use crate::error::Error;
use crate::parallel::Executor;
use crate::rng::Stream;
use crate::score::Criterion;
use crate::topk::Scored;

/// Fills `batch`. The score is −|r_a − r_b|, which orders pairs as the entropy does.
///
/// # Errors
/// As [`super::Strategy::select`].
pub(super) fn select<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    leverage::by_margin(problem, workspace, Criterion::Entropy, rng, batch)
}
