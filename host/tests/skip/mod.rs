//! Tests that cannot run say so.

use std::env;
use std::fs::OpenOptions;
use std::io::{self, Write};

/// Says on one line that something was skipped: past the test harness's capture, and into the file that
/// `PAIRPICK_SKIPS` names, if any.
pub fn skip(what: &str, lack: &str) {
    let line = format!("skipped: {what}: there is no {lack}\n");
    // A failed write to stderr leaves nowhere to report it.
    let _ = io::stderr().write_all(line.as_bytes());
    if let Some(path) = env::var_os("PAIRPICK_SKIPS") {
        let mut file = OpenOptions::new().create(true).append(true).open(path).expect("skip list");
        file.write_all(line.as_bytes()).expect("skip list");
    }
}
