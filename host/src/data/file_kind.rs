//! What a file is that is not what it should be, by its first bytes or by what its path leads to, so
//! that a wrong file is recognised and what makes it right is said.

use std::fs;
use std::path::Path;

use crate::error::quotable;

/// Bytes that tell every kind of file apart.
pub(super) const START_BYTES: u64 = 40;

/// Kinds of file by their first bytes, and what to do with them.
const KINDS: [(&[u8], &str); 16] = [
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x1f\x8b", "gzip (gunzip unpacks it)"),
    (b"BZh", "bzip2 (bunzip2 unpacks it)"),
    (b"\xfd7zXZ", "xz (unxz unpacks it)"),
    (b"\x28\xb5\x2f\xfd", "zstd (unzstd unpacks it)"),
    (b"PAR1", "Parquet, a table"),
    (b"ARROW1", "Arrow, a table"),
    (b"\x89HDF", "HDF5"),
    (b"\x93NUMPY", "a .npy array"),
    (b"\x80", "what looks like a Python pickle"),
    (b"version https://git-lfs", "a Git LFS pointer (git lfs pull fetches the file itself)"),
    (b"SQLite format 3", "an SQLite data base (of a session, label --export writes the labels)"),
    (b"\xef\xbb\xbf", "a byte order mark (save it as UTF-8 without one)"),
    (b"\xff\xfe", "a byte order mark, as of UTF-16 text"),
    (b"\xfe\xff", "a byte order mark, as of UTF-16 text"),
];

/// What a file begins with, where it is a kind of file that is known.
pub(crate) fn known(start: &[u8]) -> Option<&'static str> {
    let start = start.trim_ascii_start();
    if let Some((_, kind)) = KINDS.iter().find(|(bytes, _)| start.starts_with(bytes)) {
        return Some(kind);
    }
    let begins =
        |text: &[u8]| start.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text));
    (begins(b"<!doctype") || begins(b"<html"))
        .then_some("an HTML page (perhaps an error in place of a download)")
}

/// What a file begins with, for a message.
pub(super) fn describe(start: &[u8]) -> String {
    match known(start) {
        Some(kind) => kind.to_owned(),
        None if start.is_empty() => "nothing (it is empty)".to_owned(),
        None => {
            let start = start.get(..8).unwrap_or(start);
            format!("\"{}\"", quotable(&start.escape_ascii().to_string()))
        }
    }
}

/// What a path leads to, where that is not a file: opening some of these would wait for ever.
pub(super) fn not_a_file(path: &Path) -> Option<&'static str> {
    let found = fs::metadata(path).ok()?;
    if found.is_dir() {
        return Some("a folder");
    }
    (!found.is_file()).then_some("a pipe or a device")
}
