//! Preferences as other programs keep them. Every format is read to [`Record`]s, which become
//! [`Preferences`]: responses as numbered rows, and labels of pairs of them. From these the files
//! of this program are written, and every format back.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`source`] | rows of JSON Lines, JSON, CSV, TSV and Parquet: what holds a format |
//! | [`fields`] | a row, and how its fields are taken out |
//! | [`record`] | what a row says, whatever its format |
//! | [`words`] | what a source calls its answers |
//! | [`preferences`] | all records together, and the files of this program |
//! | [`mod@write`] | what all formats are written with |
//! | `trl`, `pairs`, `lists`, `argilla`, `label_studio` | the formats, each read and written |

mod argilla;
pub mod fields;
mod label_studio;
mod lists;
mod pairs;
#[cfg(feature = "parquet")]
mod parquet;
pub mod preferences;
pub mod record;
pub mod source;
mod trl;
pub mod words;
pub mod write;

use std::path::PathBuf;
use std::str::FromStr;

pub use self::preferences::Preferences;
pub use self::record::Record;

use self::fields::Row;
use self::words::{Applied, Mapping};
use self::write::{Asked, Written};
use crate::error::{Result, quotable};
use crate::named::named;

/// What the rows of a source say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `chosen` and `rejected`.
    Trl,
    /// Two responses and a label.
    Pairs,
    /// Responses in an order.
    Ranking,
    /// Responses with scores.
    Ratings,
    /// Argilla's records.
    Argilla,
    /// Label Studio's tasks.
    LabelStudio,
}

named!(Format, "format",
    Trl = "trl": "chosen and rejected, with or without a prompt: TRL's preferences",
    Pairs = "pairs": "response_a, response_b and a label",
    Ranking = "ranking": "a list of responses, best first or with their ranks, 1 the best",
    Ratings = "ratings": "a list of responses with their scores, or a response with its score a row",
    Argilla = "argilla": "Argilla's records, two responses a record",
    LabelStudio = "label-studio": "Label Studio's tasks, by Pairwise, Choices or Ranker",
);

/// Other names of fields, for a source that has none of the first name.
const ALIASES: [(&str, &[&str]); 8] = [
    ("prompt_id", &["question_id"]),
    ("prompt", &["question", "instruction", "query", "input", "context"]),
    (
        "response_a",
        &[
            "response_1",
            "response1",
            "answer_a",
            "answer_1",
            "answer1",
            "completion_a",
            "completion_1",
            "output_1",
            "text_a",
            "text_1",
            "text1",
            "conversation_a",
        ],
    ),
    (
        "response_b",
        &[
            "response_2",
            "response2",
            "answer_b",
            "answer_2",
            "answer2",
            "completion_b",
            "completion_2",
            "output_2",
            "text_b",
            "text_2",
            "text2",
            "conversation_b",
        ],
    ),
    ("responses", &["completions", "answers", "outputs", "candidates", "generations"]),
    ("ranks", &["rank", "ranking", "rankings"]),
    ("scores", &["ratings", "rewards"]),
    ("label", &["winner", "preference", "choice", "preferred", "better", "verdict"]),
];

/// The name that a field has in a source, as `FIELD=NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The field.
    pub field: String,
    /// Its name in the source.
    pub name: String,
}

impl FromStr for Column {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (field, name) =
            text.split_once('=').ok_or("expected FIELD=NAME, such as prompt=question")?;
        Ok(Self { field: field.to_owned(), name: name.to_owned() })
    }
}

/// How a source is to be read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// What its rows say; told by the fields of each where there is none.
    pub format: Option<Format>,
    /// Names of fields that are none of the usual ones.
    pub columns: Vec<Column>,
    /// What the words of its labels mean.
    pub mapping: Mapping,
    /// Lines of `texts.jsonl` whose rows its responses are; rows of their own where there is none.
    pub texts: Option<PathBuf>,
}

/// What was read.
#[derive(Clone, Debug)]
pub struct Read {
    /// All of it.
    pub preferences: Preferences,
    /// What the rows of the first file say.
    pub format: Format,
    /// What its words mean; none where it has none.
    pub words: Option<Applied>,
}

impl Reading {
    /// Reads files, one after the other; `-` is standard input.
    ///
    /// # Errors
    /// As [`source::read`]; [`Error::Row`](crate::Error::Row) for a row that does not say what its
    /// format says; as [`Mapping::apply`] and [`Preferences::of`].
    pub fn read(&self, paths: &[PathBuf]) -> Result<Read> {
        let (mut records, mut first) = (Vec::new(), None);
        for path in paths {
            let mut rows = source::read(path)?;
            rows.iter_mut().try_for_each(|row| self.rename(row))?;
            let Some(row) = rows.first() else {
                return Err(source::unreadable(path, "no row in it; expected at least one"));
            };
            let format = self.format.map_or_else(|| Format::of(row), Ok)?;
            first.get_or_insert(format);
            for row in rows {
                let mut record = format.read(row)?;
                record.number_answers(records.len() + 1);
                records.push(record);
            }
        }
        let applied = self.mapping.apply(&mut records)?;
        let words = (!applied.counts.is_empty()).then_some(applied);
        let mut preferences = match &self.texts {
            None => Preferences::of(records)?,
            Some(path) => Preferences::of_texts(source::read(path)?)?.with_labels_of(records)?,
        };
        if preferences.labels.is_empty() {
            preferences.add_labels_of_ratings();
        }
        Ok(Read { preferences, format: first.unwrap_or(Format::Trl), words })
    }

    /// Gives the fields that `columns` name the names that formats look for.
    fn rename(&self, row: &mut Row) -> Result<()> {
        for Column { field, name } in &self.columns {
            if !row.fields.has(name) {
                let told = quotable(&row.fields.names());
                return Err(row.problem(format!(
                    "no field {name:?}, which `column` {field}={name} names; its fields are {told}"
                )));
            }
            if field != name {
                row.fields.take(field);
            }
            let own = row.fields.0.iter_mut().find(|(own, _)| own == name);
            own.into_iter().for_each(|(own, _)| own.clone_from(field));
        }
        Ok(())
    }
}

/// The name that a row has for a field.
fn name_in<'a>(row: &'a Row, field: &'a str) -> Option<&'a str> {
    let has = |name: &&str| row.fields.get(name).is_some();
    let aliases = ALIASES.iter().find(|(own, _)| *own == field).map_or(&[][..], |(_, names)| names);
    std::iter::once(field).chain(aliases.iter().copied()).find(has)
}

impl Format {
    /// The format that has the fields of a row.
    ///
    /// # Errors
    /// [`Error::Row`](crate::Error::Row) where none has.
    fn of(row: &Row) -> Result<Self> {
        let has = |fields: &[&str]| fields.iter().all(|field| name_in(row, field).is_some());
        let is_object = |name| {
            let holds = |text: &str| text.starts_with('{');
            row.fields.get(name).is_some_and(|v| v.is_object() || v.as_str().is_some_and(holds))
        };
        match () {
            () if is_object("data") => Ok(Self::LabelStudio),
            () if is_object("fields") => Ok(Self::Argilla),
            () if has(&["chosen", "rejected"]) => Ok(Self::Trl),
            () if has(&["response_a", "response_b"]) => Ok(Self::Pairs),
            () if has(&["responses", "ranks"]) => Ok(Self::Ranking),
            () if has(&["responses", "scores"]) || has(&["response", "score"]) => Ok(Self::Ratings),
            () if has(&["responses"]) && lists::are_rated(row) => Ok(Self::Ratings),
            () => Err(row.problem(format!(
                "its fields, {}, tell no format: trl has chosen and rejected; pairs response_a, \
                 response_b and label; ranking responses and ranks; ratings responses and scores, or \
                 response and score; argilla fields; label-studio data. `column` FIELD=NAME gives \
                 fields these names, `format` says what the rest is",
                quotable(&row.fields.names())
            ))),
        }
    }

    /// The fields that may have other names.
    fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Trl => &["prompt_id", "prompt"],
            Self::Pairs => &["prompt_id", "prompt", "response_a", "response_b", "label"],
            Self::Argilla | Self::LabelStudio => &["prompt", "response_a", "response_b"],
            Self::Ranking => &["prompt_id", "prompt", "responses", "ranks"],
            Self::Ratings => &["prompt_id", "prompt", "responses", "scores"],
        }
    }

    /// Gives the fields of a row the names that are looked for.
    fn rename(self, row: &mut Row) {
        for field in self.fields() {
            let name = name_in(row, field).map(str::to_owned);
            let own =
                row.fields.0.iter_mut().find(|(own, _)| Some(own.as_str()) == name.as_deref());
            own.into_iter().for_each(|(own, _)| (*field).clone_into(own));
        }
    }

    fn read(self, mut row: Row) -> Result<Record> {
        match self {
            Self::Argilla => return argilla::read(row, self),
            Self::LabelStudio => return label_studio::read(row, self),
            _ => self.rename(&mut row),
        }
        match self {
            Self::Trl => trl::read(row),
            Self::Ranking => lists::read_ranking(row),
            Self::Ratings => lists::read_ratings(row),
            _ => pairs::read(row),
        }
    }

    /// The rows of this format, and what it cannot say.
    ///
    /// # Errors
    /// [`Error::Row`](crate::Error::Row) for a label that it cannot say at all.
    pub fn write(self, preferences: &Preferences, asked: &Asked) -> Result<Written> {
        match self {
            Self::Trl => trl::write(preferences, asked),
            Self::Pairs => pairs::write(preferences, asked),
            Self::Ranking => lists::write_ranking(preferences, asked),
            Self::Ratings => lists::write_ratings(preferences, asked),
            Self::Argilla => argilla::write(preferences, asked),
            Self::LabelStudio => label_studio::write(preferences, asked),
        }
    }
}
