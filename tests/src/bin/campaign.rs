//! Hostile and odd uses of the command ([`pairpick_tests::campaign`]), each fault on a line; ends with
//! an error if there was one.
//!
//! ```text
//! cargo build -p pairpick
//! cargo run -p pairpick-tests --bin campaign [seconds [seed [first use]]]
//! ```

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use pairpick_tests::campaign::{Program, calls, data, kills, options};
use tempfile::TempDir;

/// Runs killed.
const KILLS: u64 = 200;

fn main() -> ExitCode {
    let mut numbers = env::args().skip(1).map(|text| text.parse::<u64>().expect("a number"));
    let seconds = numbers.next().unwrap_or(600);
    let (seed, first) = (numbers.next().unwrap_or(1), numbers.next().unwrap_or(0));
    let own = env::current_exe().expect("a path");
    let program = Program { path: own.with_file_name("pairpick") };
    let mut faults = 0;
    let mut report = |fault: &str| {
        faults += 1;
        println!("FAULT {fault}");
    };
    let folder = || {
        let folder = TempDir::new().expect("a folder");
        data::write(&program, folder.path());
        folder
    };

    let counts = options::run(
        &program,
        folder().path(),
        (seed, first),
        Duration::from_secs(seconds),
        &mut report,
    );
    println!("options: {counts:?}");
    kills::run(&program, folder().path(), (seed, KILLS), &mut report);
    println!("kills: {KILLS}");
    if calls::available() {
        println!("calls: {:?}", calls::run(&program, folder().path(), &mut report));
    } else {
        println!("SKIPPED: no call fails, for want of strace");
    }
    println!("faults: {faults}");
    ExitCode::from(u8::from(faults > 0))
}
