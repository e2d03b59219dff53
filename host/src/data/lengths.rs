//! The lengths of texts: of JSON Lines with a response a line, or a prompt a line, in the order of the
//! embeddings' rows. A length is how many tokens a line says, or how many characters its text has.

use std::io::BufRead;
use std::path::Path;

use serde_json::{Map, Value};

use super::file_kind::not_a_file;
use super::lines::{self, TEXTS_LIMIT};
use super::rows::Rows;
use crate::error::{DataError, Result};

/// What the covariate is called.
pub const LENGTH: &str = "length";

/// The field of a prompt's line that lists its responses.
pub(super) const RESPONSES: &str = "responses";

/// The field that says how long a response is.
const TOKENS: &str = "tokens";

/// The fields that may hold a response's text.
const TEXTS: [&str; 2] = ["text", "response"];

/// What a length counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Characters,
    Tokens,
}

/// The lengths of a file's texts, by the row of the embeddings.
///
/// # Errors
/// A missing or unreadable file; [`Error::Line`](crate::Error::Line) for a line that is not JSON, that
/// holds no text, or counts otherwise than the one before; another number of texts than of rows.
pub(super) fn open(path: &Path, rows: Rows<'_>) -> Result<Vec<f32>> {
    if let Some(found) = not_a_file(path) {
        return Err(DataError::TextsForm { found }.at(path));
    }
    let (mut source, name) = lines::open(path)?;
    read(&mut source, &name, rows)
}

/// The same of a source, called `path` in messages.
pub(super) fn read(source: &mut dyn BufRead, path: &Path, rows: Rows<'_>) -> Result<Vec<f32>> {
    let mut lengths = Lengths { values: Vec::new(), unit: None };
    lines::for_each_within(TEXTS_LIMIT, source, path, &mut |line, mut record: Map<_, _>| {
        let added = match record.remove(RESPONSES) {
            Some(Value::Array(responses))
                if rows.responses().is_some_and(|expected| expected != responses.len() as u64) =>
            {
                let (found, expected) = (responses.len(), rows.responses().unwrap_or(0));
                Err(format!("{found} responses; expected {expected}, as each prompt has"))
            }
            Some(Value::Array(responses)) => {
                responses.iter().try_for_each(|response| lengths.add(response))
            }
            Some(_) => Err(format!("\"{RESPONSES}\" must be a list")),
            None => lengths.add(&Value::Object(record)),
        };
        added.map_err(|problem| lines::problem(path, line, problem))
    })?;
    let found = lengths.values.len();
    if found as u64 == rows.count() {
        return Ok(lengths.values);
    }
    let (embeddings, shape) = (rows.embeddings.into(), rows.shape.clone());
    Err(DataError::TextsCount { found, embeddings, shape }.at(path))
}

/// Lengths that are being read.
struct Lengths {
    values: Vec<f32>,
    unit: Option<Unit>,
}

impl Lengths {
    fn add(&mut self, response: &Value) -> Result<(), String> {
        let (length, unit) = length_of(response)?;
        match (unit, self.unit.replace(unit)) {
            (Unit::Characters, Some(Unit::Tokens)) => {
                Err(format!("no \"{TOKENS}\", which the responses before it have"))
            }
            (Unit::Tokens, Some(Unit::Characters)) => {
                Err(format!("\"{TOKENS}\", which the responses before it have not"))
            }
            _ => {
                self.values.push(length as f32);
                Ok(())
            }
        }
    }
}

/// How long a response is: a text, a list of messages, or an object with one of these or with tokens.
fn length_of(response: &Value) -> Result<(u64, Unit), String> {
    let Value::Object(fields) = response else {
        return Ok((characters(response)?, Unit::Characters));
    };
    if let Some(tokens) = fields.get(TOKENS).filter(|tokens| !tokens.is_null()) {
        let problem = || format!("\"{TOKENS}\" must be a whole number, not negative");
        return Ok((tokens.as_u64().ok_or_else(problem)?, Unit::Tokens));
    }
    let text = text_in(fields).ok_or_else(|| {
        format!(
            "no response in it: no \"{}\", \"{}\", \"{TOKENS}\" or \"{RESPONSES}\"",
            TEXTS[0], TEXTS[1]
        )
    })?;
    Ok((characters(text)?, Unit::Characters))
}

/// The text of a response that is an object, if it has one.
pub(super) fn text_in(fields: &Map<String, Value>) -> Option<&Value> {
    TEXTS.iter().find_map(|name| fields.get(*name))
}

/// The characters of a text, or of all messages.
fn characters(text: &Value) -> Result<u64, String> {
    match text {
        Value::String(text) => Ok(text.chars().count() as u64),
        Value::Array(messages) => messages.iter().try_fold(0_u64, |sum, message| {
            let content = message.get("content").and_then(Value::as_str);
            let content = content.ok_or("a message without a text as its \"content\"")?;
            Ok(sum.saturating_add(content.chars().count() as u64))
        }),
        _ => Err("expected a text or a list of messages".to_owned()),
    }
}
