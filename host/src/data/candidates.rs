//! [`Candidates`]: the pairs of a listed pool, where not every pair can be asked about, with the
//! answers if they are known already.

use std::io::BufRead;
use std::path::Path;

use pairpick_core::digest::Digest;

use super::embeddings::Embeddings;
use super::fields::ExtraFields;
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
    /// The answers, where the file has them: one a pair that was not passed over.
    pub answers: Option<Vec<Option<Votes>>>,
    /// The places of the pairs that were passed over, ascending: they are not on offer.
    pub skipped: Vec<u64>,
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
    fields: ExtraFields,
}

/// A candidate as its line has it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Given<'a> {
    /// Whether the line calls the larger item `a`.
    pub turned: bool,
    /// Its answer, if that is more than a plain label, and the weight of any other.
    pub answer: Option<Answer>,
    /// What trains nothing.
    pub fields: Option<&'a ExtraFields>,
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
    /// `"votes"`, but for those with `"skip": true`; `-` is standard input.
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
        // The first line on offer, and whether it has an answer.
        let mut first: Option<(usize, bool)> = None;
        pairs::read(source, path, embeddings, &mut |pair| {
            let problem = |problem| Err(lines::problem(path, pair.line, problem));
            if let Some(earlier) = seen.add(&pair) {
                return problem(format!(
                    "{} stands in line {} already",
                    pair.names(),
                    earlier.line
                ));
            }
            if pair.record.answer.skip {
                list.skipped.push(list.pairs.len() as u64);
            } else {
                let (line, is_answered) = *first.get_or_insert((pair.line, pair.votes.is_some()));
                if is_answered != pair.votes.is_some() {
                    let (here, there) = if is_answered { ("no", "one") } else { ("a", "none") };
                    return problem(format!(
                        "has {here} label, and line {line} has {there}: \
                         all lines have one, or no line"
                    ));
                }
            }
            list.pairs.push((pair.a, pair.b));
            answers.push(pair.votes);
            list.lines.push(Line::of(pair));
            Ok(())
        })?;
        match first {
            None => Err(DataError::NoCandidates.at(path)),
            Some((_, is_answered)) => Ok(Self { answers: is_answered.then_some(answers), ..list }),
        }
    }

    /// The pairs that were not passed over, with their places.
    pub fn on_offer(&self) -> impl Iterator<Item = (u64, (u64, u64))> {
        let is_skipped = |place: &u64| self.skipped.binary_search(place).is_ok();
        (0..).zip(self.pairs.iter().copied()).filter(move |(place, _)| !is_skipped(place))
    }

    /// How many these are.
    #[must_use]
    pub fn offered(&self) -> u64 {
        self.pairs.len().saturating_sub(self.skipped.len()) as u64
    }

    /// The answer to a candidate, if it is known.
    #[must_use]
    pub fn answer(&self, place: u64) -> Option<Votes> {
        self.answers.as_ref()?.get(usize::try_from(place).ok()?).copied().flatten()
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
        for votes in self.answers.iter().flatten().flatten() {
            for (preference, count) in votes.answers() {
                digest.integer(preference.value().to_bits());
                if count != 1.0 {
                    digest.integer(count.to_bits());
                }
            }
        }
        self.skipped.iter().for_each(|place| digest.integer(*place));
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
