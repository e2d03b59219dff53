//! Items side by side: a block of items transposed, so that one feature of all of them is contiguous,
//! and what is done to such a panel, lane by item.
//!
//! A panel has `height` rows (features) of `stride` numbers, item i at place i of each row; the
//! places beyond the items are 0. Each item's results are its own: lanes and blocks share nothing.

pub use super::transpose::{fill_columns, fill_panel, fill_panel_from};
use crate::arith::Real;
use crate::arith::lanes::{Lanes, Level, Operation, Simd, run_at};
use crate::columns::Columns;

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

/// Vectors of items that the substitution keeps in registers.
const TILE_VECTORS: usize = 2;

/// Registers with which a tile is so wide. Of fewer, its sums alone would fill them; of more (AVX-512),
/// a number that multiplies one vector alone is spread as it is read, which is faster on Zen 4.
const WIDE_TILE_REGISTERS: usize = 16;

/// Rows of the factor that it works on at once.
const TILE_ROWS: usize = 4;

/// Room for `items` in a row of a panel: enough that a whole vector can be read from any item on,
/// and that a row divides into whole vectors at every instruction set.
#[must_use]
pub const fn panel_stride(items: usize) -> usize {
    // The widest vector has 16 lanes, two of which make a tile of the substitution.
    items.div_ceil(32).saturating_add(1).saturating_mul(32)
}

/// Vectors of items that [`project_panel`] sums side by side, so that none waits for the one before.
const PROJECTED_VECTORS: usize = 4;

/// The product of each item with `weights`: Σ_i weights_i · feature_i, in ascending order.
pub fn project_panel<T: Real>(level: Level, items: Items<'_, T>, weights: &[T], out: &mut [T]) {
    run_at(level, Project { items, weights, out });
}

struct Project<'a, T> {
    items: Items<'a, T>,
    weights: &'a [T],
    out: &'a mut [T],
}

impl<T: Real> Operation for Project<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let lanes = Lanes::<S, T>::LEN;
        let Self { mut items, weights, out } = self;
        let mut tiles = out.chunks_exact_mut(PROJECTED_VECTORS * lanes);
        for tile in &mut tiles {
            project_tile::<S, T, PROJECTED_VECTORS>(simd, items, weights, tile);
            items = items.skip(tile.len());
        }
        for tile in tiles.into_remainder().chunks_mut(TILE_VECTORS * lanes) {
            if tile.len() > lanes {
                project_tile::<S, T, TILE_VECTORS>(simd, items, weights, tile);
            } else {
                project_tile::<S, T, 1>(simd, items, weights, tile);
            }
            items = items.skip(tile.len());
        }
    }
}

/// The products of at most `VECTORS` vectors of items.
#[inline(always)]
fn project_tile<S: Simd, T: Real, const VECTORS: usize>(
    simd: S,
    items: Items<'_, T>,
    weights: &[T],
    out: &mut [T],
) {
    let lanes = Lanes::<S, T>::LEN;
    let mut sums = [Lanes::splat(simd, T::ZERO); VECTORS];
    let rows = items.panel.values.chunks_exact(items.panel.stride.max(1));
    for (row, weight) in rows.zip(weights) {
        let Some(values) = from(row, items.first, VECTORS * lanes) else {
            return;
        };
        let vectors = load_tile::<S, T, VECTORS>(simd, values);
        let weight = Lanes::splat(simd, *weight);
        for (sum, vector) in sums.iter_mut().zip(vectors) {
            *sum = *sum + vector * weight;
        }
    }
    for (sum, out) in sums.iter().zip(out.chunks_mut(lanes)) {
        sum.store(out);
    }
}

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
    let columns = crate::linalg::packed_columns(factor, order);
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
pub fn fill_whitened<T: Real>(
    level: Level,
    items: Columns<'_, f32>,
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
fn load_tile<S: Simd, T: Real, const VECTORS: usize>(
    simd: S,
    values: &[T],
) -> [Lanes<S, T>; VECTORS] {
    let mut tile = [Lanes::splat(simd, T::ZERO); VECTORS];
    for (vector, values) in tile.iter_mut().zip(values.chunks_exact(Lanes::<S, T>::LEN)) {
        *vector = Lanes::load(simd, values);
    }
    tile
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

/// `ROWS` rows of distances: whole tiles of [`TILE_VECTORS`] vectors, then single vectors.
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
    // Of a few that are left, a vector of scalars would compute places that nothing stands in.
    let few = if simd.level().is_fallback() && ROWS == lanes { lanes / 2 } else { 0 };
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
