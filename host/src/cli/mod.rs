//! The command `pairpick`: one file a subcommand, each of them thin. Only here are flags and
//! terminals known.

mod help;
mod options;
mod output;
mod run;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::output::Output;

/// Bad input or usage. (0 is done, 1 is for a check that failed.)
const BAD_INPUT: u8 = 2;

/// Pick which pairs of responses are worth asking a human about
///
/// A reward model learns from answers to "which of these two is better?". Answers are dear, and
/// most teach little. pairpick asks about the pairs that teach the most.
#[derive(Debug, Parser)]
#[command(name = "pairpick", version, arg_required_else_help = true, after_help = help::TOP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(Box<run::Args>),
    Verify(verify::Args),
}

/// Parses the command line, does what it says, and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut output = Output::new();
    let done = match &cli.command {
        Command::Run(args) => run::execute(args, &mut output).map(|()| ExitCode::SUCCESS),
        Command::Verify(args) => verify::execute(args, &mut output),
    };
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
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
