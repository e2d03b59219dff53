//! Items to a panel and back: a transposition, so nothing is computed and no order matters.
//!
//! Why it is fast: a square of as many items and features as a vector has lanes is transposed in
//! registers. Interleaving vectors i and i + n/2 of n, for every i < n/2, as often as n can be
//! halved, leaves lane j of vector i in lane i of vector j.

use super::panel::Panel;
use crate::arith::Real;
use crate::arith::lanes::{Lanes, Level, Operation, Simd, run_at};
use crate::columns::Columns;

/// Transposes items (columns) into a panel, converted to `T`.
pub fn fill_panel<F: Real, T: Real>(
    level: Level,
    items: Columns<'_, F>,
    stride: usize,
    panel: &mut [T],
) {
    fill_panel_from(level, items, 0, stride, panel);
}

/// The same from the row `from` of the columns on, as many rows as there are in the panel.
pub fn fill_panel_from<F: Real, T: Real>(
    level: Level,
    items: Columns<'_, F>,
    from: usize,
    stride: usize,
    panel: &mut [T],
) {
    run_at(level, Transpose { items, from, stride, panel: &mut *panel });
    for row in panel.chunks_exact_mut(stride.max(1)) {
        row.get_mut(items.len()..).unwrap_or_default().fill(T::ZERO);
    }
}

/// Transposes a panel's items back into columns of `height` numbers, whose first rows they fill; what
/// stands below stays.
pub fn fill_columns<T: Real>(level: Level, panel: Panel<'_, T>, height: usize, columns: &mut [T]) {
    let Panel { values, stride } = panel;
    let rows = values.len().checked_div(stride).unwrap_or(0);
    if let Ok(items) = Columns::new(values, stride, rows) {
        run_at(level, Transpose { items, from: 0, stride: height, panel: columns });
    }
}

struct Transpose<'a, F, T> {
    items: Columns<'a, F>,
    from: usize,
    stride: usize,
    panel: &'a mut [T],
}

impl<F: Real, T: Real> Operation for Transpose<'_, F, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        if simd.level().is_fallback() {
            // Scalars have no lanes to interleave.
            return write_items(self.items, 0, self.from, self.stride, self.panel);
        }
        match Lanes::<S, F>::LEN {
            2 => self.transpose::<S, 2>(simd),
            4 => self.transpose::<S, 4>(simd),
            8 => self.transpose::<S, 8>(simd),
            _ => self.transpose::<S, 16>(simd),
        }
    }
}

impl<F: Real, T: Real> Transpose<'_, F, T> {
    /// With vectors of `LANES`.
    #[inline(always)]
    fn transpose<S: Simd, const LANES: usize>(self, simd: S) {
        let Self { items, from, stride, panel } = self;
        let (height, stride) = (items.rows().max(1), stride.max(1));
        let mut first = 0;
        let mut groups = items.as_slice().chunks_exact(height.saturating_mul(LANES).max(1));
        for group in &mut groups {
            let mut squares = panel.chunks_exact_mut(stride.saturating_mul(LANES));
            let mut row = from;
            for out in &mut squares {
                if row.saturating_add(LANES) > height {
                    break;
                }
                let square = transpose_square::<S, F, LANES>(simd, group, height, row);
                for (vector, out) in square.iter().zip(out.chunks_exact_mut(stride)) {
                    write_vector::<LANES, F, T>(vector.as_slice(), first, out);
                }
                row += LANES;
            }
            let done = (row - from).saturating_mul(stride);
            let rest = panel.get_mut(done..).unwrap_or_default();
            write_items(items.range(first, first + LANES), first, row, stride, rest);
            first += LANES;
        }
        write_items(items.range(first, items.len()), first, from, stride, panel);
    }
}

/// Writes the features from `from` on of items from place `first` on, one number at a time.
#[inline(always)]
fn write_items<F: Real, T: Real>(
    items: Columns<'_, F>,
    first: usize,
    from: usize,
    stride: usize,
    panel: &mut [T],
) {
    let height = items.rows().max(1);
    for (row, out) in (from..height).zip(panel.chunks_exact_mut(stride.max(1))) {
        let places = out.get_mut(first..).unwrap_or_default();
        for (item, place) in items.as_slice().chunks_exact(height).zip(places) {
            if let Some(value) = item.get(row) {
                *place = T::from_real(*value);
            }
        }
    }
}

/// Writes one feature of a vector of items to its row of the panel, from the place `first` on.
#[inline(always)]
fn write_vector<const LANES: usize, F: Real, T: Real>(values: &[F], first: usize, row: &mut [T]) {
    let whole = row.get_mut(first..).and_then(<[T]>::first_chunk_mut::<LANES>);
    match (whole, values.first_chunk::<LANES>()) {
        (Some(out), Some(values)) => *out = values.map(T::from_real),
        _ => write(values.iter(), first, row),
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
fn transpose_square<S: Simd, F: Real, const LANES: usize>(
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
