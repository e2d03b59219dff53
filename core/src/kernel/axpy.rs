//! y ← y − a·x, y ← y + a·x and x − origin over slices: each entry one multiply, then one add or
//! subtract.
//!
//! There is no sum across entries, so the compiler's own vectors are as good as ours and cannot
//! change a bit: Rust never contracts a multiply and an add.

use crate::arith::Real;
use crate::arith::lanes::{Level, Operation, Simd, run_at};

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

/// Each column of `items`, as long as `origin`, less `origin`: converted to `T`, then subtracted.
pub fn subtract_origin<F: Real, O: Real, T: Real>(
    level: Level,
    items: &[F],
    origin: &[O],
    out: &mut [T],
) {
    run_at(level, SubtractOrigin { items, origin, out });
}

struct SubtractOrigin<'a, F, O, T> {
    items: &'a [F],
    origin: &'a [O],
    out: &'a mut [T],
}

impl<F: Real, O: Real, T: Real> Operation for SubtractOrigin<'_, F, O, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let rows = self.origin.len().max(1);
        for (item, out) in self.items.chunks_exact(rows).zip(self.out.chunks_exact_mut(rows)) {
            for ((out, value), origin) in out.iter_mut().zip(item).zip(self.origin) {
                *out = T::from_real(*value) - T::from_real(*origin);
            }
        }
    }
}
