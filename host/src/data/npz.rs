//! Arrays in a zip archive, as `numpy.savez` writes them: a member is a `.npy` file within the file,
//! read in place, for which it must be stored as it is.

use std::io;
use std::ops::Range;
use std::path::Path;

use rawzip::{
    CompressionMethod, RECOMMENDED_BUFFER_SIZE, ReaderAt, ZipArchive, ZipArchiveEntryWayfinder,
    ZipLocator,
};

use super::header::listed;
use super::source::Source;
use crate::error::{ArrayError, Error, Result, quotable};

/// The most members of an archive that are looked at: one of arrays has a handful.
const MOST_MEMBERS: usize = 1000;

/// Whether a file begins as a zip archive with a member does.
pub(super) fn begins(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04")
}

/// The array that is wanted.
pub(super) struct Found {
    /// What the archive calls it.
    pub name: String,
    /// Where it is.
    pub bytes: Range<u64>,
}

/// An array of an archive.
struct Member {
    name: String,
    method: CompressionMethod,
    place: ZipArchiveEntryWayfinder,
}

/// Where the bytes of an array are, and what it is called: of that name, or of the only one.
///
/// # Errors
/// [`ArrayError::DamagedArchive`]; [`ArrayError::NoArray`]; [`ArrayError::NoTensor`];
/// [`ArrayError::Compressed`]; [`Error::Io`].
pub(super) fn find(source: &dyn Source, path: &Path, wanted: &'static str) -> Result<Found> {
    let damaged = |error: rawzip::Error| match error.into_kind() {
        rawzip::ErrorKind::IO(error) => Error::io(path, "read", error),
        kind => ArrayError::DamagedArchive { problem: quotable(&kind.to_string()) }.at(path),
    };
    let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
    let len = source.byte_len().map_err(|error| Error::io(path, "find the length", error))?;
    let archive = ZipLocator::new()
        .locate_in_reader(Positioned(source), &mut buffer, len)
        .map_err(|(_, error)| damaged(error))?;
    let members = arrays(&archive, &mut buffer).map_err(damaged)?;
    let member = match members.as_slice() {
        [] => return Err(ArrayError::NoArray.at(path)),
        [only] => Some(only),
        several => several.iter().find(|member| member.name == wanted),
    };
    let Some(Member { name, method, place }) = member else {
        let found = listed(members.into_iter().map(|member| member.name).collect());
        return Err(ArrayError::NoTensor { wanted, found }.at(path));
    };
    if *method != CompressionMethod::STORE {
        return Err(ArrayError::Compressed { name: quotable(name) }.at(path));
    }
    let (start, end) = archive.get_entry(*place).map_err(damaged)?.compressed_data_range();
    Ok(Found { name: name.clone(), bytes: start..end })
}

/// The arrays of an archive, without the `.npy` that ends their members' names.
fn arrays(
    archive: &ZipArchive<Positioned<'_>>,
    buffer: &mut [u8],
) -> Result<Vec<Member>, rawzip::Error> {
    let mut arrays = Vec::new();
    let mut entries = archive.entries(buffer);
    for _ in 0..MOST_MEMBERS {
        let Some(entry) = entries.next_entry()? else { break };
        let name = String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned();
        if let Some(name) = name.strip_suffix(".npy") {
            let (name, method) = (name.to_owned(), entry.compression_method());
            arrays.push(Member { name, method, place: entry.wayfinder() });
        }
    }
    Ok(arrays)
}

/// A source as the archive's reader wants it.
struct Positioned<'a>(&'a dyn Source);

impl ReaderAt for Positioned<'_> {
    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(out, offset)
    }
}
