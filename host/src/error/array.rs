//! [`ArrayError`]: why a file holds no array that can be read.

use std::fmt;
use std::path::PathBuf;

use super::Error;

/// What is wrong with the file, and what makes it right.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayError {
    /// The file is of another kind.
    #[error("not a .npy, .npz or safetensors file: it begins with {found}; numpy.save writes one")]
    NotAnArray {
        /// What it begins with.
        found: String,
    },
    /// The path leads to something else.
    #[error("{found}, but a file is expected, since its numbers are read by their places in it")]
    NotAFile {
        /// What it leads to.
        found: &'static str,
    },
    /// The archive cannot be understood.
    #[error("the .npz archive is damaged: {problem}; copy or download it again")]
    DamagedArchive {
        /// What is wrong with it.
        problem: String,
    },
    /// The archive holds no array.
    #[error(
        "a zip archive without a .npy member, so no .npz; of what torch.save wrote, \
         numpy.save(file, tensor.float().numpy()) makes an array"
    )]
    NoArray,
    /// The archive's array would have to be unpacked.
    #[error(
        "its array \"{name}\" is compressed; numpy.savez (not savez_compressed) or numpy.save writes \
         one that can be read in place"
    )]
    Compressed {
        /// The array's name.
        name: String,
    },
    /// The header cannot be understood.
    #[error("the {form} header is damaged: {problem}")]
    DamagedHeader {
        /// ".npy" or "safetensors".
        form: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The header announces more text than any array needs.
    #[error("the {form} header claims {found} bytes; the limit is {limit}")]
    HeaderTooLong {
        /// ".npy" or "safetensors".
        form: &'static str,
        /// Bytes claimed.
        found: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// The file ends too early.
    #[error("truncated: {expected} bytes expected, {found} found; copy or download it again")]
    Truncated {
        /// Bytes that the header promises, its own included.
        expected: u64,
        /// Bytes that there are.
        found: u64,
    },
    /// The file goes on after its array.
    #[error(
        "{} bytes after the end of the array: {expected} bytes expected, {found} found",
        found - expected
    )]
    TrailingBytes {
        /// Bytes that the header promises, its own included.
        expected: u64,
        /// Bytes that there are.
        found: u64,
    },
    /// The numbers are of another type.
    #[error(
        "element type {found}, but '<f4' (float32), '<f2' (float16) or '<f8' (float64) is expected; \
         convert with array.astype('<f4')"
    )]
    ElementType {
        /// NumPy's name of the type found, quoted.
        found: String,
    },
    /// The numbers are bfloat16's, which `.npy` has no name for.
    #[error(
        "element type {found}, 2 bytes of no known meaning; if they are bfloat16, \
         (array.view('<u2').astype('<u4') << 16).view('<f4') makes them float32"
    )]
    Bfloat16 {
        /// NumPy's name of the type found, quoted.
        found: String,
    },
    /// The tensor's numbers are of another type.
    #[error(
        "tensor \"{tensor}\" is of type {found}, but F32, F16, BF16 or F64 is expected; \
         convert with tensor.float() or array.astype('<f4')"
    )]
    TensorType {
        /// The tensor's name.
        tensor: String,
        /// Its type.
        found: String,
    },
    /// None of several arrays has the name wanted.
    #[error("an array named {wanted:?}, or a single one, is expected; found {found}")]
    NoTensor {
        /// The name.
        wanted: &'static str,
        /// How many there are, and their names.
        found: String,
    },
    /// The array holds Python objects.
    #[error(
        "an array of Python objects ({found}), which only Python can read; if its rows have \
         equal lengths, numpy.stack(list).astype('<f4') makes it one of numbers"
    )]
    ObjectType {
        /// NumPy's name of the type found, quoted.
        found: String,
    },
    /// The numbers are stored with the high byte first.
    #[error(
        "big-endian numbers ({found}), but little-endian ones are expected; \
         convert with array.astype('<f4')"
    )]
    BigEndian {
        /// NumPy's name of the type found, quoted.
        found: String,
    },
    /// The array is stored column by column.
    #[error(
        "Fortran (column-major) order, but C order is expected; \
         convert with numpy.ascontiguousarray(array)"
    )]
    FortranOrder,
    /// The file was written to after it was opened.
    #[error(
        "it was written to while it was in use, so that its numbers would be of two versions; \
         a new file that is renamed in place of the old one does no harm"
    )]
    Changed,
    /// The array claims more numbers than can be addressed.
    #[error("shape {shape} is larger than any file")]
    ShapeOverflow {
        /// The shape.
        shape: Shape,
    },
}

impl ArrayError {
    /// The error of the file at `path`.
    pub fn at(self, path: impl Into<PathBuf>) -> Error {
        Error::Array { path: path.into(), problem: self }
    }
}

/// A shape as NumPy prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape(pub Vec<u64>);

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths: Vec<String> = self.0.iter().map(u64::to_string).collect();
        match lengths.as_slice() {
            [only] => write!(f, "({only},)"),
            _ => write!(f, "({})", lengths.join(", ")),
        }
    }
}
