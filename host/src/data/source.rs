//! [`Source`]: bytes read by their position through `&self`, so that many threads share one open
//! file without a lock or a place of their own.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::time::SystemTime;

/// What an array is read from: a file, or bytes in memory.
pub trait Source: Send + Sync {
    /// How many bytes there are.
    ///
    /// # Errors
    /// The system's.
    fn byte_len(&self) -> io::Result<u64>;

    /// When a byte of it was last written, where that is known.
    ///
    /// # Errors
    /// The system's.
    fn modified(&self) -> io::Result<Option<SystemTime>> {
        Ok(None)
    }

    /// Reads bytes from `offset` on, as many as come at once: none at the end.
    ///
    /// # Errors
    /// The system's.
    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Fills `out` with the bytes from `offset` on.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] if there are not so many; the system's.
    fn read_exact_at(&self, out: &mut [u8], offset: u64) -> io::Result<()> {
        Reader { source: self, offset }.read_exact(out)
    }
}

impl Source for File {
    fn byte_len(&self) -> io::Result<u64> {
        self.metadata().map(|metadata| metadata.len())
    }

    fn modified(&self) -> io::Result<Option<SystemTime>> {
        // Not every system knows.
        self.metadata().map(|metadata| metadata.modified().ok())
    }

    #[cfg(unix)]
    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, out, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, out, offset)
    }
}

impl Source for &[u8] {
    fn byte_len(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }

    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        self.get(start..).unwrap_or_default().read(out)
    }
}

impl Source for Vec<u8> {
    fn byte_len(&self) -> io::Result<u64> {
        self.as_slice().byte_len()
    }

    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        self.as_slice().read_at(out, offset)
    }
}

/// A part of a source.
pub(super) struct Section<S> {
    /// The whole.
    pub source: S,
    /// The part's bytes.
    pub bytes: Range<u64>,
}

impl<S: Source> Source for Section<S> {
    fn byte_len(&self) -> io::Result<u64> {
        Ok(self.bytes.end.saturating_sub(self.bytes.start))
    }

    fn modified(&self) -> io::Result<Option<SystemTime>> {
        self.source.modified()
    }

    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        let left = usize::try_from(self.byte_len()?.saturating_sub(offset)).unwrap_or(usize::MAX);
        let len = out.len().min(left);
        self.source.read_at(&mut out[..len], self.bytes.start.saturating_add(offset))
    }
}

/// A source from a position on, for what reads from the front to the back.
pub struct Reader<'a, S: ?Sized> {
    source: &'a S,
    offset: u64,
}

impl<'a, S: Source + ?Sized> Reader<'a, S> {
    /// From the first byte on.
    pub fn new(source: &'a S) -> Self {
        Self { source, offset: 0 }
    }
}

impl<S: Source + ?Sized> Read for Reader<'_, S> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read_at(out, self.offset)?;
        self.offset = self.offset.saturating_add(read as u64);
        Ok(read)
    }
}
