//! Files of lines, read line by line, so that a file costs the memory of its records and a message
//! can say where it is wrong; and JSON Lines, one record a line. A source that never ends is refused
//! before it fills the memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::file_kind;
use crate::error::{Error, Result};
use crate::json;

/// The most bytes of a line. One of ours has about 100.
const LINE_LIMIT: usize = 1 << 16;

/// The most bytes of a line that may hold the texts of a prompt and its responses.
pub(super) const TEXTS_LIMIT: usize = 1 << 24;

/// The most lines of a source, empty ones too.
const MOST_LINES: usize = 1 << 24;

/// Opens a file, or standard input for `-`; gives its name for messages back.
pub(super) fn open(path: &Path) -> Result<(Box<dyn BufRead>, PathBuf)> {
    if path == Path::new("-") {
        return Ok((Box::new(io::stdin().lock()), "standard input".into()));
    }
    let file = File::open(path).map_err(|error| Error::io(path, "open", error))?;
    Ok((Box::new(BufReader::new(file)), path.to_owned()))
}

/// Reads the records of a JSON Lines file, one a line; empty lines are passed over.
///
/// # Errors
/// [`Error::Line`] with the line's number; [`Error::Io`].
pub fn read_json_lines<T: DeserializeOwned>(
    mut source: impl BufRead,
    path: &Path,
) -> Result<Vec<T>> {
    let mut records = Vec::new();
    for_each(&mut source, path, &mut |_, record| {
        records.push(record);
        Ok(())
    })?;
    Ok(records)
}

/// Gives `each` every record with its line's number, from 1.
pub(super) fn for_each<T: DeserializeOwned>(
    source: &mut dyn BufRead,
    path: &Path,
    each: &mut dyn FnMut(usize, T) -> Result<()>,
) -> Result<()> {
    for_each_within(LINE_LIMIT, source, path, each)
}

/// The same of lines that have at most so many bytes.
pub(super) fn for_each_within<T: DeserializeOwned>(
    limit: usize,
    source: &mut dyn BufRead,
    path: &Path,
    each: &mut dyn FnMut(usize, T) -> Result<()>,
) -> Result<()> {
    let mut lines = Lines::new(source, path).of_at_most(limit);
    while let Some(Line { number, text, whole }) = lines.next()? {
        if text.trim_ascii().is_empty() {
            continue;
        }
        let record =
            json::object(text).map_err(|error| problem(path, number, explained(&error, whole)))?;
        each(number, record)?;
    }
    Ok(())
}

/// A line of a source.
pub(crate) struct Line<'a> {
    /// From 1.
    pub number: usize,
    /// Without its line break.
    pub text: &'a [u8],
    /// Whether a line break ended it, not the end of the source.
    pub whole: bool,
}

/// The lines of a source, one at a time in memory.
pub(crate) struct Lines<'a> {
    source: &'a mut dyn BufRead,
    path: &'a Path,
    text: Vec<u8>,
    number: usize,
    /// The most bytes of a line.
    limit: usize,
}

impl<'a> Lines<'a> {
    /// Of a source that is called `path` in messages.
    pub(crate) fn new(source: &'a mut dyn BufRead, path: &'a Path) -> Self {
        Self { source, path, text: Vec::new(), number: 0, limit: LINE_LIMIT }
    }

    /// The same, of lines that have at most so many bytes.
    pub(super) fn of_at_most(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// The next line; none at the end.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Line`] for one that is too long, or one too many.
    pub(crate) fn next(&mut self) -> Result<Option<Line<'_>>> {
        self.text.clear();
        let mut limited = (&mut *self.source).take((self.limit as u64).saturating_add(1));
        let read = limited.read_until(b'\n', &mut self.text);
        if read.map_err(|error| Error::io(self.path, "read", error))? == 0 {
            return Ok(None);
        }
        self.number = self.number.saturating_add(1);
        let refused = |limit| Err(problem(self.path, self.number, limit));
        if self.number == 1
            && let Some(kind) = file_kind::known(&self.text)
        {
            return refused(format!(
                "the file begins with {kind}; lines of UTF-8 text are expected"
            ));
        }
        if self.text.len() > self.limit {
            let limit = self.limit;
            return refused(format!("longer than {limit} bytes, the limit of a line"));
        }
        if self.number > MOST_LINES {
            return refused(format!("one more than {MOST_LINES} lines, the limit of a file"));
        }
        let (text, whole) = match self.text.strip_suffix(b"\n") {
            Some(text) => (text, true),
            None => (self.text.as_slice(), false),
        };
        Ok(Some(Line { number: self.number, text, whole }))
    }
}

/// The error of a line.
pub(crate) fn problem(path: &Path, line: usize, problem: impl Into<String>) -> Error {
    Error::Line { path: path.into(), line, problem: problem.into() }
}

fn explained(problem: &json::Problem, whole: bool) -> String {
    match problem.cut_off && !whole {
        true => "cut off: the file ends in the middle of the line".to_owned(),
        // The parser saw one line, so its own number is always 1.
        false => format!("{} (column {})", problem.what, problem.column),
    }
}
