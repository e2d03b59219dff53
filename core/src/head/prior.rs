//! [`Prior`]: what is believed of the head's weights before any answer.

use crate::arith::{Real, ln};
use crate::error::Error;
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

    /// The precision of each of so many weights.
    pub(super) fn precisions(self, order: usize) -> impl Iterator<Item = T> {
        let first = order.saturating_sub(self.covariates.count);
        (0..order).map(
            move |place| {
                if place < first { self.precision } else { self.covariates.precision }
            },
        )
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
