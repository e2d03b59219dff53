//! [`PromptIds`]: which rows of a flat file belong to one prompt. A file has an id a row: a `.npy` of
//! integers or strings, a text with a line a row, or JSON Lines, a record a row, whose fields are the
//! id. Only whether two ids are equal counts.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use pairpick_core::digest::Digest;
use serde_json::Value;

use super::file_kind::not_a_file;
use super::lines::{self, Line, Lines, TEXTS_LIMIT};
use super::npy_header;
use super::responses::Responses;
use crate::digest::HexDigest;
use crate::error::{DataError, Error, Result, quotable};

/// The field of a record that holds the id, unless others are named.
const FIELD: &str = "prompt_id";

/// Names of fields that a message lists.
const NAMES_LISTED: usize = 20;

/// Where ids are to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PromptIdsFile<'a> {
    /// The file.
    pub path: &'a Path,
    /// The fields of a JSON Lines file that together are the id; of none it is `prompt_id`.
    pub fields: &'a [String],
}

/// The prompt of each row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptIds {
    path: PathBuf,
    /// By the row; prompts are numbered as they first stand.
    prompts: Vec<u32>,
    /// By the prompt.
    names: Vec<u64>,
}

impl PromptIds {
    /// Reads a file of ids.
    ///
    /// # Errors
    /// A missing or unreadable file; a `.npy` that is damaged, or not a list of integers or strings;
    /// [`Error::Line`] for a line that is empty, no text, not JSON where the others are, or that lacks
    /// a field; fields of a file that is not JSON Lines.
    pub fn open(file: PromptIdsFile<'_>) -> Result<Self> {
        let PromptIdsFile { path, fields } = file;
        if let Some(found) = not_a_file(path) {
            return Err(DataError::PromptIdsForm { found: found.to_owned() }.at(path));
        }
        let source = File::open(path).map_err(|error| Error::io(path, "open", error))?;
        Self::from_source(&mut BufReader::new(source), path, fields)
    }

    /// The same from any source, called `path` in messages.
    ///
    /// # Errors
    /// As [`PromptIds::open`].
    pub fn from_source(source: &mut dyn BufRead, path: &Path, fields: &[String]) -> Result<Self> {
        let start = source.fill_buf().map_err(|error| Error::io(path, "read", error))?;
        let is_array = npy_header::begins(start);
        let is_json = start.trim_ascii_start().first() == Some(&b'{');
        if let (Some(field), false) = (fields.first(), is_json) {
            let expected = "names a field of JSON Lines, and the file of prompt ids is none";
            return Err(Error::setting("prompt_fields", field, expected));
        }
        let mut numbers = Numbers::default();
        match (is_array, is_json) {
            (true, _) => numbers.read_array(source, path)?,
            (_, true) => numbers.read_records(source, path, fields)?,
            (_, false) => numbers.read_lines(source, path)?,
        }
        // The integers of an array are as good as always numbers that count prompts.
        let names = if is_array { Vec::new() } else { numbers.names() };
        Ok(Self { path: path.to_owned(), prompts: numbers.prompts, names })
    }

    /// Prompts that are numbered already, from 0 as they first stand.
    pub(super) fn of_numbers(path: &Path, prompts: Vec<u32>) -> Self {
        Self { path: path.to_owned(), prompts, names: Vec::new() }
    }

    /// The file's path, or the name given to the source.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The prompt of each row: prompts are numbered from 0 as they first stand.
    #[must_use]
    pub fn prompts(&self) -> &[u32] {
        &self.prompts
    }

    /// A digest of the id of each prompt; empty where the ids are numbers that count prompts, or an
    /// array, and so mean nothing in another file.
    #[must_use]
    pub fn names(&self) -> &[u64] {
        &self.names
    }

    /// How many rows each prompt has.
    #[must_use]
    pub fn sizes(&self) -> Vec<u32> {
        let last = self.prompts.iter().max();
        let mut sizes = vec![0_u32; last.map_or(0, |last| (*last as usize).saturating_add(1))];
        for prompt in &self.prompts {
            let size = &mut sizes[*prompt as usize];
            *size = size.saturating_add(1);
        }
        sizes
    }

    /// How many responses prompts have.
    #[must_use]
    pub fn responses(&self) -> Responses {
        Responses::of_sizes(self.sizes().into_iter().map(|size| size as usize))
    }

    /// Of which rows are of which prompt, whatever the ids are called.
    #[must_use]
    pub fn digest(&self) -> HexDigest {
        let mut digest = Digest::new();
        self.prompts.iter().for_each(|prompt| digest.integer(u64::from(*prompt)));
        HexDigest(digest.value())
    }
}

/// Ids that become numbers as they are read.
#[derive(Default)]
struct Numbers {
    of_ids: BTreeMap<Vec<u8>, u32>,
    prompts: Vec<u32>,
}

impl Numbers {
    fn add(&mut self, id: &[u8]) {
        let next = self.of_ids.len() as u32;
        let number = match self.of_ids.get(id) {
            Some(number) => *number,
            None => *self.of_ids.entry(id.to_owned()).or_insert(next),
        };
        self.prompts.push(number);
    }

    fn names(&self) -> Vec<u64> {
        let most = self.of_ids.len() as u64;
        let counts = |id: &Vec<u8>| {
            let text = std::str::from_utf8(id).ok();
            text.and_then(|text| text.trim().parse::<u64>().ok()).is_some_and(|id| id <= most)
        };
        if self.of_ids.keys().all(counts) {
            return Vec::new();
        }
        let mut names = vec![0; self.of_ids.len()];
        for (id, number) in &self.of_ids {
            let mut digest = Digest::new();
            digest.bytes(id);
            names[*number as usize] = digest.value();
        }
        names
    }

    /// Equal integers and equal strings of one type are equal bytes.
    fn read_array(&mut self, source: &mut dyn BufRead, path: &Path) -> Result<()> {
        let header = npy_header::read_ids(source, path)?;
        let mut id = vec![0; header.bytes];
        let refused = |found: String| Err(DataError::PromptIdsForm { found }.at(path));
        for place in 0..header.count {
            match source.read_exact(&mut id) {
                Ok(()) => self.add(&id),
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    return refused(format!(
                        "{place} of {} ids, where the file ends",
                        header.count
                    ));
                }
                Err(error) => return Err(Error::io(path, "read", error)),
            }
        }
        match source.fill_buf() {
            Ok([]) => Ok(()),
            Ok(_) => refused("bytes after the end of the array".to_owned()),
            Err(error) => Err(Error::io(path, "read", error)),
        }
    }

    fn read_lines(&mut self, source: &mut dyn BufRead, path: &Path) -> Result<()> {
        let mut lines = Lines::new(source, path);
        while let Some(Line { number, text, .. }) = lines.next()? {
            let problem = |problem| Err(lines::problem(path, number, problem));
            let id = text.trim_ascii();
            if std::str::from_utf8(id).is_err() || id.contains(&0) {
                return problem("no text; prompt ids are a .npy, a text or JSON Lines");
            }
            if id.is_empty() {
                return problem("empty; each line holds the prompt id of a row");
            }
            self.add(id);
        }
        Ok(())
    }

    fn read_records(
        &mut self,
        source: &mut dyn BufRead,
        path: &Path,
        fields: &[String],
    ) -> Result<()> {
        let mut id = Vec::new();
        let mut each = |line, record: BTreeMap<String, Value>| {
            id.clear();
            for field in fields.iter().map(String::as_str).chain(fields.is_empty().then_some(FIELD))
            {
                match record.get(field) {
                    Some(value) if !value.is_null() => {
                        id.extend(value.to_string().into_bytes());
                        id.push(b'\n');
                    }
                    _ => return Err(lines::problem(path, line, no_field(field, &record))),
                }
            }
            self.add(&id);
            Ok(())
        };
        lines::for_each_within(TEXTS_LIMIT, source, path, &mut each)
    }
}

fn no_field(field: &str, record: &BTreeMap<String, Value>) -> String {
    let names: Vec<String> = record.keys().take(NAMES_LISTED).map(|name| quotable(name)).collect();
    format!(
        "no \"{}\" in it that tells the prompt; `prompt_fields` names the fields that do, of {}",
        quotable(field),
        names.join(", ")
    )
}
