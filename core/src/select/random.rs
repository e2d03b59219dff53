//! `random`: pairs drawn uniformly without replacement, in random order. The yardstick.

use super::{Problem, Selection, Workspace};
use crate::arith::Real;
use crate::error::Error;
use crate::parallel::Executor;
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
    // A rank counts the pairs on offer; each labelled pair at or below moves it on by one.
    let mut labelled = problem.pool.labelled().iter().peekable();
    let mut skipped = 0;
    for (slot, rank) in batch.iter_mut().zip(&*ranks) {
        while labelled.next_if(|pair| **pair <= *rank + skipped).is_some() {
            skipped += 1;
        }
        *slot = Scored { score: T::ZERO, pair: *rank + skipped };
    }
    rng.shuffle(batch);
    Ok(Selection::default())
}
