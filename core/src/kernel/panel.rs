//! Items side by side: a block of items transposed, so that one feature of all of them is contiguous,
//! and what is done to such a panel, lane by item.
//!
//! A panel has `height` rows (features) of `stride` numbers, item i at place i of each row; the
//! places beyond the items are 0. Each item's results are its own: lanes and blocks share nothing.

pub use super::transpose::{fill_columns, fill_panel, fill_panel_from};
use crate::arith::Real;
use crate::arith::lanes::{Lanes, Level, Operation, Simd, run_at};
use crate::memory::SCARCE;

/// Items side by side: rows of `stride` numbers, a row a feature.
#[derive(Clone, Copy, Debug)]
pub struct Panel<'a, T> {
    /// Row after row.
    pub values: &'a [T],
    /// Numbers from one row to the next.
    pub stride: usize,
}

impl<'a, T> Panel<'a, T> {
    /// The items from this place on.
    #[inline(always)]
    pub(crate) fn from(self, first: usize) -> Items<'a, T> {
        Items { panel: self, first }
    }

    /// The first rows, and the others.
    #[inline(always)]
    fn split_at(self, rows: usize) -> (Self, Self) {
        let at = rows.saturating_mul(self.stride).min(self.values.len());
        let (front, back) = self.values.split_at_checked(at).unwrap_or_default();
        (Self { values: front, ..self }, Self { values: back, ..self })
    }
}

/// Items of a panel from one place on.
#[derive(Clone, Copy, Debug)]
pub struct Items<'a, T> {
    /// The panel.
    pub panel: Panel<'a, T>,
    /// The place of the first item.
    pub first: usize,
}

impl<T> Items<'_, T> {
    /// Those after so many.
    #[inline(always)]
    fn skip(self, items: usize) -> Self {
        Self { first: self.first.saturating_add(items), ..self }
    }

    /// The same items in the first rows of the panel, and in the others.
    #[inline(always)]
    fn split_at(self, rows: usize) -> (Self, Self) {
        let (front, back) = self.panel.split_at(rows);
        (Self { panel: front, ..self }, Self { panel: back, ..self })
    }
}

/// Every one of some items with every one of others, whose panel has the same stride.
#[derive(Clone, Copy, Debug)]
pub struct Grid<'a, T> {
    /// The items that make a row each, as many as there is room for.
    pub rows: Items<'a, T>,
    /// The items that each of them is paired with.
    pub columns: Items<'a, T>,
    /// How many those are.
    pub width: usize,
}

impl<T> Grid<'_, T> {
    /// The same pairs in the first rows of the panels, and in the others.
    #[inline(always)]
    pub(crate) fn split_at(self, rows: usize) -> (Self, Self) {
        let (own, other_own) = self.rows.split_at(rows);
        let (columns, other_columns) = self.columns.split_at(rows);
        let Self { width, .. } = self;
        let others = Self { rows: other_own, columns: other_columns, width };
        (Self { rows: own, columns, width }, others)
    }
}

/// Vectors of items that a tile keeps in registers.
pub(crate) const TILE_VECTORS: usize = 2;

/// Registers with which a tile is so wide. Of fewer, its sums alone would fill them; of more (AVX-512),
/// a number that multiplies one vector alone is spread as it is read, which is faster on Zen 4.
pub(crate) const WIDE_TILE_REGISTERS: usize = 16;

/// Items of the widest tile, two vectors of 16 lanes: of 4 where there is no wider one.
const TILE: usize = if SCARCE { 8 } else { 32 };

/// Room for `items` in a row of a panel: enough that a whole vector can be read from any item on,
/// and that a row divides into whole vectors at every instruction set.
#[must_use]
pub const fn panel_stride(items: usize) -> usize {
    items.div_ceil(TILE).saturating_add(1).saturating_mul(TILE)
}

/// Vectors of items that [`project_panel`] sums side by side, so that none waits for the one before.
const PROJECTED_VECTORS: usize = 4;

/// The product of each item with `weights`: Σ_i weights_i · feature_i, in ascending order.
pub fn project_panel<T: Real>(level: Level, items: Items<'_, T>, weights: &[T], out: &mut [T]) {
    project_panels(level, items, [weights], [out]);
}

/// The same with several weights, all as long, in one walk over the panel; so is what is written.
pub fn project_panels<T: Real, const N: usize>(
    level: Level,
    items: Items<'_, T>,
    weights: [&[T]; N],
    out: [&mut [T]; N],
) {
    run_at(level, Project { items, weights, out });
}

struct Project<'a, T, const N: usize> {
    items: Items<'a, T>,
    weights: [&'a [T]; N],
    out: [&'a mut [T]; N],
}

impl<T: Real, const N: usize> Operation for Project<'_, T, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let lanes = Lanes::<S, T>::LEN;
        let Self { items, weights, mut out } = self;
        let shorter = |len, out: &&mut [T]| if out.len() < len { out.len() } else { len };
        let len = out.iter().fold(usize::MAX, shorter);
        // Sums fill no more than half of the registers, but where there is one a vector.
        let many = N == 1 || N * PROJECTED_VECTORS * 2 <= Lanes::<S, T>::registers(simd);
        let mut at = 0;
        while many && at + PROJECTED_VECTORS * lanes <= len {
            project_tile::<S, T, PROJECTED_VECTORS, N>(simd, items, weights, at, &mut out);
            at += PROJECTED_VECTORS * lanes;
        }
        while at < len {
            if at + lanes < len {
                project_tile::<S, T, TILE_VECTORS, N>(simd, items, weights, at, &mut out);
                at += TILE_VECTORS * lanes;
            } else {
                project_tile::<S, T, 1, N>(simd, items, weights, at, &mut out);
                at += lanes;
            }
        }
    }
}

/// The products of at most `VECTORS` vectors of items from place `at` on.
#[inline(always)]
fn project_tile<S: Simd, T: Real, const VECTORS: usize, const N: usize>(
    simd: S,
    items: Items<'_, T>,
    weights: [&[T]; N],
    at: usize,
    out: &mut [&mut [T]; N],
) {
    let lanes = Lanes::<S, T>::LEN;
    let mut sums = [[Lanes::splat(simd, T::ZERO); VECTORS]; N];
    let rows = items.panel.values.chunks_exact(items.panel.stride.max(1));
    for (feature, row) in rows.enumerate() {
        let Some(values) = from(row, items.first + at, VECTORS * lanes) else {
            return;
        };
        let vectors = load_tile::<S, T, VECTORS>(simd, values);
        for (sums, weights) in sums.iter_mut().zip(weights) {
            let Some(weight) = weights.get(feature) else {
                break;
            };
            let weight = Lanes::splat(simd, *weight);
            for (sum, vector) in sums.iter_mut().zip(vectors) {
                *sum = *sum + vector * weight;
            }
        }
    }
    for (sums, out) in sums.iter().zip(out) {
        let out = out.get_mut(at..).unwrap_or_default();
        for (sum, out) in sums.iter().zip(out.chunks_mut(lanes)) {
            sum.store(out);
        }
    }
}

/// As many vectors of consecutive values as a tile has.
#[inline(always)]
pub(crate) fn load_tile<S: Simd, T: Real, const VECTORS: usize>(
    simd: S,
    values: &[T],
) -> [Lanes<S, T>; VECTORS] {
    let mut tile = [Lanes::splat(simd, T::ZERO); VECTORS];
    for (vector, values) in tile.iter_mut().zip(values.chunks_exact(Lanes::<S, T>::LEN)) {
        *vector = Lanes::load(simd, values);
    }
    tile
}

/// So many values from one place on; a sum of the two as the end would hide the length from the
/// compiler, which then keeps the loads of partial vectors.
#[inline(always)]
fn from<T>(row: &[T], first: usize, count: usize) -> Option<&[T]> {
    row.get(first..).and_then(|values| values.get(..count))
}

/// Rows of [`squared_distances`] that are computed at a time.
pub const DISTANCE_ROWS: usize = 4;

/// The squared distances of the items of a grid, row after row: Σ_i (u_i − v_i)², in ascending
/// feature order.
pub fn squared_distances<T: Real>(level: Level, grid: Grid<'_, T>, out: &mut [T]) {
    run_at(level, Distances { grid, added: usize::MAX, out });
}

/// The same, of which the squares of the features after the first `added` are subtracted, in the
/// same order.
pub fn signed_squared_distances<T: Real>(
    level: Level,
    grid: Grid<'_, T>,
    added: usize,
    out: &mut [T],
) {
    run_at(level, Distances { grid, added, out });
}

struct Distances<'a, T> {
    grid: Grid<'a, T>,
    added: usize,
    out: &'a mut [T],
}

impl<T: Real> Operation for Distances<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { mut grid, added, out } = self;
        let stride = grid.rows.panel.stride.max(1);
        (grid.rows.panel.stride, grid.columns.panel.stride) = (stride, stride);
        grid.width = grid.width.max(1);
        let mut strips = out.chunks_exact_mut(grid.width.saturating_mul(DISTANCE_ROWS));
        for strip in &mut strips {
            distance_rows::<S, T, DISTANCE_ROWS>(simd, grid, added, strip);
            grid.rows = grid.rows.skip(DISTANCE_ROWS);
        }
        for row in strips.into_remainder().chunks_exact_mut(grid.width) {
            distance_rows::<S, T, 1>(simd, grid, added, row);
            grid.rows = grid.rows.skip(1);
        }
    }
}

/// `ROWS` rows of distances: whole tiles of [`TILE_VECTORS`] vectors, single vectors, and the columns left.
#[inline(always)]
fn distance_rows<S: Simd, T: Real, const ROWS: usize>(
    simd: S,
    grid: Grid<'_, T>,
    added: usize,
    out: &mut [T],
) {
    let lanes = Lanes::<S, T>::LEN;
    let wide = Lanes::<S, T>::registers(simd) == WIDE_TILE_REGISTERS;
    let whole = if wide { TILE_VECTORS } else { 1 } * lanes;
    let mut at = 0;
    while at + whole <= grid.width {
        if wide {
            distance_tile::<S, T, ROWS, TILE_VECTORS>(simd, grid, added, at, out);
        } else {
            distance_tile::<S, T, ROWS, 1>(simd, grid, added, at, out);
        }
        at += whole;
    }
    // Where few columns are left, a vector of rows for each is less than a vector of columns for each row.
    let few = if ROWS <= lanes { ROWS / 2 } else { 0 };
    while at + few < grid.width {
        distance_tile::<S, T, ROWS, 1>(simd, grid, added, at, out);
        at += lanes;
    }
    for place in at..grid.width {
        distance_column::<S, T>(simd, grid, added, place, out);
    }
}

/// The column `at` of a vector of rows: their places in the panel follow each other.
#[inline(always)]
fn distance_column<S: Simd, T: Real>(
    simd: S,
    grid: Grid<'_, T>,
    added: usize,
    at: usize,
    out: &mut [T],
) {
    let [[sums]] = distance_sums::<S, T, 1, 1>(simd, grid.columns.skip(at), grid.rows, added);
    let column = out.iter_mut().skip(at).step_by(grid.width);
    for (value, sum) in column.zip(sums.as_slice()) {
        *value = *sum;
    }
}

/// One register tile: `ROWS` items with `VECTORS` vectors of others, from column `at` on.
#[inline(always)]
fn distance_tile<S: Simd, T: Real, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    grid: Grid<'_, T>,
    added: usize,
    at: usize,
    out: &mut [T],
) {
    let lanes = Lanes::<S, T>::LEN;
    let columns = grid.columns.skip(at);
    let sums = distance_sums::<S, T, ROWS, VECTORS>(simd, grid.rows, columns, added);
    for (sums, row) in sums.iter().zip(out.chunks_exact_mut(grid.width)) {
        let row = row.get_mut(at..).unwrap_or_default();
        for (sum, values) in sums.iter().zip(row.chunks_mut(lanes)) {
            sum.store(values);
        }
    }
}

/// The sums of one register tile.
#[inline(always)]
fn distance_sums<S: Simd, T: Real, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    rows: Items<'_, T>,
    columns: Items<'_, T>,
    added: usize,
) -> [[Lanes<S, T>; VECTORS]; ROWS] {
    let mut sums = [[Lanes::splat(simd, T::ZERO); VECTORS]; ROWS];
    let (rows, subtracted_rows) = rows.split_at(added);
    let (columns, subtracted_columns) = columns.split_at(added);
    accumulate::<S, T, ROWS, VECTORS, true>(simd, rows, columns, &mut sums);
    accumulate::<S, T, ROWS, VECTORS, false>(simd, subtracted_rows, subtracted_columns, &mut sums);
    sums
}

/// Adds to, or subtracts from, the sums of one register tile the squares of some features.
#[inline(always)]
fn accumulate<S: Simd, T: Real, const ROWS: usize, const VECTORS: usize, const ADD: bool>(
    simd: S,
    rows: Items<'_, T>,
    columns: Items<'_, T>,
    sums: &mut [[Lanes<S, T>; VECTORS]; ROWS],
) {
    let lanes = Lanes::<S, T>::LEN;
    let own = rows.panel.values.chunks_exact(rows.panel.stride);
    let features = own.zip(columns.panel.values.chunks_exact(columns.panel.stride));
    for (items, others) in features {
        let (Some(items), Some(others)) = (
            items.get(rows.first..).and_then(<[T]>::first_chunk::<ROWS>),
            from(others, columns.first, VECTORS * lanes),
        ) else {
            return;
        };
        let vectors = load_tile::<S, T, VECTORS>(simd, others);
        for (sums, item) in sums.iter_mut().zip(items) {
            let item = Lanes::splat(simd, *item);
            for (sum, vector) in sums.iter_mut().zip(vectors) {
                let difference = vector - item;
                let square = difference * difference;
                *sum = if ADD { *sum + square } else { *sum - square };
            }
        }
    }
}
