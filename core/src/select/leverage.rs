//! What the strategies that rank all pairs share: the matrix M of the whole pool and its factor, and
//! the ranking by one criterion.
//!
//! Where a batch may touch an item or a prompt only so often, it is what the ranking of all pairs
//! gives when it is gone through from the best on and what is full is passed over. Only the front of the
//! ranking is kept; should it not do, the pairs that may still be picked are ranked again.

use super::posterior::{factor_summary, pool_rewards};
use super::{Options, Problem, Selection, Sizes, Workspace, WorkspaceLen, averaged};
use crate::arith::Real;
use crate::error::Error;
use crate::fisher::{Weighting, add_pool, pool_items_len, pool_workspace_len};
use crate::head::rewards_workspace_len;
use crate::linalg::{Cholesky, Packed, condition_workspace_len, packed_len};
use crate::memory::larger;
use crate::parallel::{Executor, split_at};
use crate::pool::{Distinct, PickedPairs, PoolSize, picked_len};
use crate::rng::Stream;
use crate::score::{Criterion, Ranking, ScoreWorkspaceLen, best_pairs, check_finite, gather};
use crate::topk::Scored;

/// Ranks by a criterion that needs rewards alone.
pub(super) fn by_margin<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    criterion: Criterion<'_, T, &[T]>,
    rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    let Workspace { numbers, heaps, ranks } = workspace;
    let (rewards, numbers) = pool_rewards(problem, numbers)?;
    let workspace = Workspace { numbers, heaps, ranks };
    rank(problem, rewards, criterion, workspace, rng, batch)?;
    Ok(Selection::default())
}

/// Ranks by leverage in M = λI + Σ over the pool. [`Weighting::Bernoulli`] stands for
/// the weights that the options ask for.
pub(super) fn from_prior<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    weighting: Weighting<'_, T>,
    rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    by_leverage(problem, false, workspace, weighting, rng, batch)
}

/// Ranks by leverage in M = P + Σ over the pool; weights as in [`from_prior`].
pub(super) fn from_posterior<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    weighting: Weighting<'_, T>,
    rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    by_leverage(problem, true, workspace, weighting, rng, batch)
}

fn by_leverage<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    past: bool,
    workspace: Workspace<'_, T>,
    weighting: Weighting<'_, T>,
    rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    let Workspace { numbers, heaps, ranks } = workspace;
    let (rewards, numbers) = pool_rewards(problem, numbers)?;
    let (weighting, numbers) = match weighting {
        Weighting::Bernoulli => averaged::weighting(problem, numbers)?,
        given => (given, numbers),
    };
    let (factor, selection, numbers) =
        pool_factor(problem, past, rewards, weighting, numbers, heaps)?;
    let criterion = Criterion::Leverage(&factor, weighting);
    let workspace = Workspace { numbers, heaps, ranks };
    rank(problem, rewards, criterion, workspace, rng, batch)?;
    Ok(selection)
}

/// What [`pool_factor`] gives: the factor, what is known of it, and the memory that is left.
type PoolFactor<'a, T> = (Cholesky<T, &'a mut [T]>, Selection, &'a mut [T]);

/// The factor of λI + Σ over the pool, and over the past where it is counted.
pub(super) fn pool_factor<'a, T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    past: bool,
    rewards: &[T],
    weighting: Weighting<'_, T>,
    numbers: &'a mut [T],
    items: &mut [Scored<T>],
) -> Result<PoolFactor<'a, T>, Error> {
    let Problem { executor, pool, .. } = *problem;
    let order = pool.features().rows();
    let (matrix, numbers) = split_at(numbers, packed_len(order));
    let (condition, numbers) = split_at(numbers, condition_workspace_len(order));
    let mut fisher = Packed::new(order, matrix)?;
    fisher.clear();
    add_pool(executor, pool, rewards, weighting, &mut fisher, numbers, items)?;
    let start = problem.start();
    if past {
        start.add_past(&mut fisher)?;
    }
    fisher.add_diagonal(start.prior_precision);
    start.add_jitter(&mut fisher);
    let factor = Cholesky::factor(fisher)?;
    let summary = factor_summary(&factor, condition)?;
    Ok((factor, summary, numbers))
}

/// Fills `batch` with the best pairs that the caps on a batch allow.
pub(super) fn rank<T: Real, E: Executor, D: AsRef<[T]> + Sync>(
    problem: &Problem<'_, T, E>,
    rewards: &[T],
    criterion: Criterion<'_, T, D>,
    workspace: Workspace<'_, T>,
    rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<(), Error> {
    let Problem { executor, pool, options, .. } = *problem;
    let Workspace { numbers, heaps, ranks } = workspace;
    let ranking = Ranking::new(pool, rewards, criterion);
    let ranking = if options.sampled { ranking.drawn(rng.bits()) } else { ranking };
    let distinct = options.distinct();
    if distinct == Distinct::Unlimited {
        return best_pairs(executor, &ranking, numbers, heaps, batch);
    }
    let (mut picked, _) = PickedPairs::new(pool, distinct, batch.len(), ranks)?;
    let (required, found) = (front_len(batch.len()), heaps.len());
    if found < required {
        return Err(Error::Workspace { what: "heaps", required, found });
    }
    let (slots, heaps) = split_at(heaps, required);
    let requested = batch.len() as u64;
    let mut places = batch.iter_mut();
    while places.len() > 0 {
        let open = ranking.beside(&picked);
        let best = gather(executor, &open, 0..open.parts(), numbers, heaps, slots)?;
        let more = best.worst().is_some();
        let front = best.finish();
        check_finite(front)?;
        ranking.restore_scores(front);
        for scored in front {
            if picked.allows(scored.pair)
                && let Some(place) = places.next()
            {
                *place = *scored;
                picked.insert(scored.pair);
            }
        }
        if !more && places.len() > 0 {
            return Err(Error::Batch { requested, available: picked.len() as u64 });
        }
    }
    Ok(())
}

/// Pairs of the ranking that are kept at a time where caps pass some of them over.
const fn front_len(batch: usize) -> usize {
    batch.saturating_mul(8)
}

/// Memory for the rewards, and then for scores that are made of nothing else.
pub(super) const fn margin_workspace_len<T: Real>(
    sizes: &Sizes,
    options: &Options<'_, T>,
) -> WorkspaceLen {
    let PoolSize { order, items, .. } = sizes.pool;
    let scores = ScoreWorkspaceLen::margins(&sizes.pool, options.sampled);
    let rewards = sizes.workers().saturating_mul(rewards_workspace_len(order));
    let (heaps, ranks) = rank_len(sizes, options.distinct(), scores);
    let shared = larger(scores.numbers(sizes.workers()), rewards);
    WorkspaceLen { numbers: items.saturating_add(shared), heaps, ranks }
}

/// Memory for the rewards, what weights are made of, the matrix, and then its sums or the scores.
pub(super) const fn workspace_len<T: Real>(
    sizes: &Sizes,
    options: &Options<'_, T>,
) -> WorkspaceLen {
    let PoolSize { order, items, .. } = sizes.pool;
    let scores = if options.is_bounded() {
        ScoreWorkspaceLen::new(&sizes.pool)
    } else {
        ScoreWorkspaceLen::exhaustive(&sizes.pool)
    };
    let rewards = sizes.workers().saturating_mul(rewards_workspace_len(order));
    let shared = larger(larger(pool_len(sizes), scores.numbers(sizes.workers())), rewards);
    let numbers = items
        .saturating_add(averaged::weighting_len(sizes, options))
        .saturating_add(packed_len(order))
        .saturating_add(condition_workspace_len(order))
        .saturating_add(shared);
    let (heaps, ranks) = rank_len(sizes, options.distinct(), scores);
    WorkspaceLen { numbers, heaps, ranks }
}

/// Numbers that the sum over the pool works in.
pub(super) const fn pool_len(sizes: &Sizes) -> usize {
    // Blocks beyond one a thread even out their lengths; one thread has nothing to even out.
    let blocks = if sizes.threads > 1 { sizes.threads.saturating_mul(2) } else { 1 };
    pool_workspace_len(&sizes.pool, blocks)
}

/// Candidates and whole numbers that [`rank`] works in, its scores taking so much.
pub(super) const fn rank_len(
    sizes: &Sizes,
    distinct: Distinct,
    scores: ScoreWorkspaceLen,
) -> (usize, usize) {
    let Sizes { batch, pool, .. } = *sizes;
    let (heaps, ranks) = match distinct {
        Distinct::Unlimited => (scores.heaps(sizes.workers(), batch), 0),
        Distinct::PerItem(_) | Distinct::PerPrompt(_) | Distinct::Even(_) => {
            let front = front_len(batch);
            let heaps = scores.heaps(sizes.workers(), front).saturating_add(front);
            (heaps, picked_len(batch, pool.items, distinct))
        }
    };
    (larger(heaps, pool_items_len(&pool)), ranks)
}
