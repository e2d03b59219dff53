//! How results are printed.

use std::path::Path;

use clap::Args;
use serde::Serialize;

use crate::cli::output::Output;
use crate::error::Result;
use crate::output::file::{NewFile, Places};

/// How the result is printed.
#[derive(Debug, Args)]
pub(in crate::cli) struct Print {
    /// Print one JSON object instead of a table
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

impl Print {
    /// Writes a result to its file, or without one to standard output, unless the object goes there.
    pub fn write(
        &self,
        result: impl FnOnce() -> Result<Vec<u8>>,
        file: Option<NewFile>,
        output: &Output,
    ) -> Result<()> {
        match file {
            Some(file) => file.write(&result()?),
            None if self.json => Ok(()),
            None => output.result(&String::from_utf8_lossy(&result()?)),
        }
    }

    /// Prints the result, as the object or in words.
    pub fn result(
        &self,
        report: &impl Serialize,
        text: impl FnOnce() -> String,
        output: &Output,
    ) -> Result<()> {
        if self.json {
            return output.json(report);
        }
        output.result(&text())
    }

    /// Prints the object, or says in words what is in it beside the result.
    pub fn tell(
        &self,
        report: &impl Serialize,
        summary: impl FnOnce() -> String,
        output: &Output,
    ) -> Result<()> {
        if self.json {
            return output.json(report);
        }
        output.log(&summary());
        Ok(())
    }

    /// Places for files beside what is printed.
    pub fn beside(&self, force: bool, inputs: &[&Path]) -> Places {
        let mut places = Places::new(force, inputs);
        if self.json {
            places.report();
        }
        places
    }
}
