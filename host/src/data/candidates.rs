//! [`Candidates`]: the pairs of a listed pool, where not every pair can be asked about, with the
//! answers if they are known already.

use std::io::BufRead;
use std::path::Path;

use pairpick_core::digest::Digest;

use super::embeddings::Embeddings;
use super::fields::Fields;
use super::lines;
use super::pairs::{self, Seen};
use super::record::Answer;
use super::votes::Votes;
use crate::error::{DataError, Result};

/// Pairs on offer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Candidates {
    /// The numbers of each pair's items, in the file's order, the smaller item first.
    pub pairs: Vec<(u64, u64)>,
    /// The answers, one a pair, where the file has them.
    pub answers: Option<Vec<Votes>>,
    /// The lines themselves; none of pairs that are from no file.
    lines: Vec<Line>,
}

/// What a line says beyond its pair.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    /// Whether it calls the larger item `a`.
    turned: bool,
    /// More than a plain label: few lines have it.
    more: Option<Box<More>>,
}

#[derive(Clone, Debug, PartialEq)]
struct More {
    answer: Answer,
    fields: Fields,
}

/// A candidate as its line has it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Given<'a> {
    /// Whether the line calls the larger item `a`.
    pub turned: bool,
    /// Its answer, if that is more than a plain label, and the weight of any other.
    pub answer: Option<Answer>,
    /// What trains nothing.
    pub fields: Option<&'a Fields>,
}

impl Given<'_> {
    /// How often an answer to it counts, as the line has it.
    pub fn weight(&self) -> Option<f64> {
        self.answer?.weight
    }
}

impl Candidates {
    /// Pairs that are from no file, the smaller item first in each.
    #[must_use]
    pub fn new(pairs: Vec<(u64, u64)>) -> Self {
        Self { pairs, ..Self::default() }
    }

    /// Reads a JSON Lines file of pairs, `{"a": …, "b": …}`, all or none with a `"label"` or
    /// `"votes"`; `-` is standard input.
    ///
    /// # Errors
    /// [`Error::Line`](crate::Error::Line) with the line's number, as [`read_labels`](super::labels::read_labels), and
    /// for a pair that stands twice or labels in some lines only; [`DataError::NoCandidates`]; a
    /// missing or unreadable file.
    pub fn open(path: &Path, embeddings: &Embeddings) -> Result<Self> {
        let (mut source, name) = lines::open(path)?;
        Self::from_source(&mut source, &name, embeddings)
    }

    /// The same from any source, called `path` in messages.
    ///
    /// # Errors
    /// As [`Candidates::open`].
    pub fn from_source(
        source: &mut dyn BufRead,
        path: &Path,
        embeddings: &Embeddings,
    ) -> Result<Self> {
        let (mut list, mut answers) = (Self::default(), Vec::new());
        let mut seen = Seen::default();
        let mut first_line = 0;
        pairs::read(source, path, embeddings, &mut |pair| {
            let problem = |problem| Err(lines::problem(path, pair.line, problem));
            if let Some(earlier) = seen.add(&pair) {
                return problem(format!(
                    "{} stands in line {} already",
                    pair.names(),
                    earlier.line
                ));
            }
            if list.pairs.is_empty() {
                first_line = pair.line;
            } else if pair.votes.is_some() == answers.is_empty() {
                let (here, there) = match pair.votes {
                    Some(_) => ("a", "none"),
                    None => ("no", "one"),
                };
                return problem(format!(
                    "has {here} label, and line {first_line} has {there}: \
                     all lines have one, or no line"
                ));
            }
            list.pairs.push((pair.a, pair.b));
            answers.extend(pair.votes);
            list.lines.push(Line::of(pair));
            Ok(())
        })?;
        if list.pairs.is_empty() {
            return Err(DataError::NoCandidates.at(path));
        }
        Ok(Self { answers: (!answers.is_empty()).then_some(answers), ..list })
    }

    /// The answer to a candidate, if it is known.
    #[must_use]
    pub fn answer(&self, place: u64) -> Option<Votes> {
        self.answers.as_ref()?.get(usize::try_from(place).ok()?).copied()
    }

    /// The candidate as it stands in the file.
    pub(crate) fn given(&self, place: u64) -> Given<'_> {
        let line = usize::try_from(place).ok().and_then(|place| self.lines.get(place));
        line.map_or_else(Given::default, |line| Given {
            turned: line.turned,
            answer: line.more.as_ref().map(|more| more.answer),
            fields: line.more.as_ref().map(|more| &more.fields),
        })
    }

    /// Of the pairs, their answers, and what else a run writes again; not of which item is called `a`.
    pub(super) fn digest(&self) -> u64 {
        let mut digest = Digest::new();
        for (a, b) in &self.pairs {
            digest.integer(*a);
            digest.integer(*b);
        }
        for votes in self.answers.iter().flatten() {
            for (preference, count) in votes.answers() {
                digest.integer(preference.value().to_bits());
                if count != 1.0 {
                    digest.integer(count.to_bits());
                }
            }
        }
        for (place, line) in (0..).zip(&self.lines) {
            let Some(more) = &line.more else { continue };
            digest.integer(place);
            digest.integer(more.answer.weight.unwrap_or(1.0).to_bits());
            for (name, value) in more.fields.iter() {
                digest.bytes(name.as_bytes());
                digest.bytes(value.as_bytes());
            }
        }
        digest.value()
    }
}

impl Line {
    fn of(pair: pairs::Pair) -> Self {
        let pairs::Pair { turned, votes, record, .. } = pair;
        let plain = votes.is_none_or(|votes| {
            let votes = if turned { votes.reversed() } else { votes };
            Answer::of(votes) == record.answer
        });
        let plain = plain && record.answer.weight.is_none() && record.fields.is_empty();
        let more = More { answer: record.answer, fields: record.fields };
        Self { turned, more: (!plain).then(|| Box::new(more)) }
    }
}
