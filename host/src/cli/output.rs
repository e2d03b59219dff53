//! [`Output`]: results on stdout, everything else on stderr.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::bars::Bars;
use super::interrupt::Work;
use super::log::{ERROR, Mark, NOTE, PLAIN, harmless, harmless_json, log};
use super::names::Names;
use crate::error::{Error, Result};
use crate::progress::Progress;

/// The terminal, or whatever stands in for it.
#[derive(Debug)]
pub(super) struct Output {
    bars: Bars,
    work: Work,
    names: Names,
    quiet: bool,
}

impl Output {
    /// Calls settings by their `names`; `quiet` tells errors alone.
    pub fn new(names: Names, quiet: bool) -> Self {
        let bars = if quiet { Bars::none() } else { Bars::on_stderr() };
        Self { work: Work::new(bars.clone()), bars, names, quiet }
    }

    /// What an interruption is told of.
    pub fn work(&self) -> &Work {
        &self.work
    }

    /// Prints a result for people.
    pub fn result(&self, text: &str) -> Result<()> {
        self.print(&harmless(text))
    }

    /// Prints the result as one JSON object.
    pub fn json(&self, report: &impl Serialize) -> Result<()> {
        let json = serde_json::to_string_pretty(report)
            .map_err(|error| Error::io("standard output", "write", error.into()))?;
        self.print(&format!("{}\n", harmless_json(&json)))
    }

    /// A reader that has gone away has all that it wanted.
    fn print(&self, text: &str) -> Result<()> {
        // Away with the bar, but without holding it: a reader that waits must not keep an
        // interruption waiting too.
        self.bars.end();
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(|error| Error::io("standard output", "write", error)),
        }
    }

    /// The same, where standard output may have been `taken` by a file; then it is no result.
    pub fn result_beside(&self, taken: bool, text: &str) -> Result<()> {
        if taken {
            self.log(text.trim_end());
            return Ok(());
        }
        self.result(text)
    }

    /// What the library says, in the words of the command line.
    pub fn in_options(&self, message: &str) -> String {
        self.names.in_message(message)
    }

    /// Tells an error, the last that is told.
    pub fn error(&self, error: &Error) {
        self.close();
        log(ERROR, &self.in_options(&error.to_string()));
    }

    /// Says where files are while they are written: whoever interrupts the run will look there.
    pub fn place(&self, partial: &Path, out: &Path) {
        self.log(&format!("writing to {}, at the end {}", partial.display(), out.display()));
    }

    /// A line on stderr, above the bar.
    pub fn log(&self, line: &str) {
        self.tell(PLAIN, line);
    }

    /// Clears what is left of a bar.
    pub fn close(&self) {
        self.bars.close();
    }

    fn tell(&self, mark: Mark, line: &str) {
        if !self.quiet {
            self.bars.suspend(|| log(mark, line));
        }
    }
}

impl Progress for Output {
    fn begin(&mut self, stage: &str, total: u64) {
        self.bars.begin(stage, total);
    }

    fn advance(&mut self, done: u64) {
        self.bars.advance(done);
    }

    fn end(&mut self) {
        self.bars.end();
    }

    fn round(&mut self, round: u64, line: &str) {
        self.work.round(round);
        self.log(line);
    }

    fn note(&mut self, message: &str) {
        self.tell(NOTE, &self.in_options(message));
    }
}
