//! `random`: pairs drawn uniformly without replacement, in random order. The yardstick.

use super::{Options, Problem, Selection, Sizes, Workspace, WorkspaceLen};
use crate::arith::Real;
use crate::error::Error;
use crate::parallel::Executor;
use crate::pool::pairs_of_ranks;
use crate::pool::{Distinct, PickedPairs, picked_len};
use crate::rng::Stream;
use crate::topk::Scored;

/// Fills `batch`; every score is 0.
///
/// # Errors
/// As [`super::Strategy::select`].
pub(super) fn select<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    let distinct = problem.options.distinct();
    if distinct != Distinct::Unlimited {
        select_distinct(problem, distinct, workspace.ranks, rng, batch)?;
        return Ok(Selection::default());
    }
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

/// Memory for the pairs drawn.
pub(super) const fn workspace_len<T: Real>(
    sizes: &Sizes,
    options: &Options<'_, T>,
) -> WorkspaceLen {
    let ranks = picked_len(sizes.batch, sizes.pool.items, options.distinct());
    WorkspaceLen { numbers: 0, heaps: 0, ranks }
}

/// Draws in vain before the pairs that may still be picked are counted.
const DRAWS: usize = 1000;

/// Each pair uniform among those that the caps on a batch allow after the ones before it.
fn select_distinct<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    distinct: Distinct,
    ranks: &mut [u64],
    rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<(), Error> {
    let pool = problem.pool;
    let requested = batch.len() as u64;
    let (mut picked, _) = PickedPairs::new(pool, distinct, batch.len(), ranks)?;
    for slot in batch {
        let open =
            |pair: &u64| pool.labelled().binary_search(pair).is_err() && picked.allows(*pair);
        let drawn = (0..DRAWS).map(|_| rng.below(pool.pairs().len())).find(open);
        let counted = || {
            let all = 0..pool.pairs().len();
            let count = all.clone().filter(open).count();
            let place = (count > 0).then(|| rng.below(count as u64))?;
            all.filter(open).nth(usize::try_from(place).ok()?)
        };
        let exhausted = Error::Batch { requested, available: picked.len() as u64 };
        let pair = drawn.or_else(counted).ok_or(exhausted)?;
        *slot = Scored { score: T::ZERO, pair };
        picked.insert(pair);
    }
    Ok(())
}
