//! y ← y − a·x, y ← y + a·x and x − origin over slices: each entry one multiply, then one add or
//! subtract; and the sum of the columns of a matrix, each entry's in their order.
//!
//! There is no sum across entries, so the compiler's own vectors are as good as ours and cannot
//! change a bit: Rust never contracts a multiply and an add.

use crate::arith::Real;
use crate::arith::lanes::{Lanes, Level, Operation, Simd, run_at};
use crate::kernel::panel::load_tile;

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

/// Writes the difference of each of the first `count` values and each later one of them, row after row.
pub(crate) fn fill_differences<T: Real>(level: Level, values: &[T], count: usize, out: &mut [T]) {
    run_at(level, FillDifferences { values, count, out });
}

struct FillDifferences<'a, T> {
    values: &'a [T],
    count: usize,
    out: &'a mut [T],
}

impl<T: Real> Operation for FillDifferences<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { mut values, count, mut out } = self;
        let lanes = Lanes::<S, T>::LEN;
        for len in (1..count).rev() {
            let Some((own, others)) = values.split_first() else {
                return;
            };
            let row = Lanes::splat(simd, *own);
            let mut at = 0;
            // What stands beyond the end of a row is written over by the next one. Scalars have no need of it.
            while at < len
                && !simd.level().is_fallback()
                && let Some(values) = others.get(at..).and_then(|rest| rest.get(..lanes))
                && let Some(slots) = out.get_mut(at..).and_then(|rest| rest.get_mut(..lanes))
            {
                (row - Lanes::load(simd, values)).store(slots);
                at += lanes;
            }
            for (slot, value) in out.iter_mut().zip(others).take(len).skip(at) {
                *slot = *own - *value;
            }
            out = core::mem::take(&mut out).get_mut(len..).unwrap_or_default();
            values = others;
        }
    }
}

/// Vectors that [`add_columns`] sums side by side, so that none waits for the one before.
const SUMMED_VECTORS: usize = 4;

/// Adds each column of a matrix, as long as `sums`, to `sums`, one after the other.
pub(crate) fn add_columns<T: Real>(level: Level, columns: &[T], sums: &mut [T]) {
    run_at(level, AddColumns { columns, sums });
}

struct AddColumns<'a, T> {
    columns: &'a [T],
    sums: &'a mut [T],
}

impl<T: Real> Operation for AddColumns<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { columns, sums } = self;
        let (rows, height) = (sums.len().max(1), SUMMED_VECTORS * Lanes::<S, T>::LEN);
        let mut first = 0;
        let mut tiles = sums.chunks_exact_mut(height);
        for tile in &mut tiles {
            let mut vectors = load_tile::<S, T, SUMMED_VECTORS>(simd, tile);
            for column in columns.chunks_exact(rows) {
                let Some(values) = column.get(first..).and_then(|rest| rest.get(..height)) else {
                    return;
                };
                let terms = load_tile::<S, T, SUMMED_VECTORS>(simd, values);
                for (sum, term) in vectors.iter_mut().zip(terms) {
                    *sum = *sum + term;
                }
            }
            for (sum, out) in vectors.iter().zip(tile.chunks_exact_mut(Lanes::<S, T>::LEN)) {
                sum.store(out);
            }
            first += height;
        }
        let rest = tiles.into_remainder();
        for column in columns.chunks_exact(rows) {
            for (sum, term) in rest.iter_mut().zip(column.get(first..).unwrap_or_default()) {
                *sum += *term;
            }
        }
    }
}
