//! The product of two vectors, which is one sum and so has no lanes.

use crate::arith::Real;

/// Σ_i a_i b_i over the shorter of the two, in ascending order.
#[inline]
pub(crate) fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    let mut sum = T::ZERO;
    for (a, b) in a.iter().zip(b) {
        sum += *a * *b;
    }
    sum
}
