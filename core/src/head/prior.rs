//! [`Prior`]: what is believed of the head's weights before any answer.

use crate::arith::{Real, ln};
use crate::error::{Error, check_shape};
use crate::kernel::dot::dot;
use crate::linalg::Packed;

/// The prior of the weights: independent, normal around 0, of precision λ; but for those of the last
/// features, which may be known numbers of an item, such as its length, and have a precision of their
/// own.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Prior<T> {
    /// λ.
    pub precision: T,
    /// Those of the last features.
    pub covariates: Covariates<T>,
}

/// How many of the last features are covariates, and the prior precision of their weights.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Covariates<T> {
    /// How many there are.
    pub count: usize,
    /// The precision of their weights.
    pub precision: T,
}

impl<T: Real> Covariates<T> {
    /// No covariates.
    pub const NONE: Self = Self { count: 0, precision: T::ONE };
}

impl<T: Real> From<T> for Prior<T> {
    fn from(precision: T) -> Self {
        Self { precision, covariates: Covariates::NONE }
    }
}

impl<T: Real> Prior<T> {
    /// Fails unless both precisions are positive numbers.
    pub(super) fn check(&self) -> Result<(), Error> {
        let holds = |value: T| value > T::ZERO && value.is_finite_number();
        match holds(self.precision) && holds(self.covariates.precision) {
            true => Ok(()),
            false => {
                Err(Error::Parameter { what: "the prior precision must be a positive number" })
            }
        }
    }

    /// The precision of one of so many weights.
    fn precision_of(&self, place: usize, order: usize) -> T {
        match place < order.saturating_sub(self.covariates.count) {
            true => self.precision,
            false => self.covariates.precision,
        }
    }

    /// Σ λ_i/2 β_i².
    pub(super) fn penalty(self, head: &[T]) -> T {
        let first = head.len().saturating_sub(self.covariates.count);
        let (own, others) = head.split_at_checked(first).unwrap_or((head, &[]));
        let penalty = self.precision * T::HALF * dot(own, own);
        if others.is_empty() {
            return penalty;
        }
        penalty + self.covariates.precision * T::HALF * dot(others, others)
    }

    /// Adds the precisions to the diagonal.
    pub fn add_to<D: AsRef<[T]> + AsMut<[T]>>(self, matrix: &mut Packed<T, D>) {
        matrix.add_diagonal(self.precision);
        let more = self.covariates.precision - self.precision;
        let mut entries = matrix.as_mut_slice().iter_mut().rev();
        // From the end the diagonal stands 1, 2, 3, … places apart.
        for place in 0..self.covariates.count {
            if let Some(entry) = entries.nth(place) {
                *entry += more;
            }
        }
    }

    /// ln det of the prior's precision matrix, of this order.
    pub fn log_det(self, order: usize) -> T {
        let others = if self.covariates.count < order { self.covariates.count } else { order };
        let own = T::from_u64(order.saturating_sub(others) as u64) * ln(self.precision);
        if others == 0 {
            return own;
        }
        own + T::from_u64(others as u64) * ln(self.covariates.precision)
    }
}

/// What is believed of the head's weights before the answers that it is fitted to.
#[derive(Clone, Copy, Debug)]
pub struct Belief<'a, T> {
    /// Before any answer.
    pub prior: Prior<T>,
    /// What earlier answers told, of which nothing else is left.
    pub earlier: Option<EarlierLabels<'a, T>>,
}

/// What labels told that were learnt from earlier, by the Laplace approximation: with the prior a
/// normal distribution around the weights they gave, of precision prior + M.
#[derive(Clone, Copy, Debug)]
pub struct EarlierLabels<'a, T> {
    /// The weights that fitted them best.
    pub head: &'a [T],
    /// M, their Fisher information there.
    pub fisher: Packed<T, &'a [T]>,
}

impl<T: Real> From<T> for Belief<'_, T> {
    fn from(precision: T) -> Self {
        Prior::from(precision).into()
    }
}

impl<T> From<Prior<T>> for Belief<'_, T> {
    fn from(prior: Prior<T>) -> Self {
        Self { prior, earlier: None }
    }
}

impl<T: Real> Belief<'_, T> {
    /// Fails unless it is one of so many weights.
    pub(super) fn check(&self, order: usize) -> Result<(), Error> {
        self.prior.check()?;
        match self.earlier {
            None => Ok(()),
            Some(EarlierLabels { head, fisher }) => {
                check_shape("earlier head", order, head.len())?;
                check_shape("order of the earlier labels' matrix", order, fisher.order())
            }
        }
    }

    /// The log-density of the weights, negative, but for a constant.
    pub(super) fn penalty(&self, head: &[T]) -> T {
        let Some(earlier) = self.earlier else {
            return self.prior.penalty(head);
        };
        let mut sum = T::ZERO;
        for (row, deviation) in earlier.deviations(head).enumerate() {
            sum += deviation * earlier.slope(&self.prior, head, row);
        }
        sum * T::HALF
    }

    /// The derivative of the penalty with respect to one of the weights.
    pub(super) fn slope(&self, head: &[T], row: usize) -> T {
        match self.earlier {
            Some(earlier) => earlier.slope(&self.prior, head, row),
            None => {
                let weight = head.get(row).copied().unwrap_or(T::ZERO);
                self.prior.precision_of(row, head.len()) * weight
            }
        }
    }

    /// Adds its precision to a matrix.
    pub(super) fn add_to<D: AsRef<[T]> + AsMut<[T]>>(
        &self,
        matrix: &mut Packed<T, D>,
    ) -> Result<(), Error> {
        if let Some(EarlierLabels { fisher, .. }) = &self.earlier {
            matrix.add(fisher)?;
        }
        self.prior.add_to(matrix);
        Ok(())
    }
}

impl<T: Real> EarlierLabels<'_, T> {
    /// How far the weights are from those that the earlier labels gave.
    fn deviations(&self, head: &[T]) -> impl Iterator<Item = T> {
        head.iter().zip(self.head).map(|(weight, earlier)| *weight - *earlier)
    }

    /// A row of the precision times the deviations.
    fn slope(&self, prior: &Prior<T>, head: &[T], row: usize) -> T {
        let mut sum = T::ZERO;
        for (column, deviation) in self.deviations(head).enumerate() {
            let mut entry = self.fisher.entry(row, column).unwrap_or(T::ZERO);
            if row == column {
                entry += prior.precision_of(row, head.len());
            }
            sum += entry * deviation;
        }
        sum
    }
}
