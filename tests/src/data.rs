//! Data from outside the project, found through the environment: `PAIRPICK_GOLDEN` (reference
//! vectors) and `PAIRPICK_DATA` (real embeddings). Without it a test skips, and says so.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

/// The folder that an environment variable names, or a loud skip.
#[must_use]
pub fn folder(variable: &str, test: &str) -> Option<PathBuf> {
    let found = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_dir());
    if found.is_none() {
        skip(test, &format!("{variable} names no folder"));
    }
    found
}

/// Says on one line that a test was skipped: past the test harness's capture, and into the file
/// that `PAIRPICK_SKIPS` names, if any.
pub fn skip(test: &str, reason: &str) {
    let line = format!("skipped: {test}: {reason}\n");
    // `eprintln!` would be captured; a failed write to stderr leaves nowhere to report it.
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Some(path) = std::env::var_os("PAIRPICK_SKIPS") {
        let mut file = OpenOptions::new().create(true).append(true).open(path).expect("skip list");
        file.write_all(line.as_bytes()).expect("skip list");
    }
}

/// The shape and numbers of an `.npy` file of f4, f8, i4 or i8.
///
/// # Panics
/// If the file is none of these.
#[must_use]
pub fn npy(path: &Path) -> (Vec<usize>, Vec<f64>) {
    let open = || {
        let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        npyz::NpyFile::new(BufReader::new(file)).expect("an .npy header")
    };
    let shape = open().shape().iter().map(|n| usize::try_from(*n).expect("a size")).collect();
    let numbers = if let Ok(values) = open().into_vec::<f64>() {
        values
    } else if let Ok(values) = open().into_vec::<f32>() {
        values.into_iter().map(f64::from).collect()
    } else if let Ok(values) = open().into_vec::<i64>() {
        values.into_iter().map(|value| value as f64).collect()
    } else {
        open().into_vec::<i32>().expect("a supported type").into_iter().map(f64::from).collect()
    };
    (shape, numbers)
}

/// The numbers of an `.npy` file as f32, exact where they were.
#[must_use]
pub fn npy_f32(path: &Path) -> Vec<f32> {
    npy(path).1.into_iter().map(|value| value as f32).collect()
}
