//! The lines of JSON that name a pair of items: labels and candidates. One form serves both, with
//! all the fields that `run` and `select` write, so that an answer can be added to a line of
//! theirs.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::embeddings::Embeddings;
use super::item::ItemName;
use super::lines;
use super::preference::Preference;
use crate::error::Result;

/// The last round that a label can be of: the next one must have a number too.
const LAST_ROUND: u64 = u32::MAX as u64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PairRecord {
    a: ItemName,
    b: ItemName,
    label: Option<Preference>,
    round: Option<u64>,
    score: Option<f64>,
    #[serde(rename = "rank")]
    _rank: Option<IgnoredAny>,
    #[serde(rename = "pair")]
    _pair: Option<IgnoredAny>,
    #[serde(rename = "weight")]
    _weight: Option<IgnoredAny>,
    #[serde(rename = "margin")]
    _margin: Option<IgnoredAny>,
    #[serde(rename = "id")]
    _id: Option<IgnoredAny>,
    #[serde(rename = "annotator")]
    _annotator: Option<IgnoredAny>,
    #[serde(rename = "note")]
    _note: Option<IgnoredAny>,
    #[serde(rename = "seconds")]
    _seconds: Option<IgnoredAny>,
    #[serde(rename = "extra")]
    _extra: Option<IgnoredAny>,
}

/// A pair of two items that exist.
pub(super) struct Pair {
    /// Where it stands, from 1.
    pub line: usize,
    pub a: u64,
    pub b: u64,
    pub label: Option<Preference>,
    pub round: u64,
    pub score: Option<f64>,
}

impl Pair {
    /// The pair as a message calls it.
    pub fn names(&self, embeddings: &Embeddings) -> String {
        format!("the pair {} and {}", embeddings.name(self.a), embeddings.name(self.b))
    }

    /// The label of the pair that begins with the smaller item.
    pub fn label_ascending(&self) -> Option<Preference> {
        if self.a < self.b { self.label } else { self.label.map(Preference::reversed) }
    }
}

/// Gives `each` every pair of a source.
///
/// # Errors
/// [`Error::Line`](crate::Error::Line) with the line's number; [`Error::Io`](crate::Error::Io).
pub(super) fn read(
    source: &mut dyn BufRead,
    path: &Path,
    embeddings: &Embeddings,
    each: &mut dyn FnMut(Pair) -> Result<()>,
) -> Result<()> {
    lines::for_each(source, path, &mut |line, record: PairRecord| {
        let problem = |problem: String| lines::problem(path, line, problem);
        let item = |field, name| {
            embeddings.item(name).map_err(|error| problem(format!("{field}: {error}")))
        };
        let (a, b) = (item("a", record.a)?, item("b", record.b)?);
        if a == b {
            return Err(problem(format!("a and b are the same item, {}", record.a)));
        }
        let round = record.round.unwrap_or(1);
        if !(1..=LAST_ROUND).contains(&round) {
            return Err(problem(format!("round {round}: rounds count from 1 to {LAST_ROUND}")));
        }
        let PairRecord { label, score, .. } = record;
        each(Pair { line, a, b, label, round, score })
    })
}

/// The pairs so far, whichever item came first.
#[derive(Default)]
pub(super) struct Seen(BTreeMap<(u64, u64), Earlier>);

/// Where a pair stood, and its answer for the smaller item.
#[derive(Clone, Copy)]
pub(super) struct Earlier {
    pub line: usize,
    pub label: Option<Preference>,
}

impl Seen {
    /// Adds a pair; gives back where it was added before.
    pub fn add(&mut self, pair: &Pair) -> Option<Earlier> {
        let Pair { line, a, b, .. } = *pair;
        let items = if a < b { (a, b) } else { (b, a) };
        self.0.insert(items, Earlier { line, label: pair.label_ascending() })
    }
}
