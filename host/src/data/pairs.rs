//! The lines of JSON that name a pair of items: labels and candidates. One form serves both, with
//! all the fields that `run` and `select` write, so that an answer can be added to a line of
//! theirs. Whichever item a line calls `a`, a pair begins with the smaller one from here on, so that
//! no result depends on it.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::Path;

use super::agreement::annotator;
use super::embeddings::Embeddings;
use super::lines;
use super::record::LabelRecord;
use super::votes::Votes;
use crate::error::Result;

/// The last round that a label can be of: the next one must have a number too.
const LAST_ROUND: u64 = u32::MAX as u64;

/// A pair of two items that exist.
pub(super) struct Pair {
    /// Where it stands, from 1.
    pub line: usize,
    /// The smaller item.
    pub a: u64,
    /// The larger one.
    pub b: u64,
    /// Whether the line calls the larger one `a`.
    pub turned: bool,
    /// What was answered, if the line says.
    pub votes: Option<Votes>,
    pub round: u64,
    /// Who answered, if the line says.
    pub annotator: Option<String>,
    /// The line as it stands there.
    pub record: LabelRecord,
}

impl Pair {
    /// The pair as a message calls it.
    pub fn names(&self) -> String {
        format!("the pair {} and {}", self.record.a, self.record.b)
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
    lines::for_each(source, path, &mut |line, record: LabelRecord| {
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
        let annotator = annotator(&record.fields).map_err(problem)?;
        record.answer.weight().map_err(problem)?;
        let votes = record.answer.votes().map_err(problem)?;
        let turned = b < a;
        let votes = if turned { votes.map(Votes::reversed) } else { votes };
        each(Pair { line, a: a.min(b), b: a.max(b), turned, votes, round, annotator, record })
    })
}

/// The pairs so far.
#[derive(Default)]
pub(super) struct Seen(BTreeMap<(u64, u64), Earlier>);

/// Where a pair stood, and what was answered.
#[derive(Clone, Copy)]
pub(super) struct Earlier {
    pub line: usize,
    pub votes: Option<Votes>,
}

impl Seen {
    /// Adds a pair; gives back where it was added before.
    pub fn add(&mut self, pair: &Pair) -> Option<Earlier> {
        let Pair { line, a, b, votes, .. } = *pair;
        self.0.insert((a, b), Earlier { line, votes })
    }
}
