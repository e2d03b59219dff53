//! `pairpick device replay`: whether a device selected what this machine computes.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args as ClapArgs;

use crate::cli::output::Output;
use crate::cli::{groups, help};
use crate::device::log::DeviceLog;
use crate::device::replay::replay;
use crate::device::{open_image, read};
use crate::error::Result;
use crate::parallel::Threads;
use crate::report;
use crate::runtime::Runtime;

/// A check failed.
const DIFFERS: u8 = 1;

/// Check that a device selected, bit for bit, what this machine computes
///
/// Gives the log's answers to a session of the image on this machine, and compares what each round
/// selected: the pairs, the bits of their scores, and the bits of the head that they were selected by. The
/// exit code is 1 where anything differs.
#[derive(Debug, ClapArgs)]
#[command(after_help = help::DEVICE_REPLAY)]
pub(super) struct Args {
    /// The answer log
    #[arg(value_name = "LOG")]
    log: PathBuf,

    /// The pool image that the device was given
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    image: PathBuf,

    #[command(flatten)]
    runtime: Runtime,

    #[command(flatten)]
    print: groups::Print,
}

pub(super) fn execute(args: &Args, output: &Output) -> Result<ExitCode> {
    let threads = Threads::start(&args.runtime)?;
    let bytes = read(&args.image)?;
    let image = open_image(&args.image, &bytes)?;
    let log = DeviceLog::open(&args.log)?;
    let replayed = threads.install(|| replay(&threads, &image, &log))?;
    args.print.result(&replayed, || report::device::replayed(&replayed), output)?;
    Ok(match replayed.identical {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(DIFFERS),
    })
}
