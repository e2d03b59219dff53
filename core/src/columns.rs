//! [`Columns`]: a matrix whose columns are items, each contiguous, as `.npy` files have them and
//! as nalgebra's column-major matrices do.

use nalgebra::{DMatrixView, Dim, IsContiguous, Matrix, RawStorage, Scalar};

use crate::arith::Real;
use crate::error::{Error, check_shape};

/// A borrowed matrix of `rows` × `len` numbers: `len` items of `rows` features, item after item.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a, T> {
    values: &'a [T],
    rows: usize,
    len: usize,
}

impl<'a, T> Columns<'a, T> {
    /// `len` columns of `rows` values each.
    ///
    /// # Errors
    /// [`Error::Empty`] for no rows, [`Error::Shape`] unless `values` holds `rows × len` numbers.
    pub fn new(values: &'a [T], rows: usize, len: usize) -> Result<Self, Error> {
        if rows == 0 {
            return Err(Error::Empty { what: "rows of a matrix" });
        }
        let expected = rows.checked_mul(len).ok_or(Error::TooLarge {
            what: "matrix",
            limit: usize::MAX,
            found: len,
        })?;
        check_shape("matrix", expected, values.len())?;
        Ok(Self { values, rows, len })
    }

    /// Values in a column: an item's features.
    #[must_use]
    pub fn rows(self) -> usize {
        self.rows
    }

    /// How many columns there are: items.
    #[must_use]
    pub fn len(self) -> usize {
        self.len
    }

    /// Whether there is no column.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// All values, column after column.
    #[must_use]
    pub fn as_slice(self) -> &'a [T] {
        self.values
    }

    /// One column, or an empty slice beyond the last.
    #[must_use]
    pub fn column(self, index: usize) -> &'a [T] {
        self.range(index, index.saturating_add(1)).values
    }

    /// The columns `first..end`, cut at the last one there is.
    #[must_use]
    pub fn range(self, first: usize, end: usize) -> Self {
        let end = if end < self.len { end } else { self.len };
        let first = if first < end { first } else { end };
        let values = self.values.get(first * self.rows..end * self.rows).unwrap_or_default();
        Self { values, rows: self.rows, len: end - first }
    }

    /// The columns in order.
    pub fn iter(self) -> core::slice::ChunksExact<'a, T> {
        self.values.chunks_exact(self.rows.max(1))
    }
}

impl<'a, F: Real> Columns<'a, F> {
    /// d = φ_a − φ_b of two columns, converted first; nothing beyond the last column.
    pub(crate) fn difference<T: Real>(
        self,
        a: u32,
        b: u32,
    ) -> impl Iterator<Item = T> + Clone + use<'a, F, T> {
        let (a, b) = (self.column(a as usize), self.column(b as usize));
        a.iter().zip(b).map(|(a, b)| T::from_real(*a) - T::from_real(*b))
    }
}

impl<'a, T: Scalar> Columns<'a, T> {
    /// The same matrix as nalgebra sees it.
    #[must_use]
    pub fn view(self) -> DMatrixView<'a, T> {
        // What the constructor checked; said again where nalgebra's own assertion can see it.
        if self.rows.checked_mul(self.len) == Some(self.values.len()) {
            DMatrixView::from_slice(self.values, self.rows, self.len)
        } else {
            DMatrixView::from_slice(&[], 0, 0)
        }
    }
}

/// Any nalgebra matrix that is contiguous by its type: `SMatrix`, `DMatrix`, fixed-height views.
impl<'a, T, R, C, S> TryFrom<&'a Matrix<T, R, C, S>> for Columns<'a, T>
where
    T: Scalar,
    R: Dim,
    C: Dim,
    S: RawStorage<T, R, C> + IsContiguous,
{
    type Error = Error;

    fn try_from(matrix: &'a Matrix<T, R, C, S>) -> Result<Self, Error> {
        Self::new(matrix.as_slice(), matrix.nrows(), matrix.ncols())
    }
}
