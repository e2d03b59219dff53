//! Tables and lists of objects in their files: [`Container`], read to [`Row`]s and written.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::fields::{Fields, Row, RowPlace};
use crate::data::file_kind;
use crate::data::lines::problem as line_problem;
use crate::error::{Error, Result, quotable};
use crate::json;

/// The most bytes of a file. Its rows stay in memory.
const MOST_BYTES: u64 = 1 << 32;

/// What a file of rows is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// An object a line.
    JsonLines,
    /// An array of objects.
    Json,
    /// Columns with a header, separated by this byte.
    Separated(u8),
    /// Apache Parquet.
    Parquet,
}

/// The endings of names, and what they stand for.
const ENDINGS: [(&str, Container); 6] = [
    ("jsonl", Container::JsonLines),
    ("ndjson", Container::JsonLines),
    ("json", Container::Json),
    ("csv", Container::Separated(b',')),
    ("tsv", Container::Separated(b'\t')),
    ("parquet", Container::Parquet),
];

impl Container {
    /// What the end of a name says.
    #[must_use]
    pub fn of_name(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_lowercase();
        ENDINGS.iter().find(|(own, _)| *own == ending).map(|(_, container)| *container)
    }

    /// What a file is by its name and its first bytes. JSON is known by its bytes alone: a `.json`
    /// may hold lines.
    fn of(path: &Path, start: &[u8]) -> Result<Self> {
        let by_name = Self::of_name(path);
        let text = start.trim_ascii_start();
        match (by_name, text.first()) {
            _ if start.starts_with(PARQUET) => Ok(Self::Parquet),
            (Some(Self::Separated(separator)), _) => Ok(Self::Separated(separator)),
            (Some(Self::Parquet), _) => {
                Err(unreadable(path, "no Parquet file, which begins with PAR1"))
            }
            (_, Some(b'[')) => Ok(Self::Json),
            (_, Some(b'{')) => Ok(Self::JsonLines),
            (_, None) => Err(unreadable(path, "an empty file; expected at least one row")),
            _ => {
                let told = "found neither { nor [ at its start";
                Err(unreadable(path, format!("{told}; {EXPECTED}")))
            }
        }
    }
}

/// What a file of rows may be, for messages.
const EXPECTED: &str = "expected JSON Lines, JSON, CSV (.csv), TSV (.tsv) or Parquet";

/// What text may begin with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What Parquet begins with.
const PARQUET: &[u8] = b"PAR1";

#[cfg(not(feature = "parquet"))]
const NO_PARQUET: &str = "Parquet, for which this program was built without its feature parquet";

/// Reads the rows of a file; `-` is standard input.
///
/// # Errors
/// [`Error::MissingFile`], [`Error::Io`]; [`Error::Preferences`] for a file of another kind,
/// [`Error::Row`] and [`Error::Line`] for a row that cannot be read.
pub fn read(path: &Path) -> Result<Vec<Row>> {
    let (mut source, path): (Box<dyn BufRead>, &Path) = match path == Path::new("-") {
        true => (Box::new(io::stdin().lock()), Path::new("standard input")),
        false if path.is_dir() => {
            return Err(unreadable(path, format!("found a folder; {EXPECTED}")));
        }
        false => {
            let file = File::open(path).map_err(|error| Error::io(path, "open", error))?;
            (Box::new(BufReader::new(file)), path)
        }
    };
    let io = |error| Error::io(path, "read", error);
    let start = source.fill_buf().map_err(io)?;
    let readable = [BYTE_ORDER_MARK, PARQUET].iter().any(|bytes| start.starts_with(bytes));
    if let (false, Some(kind)) = (readable, file_kind::known(start)) {
        return Err(unreadable(path, format!("found {kind}; {EXPECTED}")));
    }
    let mut bytes = Vec::new();
    source.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(unreadable(path, "more than 4 GiB, the limit of a file; divide it"));
    }
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
    match Container::of(path, bytes)? {
        Container::Json => json_array(path, bytes),
        Container::JsonLines => json_lines(path, bytes),
        Container::Separated(separator) => separated(path, bytes, separator),
        #[cfg(feature = "parquet")]
        Container::Parquet => super::parquet::read(path, bytes.to_vec()),
        #[cfg(not(feature = "parquet"))]
        Container::Parquet => Err(unreadable(path, NO_PARQUET)),
    }
}

/// The rows of a file, in its form.
///
/// # Errors
/// [`Error::Preferences`] where the name has no form, [`Error::Io`] where the rows have none.
pub fn write(path: &Path, container: Container, rows: &[Fields]) -> Result<Vec<u8>> {
    let io = |error: io::Error| Error::io(path, "write", error);
    match container {
        Container::JsonLines => json::lines(rows).map_err(io),
        Container::Json => {
            let mut text = serde_json::to_vec_pretty(rows).map_err(|error| io(error.into()))?;
            text.push(b'\n');
            Ok(text)
        }
        Container::Separated(separator) => to_separated(rows, separator).map_err(io),
        #[cfg(feature = "parquet")]
        Container::Parquet => super::parquet::write(path, rows),
        #[cfg(not(feature = "parquet"))]
        Container::Parquet => Err(unreadable(path, NO_PARQUET)),
    }
}

pub(super) fn unreadable(path: &Path, problem: impl Into<String>) -> Error {
    Error::Preferences { path: path.into(), problem: problem.into() }
}

fn place(path: &Path, unit: &'static str, number: usize) -> RowPlace {
    RowPlace { path: path.into(), unit, number }
}

fn json_array(path: &Path, bytes: &[u8]) -> Result<Vec<Row>> {
    let rows: Vec<serde_json::Value> = json::any(bytes).map_err(|problem| {
        let told = match problem.cut_off {
            true => "cut off: the file ends in the middle of its array".to_owned(),
            false => problem.to_string(),
        };
        unreadable(path, told)
    })?;
    let rows = rows.into_iter().enumerate().map(|(index, value)| {
        let place = place(path, "record", index + 1);
        match value {
            serde_json::Value::Object(object) => {
                Ok(Row { place, fields: Fields::of_object(object) })
            }
            other => {
                let found = super::fields::told(&other);
                Err(place.problem(format!("found {found}; expected an object")))
            }
        }
    });
    rows.collect()
}

fn json_lines(path: &Path, bytes: &[u8]) -> Result<Vec<Row>> {
    // One object over several lines is a list of one.
    if bytes.trim_ascii().contains(&b'\n')
        && let Ok(fields) = json::object(bytes)
    {
        return Ok(vec![Row { place: place(path, "record", 1), fields }]);
    }
    let mut rows = Vec::new();
    for (index, text) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if text.trim_ascii().is_empty() {
            continue;
        }
        let fields = json::object(text).map_err(|problem| {
            let told = match problem.cut_off {
                true => "cut off: the line ends in the middle of its object".to_owned(),
                false => format!("{} (column {})", problem.what, problem.column),
            };
            line_problem(path, index + 1, told)
        })?;
        rows.push(Row { place: place(path, "line", index + 1), fields });
    }
    Ok(rows)
}

fn separated(path: &Path, bytes: &[u8], separator: u8) -> Result<Vec<Row>> {
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).from_reader(bytes);
    let header = reader.headers().map_err(|error| unseparated(path, &error))?.clone();
    let mut names: Vec<&str> = header.iter().collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        let name = quotable(twice[0]);
        return Err(line_problem(path, 1, format!("the column {name:?} stands twice")));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| unseparated(path, &error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let cells = header.iter().zip(&record).map(|(name, cell)| (name.to_owned(), cell.into()));
        let place = place(path, "line", usize::try_from(line).unwrap_or(usize::MAX));
        rows.push(Row { place, fields: Fields(cells.collect()) });
    }
    Ok(rows)
}

/// An error of the reader of separated columns, with its line.
fn unseparated(path: &Path, error: &csv::Error) -> Error {
    let line = error.position().map_or(1, csv::Position::line);
    let line = usize::try_from(line).unwrap_or(usize::MAX);
    let told = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => format!(
            "found {len} cells; expected {expected_len}, as the header has; a cell with a separator \
             or a line break in it stands in quotation marks"
        ),
        csv::ErrorKind::Utf8 { .. } => "not UTF-8; save the file as UTF-8 first".to_owned(),
        _ => quotable(&error.to_string()),
    };
    line_problem(path, line, told)
}

/// Text and numbers as they are, everything else as JSON; an empty cell is none.
fn to_separated(rows: &[Fields], separator: u8) -> io::Result<Vec<u8>> {
    let names = columns(rows);
    let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
    writer.write_record(&names)?;
    for row in rows {
        let cells = names.iter().map(|name| match row.get(name) {
            None | Some(serde_json::Value::Null) => String::new(),
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        });
        writer.write_record(cells)?;
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// The names of all rows, in the order in which they come.
pub(super) fn columns(rows: &[Fields]) -> Vec<String> {
    let mut names = Vec::<String>::new();
    for (name, _) in rows.iter().flat_map(|row| &row.0) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}
