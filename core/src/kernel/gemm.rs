//! C ← A·B or C ← C + A·B, every matrix column-major: the one matrix product of the crate.
//!
//! Order of summation: entry C_ij adds A_i0·B_0j, A_i1·B_1j, … one by one, each product rounded
//! before it is added. Nothing else is part of the contract: the blocks of the inner index carry
//! their partial sums on in C, which is the same order.
//!
//! Why it is fast: lanes run down a column of C, a register tile holds several vectors of several
//! columns, and each step loads the vectors of one column of A once and multiplies them by one
//! number of each column of B. With AVX-512 a tile is one vector high and many columns wide: a number
//! that multiplies one vector is spread as the multiplication reads it, whereas to spread it into a register
//! takes an addition's turn on Zen 4, a fifth of the time. B may be given as columns (a forward pass:
//! weights × items) or as rows (a weight's gradient: Σ over items of an outer product); both are read
//! in place.

use crate::arith::Real;
use crate::arith::lanes::{Lanes, Level, Operation, Simd, run_at};

/// Inner indices handled before the next tile, so that the panels in use stay in cache, where B is
/// columns: then A is a weight that multiplies many columns.
const INNER_BLOCK_OF_COLUMNS: usize = 128;

/// The same where B is rows: then C is large, and is read and written once a block.
const INNER_BLOCK_OF_ROWS: usize = 256;

/// The same where the rows are so far apart that a column of B lies in few sets of the caches, which
/// hold no more of them until the next columns of the same lines are read. Tiles of
/// [`WIDE_ROW_COLUMNS`] read whole lines at once.
const INNER_BLOCK_OF_FAR_ROWS: usize = 32;

/// The stride from which on rows are far apart.
const FAR: usize = 1024;

/// Registers that hold a tile of one vector by [`WIDE_COLUMNS`] or [`WIDE_ROW_COLUMNS`]: AVX-512's,
/// whose multiplication reads and spreads a number.
const WIDE_REGISTERS: usize = 32;

/// Columns of C in such a tile where B is columns: as many as there are registers for their places.
const WIDE_COLUMNS: usize = 8;

/// The same where B is rows.
const WIDE_ROW_COLUMNS: usize = 16;

/// Columns of C in the tiles of other instruction sets, and in those that are left over.
const NARROW_COLUMNS: usize = 4;

/// Vectors of a column in them where there are 16 registers.
const NARROW_VECTORS: usize = 2;

/// Vectors of a column that is alone, so that no sum waits for the one before.
const VECTORS_OF_ONE: usize = 4;

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
    /// C, rows × columns, column-major.
    pub c: &'a mut [T],
    /// Rows of A and C.
    pub rows: usize,
    /// Columns of A, rows of B.
    pub inner: usize,
    /// The part of C that is wanted.
    pub part: Part,
}

/// C ← A·B, each sum from 0 on.
pub fn gemm<T: Real>(level: Level, product: Gemm<'_, T>) {
    run_at(level, Product { gemm: product, onto: false });
}

/// C ← C + A·B, each sum from C's own number on.
pub fn add_gemm<T: Real>(level: Level, product: Gemm<'_, T>) {
    run_at(level, Product { gemm: product, onto: true });
}

struct Product<'a, T> {
    gemm: Gemm<'a, T>,
    /// Whether sums go on from what C holds.
    onto: bool,
}

impl<T: Real> Operation for Product<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { gemm: Gemm { a, b, c, rows, inner, part }, mut onto } = self;
        if rows == 0 || inner == 0 {
            if !onto {
                c.fill(T::ZERO);
            }
            return;
        }
        let (b, mut start) = (b.bounded(), 0_usize);
        let wide = Lanes::<S, T>::registers(simd) == WIDE_REGISTERS;
        let block = match b {
            Right::Columns(_) => INNER_BLOCK_OF_COLUMNS,
            Right::Rows { stride: FAR.., .. } if !wide => INNER_BLOCK_OF_FAR_ROWS,
            Right::Rows { .. } => INNER_BLOCK_OF_ROWS,
        };
        for a in a.chunks(rows.saturating_mul(block).max(1)) {
            let mut tiles = Tiles { a, rows, part, onto, number: 0, c: &mut *c };
            let length = a.len() / rows;
            match b {
                Right::Rows { values, stride, first } => {
                    let values = values.get(start.saturating_mul(stride)..).unwrap_or_default();
                    let panel = |number| RowPanel { values, stride, first }.from(number);
                    if wide {
                        tiles.add::<S, WIDE_ROW_COLUMNS, _>(simd, panel);
                    }
                    tiles.add::<S, NARROW_COLUMNS, _>(simd, panel);
                    tiles.add::<S, 1, _>(simd, panel);
                }
                Right::Columns(values) => {
                    let b = ColumnBlock { values, inner, start, length };
                    if wide {
                        tiles.add::<S, WIDE_COLUMNS, _>(simd, |number| b.panel(number));
                    }
                    tiles.add::<S, NARROW_COLUMNS, _>(simd, |number| b.panel(number));
                    tiles.add::<S, 1, _>(simd, |number| b.panel(number));
                }
            }
            start += length;
            onto = true;
        }
    }
}

/// What is left of C to add one block of the inner index to, from column `number` on.
struct Tiles<'a, T> {
    /// So many columns of A.
    a: &'a [T],
    rows: usize,
    part: Part,
    onto: bool,
    number: usize,
    c: &'a mut [T],
}

impl<'b, T: Real> Tiles<'b, T> {
    /// Adds to as many whole tiles of `COLUMNS` columns as there are; `panel` gives those of B from a
    /// column on.
    #[inline(always)]
    fn add<S: Simd, const COLUMNS: usize, P: Panel<'b, T, COLUMNS>>(
        &mut self,
        simd: S,
        panel: impl Fn(usize) -> P,
    ) {
        let Self { a, rows, part, onto, .. } = *self;
        let whole = rows.saturating_mul(COLUMNS).max(1);
        let mut tiles = core::mem::take(&mut self.c).chunks_exact_mut(whole);
        for tile in &mut tiles {
            let from = if part == Part::Lower { self.number } else { 0 };
            let mut strip = Strip { a, rows, onto, c: tile };
            tile_rows::<S, T, COLUMNS, P>(simd, &mut strip, from, panel(self.number));
            self.number += COLUMNS;
        }
        self.c = tiles.into_remainder();
    }
}

/// The rows `start..start + length` of a B of columns of `inner` numbers each.
#[derive(Clone, Copy)]
struct ColumnBlock<'a, T> {
    values: &'a [T],
    inner: usize,
    start: usize,
    length: usize,
}

impl<'a, T: Real> ColumnBlock<'a, T> {
    /// So many columns from one on; nothing in place of those that are not there.
    #[inline(always)]
    fn panel<const COLUMNS: usize>(self, number: usize) -> [&'a [T]; COLUMNS] {
        let Self { values, inner, start, length } = self;
        core::array::from_fn(|column| {
            let at = number.saturating_add(column).saturating_mul(inner).saturating_add(start);
            values.get(at..at.saturating_add(length)).unwrap_or_default()
        })
    }
}

/// Some columns of B, a row of them at a time. Iterators, which the compiler counts once; a check of
/// each column at each row would take longer than the row.
trait Panel<'a, T: 'a, const COLUMNS: usize>: Copy {
    /// Gives each column of A, with the row of the panel that it is multiplied by, to `step`, in
    /// order: where its numbers stand, so that each is spread as it is loaded. Nothing, if shapes do
    /// not fit.
    fn zip_rows(
        self,
        columns: impl Iterator<Item = &'a [T]>,
        step: impl FnMut(&'a [T], [&'a T; COLUMNS]) -> Option<()>,
    ) -> Option<()>;
}

impl<'a, T: Real> Panel<'a, T, NARROW_COLUMNS> for [&'a [T]; NARROW_COLUMNS] {
    #[inline(always)]
    fn zip_rows(
        self,
        columns: impl Iterator<Item = &'a [T]>,
        mut step: impl FnMut(&'a [T], [&'a T; NARROW_COLUMNS]) -> Option<()>,
    ) -> Option<()> {
        let [one, two, three, four] = self;
        let rows = one.iter().zip(two).zip(three.iter().zip(four));
        for (column, ((one, two), (three, four))) in columns.zip(rows) {
            step(column, [one, two, three, four])?;
        }
        Some(())
    }
}

impl<'a, T: Real> Panel<'a, T, WIDE_COLUMNS> for [&'a [T]; WIDE_COLUMNS] {
    #[inline(always)]
    fn zip_rows(
        self,
        columns: impl Iterator<Item = &'a [T]>,
        mut step: impl FnMut(&'a [T], [&'a T; WIDE_COLUMNS]) -> Option<()>,
    ) -> Option<()> {
        let [one, two, three, four, five, six, seven, eight] = self;
        let left = one.iter().zip(two).zip(three.iter().zip(four));
        let right = five.iter().zip(six).zip(seven.iter().zip(eight));
        for (column, (left, right)) in columns.zip(left.zip(right)) {
            let (((one, two), (three, four)), ((five, six), (seven, eight))) = (left, right);
            step(column, [one, two, three, four, five, six, seven, eight])?;
        }
        Some(())
    }
}

impl<'a, T: Real> Panel<'a, T, 1> for [&'a [T]; 1] {
    #[inline(always)]
    fn zip_rows(
        self,
        columns: impl Iterator<Item = &'a [T]>,
        mut step: impl FnMut(&'a [T], [&'a T; 1]) -> Option<()>,
    ) -> Option<()> {
        let [own] = self;
        for (column, value) in columns.zip(own) {
            step(column, [value])?;
        }
        Some(())
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
    fn zip_rows(
        self,
        columns: impl Iterator<Item = &'a [T]>,
        mut step: impl FnMut(&'a [T], [&'a T; COLUMNS]) -> Option<()>,
    ) -> Option<()> {
        for (column, row) in columns.zip(self.values.chunks_exact(self.stride.max(1))) {
            step(column, row.get(self.first..)?.first_chunk()?.each_ref())?;
        }
        Some(())
    }
}

/// Some columns of C, and what is added to them.
struct Strip<'b, 'c, T> {
    a: &'b [T],
    rows: usize,
    onto: bool,
    c: &'c mut [T],
}

/// Adds A·B to `COLUMNS` columns of C, from row `from` (rounded down to a whole tile) on.
#[inline(always)]
fn tile_rows<'b, S: Simd, T: Real, const COLUMNS: usize, P: Panel<'b, T, COLUMNS>>(
    simd: S,
    strip: &mut Strip<'b, '_, T>,
    from: usize,
    b: P,
) {
    let narrow = Lanes::<S, T>::LEN;
    // What lies above a diagonal is computed for nothing: the shorter tile has less of it.
    let vectors = match Lanes::<S, T>::registers(simd) {
        16 => NARROW_VECTORS,
        _ if COLUMNS == 1 && from == 0 => VECTORS_OF_ONE,
        _ => 1,
    };
    let high = vectors * narrow;
    let mut row = from - from % high;
    while vectors > 1 && row + high <= strip.rows {
        if vectors == VECTORS_OF_ONE {
            tile::<S, T, COLUMNS, VECTORS_OF_ONE, P>(simd, strip, row, b);
        } else {
            tile::<S, T, COLUMNS, NARROW_VECTORS, P>(simd, strip, row, b);
        }
        row += high;
    }
    while row + narrow <= strip.rows {
        tile::<S, T, COLUMNS, 1, P>(simd, strip, row, b);
        row += narrow;
    }
    if row < strip.rows {
        last_rows::<S, T, COLUMNS, P>(simd, strip, row, b);
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
    strip: &mut Strip<'b, '_, T>,
    row: usize,
    b: P,
) {
    let Strip { a, rows, onto, .. } = *strip;
    let lanes = Lanes::<S, T>::LEN;
    let height = VECTORS * lanes;
    let mut sums = [[Lanes::splat(simd, T::ZERO); VECTORS]; COLUMNS];
    if onto {
        for (sums, column) in sums.iter_mut().zip(strip.c.chunks_exact(rows)) {
            let part = column.get(row..row + height).unwrap_or_default();
            for (sum, values) in sums.iter_mut().zip(part.chunks_exact(lanes)) {
                *sum = Lanes::load(simd, values);
            }
        }
    }
    let fits = b.zip_rows(
        a.chunks_exact(rows.max(1)),
        #[inline(always)]
        |column: &[T], factors: [&T; COLUMNS]| {
            let part = column.get(row..)?.get(..height)?;
            add_products(simd, part, factors, &mut sums);
            Some(())
        },
    );
    if fits.is_none() {
        return;
    }
    for (sums, column) in sums.iter().zip(strip.c.chunks_exact_mut(rows)) {
        let part = column.get_mut(row..row + height).unwrap_or_default();
        for (sum, values) in sums.iter().zip(part.chunks_exact_mut(lanes)) {
            sum.store(values);
        }
    }
}

/// Adds to the sums of a tile a part of a column of A times a row of B.
#[inline(always)]
fn add_products<S: Simd, T: Real, const COLUMNS: usize, const VECTORS: usize>(
    simd: S,
    part: &[T],
    factors: [&T; COLUMNS],
    sums: &mut [[Lanes<S, T>; VECTORS]; COLUMNS],
) {
    let lanes = Lanes::<S, T>::LEN;
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

/// The rows after the last whole vector.
#[inline(always)]
fn last_rows<'b, S: Simd, T: Real, const COLUMNS: usize, P: Panel<'b, T, COLUMNS>>(
    simd: S,
    strip: &mut Strip<'b, '_, T>,
    row: usize,
    b: P,
) {
    let Strip { a, rows, onto, .. } = *strip;
    let mut sums = [Lanes::splat(simd, T::ZERO); COLUMNS];
    if onto {
        for (sum, column) in sums.iter_mut().zip(strip.c.chunks_exact(rows)) {
            *sum = Lanes::load_partial(simd, column.get(row..).unwrap_or_default(), T::ZERO);
        }
    }
    let fits = b.zip_rows(
        a.chunks_exact(rows.max(1)),
        #[inline(always)]
        |column: &[T], factors: [&T; COLUMNS]| {
            let vector = Lanes::load_partial(simd, column.get(row..)?, T::ZERO);
            for (sum, factor) in sums.iter_mut().zip(factors) {
                *sum = *sum + vector * Lanes::splat(simd, *factor);
            }
            Some(())
        },
    );
    if fits.is_none() {
        return;
    }
    for (sum, column) in sums.iter().zip(strip.c.chunks_exact_mut(rows)) {
        sum.store_partial(column.get_mut(row..).unwrap_or_default());
    }
}
