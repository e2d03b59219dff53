//! [`Output`]: results on stdout, everything else on stderr; whether there is colour, and whether
//! there are bars, is decided here.

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::interrupt::Work;
use super::log::log;
use super::names::Names;
use crate::error::{Error, Result};
use crate::progress::Progress;

/// A stage that is shorter has no bar.
const BAR_AFTER: Duration = Duration::from_secs(1);

const ERROR: Style = AnsiColor::Red.on_default().bold();
const NOTE: Style = AnsiColor::Yellow.on_default().bold();

/// The terminal, or whatever stands in for it. anstream leaves colours out where stderr is no
/// terminal or `NO_COLOR` is set; indicatif draws bars only on a terminal.
#[derive(Debug)]
pub(super) struct Output {
    bar: ProgressBar,
    stage_began: Instant,
    work: Work,
    names: Names,
}

impl Output {
    /// Calls settings by their `names`.
    pub fn new(names: Names) -> Self {
        let (bar, stage_began) = (ProgressBar::hidden(), Instant::now());
        Self { bar, stage_began, work: Work::default(), names }
    }

    /// What an interruption is told of.
    pub fn work(&self) -> &Work {
        &self.work
    }

    /// Prints the result. A reader that has gone away has all that it wanted.
    pub fn result(&self, text: &str) -> Result<()> {
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

    /// Prints the result as one JSON object.
    pub fn json(&self, report: &impl Serialize) -> Result<()> {
        let json = serde_json::to_string_pretty(report)
            .map_err(|error| Error::io("standard output", "write", error.into()))?;
        self.result(&format!("{json}\n"))
    }

    /// What the library says, in the words of the command line.
    pub fn in_options(&self, message: &str) -> String {
        self.names.in_message(message)
    }

    pub fn error(&self, error: &Error) {
        let message = self.in_options(&error.to_string());
        self.log(&format!("{ERROR}error:{ERROR:#} {message}"));
    }

    /// Says where files are while they are written: whoever interrupts the run will look there.
    pub fn place(&self, partial: &Path, out: &Path) {
        self.log(&format!("writing to {}, at the end {}", partial.display(), out.display()));
    }

    /// A line on stderr, above the bar.
    pub fn log(&self, line: &str) {
        self.bar.suspend(|| log(line));
    }
}

impl Progress for Output {
    fn begin(&mut self, stage: &str, total: u64) {
        let template = if total > 0 {
            "{msg} [{bar:30}] {percent}% {eta} left"
        } else {
            "{msg} {spinner} {elapsed}"
        };
        self.bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden())
            .with_message(stage.to_owned());
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.progress_chars("=> "));
        }
        self.stage_began = Instant::now();
        self.work.shows(&self.bar);
    }

    fn advance(&mut self, done: u64) {
        if self.bar.is_hidden() && self.stage_began.elapsed() > BAR_AFTER {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_position(done);
    }

    fn end(&mut self) {
        self.bar.finish_and_clear();
        self.bar = ProgressBar::hidden();
    }

    fn round(&mut self, round: u64, line: &str) {
        self.work.round(round);
        self.log(line);
    }

    fn note(&mut self, message: &str) {
        self.log(&format!("{NOTE}note:{NOTE:#} {}", self.in_options(message)));
    }
}
