//! What the one-shot strategies share: rewards in the selection's own precision, the matrix M and
//! its factor, and the ranking of all pairs by one criterion.

use super::{Options, Problem, Selection, Sizes, Workspace, WorkspaceLen, averaged};
use crate::arith::Real;
use crate::error::{Error, check_shape};
use crate::fisher::{Weighting, add_pool, pool_workspace_len, rewards, rewards_workspace_len};
use crate::linalg::{Cholesky, Packed, condition_workspace_len, packed_len};
use crate::parallel::{Executor, split_at};
use crate::rng::Stream;
use crate::score::{Criterion, ScoreMemory, best_pairs, drawn_pairs};
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

/// Ranks by leverage in M = λI + Σ over the pool. Weights by the model, [`Weighting::Bernoulli`], are
/// plug-in or averaged, as the options say.
pub(super) fn from_prior<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    weighting: Weighting<'_, T>,
    rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    by_leverage(problem, None, workspace, weighting, rng, batch)
}

/// Ranks by leverage in M = P + Σ over the pool; weights as in [`from_prior`].
pub(super) fn from_posterior<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    weighting: Weighting<'_, T>,
    rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    let past = Some(problem.posterior.past);
    by_leverage(problem, past, workspace, weighting, rng, batch)
}

fn by_leverage<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    past: Option<Packed<T, &[T]>>,
    workspace: Workspace<'_, T>,
    weighting: Weighting<'_, T>,
    rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    let Problem { executor, pool, posterior, options } = *problem;
    let order = pool.features().rows();
    let (rewards, numbers) = pool_rewards(problem, workspace.numbers)?;
    let (weighting, numbers) = match weighting {
        Weighting::Bernoulli => averaged::weighting(problem, numbers)?,
        given => (given, numbers),
    };
    let (matrix, numbers) = split_at(numbers, packed_len(order));
    let (condition, numbers) = split_at(numbers, condition_workspace_len(order));
    let mut fisher = Packed::new(order, matrix)?;
    fisher.clear();
    add_pool(executor, pool, rewards, weighting, &mut fisher, numbers)?;
    if let Some(past) = past {
        fisher.add(&past)?;
    }
    let factor = factor_with_prior(fisher, posterior.prior_precision, posterior.jitter)?;
    let told = told_by(&factor, condition)?;
    let (criterion, heaps) = (Criterion::Leverage(&factor, weighting), workspace.heaps);
    if options.sampled {
        let drawn = (criterion, rng.bits());
        drawn_pairs(executor, pool, rewards, drawn, numbers, heaps, batch)?;
    } else {
        best_pairs(executor, pool, rewards, criterion, numbers, heaps, batch)?;
    }
    Ok(told)
}

/// What a factor tells of its matrix.
pub(super) fn told_by<T: Real, D: AsRef<[T]>>(
    factor: &Cholesky<T, D>,
    workspace: &mut [T],
) -> Result<Selection, Error> {
    let condition = Some(factor.condition_estimate(workspace)?.to_f64());
    Ok(Selection { condition, log_det: Some(factor.log_det().to_f64()), ..Selection::default() })
}

/// Memory for the rewards, what weights are made of, the matrix, and then its sums or the scores.
pub(super) fn workspace_len<T: Real>(sizes: &Sizes<'_>, options: &Options<'_, T>) -> WorkspaceLen {
    let Sizes { order, pairs, items, batch, threads } = *sizes;
    let threads = threads.max(1);
    let score = ScoreMemory::new(order, pairs, items);
    // Blocks beyond one a thread even out their lengths; one thread has nothing to even out.
    let blocks = if threads == 1 { 1 } else { threads.saturating_mul(2) };
    let shared = blocks
        .saturating_mul(pool_workspace_len(order, pairs))
        .max(threads.saturating_mul(score.each).saturating_add(score.shared))
        .max(threads.saturating_mul(rewards_workspace_len(order)));
    let numbers = items
        .saturating_add(averaged::weighting_len(sizes, options))
        .saturating_add(packed_len(order))
        .saturating_add(condition_workspace_len(order))
        .saturating_add(shared);
    WorkspaceLen { numbers, heaps: threads.saturating_mul(batch), ranks: batch }
}

/// Factors a Fisher matrix + λI + jitter · (its mean diagonal entry) · I.
pub(super) fn factor_with_prior<T: Real, D: AsRef<[T]> + AsMut<[T]>>(
    mut fisher: Packed<T, D>,
    prior_precision: T,
    jitter: T,
) -> Result<Cholesky<T, D>, Error> {
    fisher.add_diagonal(prior_precision);
    if jitter != T::ZERO {
        let mean = fisher.trace() / T::from_u64(fisher.order() as u64);
        fisher.add_diagonal(jitter * mean);
    }
    Cholesky::factor(fisher)
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
