//! What the one-shot strategies share: rewards in the selection's own precision, the matrix M and
//! its factor, and the ranking of all pairs by one criterion.

use super::{Problem, Selection, Sizes, Workspace, WorkspaceLen};
use crate::arith::Real;
use crate::error::{Error, check_shape};
use crate::fisher::{Weighting, add_pool, pool_workspace_len, rewards, rewards_workspace_len};
use crate::linalg::{Cholesky, Packed, condition_workspace_len, packed_len};
use crate::parallel::{Executor, split_at};
use crate::score::{Criterion, ScoreMemory, best_pairs};
use crate::topk::Scored;

/// Ranks by a criterion that needs rewards alone.
pub(super) fn by_margin<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    criterion: Criterion<'_, T, &[T]>,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    let Problem { executor, pool, .. } = *problem;
    let (rewards, numbers) = pool_rewards(problem, workspace.numbers)?;
    best_pairs(executor, pool, rewards, criterion, numbers, workspace.heaps, batch)?;
    Ok(Selection::default())
}

/// Ranks by leverage in M = λI + Σ over the pool.
pub(super) fn from_prior<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    weighting: Weighting,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    by_leverage(problem, None, workspace, weighting, batch)
}

/// Ranks by leverage in M = P + Σ over the pool.
pub(super) fn from_posterior<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    weighting: Weighting,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    let past = Some(problem.posterior.past);
    by_leverage(problem, past, workspace, weighting, batch)
}

fn by_leverage<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    past: Option<Packed<T, &[T]>>,
    workspace: Workspace<'_, T>,
    weighting: Weighting,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    let Problem { executor, pool, posterior, .. } = *problem;
    let order = pool.features().rows();
    let (rewards, numbers) = pool_rewards(problem, workspace.numbers)?;
    let (matrix, numbers) = split_at(numbers, packed_len(order));
    let (condition, numbers) = split_at(numbers, condition_workspace_len(order));
    let mut fisher = Packed::new(order, matrix)?;
    fisher.clear();
    add_pool(executor, pool, rewards, weighting, &mut fisher, numbers)?;
    if let Some(past) = past {
        fisher.add(&past)?;
    }
    let factor = factor_with_prior(fisher, posterior.prior_precision, posterior.jitter)?;
    let estimate = factor.condition_estimate(condition)?;
    let criterion = Criterion::Leverage(&factor, weighting);
    best_pairs(executor, pool, rewards, criterion, numbers, workspace.heaps, batch)?;
    Ok(Selection { condition: Some(estimate.to_f64()), log_det: Some(factor.log_det().to_f64()) })
}

/// Memory for the rewards, the matrix, and then its sums or the scores.
pub(super) fn workspace_len(sizes: &Sizes<'_>) -> WorkspaceLen {
    let Sizes { order, pairs, items, batch, threads } = *sizes;
    let threads = threads.max(1);
    let score = ScoreMemory::new(order, pairs, items);
    let shared = threads
        .saturating_mul(pool_workspace_len(order, pairs))
        .saturating_mul(2)
        .max(threads.saturating_mul(score.each).saturating_add(score.shared))
        .max(threads.saturating_mul(rewards_workspace_len(order)));
    let numbers = items
        .saturating_add(packed_len(order))
        .saturating_add(condition_workspace_len(order))
        .saturating_add(shared);
    WorkspaceLen { numbers, heaps: threads.saturating_mul(batch), ranks: batch }
}

/// Factors a Fisher matrix + λI + jitter · (its mean diagonal entry) · I.
fn factor_with_prior<T: Real, D: AsRef<[T]> + AsMut<[T]>>(
    mut fisher: Packed<T, D>,
    prior_precision: T,
    jitter: T,
) -> Result<Cholesky<T, D>, Error> {
    add_prior(&mut fisher, prior_precision, jitter);
    Cholesky::factor(fisher)
}

fn add_prior<T: Real, D: AsRef<[T]> + AsMut<[T]>>(
    fisher: &mut Packed<T, D>,
    prior_precision: T,
    jitter: T,
) {
    fisher.add_diagonal(prior_precision);
    if jitter != T::ZERO {
        let mean = fisher.trace() / T::from_u64(fisher.order() as u64);
        fisher.add_diagonal(jitter * mean);
    }
}

/// Where a sequential design starts: P, or λI without the past.
pub(super) fn start<'a, T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    memory: &'a mut [T],
) -> Result<Packed<T, &'a mut [T]>, Error> {
    let posterior = problem.posterior;
    let mut start = Packed::new(posterior.past.order(), memory)?;
    start.clear();
    if !problem.options.without_past {
        start.add(&posterior.past)?;
    }
    add_prior(&mut start, posterior.prior_precision, posterior.jitter);
    Ok(start)
}

/// Rewards of the pool's items by the posterior's head, and the rest of the memory.
pub(super) fn pool_rewards<'a, T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    numbers: &'a mut [T],
) -> Result<(&'a [T], &'a mut [T]), Error> {
    let Problem { executor, pool, posterior, .. } = *problem;
    let order = pool.features().rows();
    check_shape("order of the past Fisher matrix", order, posterior.past.order())?;
    let items = pool.features().len();
    if numbers.len() < items {
        let (required, found) = (items, numbers.len());
        return Err(Error::Workspace { what: "rewards", required, found });
    }
    let (values, rest) = split_at(numbers, items);
    rewards(executor, pool.features(), posterior.head, values, rest)?;
    Ok((values, rest))
}
