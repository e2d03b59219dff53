//! What strategies make of the posterior: rewards in the selection's own precision, P, and its factor.

use super::{Problem, Selection};
use crate::arith::Real;
use crate::error::{Error, check_shape};
use crate::head::rewards;
use crate::linalg::{Cholesky, Packed};
use crate::parallel::{Executor, split_at};

/// What a factor tells of its matrix.
pub(super) fn factor_summary<T: Real, D: AsRef<[T]>>(
    factor: &Cholesky<T, D>,
    workspace: &mut [T],
) -> Result<Selection, Error> {
    let condition = Some(factor.condition_estimate(workspace)?.to_f64());
    Ok(Selection { condition, log_det: Some(factor.log_det().to_f64()), ..Selection::default() })
}

/// Factors a Fisher matrix + λI + jitter · (its mean diagonal entry) · I.
pub(super) fn factor_with_prior<T: Real, D: AsRef<[T]> + AsMut<[T]>>(
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

/// Fills in where a sequential design starts: P, or λI without the past.
pub(super) fn fill_start<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    start: &mut Packed<T, &mut [T]>,
) -> Result<(), Error> {
    let posterior = problem.posterior;
    start.clear();
    if problem.options.past {
        start.add(&posterior.past)?;
    }
    add_prior(start, posterior.prior_precision, posterior.jitter);
    Ok(())
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
