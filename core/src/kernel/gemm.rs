//! C ← A·B or C ← C + A·B, every matrix column-major: the one matrix product of the crate.
//!
//! Order of summation: entry C_ij adds A_i0·B_0j, A_i1·B_1j, … one by one, each product rounded
//! before it is added. Nothing else is part of the contract: the blocks of the inner index carry
//! their partial sums on in C, which is the same order.
//!
//! Why it is fast: lanes run down a column of C, a register tile holds several vectors of several
//! columns, and each step loads the vectors of one column of A once and multiplies them by one
//! number of each column of B. B may be given as columns (a forward pass: weights × items) or as
//! rows (a weight's gradient: Σ over items of an outer product); both are read in place.

use super::lanes::{Lanes, Level, Operation, Simd, run_at};
use crate::arith::Real;

/// Inner indices handled before the next tile, so that the panels in use stay in cache, where B is
/// columns: then A is a weight that many columns meet.
const INNER_BLOCK_OF_COLUMNS: usize = 128;

/// The same where B is rows: then C is large, and is read and written once a block.
const INNER_BLOCK_OF_ROWS: usize = 256;

/// The same where the rows are so far apart that a column of B lies in few sets of the caches, which
/// hold no more of them until the next columns of the same lines are read.
const INNER_BLOCK_OF_FAR_ROWS: usize = 32;

/// The stride from which on rows are far apart.
const FAR: usize = 1024;

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
        let (b, mut start) = (b.bounded(), 0_usize);
        let block = match b {
            Right::Columns(_) => INNER_BLOCK_OF_COLUMNS,
            Right::Rows { stride: FAR.., .. } => INNER_BLOCK_OF_FAR_ROWS,
            Right::Rows { .. } => INNER_BLOCK_OF_ROWS,
        };
        for a in a.chunks(rows.saturating_mul(block).max(1)) {
            let block = Block { a, rows, part };
            let length = a.len() / rows;
            match b {
                Right::Rows { values, stride, first } => {
                    let values = values.get(start.saturating_mul(stride)..).unwrap_or_default();
                    block.columns(simd, Cut::Rows(RowPanel { values, stride, first }), c);
                }
                Right::Columns(values) => {
                    block.columns(simd, Cut::Columns { values, inner, start, length }, c);
                }
            }
            start += length;
        }
    }
}

/// The rows of B that meet one block of A.
#[derive(Clone, Copy)]
enum Cut<'a, T> {
    /// Those `start..start + length` of columns of `inner` numbers each.
    Columns { values: &'a [T], inner: usize, start: usize, length: usize },
    /// Row after row.
    Rows(RowPanel<'a, T>),
}

impl<'a, T: Real> Cut<'a, T> {
    /// One column, or nothing where there are fewer.
    #[inline(always)]
    fn column(self, number: usize) -> &'a [T] {
        let Self::Columns { values, inner, start, length } = self else {
            return &[];
        };
        let at = number.saturating_mul(inner).saturating_add(start);
        values.get(at..at.saturating_add(length)).unwrap_or_default()
    }
}

/// A block of the inner index: so many columns of A, and what is wanted of C.
#[derive(Clone, Copy)]
struct Block<'a, T> {
    a: &'a [T],
    rows: usize,
    part: Part,
}

impl<T: Real> Block<'_, T> {
    /// Adds this block's products to C.
    #[inline(always)]
    fn columns<S: Simd>(self, simd: S, b: Cut<'_, T>, c: &mut [T]) {
        let Self { a, rows, part } = self;
        let mut number = 0;
        let from = |number| if part == Part::Lower { number } else { 0 };
        let mut tiles = c.chunks_exact_mut(rows.saturating_mul(TILE_COLUMNS).max(1));
        for tile in &mut tiles {
            let from = from(number);
            match b {
                Cut::Columns { .. } => {
                    let columns = core::array::from_fn(|j| b.column(number + j));
                    tile_rows::<S, T, TILE_COLUMNS, _>(simd, a, rows, from, columns, tile);
                }
                Cut::Rows(b) => {
                    tile_rows::<S, T, TILE_COLUMNS, _>(simd, a, rows, from, b.from(number), tile);
                }
            }
            number += TILE_COLUMNS;
        }
        for last in tiles.into_remainder().chunks_exact_mut(rows.max(1)) {
            let from = from(number);
            match b {
                Cut::Columns { .. } => {
                    tile_rows::<S, T, 1, _>(simd, a, rows, from, [b.column(number)], last);
                }
                Cut::Rows(b) => {
                    tile_rows::<S, T, 1, _>(simd, a, rows, from, b.from(number), last);
                }
            }
            number += 1;
        }
    }
}

/// Some columns of B, a row of them at a time. Iterators, which the compiler counts once; a check of
/// each column at each row would take longer than the row.
trait Panel<'a, T: 'a, const COLUMNS: usize>: Copy {
    /// The panel's rows, in order: where they stand, so that each number is spread as it is loaded.
    fn rows(self) -> impl Iterator<Item = Option<[&'a T; COLUMNS]>>;
}

impl<'a, T: Real> Panel<'a, T, TILE_COLUMNS> for [&'a [T]; TILE_COLUMNS] {
    #[inline(always)]
    fn rows(self) -> impl Iterator<Item = Option<[&'a T; TILE_COLUMNS]>> {
        let [one, two, three, four] = self;
        let columns = one.iter().zip(two).zip(three.iter().zip(four));
        columns.map(|((one, two), (three, four))| Some([one, two, three, four]))
    }
}

impl<'a, T: Real> Panel<'a, T, 1> for [&'a [T]; 1] {
    #[inline(always)]
    fn rows(self) -> impl Iterator<Item = Option<[&'a T; 1]>> {
        let [column] = self;
        column.iter().map(|value| Some([value]))
    }
}

#[derive(Clone, Copy)]
struct RowPanel<'a, T> {
    values: &'a [T],
    stride: usize,
    first: usize,
}

impl<T> RowPanel<'_, T> {
    /// So many columns further on.
    #[inline(always)]
    fn from(self, columns: usize) -> Self {
        Self { first: self.first.saturating_add(columns), ..self }
    }
}

impl<'a, T: Real, const COLUMNS: usize> Panel<'a, T, COLUMNS> for RowPanel<'a, T> {
    #[inline(always)]
    fn rows(self) -> impl Iterator<Item = Option<[&'a T; COLUMNS]>> {
        let rows = self.values.chunks_exact(self.stride.max(1));
        rows.map(move |row| Some(row.get(self.first..)?.first_chunk()?.each_ref()))
    }
}

/// Adds A·B to `COLUMNS` columns of C, from row `from` (rounded down to a whole tile) on.
#[inline(always)]
fn tile_rows<'b, S: Simd, T: Real, const COLUMNS: usize, P: Panel<'b, T, COLUMNS>>(
    simd: S,
    a: &[T],
    rows: usize,
    from: usize,
    b: P,
    c: &mut [T],
) {
    let narrow = Lanes::<S, T>::LEN;
    let registers = Lanes::<S, T>::registers(simd);
    // What lies above a diagonal is computed for nothing: the shorter tile has less of it.
    let vectors = match registers {
        32 if from == 0 => TILE_VECTORS_OF_32,
        16.. => TILE_VECTORS_OF_16,
        _ => 1,
    };
    let wide = vectors * narrow;
    let mut row = from - from % wide;
    while vectors > 1 && row + wide <= rows {
        if vectors == TILE_VECTORS_OF_32 {
            tile::<S, T, COLUMNS, TILE_VECTORS_OF_32, P>(simd, a, rows, row, b, c);
        } else {
            tile::<S, T, COLUMNS, TILE_VECTORS_OF_16, P>(simd, a, rows, row, b, c);
        }
        row += wide;
    }
    while row + narrow <= rows {
        tile::<S, T, COLUMNS, 1, P>(simd, a, rows, row, b, c);
        row += narrow;
    }
    if row < rows {
        last_rows::<S, T, COLUMNS, P>(simd, a, rows, row, b, c);
    }
}

/// One register tile: `VECTORS` vectors of `COLUMNS` columns, from `row` down.
#[inline(always)]
fn tile<
    'b,
    S: Simd,
    T: Real,
    const COLUMNS: usize,
    const VECTORS: usize,
    P: Panel<'b, T, COLUMNS>,
>(
    simd: S,
    a: &[T],
    rows: usize,
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
    for (column, factors) in a.chunks_exact(rows.max(1)).zip(b.rows()) {
        let part = column.get(row..).and_then(|part| part.get(..height));
        let (Some(part), Some(factors)) = (part, factors) else {
            return;
        };
        let mut vectors = [Lanes::splat(simd, T::ZERO); VECTORS];
        for (vector, values) in vectors.iter_mut().zip(part.chunks_exact(lanes)) {
            *vector = Lanes::load(simd, values);
        }
        for (sums, factor) in sums.iter_mut().zip(factors) {
            let factor = Lanes::splat(simd, *factor);
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
fn last_rows<'b, S: Simd, T: Real, const COLUMNS: usize, P: Panel<'b, T, COLUMNS>>(
    simd: S,
    a: &[T],
    rows: usize,
    row: usize,
    b: P,
    c: &mut [T],
) {
    let mut sums = [Lanes::splat(simd, T::ZERO); COLUMNS];
    for (sum, column) in sums.iter_mut().zip(c.chunks_exact(rows)) {
        *sum = Lanes::load_partial(simd, column.get(row..).unwrap_or_default(), T::ZERO);
    }
    for (column, factors) in a.chunks_exact(rows).zip(b.rows()) {
        let Some(factors) = factors else {
            return;
        };
        let part = column.get(row..).unwrap_or_default();
        let vector = Lanes::load_partial(simd, part, T::ZERO);
        for (sum, factor) in sums.iter_mut().zip(factors) {
            *sum = *sum + vector * Lanes::splat(simd, *factor);
        }
    }
    for (sum, column) in sums.iter().zip(c.chunks_exact_mut(rows)) {
        sum.store_partial(column.get_mut(row..).unwrap_or_default());
    }
}
