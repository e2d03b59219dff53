//! JSON Lines: one record a line, read line by line, so that a file costs the memory of its records
//! and a message can say where it is wrong.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{Error, Result, quotable};

/// The most bytes of a line. One of ours has about 100.
const LINE_LIMIT: usize = 1 << 16;

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
pub fn read_json_lines<T: for<'de> Deserialize<'de>>(
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
pub(super) fn for_each<T: for<'de> Deserialize<'de>>(
    source: &mut dyn BufRead,
    path: &Path,
    each: &mut dyn FnMut(usize, T) -> Result<()>,
) -> Result<()> {
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        let mut limited = source.take(LINE_LIMIT as u64 + 1);
        let read = limited.read_until(b'\n', &mut text);
        if read.map_err(|error| Error::io(path, "read", error))? == 0 {
            break;
        }
        if text.len() > LINE_LIMIT {
            let limit = format!("longer than {LINE_LIMIT} bytes, the limit of a line");
            return Err(problem(path, line, limit));
        }
        if text.trim_ascii().is_empty() {
            continue;
        }
        let whole = text.strip_suffix(b"\n");
        let record = serde_json::from_slice(whole.unwrap_or(&text))
            .map_err(|error| problem(path, line, explained(&error, whole.is_some())))?;
        each(line, record)?;
    }
    Ok(())
}

/// The error of a line.
pub(super) fn problem(path: &Path, line: usize, problem: impl Into<String>) -> Error {
    Error::Line { path: path.into(), line, problem: problem.into() }
}

fn explained(error: &serde_json::Error, whole: bool) -> String {
    if error.is_eof() && !whole {
        return "cut off: the file ends in the middle of the line".to_owned();
    }
    // The parser saw one line, so its own number is always 1.
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    format!("{} (column {})", quotable(text), error.column())
}
