//! Polynomials, evaluated in one order: the contract fixes the order of every operation, so all
//! functions of [`crate::arith`] share this one loop.

use super::Real;
use crate::arith::lanes::{Lanes, Simd};

/// `c₀ + x (c₁ + x (c₂ + …))`, coefficients in ascending order, each step a multiplication and
/// then an addition. No coefficients make 0.
#[inline(always)]
pub(super) fn polynomial<S: Simd, T: Real>(
    x: Lanes<S, T>,
    coefficients: &'static [T],
) -> Lanes<S, T> {
    match coefficients.split_last() {
        Some((highest, lower)) => lower
            .iter()
            .rev()
            .fold(x.filled(*highest), |sum, coefficient| (sum * x).plus(*coefficient)),
        None => x.filled(T::ZERO),
    }
}
