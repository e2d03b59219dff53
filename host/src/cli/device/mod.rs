//! `pairpick device`: a labelling device without a network.

mod import;
mod info;
mod pack;
mod replay;
#[cfg(feature = "label")]
mod session;

use std::process::ExitCode;

use clap::{Args as ClapArgs, Subcommand};

use super::help;
use super::output::Output;
use crate::error::Result;

/// Prepare a labelling device that selects pairs offline, and take its answers home
///
/// A device is given an image of a pool: items, their features and texts, and how pairs are selected.
/// It keeps its answers in a log. Both are described in `FORMATS.md`.
#[derive(Debug, ClapArgs)]
#[command(after_help = help::DEVICE, arg_required_else_help = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Pack(Box<pack::Args>),
    Info(info::Args),
    Import(Box<import::Args>),
    Replay(replay::Args),
}

/// Does what was asked for, and gives the exit code.
pub(super) fn execute(args: &mut Args, output: &mut Output) -> Result<ExitCode> {
    let done = match &mut args.command {
        Command::Pack(args) => pack::execute(args, output),
        Command::Info(args) => info::execute(args, output),
        Command::Import(args) => import::execute(args, output),
        Command::Replay(args) => return replay::execute(args, output),
    };
    done.map(|()| ExitCode::SUCCESS)
}
