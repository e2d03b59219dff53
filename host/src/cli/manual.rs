//! `pairpick completions` and `pairpick man`: what shells and manuals know of the command line,
//! from its one definition.

use std::fs;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Command};
use clap_complete::aot::{Shell, generate};
use clap_mangen::{Man, generate_to};

use super::help;
use super::output::Output;
use crate::error::{Error, Result};

/// Print the completions of a shell
///
/// With them a shell completes subcommands, options and the names of choices.
#[derive(Debug, ClapArgs)]
#[command(after_help = help::COMPLETIONS)]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Print the manual, or write a page for each subcommand
#[derive(Debug, ClapArgs)]
#[command(after_help = help::MAN)]
pub(super) struct ManArgs {
    /// Folder for a page of each subcommand; without it they are printed, one after the other
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    out: Option<PathBuf>,
}

/// Prints the completions.
pub(super) fn completions(
    args: &CompletionsArgs,
    mut command: Command,
    output: &Output,
) -> Result<()> {
    let mut text = Vec::new();
    generate(args.shell, &mut command, "pairpick", &mut text);
    output.result(&String::from_utf8_lossy(&text))
}

/// Prints or writes manual pages.
pub(super) fn man(args: &ManArgs, command: Command, output: &Output) -> Result<()> {
    // Its page would say what every page says, and none is written.
    let mut command = command.disable_help_subcommand(true);
    if let Some(folder) = &args.out {
        fs::create_dir_all(folder).map_err(|error| Error::io(folder, "create", error))?;
        return generate_to(command, folder).map_err(|error| Error::io(folder, "write", error));
    }
    command.build();
    let mut pages = Vec::new();
    let subcommands: Vec<Command> = command.get_subcommands().cloned().collect();
    for command in [command].into_iter().chain(subcommands) {
        Man::new(command)
            .render(&mut pages)
            .map_err(|error| Error::io("standard output", "write", error))?;
    }
    output.result(&String::from_utf8_lossy(&pages))
}
