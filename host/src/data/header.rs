//! [`Header`]: what the header of an array's file says, whichever form it has.

use std::io::Read;
use std::path::Path;

use crate::error::{ArrayError, Error, Result, Shape, quotable};

/// Names that a message lists.
const NAMES_LISTED: usize = 10;

/// How a number is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// 32 bits, little-endian.
    F32,
    /// 64 bits, little-endian; rounded once to the nearest of 32.
    F64,
    /// IEEE-754's 16 bits, little-endian; widened without loss.
    F16,
    /// The upper 16 bits of an `F32`, little-endian; widened without loss. Only `safetensors` has
    /// them.
    Bf16,
    /// An integer, little-endian; rounded once to the nearest `F32`. Only counts and the like are read
    /// from them.
    Integer(Integer),
}

/// How an integer is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Integer {
    /// 1, 2, 4 or 8.
    pub bytes: u8,
    /// Whether it may be negative, in two's complement.
    pub signed: bool,
}

impl Integer {
    /// The nearest number.
    pub(super) fn number(self, bytes: &[u8]) -> f32 {
        let negative = self.signed && bytes.last().is_some_and(|byte| *byte >= 0x80);
        let mut wide = [if negative { 0xff } else { 0 }; 8];
        for (wide, byte) in wide.iter_mut().zip(bytes) {
            *wide = *byte;
        }
        match self.signed {
            true => i64::from_le_bytes(wide) as f32,
            false => u64::from_le_bytes(wide) as f32,
        }
    }
}

/// Which elements a reader wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Floats,
    /// Floats or integers.
    Numbers,
}

impl Element {
    /// Bytes of a number.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::Integer(integer) => integer.bytes as usize,
        }
    }
}

/// A header that was understood.
#[derive(Debug)]
pub(super) struct Header {
    pub element: Element,
    /// What the file calls the array.
    pub name: Option<String>,
    pub shape: Vec<u64>,
    /// Bytes before the first number.
    pub data_start: u64,
    /// Bytes of the whole file.
    pub file_len: u64,
}

/// How many elements an array of this shape has, each of so many bytes; an error if no file can hold
/// them.
pub(super) fn count(shape: &[u64], element_bytes: usize, path: &Path) -> Result<u64> {
    let count = shape.iter().try_fold(1_u64, |count, length| count.checked_mul(*length));
    let addressable = |count: &u64| {
        count.checked_mul(element_bytes as u64).is_some_and(|bytes| bytes < u64::MAX / 2)
    };
    count
        .filter(addressable)
        .ok_or_else(|| ArrayError::ShapeOverflow { shape: Shape(shape.to_vec()) }.at(path))
}

/// Names of arrays, for a message: how many, and which, if they are not many.
pub(super) fn listed(mut names: Vec<String>) -> String {
    names.sort_unstable();
    let (count, more) = match names.len() {
        0 => return "none".to_owned(),
        count if count > NAMES_LISTED => (count, ", …"),
        count => (count, ""),
    };
    names.truncate(NAMES_LISTED);
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{}\"", quotable(name))).collect();
    format!("{count}: {}{more}", quoted.join(", "))
}

/// Reads `len` bytes, or what there is; never holds more than that.
pub(super) fn read_up_to(source: &mut dyn Read, len: u64, path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = source.take(len).read_to_end(&mut bytes);
    read.map_err(|error| Error::io(path, "read", error))?;
    Ok(bytes)
}

/// Reads a header's text, of which the file must have all.
pub(super) fn read_text(
    source: &mut dyn Read,
    starts_at: u64,
    len: u64,
    path: &Path,
) -> Result<Vec<u8>> {
    let text = read_up_to(source, len, path)?;
    let end = |len: u64| starts_at.saturating_add(len);
    let (expected, found) = (end(len), end(text.len() as u64));
    match found < expected {
        true => Err(ArrayError::Truncated { expected, found }.at(path)),
        false => Ok(text),
    }
}
