//! The command `pairpick`. All of it is in the library's `cli`, so that tests reach it.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    pairpick::cli::main()
}
