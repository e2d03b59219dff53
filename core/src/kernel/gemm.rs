//! C ← A·B or C ← C + A·B, every matrix column-major: the one matrix product of the crate.
//!
//! Order of summation: entry C_ij adds A_i0·B_0j, A_i1·B_1j, … one by one, each product rounded
//! before it is added. Nothing else is part of the contract: the blocks of the inner index carry
//! their partial sums on in C, which is the same order.
//!
//! Why it is fast: lanes run down a column of C, a register tile holds several vectors of several
//! columns, and each step loads the vectors of one column of A once and multiplies them by one
//! number of each column of B. B may be given as columns (a forward pass: weights × items) or as
//! rows (a weight's gradient: Σ over items of an outer product); A and B are read in place.

use super::lanes::{Lanes, Level, Operation, Simd, run_at};
use crate::arith::Real;

/// Inner indices handled before the next tile, so that the panels in use stay in cache.
const INNER_BLOCK: usize = 256;

/// Columns of C in a register tile.
const TILE_COLUMNS: usize = 4;

/// Vectors of a column of C in a register tile where there are 32 registers (AVX-512).
const TILE_VECTORS_OF_32: usize = 4;

/// The same where there are 16.
const TILE_VECTORS_OF_16: usize = 2;

/// The right-hand matrix B, inner × columns.
#[derive(Clone, Copy)]
pub enum Right<'a, T> {
    /// B itself: column after column, each of `inner` numbers.
    Columns(&'a [T]),
    /// Bᵀ: row after row of B, each `stride` numbers long, of which the product uses those from
    /// `first` on.
    Rows {
        /// The rows.
        values: &'a [T],
        /// Numbers from one row to the next.
        stride: usize,
        /// The column of B that the first column of C belongs to.
        first: usize,
    },
}

impl<T> Right<'_, T> {
    /// The same, a stride or a first column beyond the end brought back to the end: no place that
    /// a product looks at can then overflow.
    #[inline(always)]
    fn bounded(self) -> Self {
        match self {
            Self::Rows { values, stride, first } => Self::Rows {
                values,
                stride: stride.min(values.len()),
                first: first.min(values.len()),
            },
            Self::Columns(values) => Self::Columns(values),
        }
    }
}

/// The part of C that is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Full,
    /// The lower triangle (row ≥ column); what is written above it is unspecified.
    Lower,
}

/// The operands of one product; shapes are the caller's to check, and where they do not fit the
/// product is cut short, never out of bounds.
pub struct Gemm<'a, T> {
    /// A, rows × inner, column-major.
    pub a: &'a [T],
    /// B.
    pub b: Right<'a, T>,
    /// C, rows × columns, column-major; added to.
    pub c: &'a mut [T],
    /// Rows of A and C.
    pub rows: usize,
    /// Columns of A, rows of B.
    pub inner: usize,
    /// The part of C that is wanted.
    pub part: Part,
}

/// C ← C + A·B.
pub fn gemm<T: Real>(level: Level, product: Gemm<'_, T>) {
    run_at(level, product);
}

impl<T: Real> Operation for Gemm<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { a, b, c, rows, inner, part } = self;
        if rows == 0 || inner == 0 {
            return;
        }
        let b = b.bounded();
        let mut start = 0;
        for a_block in a.chunks(rows.saturating_mul(INNER_BLOCK)) {
            let length = a_block.len() / rows;
            let mut first = 0;
            let mut tiles = c.chunks_exact_mut(rows.saturating_mul(TILE_COLUMNS));
            for tile in &mut tiles {
                let from = if part == Part::Lower { first } else { 0 };
                match b {
                    Right::Columns(values) => {
                        let columns = core::array::from_fn(|j| {
                            column(values, first + j, inner, start, length)
                        });
                        let b = ColumnPanel::<T, TILE_COLUMNS>(columns);
                        tile_rows(simd, a_block, rows, length, from, b, tile);
                    }
                    Right::Rows { values, stride, first: offset } => {
                        let values = values.get(start.saturating_mul(stride)..).unwrap_or_default();
                        let b = RowPanel { values, stride, first: offset + first };
                        tile_rows::<S, T, TILE_COLUMNS, _>(
                            simd, a_block, rows, length, from, b, tile,
                        );
                    }
                }
                first += TILE_COLUMNS;
            }
            for last in tiles.into_remainder().chunks_exact_mut(rows) {
                let from = if part == Part::Lower { first } else { 0 };
                match b {
                    Right::Columns(values) => {
                        let b = ColumnPanel([column(values, first, inner, start, length)]);
                        tile_rows::<S, T, 1, _>(simd, a_block, rows, length, from, b, last);
                    }
                    Right::Rows { values, stride, first: offset } => {
                        let values = values.get(start.saturating_mul(stride)..).unwrap_or_default();
                        let b = RowPanel { values, stride, first: offset + first };
                        tile_rows::<S, T, 1, _>(simd, a_block, rows, length, from, b, last);
                    }
                }
                first += 1;
            }
            start += length;
        }
    }
}

/// The numbers `start..start + length` of a column of B, or none where there are fewer.
#[inline(always)]
fn column<T>(values: &[T], number: usize, inner: usize, start: usize, length: usize) -> &[T] {
    let at = number.saturating_mul(inner).saturating_add(start);
    values.get(at..at.saturating_add(length)).unwrap_or_default()
}

/// Some columns of B, one number of each at a time.
trait Panel<T, const COLUMNS: usize>: Copy {
    /// Row `inner` of the panel.
    fn row(self, inner: usize) -> [T; COLUMNS];
}

#[derive(Clone, Copy)]
struct ColumnPanel<'a, T, const COLUMNS: usize>([&'a [T]; COLUMNS]);

impl<T: Real, const COLUMNS: usize> Panel<T, COLUMNS> for ColumnPanel<'_, T, COLUMNS> {
    #[inline(always)]
    fn row(self, inner: usize) -> [T; COLUMNS] {
        self.0.map(|column| column.get(inner).copied().unwrap_or(T::ZERO))
    }
}

#[derive(Clone, Copy)]
struct RowPanel<'a, T> {
    values: &'a [T],
    stride: usize,
    first: usize,
}

impl<T: Real, const COLUMNS: usize> Panel<T, COLUMNS> for RowPanel<'_, T> {
    #[inline(always)]
    fn row(self, inner: usize) -> [T; COLUMNS] {
        let at = inner * self.stride + self.first;
        self.values
            .get(at..at + COLUMNS)
            .and_then(|row| row.first_chunk())
            .copied()
            .unwrap_or([T::ZERO; COLUMNS])
    }
}

/// Adds A·B to `COLUMNS` columns of C, from row `from` (rounded down to a whole tile) on.
#[inline(always)]
fn tile_rows<S: Simd, T: Real, const COLUMNS: usize, P: Panel<T, COLUMNS>>(
    simd: S,
    a: &[T],
    rows: usize,
    inner: usize,
    from: usize,
    b: P,
    c: &mut [T],
) {
    let narrow = Lanes::<S, T>::LEN;
    // A vector of 512 bits comes with 32 registers.
    let many = narrow * size_of::<T>() == 64;
    let wide = if many { TILE_VECTORS_OF_32 } else { TILE_VECTORS_OF_16 } * narrow;
    let mut row = from - from % wide;
    while row + wide <= rows {
        if many {
            tile::<S, T, COLUMNS, TILE_VECTORS_OF_32, P>(simd, a, rows, inner, row, b, c);
        } else {
            tile::<S, T, COLUMNS, TILE_VECTORS_OF_16, P>(simd, a, rows, inner, row, b, c);
        }
        row += wide;
    }
    while row + narrow <= rows {
        tile::<S, T, COLUMNS, 1, P>(simd, a, rows, inner, row, b, c);
        row += narrow;
    }
    if row < rows {
        last_rows::<S, T, COLUMNS, P>(simd, a, rows, inner, row, b, c);
    }
}

/// One register tile: `VECTORS` vectors of `COLUMNS` columns, from `row` down.
#[inline(always)]
fn tile<S: Simd, T: Real, const COLUMNS: usize, const VECTORS: usize, P: Panel<T, COLUMNS>>(
    simd: S,
    a: &[T],
    rows: usize,
    inner: usize,
    row: usize,
    b: P,
    c: &mut [T],
) {
    let lanes = Lanes::<S, T>::LEN;
    let height = VECTORS * lanes;
    let mut sums = [[Lanes::splat(simd, T::ZERO); VECTORS]; COLUMNS];
    for (sums, column) in sums.iter_mut().zip(c.chunks_exact(rows)) {
        let part = column.get(row..row + height).unwrap_or_default();
        for (sum, values) in sums.iter_mut().zip(part.chunks_exact(lanes)) {
            *sum = Lanes::load(simd, values);
        }
    }
    for (index, column) in a.chunks_exact(rows).take(inner).enumerate() {
        let Some(part) = column.get(row..row + height) else {
            return;
        };
        let mut vectors = [Lanes::splat(simd, T::ZERO); VECTORS];
        for (vector, values) in vectors.iter_mut().zip(part.chunks_exact(lanes)) {
            *vector = Lanes::load(simd, values);
        }
        for (sums, factor) in sums.iter_mut().zip(b.row(index)) {
            let factor = Lanes::splat(simd, factor);
            for (sum, vector) in sums.iter_mut().zip(vectors) {
                *sum = *sum + vector * factor;
            }
        }
    }
    for (sums, column) in sums.iter().zip(c.chunks_exact_mut(rows)) {
        let part = column.get_mut(row..row + height).unwrap_or_default();
        for (sum, values) in sums.iter().zip(part.chunks_exact_mut(lanes)) {
            sum.store(values);
        }
    }
}

/// The rows after the last whole vector.
#[inline(always)]
fn last_rows<S: Simd, T: Real, const COLUMNS: usize, P: Panel<T, COLUMNS>>(
    simd: S,
    a: &[T],
    rows: usize,
    inner: usize,
    row: usize,
    b: P,
    c: &mut [T],
) {
    let mut sums = [Lanes::splat(simd, T::ZERO); COLUMNS];
    for (sum, column) in sums.iter_mut().zip(c.chunks_exact(rows)) {
        *sum = Lanes::load_partial(simd, column.get(row..).unwrap_or_default(), T::ZERO);
    }
    for (index, column) in a.chunks_exact(rows).take(inner).enumerate() {
        let part = column.get(row..).unwrap_or_default();
        let vector = Lanes::load_partial(simd, part, T::ZERO);
        for (sum, factor) in sums.iter_mut().zip(b.row(index)) {
            *sum = *sum + vector * Lanes::splat(simd, factor);
        }
    }
    for (sum, column) in sums.iter().zip(c.chunks_exact_mut(rows)) {
        sum.store_partial(column.get_mut(row..).unwrap_or_default());
    }
}
