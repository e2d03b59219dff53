//! Which pairs of two blocks of items could reach a score, by bounds of a few operations a pair.
//!
//! A pair's score is at most w (ρ_a + ρ_b)², ρ being an item's distance from one centre, and
//! 1/√w = h_a g_b + g_a h_b with h = e^(r/2) and g = e^(−r/2). So it reaches θ only where
//! ρ_a + ρ_b ≥ √θ (h_a g_b + g_a h_b).

use crate::arith::Real;
use crate::arith::lanes::{Lanes, Level, Operation, Simd, run_at};

/// Columns that one answer is for.
pub const REACH_GROUP: usize = 32;

/// What bounds the scores of some items' pairs.
#[derive(Clone, Copy, Debug)]
pub struct Bounds<'a, T> {
    /// ρ of each item.
    pub distances: &'a [T],
    /// h of each.
    pub h: &'a [T],
    /// g of each.
    pub g: &'a [T],
}

impl<'a, T> Bounds<'a, T> {
    /// Those of the items `first..end`; of none, if there are not so many.
    #[must_use]
    pub fn range(self, first: usize, end: usize) -> Self {
        let part = |values: &'a [T]| values.get(first..end).unwrap_or_default();
        Self { distances: part(self.distances), h: part(self.h), g: part(self.g) }
    }
}

/// Says for each item of `rows`, and for each group of [`REACH_GROUP`] of `columns`, whether one of
/// their pairs could reach the score whose square root is `root`: a row of answers after the other.
/// Whatever is no number could.
pub fn reaching<T: Real>(
    level: Level,
    root: T,
    rows: Bounds<'_, T>,
    columns: Bounds<'_, T>,
    out: &mut [bool],
) {
    run_at(level, Reaching { root, rows, columns, out });
}

struct Reaching<'a, T> {
    root: T,
    rows: Bounds<'a, T>,
    columns: Bounds<'a, T>,
    out: &'a mut [bool],
}

impl<T: Real> Operation for Reaching<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { root, rows, columns, out } = self;
        let root = Lanes::splat(simd, root);
        // Beyond, a weight is no normal number, and its own rounding is no longer relative.
        let most = Lanes::splat(simd, T::HALF / T::MIN_POSITIVE.sqrt_of());
        let groups = columns.distances.len().div_ceil(REACH_GROUP).max(1);
        let items = rows.distances.iter().zip(rows.h).zip(rows.g);
        for (((distance, h), g), out) in items.zip(out.chunks_exact_mut(groups)) {
            let distance = Lanes::splat(simd, *distance);
            let (h, g) = (Lanes::splat(simd, *h), Lanes::splat(simd, *g));
            let others = columns.distances.chunks(REACH_GROUP);
            let factors = columns.h.chunks(REACH_GROUP).zip(columns.g.chunks(REACH_GROUP));
            for ((others, (other_h, other_g)), out) in others.zip(factors).zip(out) {
                let (zero, one) = (root.filled(T::ZERO), root.filled(T::ONE));
                let mut reached = zero;
                let lanes = Lanes::<S, T>::LEN;
                let factors = other_h.chunks(lanes).zip(other_g.chunks(lanes));
                for (others, (other_h, other_g)) in others.chunks(lanes).zip(factors) {
                    let sum = h * Lanes::load(simd, other_g) + g * Lanes::load(simd, other_h);
                    let sum = most.lt(sum).select(most, sum);
                    let others = if others.len() == lanes {
                        Lanes::load(simd, others)
                    } else {
                        // Places beyond the last item reach nothing.
                        Lanes::load_partial(simd, others, -T::INFINITY)
                    };
                    let both = distance + others;
                    reached = reached + both.lt(root * sum).select(zero, one);
                }
                *out = zero.lt(reached).any();
            }
        }
    }
}
