//! [`Manifest`]: what a run has written, in a file that only a run writes. By it a folder is known
//! as a run's, what counts of an interrupted one, and what somebody has changed since.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::digest_of;
use super::place::refused;
use crate::digest::HexDigest;
use crate::error::{Error, Result};
use crate::json;

/// The name of its file.
pub const MANIFEST: &str = "manifest.json";

/// What it says of itself: another version's folder is none of ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Format {
    #[default]
    #[serde(rename = "pairpick run 1")]
    Run1,
}

/// The files of a run by their names, each in the parts in which it was written: one, or one a
/// round.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    format: Format,
    files: BTreeMap<String, Vec<Part>>,
}

/// Some bytes of a file, after those of the parts before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    bytes: usize,
    digest: HexDigest,
}

impl Part {
    fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.len(), digest: digest_of(bytes) }
    }
}

impl Manifest {
    /// The manifest of a folder; none where there is no such file.
    ///
    /// # Errors
    /// [`FolderError::OutputPlace`](crate::error::FolderError::OutputPlace) for a file that no run
    /// of this version wrote; [`Error::Io`].
    pub(super) fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(MANIFEST);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|error| Error::io(&path, "read", error))?,
        };
        let manifest = json::object(&text);
        manifest.map(Some).map_err(|_| {
            let problem = format!("no run of this version wrote its {MANIFEST}; move the folder");
            refused(folder, &problem)
        })
    }

    /// The text of its file.
    pub(super) fn to_json(&self) -> io::Result<Vec<u8>> {
        let mut text = serde_json::to_vec(self)?;
        text.push(b'\n');
        Ok(text)
    }

    /// Whether there is anything in it.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Whether it has a file of this name.
    pub(super) fn lists(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// A file is these bytes.
    pub(super) fn set(&mut self, name: &str, bytes: &[u8]) {
        self.files.insert(name.to_owned(), vec![Part::of(bytes)]);
    }

    /// These bytes follow in a file; gives back after how many.
    pub(super) fn add(&mut self, name: &str, bytes: &[u8]) -> u64 {
        let parts = self.files.entry(name.to_owned()).or_default();
        let before = parts.iter().map(|part| part.bytes as u64).fold(0, u64::saturating_add);
        parts.push(Part::of(bytes));
        before
    }

    /// A file is no longer there.
    pub(super) fn remove(&mut self, name: &str) {
        self.files.remove(name);
    }

    /// How many bytes of a file were written to it, from the first on.
    ///
    /// # Errors
    /// Which of them are others, in words.
    pub(super) fn written(&self, name: &str, bytes: &[u8]) -> Result<usize, String> {
        let mut end = 0;
        for part in self.files.get(name).into_iter().flatten() {
            let rest = &bytes[end..];
            let found = rest.get(..part.bytes).unwrap_or(rest);
            if Part::of(found) != *part {
                return Err(changed(name, bytes, end..end + found.len()));
            }
            end += part.bytes;
        }
        Ok(end)
    }
}

/// The place of a change, as a person finds it.
fn changed(name: &str, bytes: &[u8], place: Range<usize>) -> String {
    let lines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
    let (before, within) = (lines(&bytes[..place.start]), lines(&bytes[place]));
    match (name.ends_with(".jsonl"), before + 1, before + within) {
        (true, first, last) if first < last => {
            format!("lines {first} to {last} are not those that it wrote")
        }
        (true, line, _) => format!("line {line} is not the one that it wrote"),
        (false, ..) => "it is not the one that it wrote".to_owned(),
    }
}
