//! What a session has come to, as memory and file have it.

use std::fmt;

use serde::Serialize;

use super::reply::{Answer, QuestionId, Reply, Side};
use crate::data::candidates::Candidates;
use crate::data::labels::Label;
use crate::data::preference::Preference;
use crate::data::question::Question;
use crate::data::votes::Votes;
use crate::digest::HexDigest;
use crate::round::answer::Answered;

/// A batch and what has been said to it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Batch {
    /// From 1.
    pub(super) round: u64,
    /// The name of the strategy that chose it.
    pub(super) strategy: String,
    /// The round whose answers the model that chose it had learnt from last.
    pub(super) model_round: u64,
    /// Of that model.
    pub(super) model: HexDigest,
    /// Pairs that were on offer.
    pub(super) offered: u64,
    /// Its questions in the order in which they are asked: best first, then those that repeat others.
    pub(super) asked: Vec<Asked>,
}

/// A question of a batch.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    pub(super) id: QuestionId,
    pub(super) question: Question,
    /// Where the pair's first item stands.
    pub(super) first: Side,
    /// The question that asks about the same pair the other way round, before this one.
    pub(super) repeats: Option<QuestionId>,
    /// The answer.
    pub(super) given: Option<Given>,
}

/// An answer in the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Given {
    /// Its place among all that were ever given.
    pub(super) nth: u64,
    /// Who gave it.
    pub(super) annotator: u32,
    pub(super) reply: Reply,
}

/// Who answers: people and devices have numbers each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Who {
    /// The number.
    pub annotator: u32,
    /// Whether it is a device's.
    pub device: bool,
}

impl Who {
    /// Somebody at the screen.
    pub(super) const fn person(number: u32) -> Self {
        Self { annotator: number, device: false }
    }

    /// A device.
    pub(super) const fn device(number: u32) -> Self {
        Self { annotator: number, device: true }
    }

    /// What the file has of a device beside its number, as the note of its answers.
    pub(super) fn note(self) -> Option<String> {
        self.device.then(|| self.to_string())
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.device { "device" } else { "annotator" };
        write!(f, "{kind} {}", self.annotator)
    }
}

impl Given {
    /// Who gave it.
    pub(super) fn who(&self) -> Who {
        let device = Who::device(self.annotator);
        Who { device: self.reply.note == device.note(), ..device }
    }
}

/// An answer that is not in the file yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NewAnswer {
    pub(super) id: QuestionId,
    /// Who gives it.
    pub(super) annotator: u32,
    pub(super) reply: Reply,
}

impl Asked {
    /// Where the smaller item stands.
    pub(super) fn smaller(&self) -> Side {
        match self.question.a < self.question.b {
            true => self.first,
            false => self.first.other(),
        }
    }

    /// What the answer says of the pair; none where there is no answer, or one that puts the question
    /// aside.
    pub(super) fn preference(&self) -> Option<Preference> {
        let first = match self.first {
            Side::Left => Answer::First,
            Side::Right => Answer::Second,
        };
        match self.given.as_ref()?.reply.answer {
            Answer::Tie => Some(Preference::Tie),
            Answer::Skip | Answer::BothBad => None,
            answer if answer == first => Some(Preference::First),
            _ => Some(Preference::Second),
        }
    }

    /// The question with its answer, which counts as often as the candidate says; none as above.
    pub(super) fn label(&self, candidates: Option<&Candidates>) -> Option<Label> {
        let votes = Votes::from(self.preference()?);
        let listed = candidates.zip(self.question.candidate);
        let weight = listed.and_then(|(list, place)| list.given(place).weight()).unwrap_or(1.0);
        Some(Label { question: self.question, votes: votes.times(weight) })
    }

    /// Whether it has an answer that puts it aside.
    fn is_put_aside(&self) -> bool {
        self.given.as_ref().is_some_and(|given| given.reply.answer.puts_aside())
    }
}

impl Batch {
    /// Questions that wait for an answer. None repeats one that has no answer, or was put aside.
    pub(super) fn open(&self) -> impl Iterator<Item = &Asked> {
        let is_early_or_moot = |asked: &Asked| {
            let repeated = asked.repeats.and_then(|id| self.asked.iter().find(|own| own.id == id));
            repeated.is_some_and(|own| own.preference().is_none())
        };
        self.asked.iter().filter(move |asked| asked.given.is_none() && !is_early_or_moot(asked))
    }

    /// Whether a question's repetition has an answer, which has no sense without that to the question.
    pub(super) fn is_repeated(&self, id: QuestionId) -> bool {
        self.asked.iter().any(|own| own.repeats == Some(id) && own.given.is_some())
    }

    /// Whether none waits.
    pub(super) fn is_closed(&self) -> bool {
        self.open().next().is_none()
    }

    /// The questions that repeat no other.
    pub(super) fn originals(&self) -> impl Iterator<Item = &Asked> {
        self.asked.iter().filter(|asked| asked.repeats.is_none())
    }

    /// The pairs that it asks about.
    pub(super) fn questions(&self) -> Vec<Question> {
        self.originals().map(|asked| asked.question).collect()
    }
}

/// What is learnt from batches: their first answers, in the order of the questions. Answers to repeated
/// questions only tell how far answers agree.
pub(super) fn answered(batches: &[Batch], candidates: Option<&Candidates>) -> Answered {
    let mut answered = Answered::default();
    for asked in batches.iter().flat_map(Batch::originals) {
        match asked.label(candidates) {
            Some(label) => answered.labels.push(label),
            None if asked.is_put_aside() => answered.skipped.push(asked.question),
            None => {}
        }
    }
    answered
}
