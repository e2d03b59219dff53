//! `random`: pairs drawn uniformly without replacement, in random order. The yardstick.

use super::{Problem, Selection, Workspace};
use crate::arith::Real;
use crate::error::Error;
use crate::parallel::Executor;
use crate::pool::pairs_of_ranks;
use crate::rng::Stream;
use crate::topk::Scored;

/// Fills `batch`; every score is 0.
///
/// # Errors
/// As [`super::Strategy::select`].
pub fn select<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    let (found, required) = (workspace.ranks.len(), batch.len());
    let Some(ranks) = workspace.ranks.get_mut(..required) else {
        return Err(Error::Workspace { what: "ranks", required, found });
    };
    rng.sample(problem.pool.available(), ranks)?;
    pairs_of_ranks(problem.pool.labelled(), ranks);
    for (slot, pair) in batch.iter_mut().zip(&*ranks) {
        *slot = Scored { score: T::ZERO, pair: *pair };
    }
    rng.shuffle(batch);
    Ok(Selection::default())
}
