//! Weights of all pairs of two blocks of items in product form: with h = e^(r/2) and g = e^(−r/2)
//! an item, w_ab = p(1 − p) = 1/(h_a g_b + g_a h_b)², without an exponential a pair.
//!
//! Each weight is two products, their sum, its square, and the reciprocal; h_a g_b + g_a h_b has
//! the same bits for (b, a). Why it is fast: two exponentials an item in place of one a pair.

use crate::arith::Real;
use crate::arith::lanes::{Lanes, Level, Operation, Simd, run_at};

/// The factors h and g of some items.
#[derive(Clone, Copy, Debug)]
pub struct Factors<'a, T> {
    /// e^(r/2) of each item.
    pub h: &'a [T],
    /// e^(−r/2) of each item.
    pub g: &'a [T],
}

impl<'a, T> Factors<'a, T> {
    /// h of all items, then g of all: the two halves of a slice.
    #[must_use]
    pub fn of(halves: &'a [T]) -> Self {
        let (h, g) = halves.split_at_checked(halves.len() / 2).unwrap_or_default();
        Self { h, g }
    }

    /// The factors of the items `first..end`; of none, if there are not so many.
    #[must_use]
    pub fn range(self, first: usize, end: usize) -> Self {
        let part = |values: &'a [T]| values.get(first..end).unwrap_or_default();
        Self { h: part(self.h), g: part(self.g) }
    }
}

/// Writes the weight of each item of `rows` with each of `columns`, row after row.
pub fn product_weights<T: Real>(
    level: Level,
    rows: Factors<'_, T>,
    columns: Factors<'_, T>,
    out: &mut [T],
) {
    run_at(level, Product { rows, columns, out });
}

struct Product<'a, T> {
    rows: Factors<'a, T>,
    columns: Factors<'a, T>,
    out: &'a mut [T],
}

impl<T: Real> Operation for Product<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let lanes = Lanes::<S, T>::LEN;
        let one = Lanes::splat(simd, T::ONE);
        let width = self.columns.h.len();
        let factors = self.rows.h.iter().zip(self.rows.g);
        for ((h, g), out) in factors.zip(self.out.chunks_exact_mut(width.max(1))) {
            let (h, g) = (Lanes::splat(simd, *h), Lanes::splat(simd, *g));
            let columns = self.columns.h.chunks(lanes).zip(self.columns.g.chunks(lanes));
            for ((other_h, other_g), out) in columns.zip(out.chunks_mut(lanes)) {
                let (other_h, other_g) = (Lanes::load(simd, other_h), Lanes::load(simd, other_g));
                let sum = h * other_g + g * other_h;
                (one / (sum * sum)).store(out);
            }
        }
    }
}
