//! [`Label`]: a pair that was asked about and its answer, items by their numbers; and
//! [`LabelRecord`], the line of `labels.jsonl` that says the same with names that a person can
//! look up in the embeddings' file.

use std::fmt;
use std::io::BufRead;
use std::path::Path;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::embeddings::Embeddings;
use super::item::ItemName;
use crate::error::{Error, Result};

/// An answered pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Label {
    /// The round, from 1.
    pub round: u64,
    /// The number of the pair's first item, in the pool's order.
    pub a: u64,
    /// The number of its second item.
    pub b: u64,
    /// The answer.
    pub preference: Preference,
    /// The strategy's score; none where it has no scores.
    pub score: Option<f64>,
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
        let Label { round, a, b, preference, score } = *label;
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
        Ok(Label { round, a, b, preference: label, score })
    }
}

/// Which of a pair is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preference {
    /// `a`: written 1.
    First,
    /// `b`: written 0.
    Second,
    /// Neither: written 0.5.
    Tie,
}

impl Preference {
    /// The label as the loss takes it: 1, 0 or ½.
    #[must_use]
    pub const fn value(self) -> f64 {
        match self {
            Self::First => 1.0,
            Self::Second => 0.0,
            Self::Tie => 0.5,
        }
    }
}

impl Serialize for Preference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::First => serializer.serialize_u8(1),
            Self::Second => serializer.serialize_u8(0),
            Self::Tie => serializer.serialize_f64(0.5),
        }
    }
}

impl<'de> Deserialize<'de> for Preference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        [Self::First, Self::Second, Self::Tie]
            .into_iter()
            .find(|preference| preference.value() == value)
            .ok_or_else(|| D::Error::custom(format!("label {value} is none of 0, 0.5 and 1")))
    }
}

/// 64 bits, written as `"0x0123456789abcdef"`: no reader rounds them to a float.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HexDigest(pub u64);

impl fmt::Display for HexDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#018x}", self.0)
    }
}

impl Serialize for HexDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HexDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.strip_prefix("0x")
            .filter(|digits| digits.len() == 16)
            .and_then(|digits| u64::from_str_radix(digits, 16).ok())
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("{text:?} is not 0x and 16 hex digits")))
    }
}

/// Reads the records of a JSON Lines file, one a line; empty lines are passed over.
///
/// # Errors
/// [`Error::Line`] with the line's number; [`Error::Io`].
pub fn read_json_lines<T: for<'de> Deserialize<'de>>(
    source: impl BufRead,
    path: &Path,
) -> Result<Vec<T>> {
    let mut records = Vec::new();
    for (index, line) in source.lines().enumerate() {
        let line = line.map_err(|error| Error::io(path, "read", error))?;
        if line.trim().is_empty() {
            continue;
        }
        let record = serde_json::from_str(&line).map_err(|error| Error::Line {
            path: path.into(),
            line: index + 1,
            problem: error.to_string(),
        })?;
        records.push(record);
    }
    Ok(records)
}
