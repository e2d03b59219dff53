//! The command `pairpick`: one file a subcommand, each of them thin. Only here are flags and
//! terminals known; the rest of the crate names settings, and says of each what its option takes.

mod bars;
mod compare;
mod cost;
mod data_folder;
mod device;
mod eval;
mod export;
mod grid_axes;
mod groups;
mod help;
mod import;
mod interrupt;
#[cfg(feature = "label")]
mod label;
mod log;
mod manual;
mod measured_data;
mod mixture;
mod names;
mod output;
mod over;
mod run;
mod score;
mod select;
#[cfg(feature = "label")]
mod terminal;
mod train;
#[cfg(feature = "label")]
mod until;
mod verify;
#[cfg(feature = "web")]
mod web;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use self::log::{ERROR, PLAIN, log};
use self::names::Names;
use self::output::Output;
use crate::error::Result;

/// Bad input or usage.
const BAD_INPUT: u8 = 2;

/// Pick which pairs of responses are worth asking a human about
///
/// A reward model learns from answers to "which of these two is better?". Answers are dear, and
/// most teach little. pairpick asks about the pairs that teach the most.
#[derive(Debug, Parser)]
#[command(
    name = "pairpick",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = help::TOP
)]
struct Cli {
    /// Tell nothing but results and errors: no notes, no rounds, no progress
    #[arg(short, long, global = true)]
    quiet: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(Box<run::Args>),
    #[cfg(feature = "label")]
    Label(Box<label::Args>),
    Compare(Box<compare::Args>),
    Select(select::Args),
    Train(train::Args),
    Eval(eval::Args),
    Score(score::Args),
    Import(import::Args),
    Export(export::Args),
    Device(device::Args),
    Completions(manual::CompletionsArgs),
    Man(manual::ManArgs),
    Verify(verify::Args),
    Cost(cost::Args),
}

/// The definition of the command line, with all its options.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// Parses the command line, does what it says, and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let mut cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return answer(&error),
    };
    let mut output = Output::new(Names::of(&command()), cli.quiet);
    output.work().end_when_interrupted();
    let done = match &mut cli.command {
        Command::Run(args) => run::execute(args, &mut output),
        #[cfg(feature = "label")]
        Command::Label(args) => label::execute(args, &mut output),
        Command::Compare(args) => compare::execute(args, &mut output),
        Command::Select(args) => select::execute(args, &mut output),
        Command::Train(args) => train::execute(args, &mut output),
        Command::Eval(args) => eval::execute(args, &mut output),
        Command::Score(args) => score::execute(args, &mut output),
        Command::Import(args) => import::execute(args, &mut output),
        Command::Export(args) => export::execute(args, &mut output),
        Command::Completions(args) => manual::completions(args, command(), &output),
        Command::Man(args) => manual::man(args, command(), &output),
        Command::Cost(args) => cost::execute(args, &mut output),
        Command::Device(args) => return finish(device::execute(args, &mut output), &output),
        Command::Verify(args) => return finish(verify::execute(args, &mut output), &output),
    };
    finish(done.map(|()| ExitCode::SUCCESS), &output)
}

/// Help, or what is wrong with the command line, which quotes it.
fn answer(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        error.exit();
    }
    let text = error.render().to_string();
    match text.strip_prefix("error: ") {
        Some(problem) => log(ERROR, problem.trim_end()),
        None => log(PLAIN, text.trim_end()),
    }
    ExitCode::from(BAD_INPUT)
}

/// The exit code, and the error if there is one.
fn finish(done: Result<ExitCode>, output: &Output) -> ExitCode {
    output.close();
    match done {
        Ok(code) => code,
        Err(error) => {
            output.error(&error);
            ExitCode::from(BAD_INPUT)
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        super::command().debug_assert();
    }
}
