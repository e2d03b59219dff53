//! [`NpyReader`]: numbers from a `.npy` file by their position, so that a file larger than memory
//! serves as well as a small one.
//!
//! No memory map: it needs `unsafe`, kills the process when the file is cut, and cannot serve a
//! big-endian machine. The file's length is checked against its header once, when it is opened.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use half::f16;

use super::npy_header;
pub use super::npy_header::{Element, HEADER_LIMIT};
use crate::error::{Error, Result};

/// Bytes that one read asks for, at most.
const CHUNK_BYTES: usize = 1 << 20;

/// What an array is read from: a file, or bytes that are part of the program.
pub trait Source: Read + Seek + Send {}

impl<T: Read + Seek + Send> Source for T {}

/// An array of little-endian `f4` or `f2` in C order, of any rank.
pub struct NpyReader {
    source: Box<dyn Source>,
    path: PathBuf,
    element: Element,
    shape: Vec<u64>,
    len: u64,
    data_start: u64,
    chunk: Vec<u8>,
}

impl NpyReader {
    /// Opens a file and checks its header and length.
    ///
    /// # Errors
    /// A missing or unreadable file, and every defect of [`NpyReader::new`].
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| Error::io(path, "open", error))?;
        Self::new(file, path)
    }

    /// Checks the header and the length of a source; `path` names it in messages.
    ///
    /// # Errors
    /// Not a `.npy` file, a damaged or oversized header, another element type or order, a shape
    /// that no file can hold, a length other than the header's.
    pub fn new(source: impl Source + 'static, path: &Path) -> Result<Self> {
        let mut source: Box<dyn Source> = Box::new(source);
        let header = npy_header::read(&mut source, path)?;
        let len = npy_header::count(&header.shape, header.element, path)?;
        let expected = header.data_start + len * header.element.size() as u64;
        let found = source
            .seek(SeekFrom::End(0))
            .map_err(|error| Error::io(path, "find the length", error))?;
        let path = path.to_owned();
        if found < expected {
            return Err(Error::Truncated { path, expected, found });
        }
        if found > expected {
            return Err(Error::TrailingBytes { path, expected, found });
        }
        let npy_header::Header { element, shape, data_start } = header;
        Ok(Self { source, path, element, shape, len, data_start, chunk: Vec::new() })
    }

    /// The file's path, or the name given to the source.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
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
    /// [`Error::Io`] if the file cannot be read, was cut since it was opened, or has not so many.
    pub fn read(&mut self, first: u64, out: &mut [f32]) -> Result<()> {
        self.read_bytes(first, out).map_err(|error| Error::io(&self.path, "read", error))
    }

    fn read_bytes(&mut self, first: u64, out: &mut [f32]) -> std::io::Result<()> {
        if first.saturating_add(out.len() as u64) > self.len {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let size = self.element.size();
        self.source.seek(SeekFrom::Start(self.data_start + first * size as u64))?;
        for part in out.chunks_mut(CHUNK_BYTES / size) {
            self.chunk.resize(part.len() * size, 0);
            self.source.read_exact(&mut self.chunk)?;
            decode(self.element, &self.chunk, part);
        }
        Ok(())
    }
}

/// Widening an `f2` to 32 bits is exact.
fn decode(element: Element, bytes: &[u8], out: &mut [f32]) {
    match element {
        Element::F32 => {
            for (value, bytes) in out.iter_mut().zip(bytes.as_chunks().0) {
                *value = f32::from_le_bytes(*bytes);
            }
        }
        Element::F16 => {
            for (value, bytes) in out.iter_mut().zip(bytes.as_chunks().0) {
                *value = f16::from_le_bytes(*bytes).to_f32();
            }
        }
    }
}
