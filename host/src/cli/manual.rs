//! `pairpick completions` and `pairpick man`: what shells and manuals know of the command line,
//! from its one definition.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Command};
use clap_complete::aot::{Shell, generate};
use clap_mangen::Man;

use super::help;
use super::output::Output;
use crate::error::{Error, Result};
use crate::output::file::Places;

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

    /// Replace pages that are there
    #[arg(long, requires = "out", help_heading = "Output")]
    force: bool,
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
    // The page of `help` would say what every page says, and none refers to it.
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let pages = pages(&command)?;
    let folder = match &args.out {
        Some(folder) if folder != Path::new("-") => folder,
        _ => {
            let text = pages.into_iter().flat_map(|page| page.text).collect::<Vec<u8>>();
            return output.result(&String::from_utf8_lossy(&text));
        }
    };
    fs::create_dir_all(folder).map_err(|error| Error::io(folder, "create", error))?;
    let mut places = Places::new(args.force, &[]);
    let place = |page: Page| Ok((places.take(&folder.join(page.name))?, page.text));
    let pages: Result<Vec<_>> = pages.into_iter().map(place).collect();
    pages?.into_iter().try_for_each(|(file, text)| file.write(&text))
}

/// A manual page and the name of its file.
struct Page {
    name: String,
    text: Vec<u8>,
}

impl Page {
    fn of(command: Command) -> Result<Self> {
        let (page, mut text) = (Man::new(command), Vec::new());
        let name = page.get_filename();
        page.render(&mut text).map_err(|error| Error::io(&name, "write", error))?;
        Ok(Self { name, text })
    }
}

/// The pages of a command and of all beneath it.
fn pages(command: &Command) -> Result<Vec<Page>> {
    let mut found = vec![Page::of(command.clone())?];
    for subcommand in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        found.extend(pages(subcommand)?);
    }
    Ok(found)
}
