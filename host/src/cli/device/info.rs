//! `pairpick device info`: what an image or a log says of itself.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use crate::cli::output::Output;
use crate::cli::{groups, help};
use crate::device::info::{ImageInfo, LogInfo};
use crate::device::log::DeviceLog;
use crate::device::{open_image, read};
use crate::error::Result;

/// How an image begins.
const IMAGE: &[u8] = b"pairpick";

/// Tell what a pool image or an answer log says of itself
///
/// Every byte is checked first: what is damaged, cut off, or of a later format is refused with the
/// reason.
#[derive(Debug, ClapArgs)]
#[command(after_help = help::DEVICE_INFO)]
pub(super) struct Args {
    /// A pool image, or an answer log
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    print: groups::Print,
}

pub(super) fn execute(args: &Args, output: &Output) -> Result<()> {
    let bytes = read(&args.file)?;
    if bytes.starts_with(IMAGE) {
        let info = ImageInfo::of(&args.file, &open_image(&args.file, &bytes)?);
        return args.print.result(&info, || info.text(), output);
    }
    let info = LogInfo::of(&DeviceLog::read(&args.file, &bytes)?, bytes.len());
    args.print.result(&info, || info.text(), output)
}
