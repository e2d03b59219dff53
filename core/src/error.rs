//! [`Error`]: everything that can go wrong in the core, each variant with the values that explain
//! it. The core never panics on input; it returns one of these.

use core::fmt;

/// Why a computation could not be done. Nothing is written to the outputs that a caller may trust.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// A slice or matrix does not have the length that the other arguments imply.
    Shape {
        /// Which argument.
        what: &'static str,
        /// The length or count required.
        expected: usize,
        /// The one given.
        found: usize,
    },
    /// A working memory is too small; size it with the `…_len` function beside the kernel.
    Workspace {
        /// Which working memory.
        what: &'static str,
        /// The least length that does.
        required: usize,
        /// The one given.
        found: usize,
    },
    /// A size is beyond what the core supports.
    TooLarge {
        /// Which size.
        what: &'static str,
        /// The largest supported.
        limit: usize,
        /// The one given.
        found: usize,
    },
    /// A collection that must hold something is empty.
    Empty {
        /// Which one.
        what: &'static str,
    },
    /// An index points outside its collection.
    Index {
        /// Index of what.
        what: &'static str,
        /// The index.
        index: u64,
        /// The length that it must be below.
        len: u64,
    },
    /// A NaN or an infinity in an input, or in a result that must be a number.
    NonFinite {
        /// Which values.
        what: &'static str,
        /// The first place, counted from 0.
        index: usize,
    },
    /// A setting outside its range.
    Parameter {
        /// Which one, and what it must be.
        what: &'static str,
    },
    /// A label other than 0, ½ or 1.
    Label {
        /// Its place among the labels.
        index: usize,
        /// The value found.
        value: f64,
    },
    /// More pairs were asked for than the pool offers.
    Batch {
        /// Pairs asked for.
        requested: u64,
        /// Pairs that the pool offers, labelled ones left out.
        available: u64,
    },
    /// A pool of all cross-prompt pairs, for a strategy that goes through its pairs one by one.
    AllPairs,
    /// The matrix has no Cholesky factor: the pivot is not a positive number.
    NotPositiveDefinite {
        /// The first pivot that failed, counted from 0.
        pivot: usize,
        /// Its value, ≤ 0 or NaN.
        value: f64,
    },
    /// The factor exists, but its solutions have no correct digit in this precision.
    IllConditioned {
        /// The estimated condition number in the 1-norm.
        estimate: f64,
    },
    /// The floating-point unit does not follow IEEE-754 (see [`crate::arith::self_test`]).
    FloatEnvironment {
        /// What it did wrong.
        what: &'static str,
    },
}

/// Names the values that are integers; a float is left to the host, since formatting one links a
/// panic.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Shape { what, expected, found } => {
                write!(f, "{what}: expected a length of {expected}, found {found}")
            }
            Self::Workspace { what, required, found } => {
                write!(f, "{what}: a length of {required} is needed, {found} was given")
            }
            Self::TooLarge { what, limit, found } => {
                write!(f, "{what}: {found} is above the limit of {limit}")
            }
            Self::Empty { what } => write!(f, "{what}: empty"),
            Self::Index { what, index, len } => {
                write!(f, "{what}: index {index} is not below {len}")
            }
            Self::NonFinite { what, index } => {
                write!(f, "{what}: not a finite number at index {index}")
            }
            Self::Parameter { what } => f.write_str(what),
            Self::Label { index, .. } => write!(f, "label {index} is none of 0, 0.5 and 1"),
            Self::Batch { requested, available } => {
                write!(f, "{requested} pairs asked for, but the pool offers {available}")
            }
            Self::AllPairs => f.write_str(
                "this strategy goes through its pairs one by one, many times: all cross-prompt \
                 pairs are too many for it, a list of them is not",
            ),
            Self::NotPositiveDefinite { pivot, .. } => {
                write!(f, "the matrix is not positive definite: pivot {pivot} is not positive")
            }
            Self::IllConditioned { .. } => {
                f.write_str("the matrix is singular to working precision")
            }
            Self::FloatEnvironment { what } => {
                write!(f, "this floating-point environment breaks IEEE-754: {what}")
            }
        }
    }
}

impl core::error::Error for Error {}

/// Fails with [`Error::Shape`] unless `found == expected`.
pub(crate) fn check_shape(what: &'static str, expected: usize, found: usize) -> Result<(), Error> {
    if expected == found { Ok(()) } else { Err(Error::Shape { what, expected, found }) }
}

/// Fails with [`Error::Index`] unless `range` ends within `len`.
pub(crate) fn check_range(
    what: &'static str,
    range: &core::ops::Range<usize>,
    len: usize,
) -> Result<(), Error> {
    if range.end <= len {
        return Ok(());
    }
    Err(Error::Index { what, index: range.end as u64 - 1, len: len as u64 })
}
