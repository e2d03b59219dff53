//! [`ArrayReader`]: numbers from an array's file by their position, so that a file larger than
//! memory serves as well as a small one. The file is `.npy`, `.npz` or `safetensors`, told apart by
//! its first bytes. Reading takes `&self`: many threads share one reader.
//!
//! No memory map: it needs `unsafe`, kills the process when the file is cut, and cannot serve a
//! big-endian machine. The file's length is checked against its header once, when it is opened.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use half::{bf16, f16};

use super::file_kind::not_a_file;
pub use super::header::{Element, Integer};
use super::header::{Header, Wanted, count, read_up_to};
pub use super::npy_header::HEADER_LIMIT as NPY_HEADER_LIMIT;
pub use super::safetensors_header::HEADER_LIMIT as SAFETENSORS_HEADER_LIMIT;
use super::source::{Reader, Section, Source};
use super::{npy_header, npz, safetensors_header};
use crate::error::{ArrayError, Error, Result};

/// Bytes that one read asks for, at most.
const CHUNK_BYTES: usize = 1 << 20;

/// Bytes that tell one form from another.
const START_BYTES: u64 = 9;

/// An array of little-endian numbers in C order, of any rank.
pub struct ArrayReader {
    source: Box<dyn Source>,
    path: PathBuf,
    name: Option<String>,
    element: Element,
    shape: Vec<u64>,
    len: u64,
    data_start: u64,
    /// When it was opened.
    modified: Option<SystemTime>,
}

impl ArrayReader {
    /// Opens a file and checks its header and length. `tensor` is the name of the array where the
    /// file holds several.
    ///
    /// # Errors
    /// A missing or unreadable file, and every defect of [`ArrayReader::new`].
    pub fn open(path: &Path, tensor: &'static str) -> Result<Self> {
        Self::open_wanted(path, tensor, Wanted::Floats)
    }

    /// The same of a file of floats or integers.
    ///
    /// # Errors
    /// As [`ArrayReader::open`].
    pub fn open_numbers(path: &Path, tensor: &'static str) -> Result<Self> {
        Self::open_wanted(path, tensor, Wanted::Numbers)
    }

    fn open_wanted(path: &Path, tensor: &'static str, wanted: Wanted) -> Result<Self> {
        if let Some(found) = not_a_file(path) {
            return Err(ArrayError::NotAFile { found }.at(path));
        }
        let file = File::open(path).map_err(|error| Error::io(path, "open", error))?;
        Self::of_source(file, path, tensor, wanted)
    }

    /// Checks the header and the length of a source; `path` names it in messages.
    ///
    /// # Errors
    /// None of these forms, a damaged or oversized header, another element type or
    /// order, no tensor of the name, a shape that no file can hold, a length other than the
    /// header's.
    pub fn new(source: impl Source + 'static, path: &Path, tensor: &'static str) -> Result<Self> {
        Self::of_source(source, path, tensor, Wanted::Floats)
    }

    fn of_source(
        source: impl Source + 'static,
        path: &Path,
        tensor: &'static str,
        wanted: Wanted,
    ) -> Result<Self> {
        let find = |error| Error::io(path, "find the time of the last change", error);
        let modified = source.modified().map_err(find)?;
        let start = read_up_to(&mut Reader::new(&source), START_BYTES, path)?;
        let (source, of_archive): (Box<dyn Source>, _) = match npz::begins(&start) {
            true => {
                let npz::Found { name, bytes } = npz::find(&source, path, tensor)?;
                (Box::new(Section { source, bytes }), Some(name))
            }
            false => (Box::new(source), None),
        };
        let reader = &mut Reader::new(&*source);
        let header = match safetensors_header::begins(&start) {
            true => safetensors_header::read(reader, path, tensor, wanted)?,
            false => npy_header::read(reader, path, wanted)?,
        };
        let Header { element, name, shape, data_start, file_len: expected } = header;
        let found = source.byte_len().map_err(|error| Error::io(path, "find the length", error))?;
        let len = count(&shape, element.size(), path)?;
        if found < expected {
            return Err(ArrayError::Truncated { expected, found }.at(path));
        }
        if found > expected {
            return Err(ArrayError::TrailingBytes { expected, found }.at(path));
        }
        let (path, name) = (path.to_owned(), of_archive.or(name));
        Ok(Self { source, path, name, element, shape, len, data_start, modified })
    }

    /// The file's path, or the name given to the source.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the file calls the array; `.npy` has no name for it.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// How its numbers are stored.
    #[must_use]
    pub fn element(&self) -> Element {
        self.element
    }

    /// The lengths of the axes, the slowest first.
    #[must_use]
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// How many numbers there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Reads the numbers from the one at `first` on, as many as `out` has places.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read or has not so many; [`ArrayError::Changed`] if it was
    /// written to since it was opened.
    pub fn read(&self, first: u64, out: &mut [f32]) -> Result<()> {
        let read = self.read_bytes(first, out);
        // Whoever writes to a file sets its time before it has other bytes: what was read before a
        // time that is the old one is of the old bytes.
        match self.source.modified() {
            Ok(modified) if modified != self.modified => Err(ArrayError::Changed.at(&self.path)),
            modified => {
                read.and(modified).map(|_| ()).map_err(|error| Error::io(&self.path, "read", error))
            }
        }
    }

    fn read_bytes(&self, first: u64, out: &mut [f32]) -> io::Result<()> {
        if first.saturating_add(out.len() as u64) > self.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let size = self.element.size();
        let mut offset = self.data_start.saturating_add(first.saturating_mul(size as u64));
        let mut chunk = vec![0; CHUNK_BYTES.min(out.len().saturating_mul(size))];
        for part in out.chunks_mut(CHUNK_BYTES.checked_div(size).unwrap_or(1)) {
            let bytes = &mut chunk[..part.len().saturating_mul(size)];
            self.source.read_exact_at(bytes, offset)?;
            decode(self.element, bytes, part);
            offset = offset.saturating_add(bytes.len() as u64);
        }
        Ok(())
    }
}

/// Widening 16 bits to 32 is exact; 64 and integers are rounded to the nearest, to even between two.
fn decode(element: Element, bytes: &[u8], out: &mut [f32]) {
    match element {
        Element::F64 => decode_each(bytes, out, |bytes| f64::from_le_bytes(bytes) as f32),
        Element::F32 => decode_each(bytes, out, f32::from_le_bytes),
        Element::F16 => decode_each(bytes, out, |bytes| f16::from_le_bytes(bytes).to_f32()),
        Element::Bf16 => decode_each(bytes, out, |bytes| bf16::from_le_bytes(bytes).to_f32()),
        Element::Integer(integer) => {
            for (value, bytes) in out.iter_mut().zip(bytes.chunks_exact(element.size())) {
                *value = integer.number(bytes);
            }
        }
    }
}

fn decode_each<const SIZE: usize>(
    bytes: &[u8],
    out: &mut [f32],
    number: impl Fn([u8; SIZE]) -> f32,
) {
    for (value, bytes) in out.iter_mut().zip(bytes.as_chunks().0) {
        *value = number(*bytes);
    }
}
