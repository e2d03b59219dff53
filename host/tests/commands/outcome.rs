//! What a command that succeeds reports.

use std::path::Path;

use serde_json::Value;

use crate::command::pairpick;

/// What a command that succeeds reports as JSON.
pub fn reported(folder: &Path, arguments: &[&str]) -> Value {
    told(folder, arguments).0
}

/// The same, and what it says beside.
pub fn told(folder: &Path, arguments: &[&str]) -> (Value, String) {
    let output = pairpick(folder, &[arguments, &["--json"]].concat());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    (serde_json::from_slice(&output.stdout).unwrap(), stderr)
}
