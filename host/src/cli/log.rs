//! A line on stderr.

use std::io::Write;

/// Writes it. If stderr is closed, nobody is there to be told so.
pub(super) fn log(line: &str) {
    let _ = writeln!(anstream::stderr(), "{line}");
}
