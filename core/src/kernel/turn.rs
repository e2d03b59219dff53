//! Items turned into a panel: a transposition, so nothing is computed and no order matters.
//!
//! Why it is fast: a square of as many items and features as a vector has lanes is turned in
//! registers. Interleaving vectors i and i + n/2 of n, for every i < n/2, as often as n can be
//! halved, leaves lane j of vector i in lane i of vector j.

use super::lanes::{Lanes, Level, Operation, Simd, run_at};
use crate::arith::Real;
use crate::linalg::Columns;

/// Turns items (columns) into a panel, converted to `T`.
pub fn fill_panel<F: Real, T: Real>(items: Columns<'_, F>, stride: usize, panel: &mut [T]) {
    // Loads and stores bound it: wider vectors than every machine has would gain nothing.
    run_at(Level::baseline(), Turn { items, stride: stride.max(1), panel });
}

struct Turn<'a, F, T> {
    items: Columns<'a, F>,
    stride: usize,
    panel: &'a mut [T],
}

impl<F: Real, T: Real> Operation for Turn<'_, F, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match Lanes::<S, F>::LEN {
            2 => self.turn::<S, 2>(simd),
            4 => self.turn::<S, 4>(simd),
            8 => self.turn::<S, 8>(simd),
            _ => self.turn::<S, 16>(simd),
        }
    }
}

impl<F: Real, T: Real> Turn<'_, F, T> {
    /// With vectors of `LANES`.
    #[inline(always)]
    fn turn<S: Simd, const LANES: usize>(self, simd: S) {
        let Self { items, stride, panel } = self;
        let rows = items.rows().max(1);
        let mut first = 0;
        let mut groups = items.as_slice().chunks_exact(rows.saturating_mul(LANES).max(1));
        for group in &mut groups {
            let mut out = panel.chunks_exact_mut(stride);
            let mut row = 0;
            while row + LANES <= rows {
                let square = turn_square::<S, F, LANES>(simd, group, rows, row);
                for (vector, out) in square.iter().zip(&mut out) {
                    write(vector.as_slice().iter(), first, out);
                }
                row += LANES;
            }
            for (row, out) in (row..rows).zip(out) {
                write(group.iter().skip(row).step_by(rows), first, out);
            }
            first += LANES;
        }
        let rest = groups.remainder();
        for (row, out) in panel.chunks_exact_mut(stride).enumerate() {
            write(rest.iter().skip(row).step_by(rows), first, out);
            out.get_mut(items.len()..).unwrap_or_default().fill(T::ZERO);
        }
    }
}

/// Writes one feature of some items to its row of the panel, from the place `first` on.
#[inline(always)]
fn write<'a, F: Real, T: Real>(values: impl Iterator<Item = &'a F>, first: usize, row: &mut [T]) {
    for (out, value) in row.get_mut(first..).unwrap_or_default().iter_mut().zip(values) {
        *out = T::from_real(*value);
    }
}

/// As many features as there are lanes, from `row` on, of as many items: a feature a vector.
#[inline(always)]
fn turn_square<S: Simd, F: Real, const LANES: usize>(
    simd: S,
    items: &[F],
    rows: usize,
    row: usize,
) -> [Lanes<S, F>; LANES] {
    let mut square = [Lanes::splat(simd, F::ZERO); LANES];
    for (vector, item) in square.iter_mut().zip(items.chunks_exact(rows.max(1))) {
        *vector = Lanes::load(simd, item.get(row..row + LANES).unwrap_or_default());
    }
    for _ in 0..LANES.ilog2() {
        let before = square;
        let (first, second) = before.split_at_checked(LANES / 2).unwrap_or_default();
        let (pairs, _) = square.as_chunks_mut::<2>();
        for (pair, (first, second)) in pairs.iter_mut().zip(first.iter().zip(second)) {
            *pair = first.interleave(*second);
        }
    }
    square
}
