//! What strategies make of the posterior: rewards in the selection's own precision, P, and its factor.

use super::{Posterior, Problem, Selection, Weights};
use crate::arith::Real;
use crate::error::{Error, check_shape};
use crate::head::{Covariates, rewards};
use crate::linalg::{Cholesky, CholeskyView, Packed};
use crate::parallel::{Executor, split_at};

/// What a factor tells of its matrix.
pub(super) fn factor_summary<T: Real, D: AsRef<[T]>>(
    factor: &Cholesky<T, D>,
    workspace: &mut [T],
) -> Result<Selection, Error> {
    let condition = Some(factor.condition_estimate(workspace)?.to_f64());
    Ok(Selection { condition, log_det: Some(factor.log_det().to_f64()), ..Selection::default() })
}

impl<T: Real> Posterior<'_, T> {
    /// Adds Σ over the labelled pairs, and to the diagonal of covariates what they have in place of λ,
    /// which is yet to be added.
    pub(super) fn add_past<D: AsRef<[T]> + AsMut<[T]>>(
        &self,
        matrix: &mut Packed<T, D>,
    ) -> Result<(), Error> {
        let (order, Covariates { count, precision }) = (matrix.order(), self.covariates);
        if count == 0 {
            return matrix.add(&self.past);
        }
        check_shape("order of a symmetric matrix", order, self.past.order())?;
        let (first, more) = (order.saturating_sub(count), precision - self.prior_precision);
        let mut entries = matrix.as_mut_slice().iter_mut().zip(self.past.as_slice());
        for column in 0..order {
            for (row, (entry, past)) in (column..order).zip(&mut entries) {
                let own = row == column && column >= first;
                *entry += if own { *past + more } else { *past };
            }
        }
        Ok(())
    }

    /// Fills in P = λI + Σ over the labelled pairs, or λI without the past.
    pub(crate) fn fill_precision<D: AsRef<[T]> + AsMut<[T]>>(
        &self,
        past: bool,
        precision: &mut Packed<T, D>,
    ) -> Result<(), Error> {
        precision.clear();
        if past {
            self.add_past(precision)?;
        }
        precision.add_diagonal(self.prior_precision);
        Ok(())
    }

    /// Adds jitter · (the mean diagonal entry) · I.
    pub(super) fn add_jitter<D: AsRef<[T]> + AsMut<[T]>>(&self, matrix: &mut Packed<T, D>) {
        if self.jitter != T::ZERO {
            let mean = matrix.trace() / T::from_u64(matrix.order() as u64);
            matrix.add_diagonal(self.jitter * mean);
        }
    }

    /// The factor of P, with its jitter.
    pub(super) fn factor<'m>(&self, matrix: &'m mut [T]) -> Result<CholeskyView<'m, T>, Error> {
        let mut precision = Packed::new(self.past.order(), matrix)?;
        self.fill_precision(true, &mut precision)?;
        self.add_jitter(&mut precision);
        Cholesky::factor(precision)
    }
}

impl<'a, T: Real, E> Problem<'a, T, E> {
    /// What a design starts from, once the options are resolved: the posterior beside its own λ.
    pub(super) fn start(&self) -> Posterior<'a, T> {
        let own = self.options.prior_precision;
        let prior_precision = own.unwrap_or(self.posterior.prior_precision);
        Posterior { prior_precision, ..*self.posterior }
    }
}

/// Rewards of the pool's items by the posterior's head, and the rest of the memory. With constant
/// weights they are 0, at which a pair weighs ¼.
pub(super) fn pool_rewards<'a, T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    numbers: &'a mut [T],
) -> Result<(&'a [T], &'a mut [T]), Error> {
    let Problem { executor, pool, posterior, options } = *problem;
    let order = pool.features().rows();
    check_shape("order of the past Fisher matrix", order, posterior.past.order())?;
    let items = pool.features().len();
    if numbers.len() < items {
        let (required, found) = (items, numbers.len());
        return Err(Error::Workspace { what: "rewards", required, found });
    }
    let (values, rest) = split_at(numbers, items);
    match options.weights() {
        Weights::Constant => values.fill(T::ZERO),
        _ => rewards(executor, pool.features(), posterior.head, values, rest)?,
    }
    Ok((values, rest))
}
