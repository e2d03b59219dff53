//! `pairpick device import`: the answers of devices as labels.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use crate::cli::output::Output;
use crate::cli::{groups, help};
use crate::device::log::DeviceLog;
use crate::device::merge::{DeviceAnswer, Merged, merge};
use crate::device::{open_image, read};
use crate::error::{Error, Result};
use crate::json;
use crate::progress::Progress;
use crate::report;

/// Write the answers of one device or several as labels
///
/// Logs of the same pool are put together, whatever their order: rounds first, then places in the batch,
/// then devices. An earlier copy of a device's log adds nothing. A line an answer, as run writes them,
/// with the device's number as "annotator"; pairs that were passed over have "skip": true, and beside it
/// "both_bad": true where neither response was any good. Where devices asked about the same pair, --repeats keep
/// reads all of their answers.
#[derive(Debug, ClapArgs)]
#[command(after_help = help::DEVICE_IMPORT)]
pub(super) struct Args {
    /// Answer logs
    #[arg(value_name = "LOG", required = true)]
    logs: Vec<PathBuf>,

    /// The pool image that the devices were given
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    image: PathBuf,

    #[cfg(feature = "label")]
    #[command(flatten)]
    session: super::session::IntoSession,

    /// File for the labels, in place of standard output, which is -
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    out: Option<PathBuf>,

    /// Replace the file if it is there
    #[arg(long, requires = "out", help_heading = "Output")]
    force: bool,

    #[command(flatten)]
    print: groups::Print,
}

pub(super) fn execute(args: &mut Args, output: &mut Output) -> Result<()> {
    #[cfg(feature = "label")]
    let session = args.session.fill(output)?;
    let inputs = args.logs.iter().chain([&args.image]);
    let inputs: Vec<&Path> = inputs.map(PathBuf::as_path).collect();
    let mut places = args.print.beside(args.force, &inputs);
    let file = args.out.as_ref().map(|path| places.take(path)).transpose()?;
    let bytes = read(&args.image)?;
    let image = open_image(&args.image, &bytes)?;
    let logs: Result<Vec<DeviceLog>> = args.logs.iter().map(|path| DeviceLog::open(path)).collect();
    let merged = merge(&image, logs?)?;
    tell(&merged, output);
    #[cfg(feature = "label")]
    if let Some(path) = session {
        let brought = args.session.take_in(&path, &args.image, &image, merged, output)?;
        return args.print.result(&brought, || brought.text(), output);
    }
    let lines =
        || json::lines(&merged.lines).map_err(|error| Error::io("standard output", "write", error));
    args.print.write(lines, file, output)?;
    args.print.tell(&merged, || report::device::merged(&merged), output)
}

/// What somebody should know of the answers.
fn tell(merged: &Merged, output: &mut Output) {
    for device in merged.devices.iter().filter(|device| device.dropped > 0) {
        let (records, they) = match device.dropped {
            1 => ("a record was".to_owned(), "it is"),
            several => (format!("{several} records were"), "they are"),
        };
        let log = &device.log;
        output.note(&format!("{log}: power failed while {records} written; {they} passed over"));
    }
    for conflict in &merged.conflicts {
        let said =
            |answer: &DeviceAnswer| format!("device {} says {}", answer.device, answer.answer);
        let said: Vec<String> = conflict.answers.iter().map(said).collect();
        output.note(&format!("{} and {}: {}", conflict.a, conflict.b, said.join(", ")));
    }
}
