//! A batch of which a part is drawn at random: the strategy's best pairs, then pairs drawn
//! uniformly among the others, which a wrong model cannot keep from being asked about.

use super::{Options, Problem, Selection, Sizes, Workspace, WorkspaceLen};
use crate::arith::Real;
use crate::error::Error;
use crate::parallel::split_at;
use crate::pool::{pairs_of_ranks, ranks_of_pairs};
use crate::rng::Stream;
use crate::sort::sort;
use crate::topk::Scored;

/// Memory for the ranks of a batch, where a part of it is random.
pub(super) const fn workspace_len<T>(sizes: &Sizes, options: &Options<'_, T>) -> WorkspaceLen {
    let ranks = if options.mixed == 0 { 0 } else { sizes.batch };
    WorkspaceLen { numbers: 0, heaps: 0, ranks }
}

/// Fills the front of `batch` by a strategy and its last [`Options::mixed`] places at random, with
/// scores of 0.
pub(super) fn select<T: Real, E>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    rng: &mut Stream,
    batch: &mut [Scored<T>],
    strategy: impl FnOnce(
        &Problem<'_, T, E>,
        Workspace<'_, T>,
        &mut Stream,
        &mut [Scored<T>],
    ) -> Result<Selection, Error>,
) -> Result<Selection, Error> {
    let front = batch.len().saturating_sub(problem.options.mixed);
    let (best, random) = split_at(batch, front);
    let Workspace { numbers, heaps, ranks } = workspace;
    let lent = Workspace { numbers, heaps, ranks: &mut *ranks };
    let selection = strategy(problem, lent, rng, best)?;
    if random.is_empty() {
        return Ok(selection);
    }
    let (required, found) = (best.len().saturating_add(random.len()), ranks.len());
    if found < required {
        return Err(Error::Workspace { what: "ranks", required, found });
    }
    let (picked, drawn) = split_at(ranks, best.len());
    let (drawn, _) = split_at(drawn, random.len());
    for (rank, scored) in picked.iter_mut().zip(&*best) {
        *rank = scored.pair;
    }
    let labelled = problem.pool.labelled();
    ranks_of_pairs(labelled, picked);
    sort(picked, &|a, b| a.cmp(b));
    rng.sample(problem.pool.available().saturating_sub(picked.len() as u64), drawn)?;
    pairs_of_ranks(picked, drawn);
    pairs_of_ranks(labelled, drawn);
    for (slot, pair) in random.iter_mut().zip(&*drawn) {
        *slot = Scored { score: T::ZERO, pair: *pair };
    }
    rng.shuffle(random);
    Ok(selection)
}
