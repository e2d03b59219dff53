//! [`Texts`]: what people read, prompts and responses, each found in its file when it is shown, so that
//! a file of gigabytes costs the memory of its lines' places.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use pairpick_core::digest::Digest;
use serde_json::{Map, Value};

use super::bundled;
use super::embeddings::Embeddings;
use super::file_kind::not_a_file;
use super::lengths::{RESPONSES, text_in};
use super::lines::{self, Line, Lines, TEXTS_LIMIT};
use super::source::{Reader, Source};
use crate::digest::HexDigest;
use crate::error::{DataError, Error, Result};
use crate::json;

/// The field of a line that holds the prompt.
const PROMPT: &str = "prompt";

/// The texts of all items of some embeddings.
pub struct Texts {
    source: Box<dyn Source>,
    path: PathBuf,
    lines: Vec<Place>,
    digest: HexDigest,
}

/// Where a line stands, and which rows it has.
#[derive(Clone, Copy, Debug)]
struct Place {
    number: usize,
    offset: u64,
    bytes: usize,
    first_row: u64,
}

/// The texts of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemText {
    /// What it is a response to, where the file says.
    pub prompt: Option<String>,
    /// The response.
    pub response: String,
}

impl Texts {
    /// Reads a file of JSON Lines once, a prompt a line with its `responses`, or a response a line, in
    /// the order of the embeddings' rows, and checks that it has a text for each.
    ///
    /// # Errors
    /// A missing or unreadable file; [`Error::Line`]; another number of texts than of rows.
    pub fn open(path: &Path, embeddings: &Embeddings) -> Result<Self> {
        if let Some(found) = not_a_file(path) {
            return Err(DataError::TextsForm { found }.at(path));
        }
        let file = File::open(path).map_err(|error| Error::io(path, "open", error))?;
        Self::from_source(file, path, embeddings)
    }

    /// The texts that are part of the program.
    ///
    /// # Errors
    /// None that a release of this program would give.
    pub fn bundled(embeddings: &Embeddings) -> Result<Self> {
        Self::from_source(bundled::TEXTS, Path::new(bundled::TEXTS_NAME), embeddings)
    }

    /// The same from any source, called `path` in messages.
    ///
    /// # Errors
    /// As [`Texts::open`].
    pub fn from_source(
        source: impl Source + 'static,
        path: &Path,
        embeddings: &Embeddings,
    ) -> Result<Self> {
        let (mut places, mut digest) = (Vec::new(), Digest::new());
        let (mut offset, mut rows) = (0_u64, 0_u64);
        let mut reader = BufReader::new(Reader::new(&source));
        let mut lines = Lines::new(&mut reader, path).of_at_most(TEXTS_LIMIT);
        while let Some(Line { number, text, whole }) = lines.next()? {
            let bytes = text.len();
            if !text.trim_ascii().is_empty() {
                digest.bytes(text);
                places.push(Place { number, offset, bytes, first_row: rows });
                let problem = |problem| lines::problem(path, number, problem);
                let line = parsed(text).map_err(problem)?;
                let responses = line.check(embeddings.responses_of_file()).map_err(problem)?;
                rows = rows.saturating_add(responses);
            }
            offset = offset.saturating_add(bytes as u64).saturating_add(u64::from(whole));
        }
        let shape = embeddings.file_shape();
        if rows != embeddings.rows_of_file() {
            let (found, embeddings) = (rows as usize, embeddings.path().into());
            return Err(DataError::TextsCount { found, embeddings, shape }.at(path));
        }
        let (source, digest) = (Box::new(source), HexDigest(digest.value()));
        Ok(Self { source, path: path.into(), lines: places, digest })
    }

    /// The texts of an item of these embeddings.
    ///
    /// # Errors
    /// What reading the file refuses, which may have changed since it was opened.
    pub fn of_item(&self, embeddings: &Embeddings, item: u64) -> Result<ItemText> {
        let row = embeddings.row(item);
        let line = self.lines.partition_point(|line| line.first_row <= row).saturating_sub(1);
        let place = self.lines.get(line).copied().ok_or_else(|| self.changed(line))?;
        let mut text = vec![0; place.bytes];
        self.source
            .read_exact_at(&mut text, place.offset)
            .map_err(|error| Error::io(&self.path, "read", error))?;
        let line = parsed(&text).map_err(|_| self.changed(place.number))?;
        let response = row.saturating_sub(place.first_row) as usize;
        line.text(response).map_err(|_| self.changed(place.number))
    }

    /// Of the file's lines.
    #[must_use]
    pub fn digest(&self) -> HexDigest {
        self.digest
    }

    fn changed(&self, number: usize) -> Error {
        lines::problem(&self.path, number, "the file has changed since it was opened")
    }
}

/// A line's texts.
struct TextLine {
    prompt: Option<Value>,
    responses: Vec<Value>,
    /// Whether it has all responses to a prompt.
    is_of_prompt: bool,
}

/// A line by its fields, or what is wrong with it.
fn parsed(text: &[u8]) -> Result<TextLine, String> {
    let mut fields: Map<String, Value> = json::object(text).map_err(|problem| problem.what)?;
    let prompt = fields.remove(PROMPT).filter(|prompt| !prompt.is_null());
    let (responses, is_of_prompt) = match fields.remove(RESPONSES) {
        Some(Value::Array(responses)) => (responses, true),
        Some(_) => return Err(format!("\"{RESPONSES}\" must be a list")),
        None => (vec![Value::Object(fields)], false),
    };
    Ok(TextLine { prompt, responses, is_of_prompt })
}

impl TextLine {
    /// How many responses there are, each with a text; of a prompt's line as many as are expected.
    fn check(&self, expected: Option<u64>) -> Result<u64, String> {
        self.prompt.as_ref().map(text_of).transpose()?;
        self.responses.iter().try_for_each(|response| response_text(response).map(|_| ()))?;
        let found = self.responses.len() as u64;
        match expected.filter(|expected| self.is_of_prompt && *expected != found) {
            Some(expected) => {
                Err(format!("{found} responses; expected {expected}, as each prompt has"))
            }
            None => Ok(found),
        }
    }

    fn text(&self, response: usize) -> Result<ItemText, String> {
        let prompt = self.prompt.as_ref().map(text_of).transpose()?;
        let response = self.responses.get(response).ok_or("no such response")?;
        Ok(ItemText { prompt, response: response_text(response)? })
    }
}

/// The text of a response: itself, a list of messages, or an object with one of these.
fn response_text(response: &Value) -> Result<String, String> {
    match response {
        Value::Object(fields) => {
            text_of(text_in(fields).ok_or("no response in it: no \"text\" or \"response\"")?)
        }
        other => text_of(other),
    }
}

/// A text, or messages one after the other; where they are several, each with its role.
fn text_of(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Array(messages) => {
            let texts = messages.iter().map(|message| {
                let content = message.get("content").and_then(Value::as_str);
                let content = content.ok_or("a message without a text as its \"content\"")?;
                Ok(match message.get("role").and_then(Value::as_str) {
                    Some(role) if messages.len() > 1 => format!("{role}: {content}"),
                    _ => content.to_owned(),
                })
            });
            Ok(texts.collect::<Result<Vec<_>, String>>()?.join("\n\n"))
        }
        _ => Err("expected a text or a list of messages".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::Dataset;
    use crate::data::npy_header;
    use crate::error::Shape;

    fn embeddings(shape: [u64; 3]) -> Embeddings {
        let mut file = npy_header::write("<f4", &Shape(shape.to_vec()));
        let [prompts, responses, features] = shape;
        file.resize(file.len() + 4 * (prompts * responses * features) as usize, 0);
        Embeddings::from_source(file, Path::new("e.npy")).unwrap()
    }

    fn texts(lines: &str, shape: [u64; 3]) -> Result<Texts> {
        let source = lines.as_bytes().to_vec();
        Texts::from_source(source, Path::new("t.jsonl"), &embeddings(shape))
    }

    #[test]
    fn a_text_is_found_in_lines_of_either_form_and_with_blank_ones_between() {
        let lines = concat!(
            "{\"prompt\": \"Was?\", \"responses\": [\"ä\", {\"text\": \"b\", \"tokens\": 1}]}\n\n",
            "{\"prompt\": [{\"role\": \"user\", \"content\": \"Hi\"}], \"response\": \"c\"}\r\n",
            "{\"text\": [{\"role\": \"x\", \"content\": \"d\"}, {\"role\": \"y\", \"content\": \"e\"}]}",
        );
        let (texts, embeddings) = (texts(lines, [2, 2, 1]).unwrap(), embeddings([2, 2, 1]));
        let found: Vec<ItemText> =
            (0..4).map(|item| texts.of_item(&embeddings, item).unwrap()).collect();
        let expected =
            [(Some("Was?"), "ä"), (Some("Was?"), "b"), (Some("Hi"), "c"), (None, "x: d\n\ny: e")];
        let expected = expected.map(|(prompt, response)| ItemText {
            prompt: prompt.map(str::to_owned),
            response: response.to_owned(),
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_line() {
        let line = "{\"prompt\": \"p\", \"responses\": [\"a\", \"b\"]}\n";
        for (second, problem) in [
            ("", "t.jsonl: texts of 2 responses"),
            ("{\"responses\": [\"a\"]}", "t.jsonl: line 2: 1 responses; expected 2"),
            ("{\"text\": \"a\"}", "t.jsonl: texts of 3 responses"),
            ("{\"responses\": [1, 2]}", "t.jsonl: line 2: expected a text or a list of messages"),
            ("{\"prompt\": 3, \"text\": \"a\"}", "t.jsonl: line 2: expected a text"),
            ("{\"responses\": \"a\"}", "t.jsonl: line 2: \"responses\" must be a list"),
            ("{\"prompt\": \"p\"}", "t.jsonl: line 2: no response in it"),
            ("[]", "t.jsonl: line 2: found an array"),
        ] {
            let error = texts(&format!("{line}{second}"), [2, 2, 1]).err().unwrap().to_string();
            assert!(error.starts_with(problem), "{error}");
        }
    }

    #[test]
    fn the_program_has_texts_for_its_own_embeddings() {
        let embeddings = Dataset::bundled().unwrap().train.embeddings;
        let texts = Texts::bundled(&embeddings).unwrap();
        let first = texts.of_item(&embeddings, 0).unwrap();
        assert!(first.prompt.unwrap().ends_with('?') && first.response.ends_with('.'));
    }
}
