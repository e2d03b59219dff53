//! [`Packed`]: a symmetric matrix as its lower triangle, column by column (LAPACK's `'L'`).
//!
//! Entry (i, j), i ≥ j, stands behind the columns before j, which hold n, n − 1, … entries. The
//! upper triangle is implied. One body serves the owner with its capacity in its type
//! (`Packed<f32, [f32; packed_len(32)]>`, for a device) and the borrowed view ([`PackedView`]).

use core::marker::PhantomData;

use crate::arith::Real;
use crate::error::{Error, check_shape};

/// The largest order that any kernel accepts.
pub const MAX_ORDER: usize = 4096;

/// Entries in the lower triangle of a matrix of this order.
#[must_use]
pub const fn packed_len(order: usize) -> usize {
    // Half the even one of order and order + 1, times the odd one.
    order.div_ceil(2).saturating_mul(order | 1)
}

/// A symmetric matrix of a run-time order over memory `D`: an array, a slice, a vector.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Packed<T, D> {
    order: usize,
    data: D,
    scalar: PhantomData<T>,
}

/// A symmetric matrix over borrowed memory.
pub type PackedView<'a, T> = Packed<T, &'a mut [T]>;

impl<T: Real, const LEN: usize> Packed<T, [T; LEN]> {
    /// The zero matrix of this order in an array of capacity `LEN`.
    ///
    /// # Errors
    /// As [`Packed::new`].
    pub fn zeros(order: usize) -> Result<Self, Error> {
        Self::new(order, [T::ZERO; LEN])
    }
}

impl<T: Real, D: AsRef<[T]>> Packed<T, D> {
    /// The matrix whose lower triangle is at the front of `data`, which may be longer.
    ///
    /// # Errors
    /// [`Error::TooLarge`] above [`MAX_ORDER`], [`Error::Empty`] at order 0, [`Error::Shape`] if
    /// `data` is shorter than [`packed_len`]`(order)`.
    pub fn new(order: usize, data: D) -> Result<Self, Error> {
        if order == 0 {
            return Err(Error::Empty { what: "order of a symmetric matrix" });
        }
        if order > MAX_ORDER {
            return Err(Error::TooLarge {
                what: "order of a symmetric matrix",
                limit: MAX_ORDER,
                found: order,
            });
        }
        let found = data.as_ref().len();
        if found < packed_len(order) {
            return Err(Error::Shape {
                what: "packed symmetric matrix",
                expected: packed_len(order),
                found,
            });
        }
        Ok(Self { order, data, scalar: PhantomData })
    }

    /// Rows, and columns.
    pub fn order(&self) -> usize {
        self.order
    }

    /// The lower triangle, column by column.
    pub fn as_slice(&self) -> &[T] {
        self.data.as_ref().get(..packed_len(self.order)).unwrap_or_default()
    }

    /// Entry (row, column), from either triangle; `None` outside the matrix.
    pub fn entry(&self, row: usize, column: usize) -> Option<T> {
        let (low, high) = if row < column { (row, column) } else { (column, row) };
        if high >= self.order {
            return None;
        }
        self.as_slice().get(low * self.order + high - low * (low + 1) / 2).copied()
    }

    /// The 1-norm: the largest sum of magnitudes in a column, each sum in ascending row order.
    pub fn norm(&self) -> T {
        let mut largest = T::ZERO;
        for (number, own) in columns(self.as_slice(), self.order).enumerate() {
            // Above its diagonal a column is a row of the columns before.
            let before = columns(self.as_slice(), self.order).take(number).enumerate();
            let above = before.filter_map(|(column, below)| below.get(number - column));
            let entries = above.chain(own);
            let sum = entries.fold(T::ZERO, |sum, entry| sum + entry.magnitude());
            if largest < sum {
                largest = sum;
            }
        }
        largest
    }

    /// The memory, given back.
    pub fn into_inner(self) -> D {
        self.data
    }
}

impl<T: Real, D: AsRef<[T]> + AsMut<[T]>> Packed<T, D> {
    /// The lower triangle, column by column.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        self.data.as_mut().get_mut(..packed_len(self.order)).unwrap_or_default()
    }

    /// Sets every entry to 0.
    pub fn clear(&mut self) {
        self.as_mut_slice().fill(T::ZERO);
    }

    /// Adds `value` to each diagonal entry.
    pub fn add_diagonal(&mut self, value: T) {
        let order = self.order;
        let mut rest = self.as_mut_slice();
        for len in (1..=order).rev() {
            let Some((column, tail)) = rest.split_at_mut_checked(len) else {
                return;
            };
            if let Some(diagonal) = column.first_mut() {
                *diagonal += value;
            }
            rest = tail;
        }
    }

    /// The sum of the diagonal, in ascending order.
    pub fn trace(&self) -> T {
        let mut trace = T::ZERO;
        for column in columns(self.as_slice(), self.order) {
            trace += column.first().copied().unwrap_or(T::ZERO);
        }
        trace
    }

    /// Adds another matrix of the same order, entry by entry.
    ///
    /// # Errors
    /// [`Error::Shape`] if the orders differ.
    pub fn add<E: AsRef<[T]>>(&mut self, other: &Packed<T, E>) -> Result<(), Error> {
        check_shape("order of a symmetric matrix", self.order, other.order)?;
        for (sum, term) in self.as_mut_slice().iter_mut().zip(other.as_slice()) {
            *sum += *term;
        }
        Ok(())
    }
}

/// The packed columns of a lower triangle: of lengths n, n − 1, …, each from its diagonal down.
pub(crate) fn columns<T>(mut rest: &[T], order: usize) -> impl Iterator<Item = &[T]> {
    (1..=order).rev().map_while(move |len| {
        let (column, tail) = rest.split_at_checked(len)?;
        rest = tail;
        Some(column)
    })
}
