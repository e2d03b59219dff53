//! [`Label`]: a pair that was asked about and what was answered, items by their numbers.

use std::io::BufRead;
use std::path::Path;

use pairpick_core::digest::Digest;

use super::agreement::{Agreement, Tally};
use super::candidates::{Candidates, Given};
use super::embeddings::Embeddings;
use super::lines;
pub use super::lines::read_json_lines;
use super::pairs::{self, Pair, Seen};
use super::preference::Preference;
use super::question::Question;
pub use super::record::{Answer, LabelRecord};
use super::votes::Votes;
use crate::error::{Error, Result};
use crate::named::named;

/// A question and what was answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Label {
    /// What was asked.
    pub question: Question,
    /// The answers, by how often each counts.
    pub votes: Votes,
}

impl Label {
    /// One answer to a question.
    #[must_use]
    pub fn new(question: Question, preference: Preference) -> Self {
        Self { question, votes: preference.into() }
    }
}

/// What was asked to get these labels.
pub fn questions(labels: &[Label]) -> impl Iterator<Item = &Question> + Clone {
    labels.iter().map(|label| &label.question)
}

/// The largest round among some questions, 0 of none.
#[must_use]
pub fn last_round<'a>(questions: impl Iterator<Item = &'a Question>) -> u64 {
    questions.map(|question| question.round).fold(0, u64::max)
}

/// How many answers some labels stand for.
#[must_use]
pub fn answers(labels: &[Label]) -> f64 {
    labels.iter().fold(0.0, |total, label| total + label.votes.total())
}

/// Of the items and the answers of some labels, in their order.
pub(super) fn digest(labels: &[Label]) -> u64 {
    let mut digest = Digest::new();
    for Label { question, votes } in labels {
        digest.integer(question.a);
        digest.integer(question.b);
        for (preference, count) in votes.answers() {
            digest.integer(preference.value().to_bits());
            digest.integer(count.to_bits());
        }
    }
    digest.value()
}

impl LabelRecord {
    /// The record of a label whose items are those of `embeddings`. One of a candidate stands as the
    /// candidate does, with its fields.
    #[must_use]
    pub fn of(label: &Label, embeddings: &Embeddings, candidates: Option<&Candidates>) -> Self {
        let Label { question, votes } = *label;
        let listed = candidates.zip(question.candidate);
        let given = listed.map_or_else(Given::default, |(list, place)| list.given(place));
        let own = listed.and_then(|(list, place)| list.answer(place));
        let as_given = given.answer.filter(|_| own == Some(votes));
        let votes = if given.turned { votes.reversed() } else { votes };
        let answer = as_given.unwrap_or_else(|| Answer::of(votes));
        Self::answered(&question, given, answer, embeddings)
    }

    /// The record of a question that was passed over.
    #[must_use]
    pub fn of_skipped(
        question: &Question,
        embeddings: &Embeddings,
        candidates: Option<&Candidates>,
    ) -> Self {
        let listed = candidates.zip(question.candidate);
        let given = listed.map_or_else(Given::default, |(list, place)| list.given(place));
        Self::answered(question, given, Answer::skipped(), embeddings)
    }

    fn answered(
        question: &Question,
        given: Given<'_>,
        answer: Answer,
        embeddings: &Embeddings,
    ) -> Self {
        let Question { round, a, b, score, .. } = *question;
        let (a, b) = if given.turned { (b, a) } else { (a, b) };
        let (a, b) = (embeddings.name(a), embeddings.name(b));
        let fields = given.fields.cloned().unwrap_or_default();
        Self { round: Some(round), a, b, answer, score, fields }
    }

    /// The label that a record names among the items of `embeddings`.
    ///
    /// # Errors
    /// As [`Embeddings::item`]; [`Error::Core`] without an answer.
    pub fn label_in(&self, embeddings: &Embeddings) -> Result<Label> {
        let question = self.question_in(embeddings)?;
        let votes = self.answer.votes().ok().flatten().ok_or_else(|| {
            Error::core("a label")(pairpick_core::Error::Empty { what: "its answer" })
        })?;
        let turned = embeddings.item(self.a)? != question.a;
        Ok(Label { question, votes: if turned { votes.reversed() } else { votes } })
    }

    /// What was asked, answered or not.
    ///
    /// # Errors
    /// As [`Embeddings::item`].
    pub fn question_in(&self, embeddings: &Embeddings) -> Result<Question> {
        let (a, b) = (embeddings.item(self.a)?, embeddings.item(self.b)?);
        let question = Question::new(self.round.unwrap_or(1), a.min(b), a.max(b));
        Ok(Question { score: self.score, ..question })
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

/// The labels of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelFile {
    /// In the order of their lines.
    pub labels: Vec<Label>,
    /// Questions that were passed over: never learnt from, and not asked again.
    pub skipped: Vec<Question>,
    /// How far the answers to a pair agree, where repeats are kept.
    pub agreement: Option<Agreement>,
}

impl LabelFile {
    /// The largest round among the labels and what was passed over, 0 of neither.
    #[must_use]
    pub fn last_round(&self) -> u64 {
        last_round(questions(&self.labels).chain(&self.skipped))
    }
}

/// Reads the labels of a JSON Lines file, from `run`, from `select` with a `"label"` added to each
/// line, or from elsewhere; `-` is standard input. `round` and `score` may be missing.
///
/// # Errors
/// [`Error::Line`] with the line's number: not JSON, a line that is cut off, a field that is missing or
/// whose name is near a known one, a label that is not between 0 and 1, votes that it contradicts, an
/// answer beside `"skip": true`, a weight that is not above 0, an item that the embeddings do not have
/// or name otherwise, a pair of an item with itself, a pair that stands there already unless `repeats`
/// are kept; a missing or unreadable file.
pub fn read_labels(path: &Path, embeddings: &Embeddings, repeats: Repeats) -> Result<LabelFile> {
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
) -> Result<LabelFile> {
    let (mut labels, mut skipped) = (Vec::new(), Vec::new());
    let (mut seen, mut tally) = (Seen::default(), Tally::default());
    pairs::read(source, path, embeddings, &mut |pair| {
        let problem = |problem: String| lines::problem(path, pair.line, problem);
        if pair.votes.is_none() && !pair.record.answer.skip {
            return Err(problem(NO_LABEL.to_owned()));
        }
        match repeats {
            Repeats::Refuse => match seen.add(&pair) {
                None => {}
                Some(earlier) => return Err(problem(repeated(&pair, earlier))),
            },
            Repeats::Keep => tally.add(&pair),
        }
        let Pair { a, b, round, votes, record: LabelRecord { score, .. }, .. } = pair;
        let question = Question { score, ..Question::new(round, a, b) };
        match votes {
            Some(votes) => labels.push(Label { question, votes }),
            None => skipped.push(question),
        }
        Ok(())
    })?;
    let agreement = (repeats == Repeats::Keep).then(|| tally.agreement());
    Ok(LabelFile { labels, skipped, agreement })
}

const NO_LABEL: &str = "missing field \"label\": 1 if a is better, 0 if b is, 0.5 for a tie (or \
                        \"votes\": [for a, for b, tie]), or \"skip\": true for a pair that was passed \
                        over";

fn repeated(pair: &Pair, earlier: pairs::Earlier) -> String {
    let (names, line) = (pair.names(), earlier.line);
    let (stands, agree) = match (earlier.votes, pair.votes) {
        (Some(own), Some(other)) if own == other => ("has a label", "the answers agree"),
        (Some(_), Some(_)) => ("has a label", "the answers conflict"),
        (Some(_), None) => ("has a label", "is passed over here"),
        (None, Some(_)) => ("was passed over", "has a label here"),
        (None, None) => ("was passed over", "is so again"),
    };
    format!(
        "{names} {stands} in line {line} already, and {agree}; `repeats` keep counts every answer"
    )
}
