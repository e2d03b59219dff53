//! What the command refuses.

use std::fs::{self, FileType};
use std::path::{Path, PathBuf};

use crate::command::pairpick;

/// It refuses these arguments, in words that hold all of these, prints no result and changes nothing in
/// the folder. What it says.
pub fn refused(folder: &Path, arguments: &[&str], message: &[&str]) -> String {
    let before = listing(folder);
    let output = pairpick(folder, arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
    for part in message {
        assert!(stderr.contains(part), "{arguments:?}: {part:?} is not in: {stderr}");
    }
    assert!(!stderr.contains("panicked") && !stderr.contains('\u{1b}'), "{stderr}");
    assert!(output.stdout.is_empty(), "a result in spite of: {stderr}");
    assert!(listing(folder) == before, "{arguments:?} changed something");
    stderr
}

/// Every path below a folder, with what it is and holds.
fn listing(folder: &Path) -> Vec<(PathBuf, FileType, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        if kind.is_dir() {
            found.extend(listing(&path));
        }
        let bytes = if kind.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        found.push((path, kind, bytes));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}
