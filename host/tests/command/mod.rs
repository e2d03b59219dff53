//! The command, as a user runs it.

use std::path::Path;
use std::process::{Command, Output};

/// What it does in a folder with these arguments.
pub fn pairpick(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pairpick"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}
