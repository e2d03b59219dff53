//! [`Label`]: a pair that was asked about and its answer, items by their numbers; and
//! [`LabelRecord`], the line of `labels.jsonl` that says the same with names that a person can
//! look up in the embeddings' file.

use std::io::BufRead;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::embeddings::Embeddings;
use super::item::ItemName;
use super::lines;
pub use super::lines::read_json_lines;
use super::pairs::{self, Seen};
use super::preference::Preference;
use super::question::Question;
use crate::error::Result;
use crate::named::named;

/// A question and its answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Label {
    /// What was asked.
    pub question: Question,
    /// The answer.
    pub preference: Preference,
}

/// What was asked to get these labels.
pub fn questions(labels: &[Label]) -> impl Iterator<Item = &Question> + Clone {
    labels.iter().map(|label| &label.question)
}

/// The largest round among some labels, 0 of none.
#[must_use]
pub fn last_round(labels: &[Label]) -> u64 {
    questions(labels).map(|question| question.round).fold(0, u64::max)
}

/// One label as a line has it: `{"round":1,"a":[0,2],"b":[0,5],"label":1,"score":0.25}`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelRecord {
    /// The round, from 1.
    pub round: u64,
    /// The pair's first item, in the pool's order.
    pub a: ItemName,
    /// Its second item.
    pub b: ItemName,
    /// The answer.
    pub label: Preference,
    /// The strategy's score; none where it has no scores.
    pub score: Option<f64>,
}

impl LabelRecord {
    /// The record of a label whose items are those of `embeddings`.
    #[must_use]
    pub fn of(label: &Label, embeddings: &Embeddings) -> Self {
        let Label { question: Question { round, a, b, score, .. }, preference } = *label;
        let (a, b) = (embeddings.name(a), embeddings.name(b));
        Self { round, a, b, label: preference, score }
    }

    /// The label that a record names among the items of `embeddings`.
    ///
    /// # Errors
    /// As [`Embeddings::item`].
    pub fn label_in(&self, embeddings: &Embeddings) -> Result<Label> {
        let Self { round, a, b, label, score } = *self;
        let (a, b) = (embeddings.item(a)?, embeddings.item(b)?);
        let question = Question { score, ..Question::new(round, a, b) };
        Ok(Label { question, preference: label })
    }
}

/// What becomes of a pair that has several labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Repeats {
    /// An error.
    #[default]
    Refuse,
    /// Each counts.
    Keep,
}

named!(Repeats, "treatment of repeats",
    Refuse = "refuse": "a pair with two labels is an error",
    Keep = "keep": "every answer counts, as those of several people to one question do",
);

/// Reads the labels of a JSON Lines file, from `run`, from `select` with a `"label"` added to each
/// line, or from elsewhere; `-` is standard input. `round` and `score` may be missing.
///
/// # Errors
/// [`Error::Line`](crate::Error::Line) with the line's number: not JSON, a line that is cut off, a
/// field that is missing or unknown, another label than 0, 0.5 and 1, an item that the embeddings
/// do not have or name otherwise, a pair of an item with itself, a pair that has a label already
/// unless `repeats` are kept; a missing or unreadable file.
pub fn read_labels(path: &Path, embeddings: &Embeddings, repeats: Repeats) -> Result<Vec<Label>> {
    let (mut source, name) = lines::open(path)?;
    read_labels_from(&mut source, &name, embeddings, repeats)
}

/// The same from any source, called `path` in messages.
///
/// # Errors
/// As [`read_labels`].
pub fn read_labels_from(
    source: &mut dyn BufRead,
    path: &Path,
    embeddings: &Embeddings,
    repeats: Repeats,
) -> Result<Vec<Label>> {
    let mut labels = Vec::new();
    let mut seen = Seen::default();
    pairs::read(source, path, embeddings, &mut |pair| {
        let Some(preference) = pair.label else {
            let problem = "missing field \"label\": 1 if a is better, 0 if b is, 0.5 for a tie; \
                           pairs that were skipped do not belong in this file";
            return Err(lines::problem(path, pair.line, problem));
        };
        if let (Some(earlier), Repeats::Refuse) = (seen.add(&pair), repeats) {
            let agree = match earlier.label == pair.label_ascending() {
                true => "the answers agree",
                false => "the answers conflict",
            };
            let problem = format!(
                "{} has a label in line {} already, and {agree}; `repeats` keep counts every answer",
                pair.names(embeddings),
                earlier.line
            );
            return Err(lines::problem(path, pair.line, problem));
        }
        let pairs::Pair { a, b, round, score, .. } = pair;
        let question = Question { score, ..Question::new(round, a, b) };
        labels.push(Label { question, preference });
        Ok(())
    })?;
    Ok(labels)
}
