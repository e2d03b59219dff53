//! y ← y − a·x and y ← y + a·x over slices: each entry one multiply, then one add or subtract.
//!
//! There is no sum across entries, so the compiler's own vectors are as good as ours and cannot
//! change a bit: Rust never contracts a multiply and an add.

use crate::arith::Real;

/// y ← y − a·x, over the shorter of the two.
#[inline]
pub fn subtract_scaled<T: Real>(y: &mut [T], a: T, x: &[T]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y -= a * *x;
    }
}

/// y ← y + a·x, over the shorter of the two.
#[inline]
pub fn add_scaled<T: Real>(y: &mut [T], a: T, x: &[T]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * *x;
    }
}
