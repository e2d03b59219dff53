//! The substitution itself: u = L⁻¹φ for the items of a panel, lane by item.
//!
//! Why it is fast: a tile of a few rows by a vector or two of items stays in registers while the rows
//! before it are subtracted, and the factor is laid out in the order in which it is read.

use crate::arith::lanes::{Lanes, Operation, Simd, run_at};
use crate::arith::{Level, Real};
use crate::columns::Columns;
use crate::kernel::panel::{TILE_VECTORS, WIDE_TILE_REGISTERS, fill_panel, load_tile};
use crate::linalg::packed_columns;

/// Rows of the factor that are worked on at once.
const TILE_ROWS: usize = 4;

/// The factor of a whitening in the form that [`fill_whitened`] walks: for each group of
/// `TILE_ROWS` rows of L, column after column, its entries; then the reciprocals of the
/// diagonal.
#[must_use]
pub const fn whitener_len(order: usize) -> usize {
    let groups = order.div_ceil(TILE_ROWS);
    // Group g holds TILE_ROWS entries for each of its (g + 1) · TILE_ROWS columns.
    let pairs = groups.saturating_mul(groups + 1) / 2;
    pairs.saturating_mul(TILE_ROWS * TILE_ROWS).saturating_add(order)
}

/// Lays out the packed lower triangle `factor` (column by column) for [`fill_whitened`].
pub fn fill_whitener<T: Real>(factor: &[T], order: usize, whitener: &mut [T]) {
    whitener.fill(T::ZERO);
    let entries = whitener_len(order) - order;
    let Some((groups, reciprocals)) = whitener.split_at_mut_checked(entries) else {
        return;
    };
    let columns = packed_columns(factor, order);
    for ((column, below), reciprocal) in columns.enumerate().zip(reciprocals) {
        for (offset, entry) in below.iter().enumerate() {
            let row = column + offset;
            let group = row / TILE_ROWS;
            let start = TILE_ROWS * TILE_ROWS * group * (group + 1) / 2;
            if let Some(slot) = groups.get_mut(start + column * TILE_ROWS + row % TILE_ROWS) {
                *slot = *entry;
            }
        }
        *reciprocal = T::ONE / below.first().copied().unwrap_or(T::ONE);
    }
}

/// Transposes items into a panel and replaces each φ by u = L⁻¹φ: forward substitution, u_i = (φ_i −
/// L_i0 u_0 − L_i1 u_1 − …) · (1 / L_ii), the products subtracted one by one in ascending order.
pub fn fill_whitened<F: Real, T: Real>(
    level: Level,
    items: Columns<'_, F>,
    whitener: &[T],
    stride: usize,
    panel: &mut [T],
) {
    fill_panel(level, items, stride, panel);
    run_at(level, Whiten { whitener, order: items.rows(), stride, items: items.len(), panel });
}

struct Whiten<'a, T> {
    whitener: &'a [T],
    order: usize,
    stride: usize,
    items: usize,
    panel: &'a mut [T],
}

impl<T: Real> Operation for Whiten<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let entries = whitener_len(self.order) - self.order;
        let Some((groups, reciprocals)) = self.whitener.split_at_checked(entries) else {
            return;
        };
        // Not one row; and no place below overflows.
        if self.stride == 0 || self.stride > self.panel.len() {
            return;
        }
        let wide = Lanes::<S, T>::registers(simd) == WIDE_TILE_REGISTERS;
        let width = if wide { TILE_VECTORS } else { 1 } * Lanes::<S, T>::LEN;
        let (stride, panel) = (self.stride, self.panel);
        let mut at = 0;
        while at < self.items && at + width <= stride {
            if wide {
                whiten_items::<S, T, TILE_VECTORS>(simd, groups, reciprocals, stride, at, panel);
            } else {
                whiten_items::<S, T, 1>(simd, groups, reciprocals, stride, at, panel);
            }
            at += width;
        }
    }
}

/// The substitution for one tile of items: `VECTORS` vectors from place `at` on.
#[inline(always)]
fn whiten_items<S: Simd, T: Real, const VECTORS: usize>(
    simd: S,
    mut groups: &[T],
    reciprocals: &[T],
    stride: usize,
    at: usize,
    panel: &mut [T],
) {
    let width = VECTORS * Lanes::<S, T>::LEN;
    for (group, reciprocals) in reciprocals.chunks(TILE_ROWS).enumerate() {
        let first = group * TILE_ROWS;
        let Some((entries, rest)) = groups.split_at_checked(TILE_ROWS * (first + TILE_ROWS)) else {
            return;
        };
        groups = rest;
        let Some((solved, open)) = panel.split_at_mut_checked(first * stride) else {
            return;
        };
        let zero = [Lanes::splat(simd, T::ZERO); VECTORS];
        let mut tile = [zero; TILE_ROWS];
        for (tile, row) in tile.iter_mut().zip(open.chunks_exact(stride)) {
            let Some(values) = row.get(at..at + width) else {
                return;
            };
            *tile = load_tile(simd, values);
        }
        let (before, triangle) =
            entries.as_chunks::<TILE_ROWS>().0.split_at_checked(first).unwrap_or_default();
        for (column, row) in before.iter().zip(solved.chunks_exact(stride)) {
            let Some(values) = row.get(at..at + width) else {
                return;
            };
            let u = load_tile(simd, values);
            for (tile, entry) in tile.iter_mut().zip(column) {
                subtract(simd, tile, *entry, u);
            }
        }
        let rows = open.chunks_exact_mut(stride);
        let rows = rows.map(|row| row.get_mut(at..at + width).unwrap_or_default());
        solve_triangle(simd, triangle, reciprocals, tile, rows);
    }
}

/// The substitution within a group of rows, whose tile the rows before have been subtracted from.
#[inline(always)]
fn solve_triangle<'a, S: Simd, T: Real, const VECTORS: usize>(
    simd: S,
    triangle: &[[T; TILE_ROWS]],
    reciprocals: &[T],
    mut tile: [[Lanes<S, T>; VECTORS]; TILE_ROWS],
    mut rows: impl Iterator<Item = &'a mut [T]>,
) {
    for (step, (column, reciprocal)) in triangle.iter().zip(reciprocals).enumerate() {
        let reciprocal = Lanes::splat(simd, *reciprocal);
        let Some((current, below)) = tile.get_mut(step..).and_then(<[_]>::split_first_mut) else {
            return;
        };
        let u = current.map(|value| value * reciprocal);
        let entries = column.get(step + 1..).unwrap_or_default();
        for (tile, entry) in below.iter_mut().zip(entries) {
            subtract(simd, tile, *entry, u);
        }
        let row = rows.next().unwrap_or_default();
        for (value, out) in u.iter().zip(row.chunks_exact_mut(Lanes::<S, T>::LEN)) {
            value.store(out);
        }
    }
}

#[inline(always)]
fn subtract<S: Simd, T: Real, const VECTORS: usize>(
    simd: S,
    tile: &mut [Lanes<S, T>; VECTORS],
    entry: T,
    u: [Lanes<S, T>; VECTORS],
) {
    let entry = Lanes::splat(simd, entry);
    for (value, u) in tile.iter_mut().zip(u) {
        *value = *value - entry * u;
    }
}
