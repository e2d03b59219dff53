//! What passes between a desk and a face: a question as it is shown, and what somebody says to it; and the
//! words for it, which all faces share.

use std::fmt;

use crate::named::named;

/// A question's number in its session. It never names another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuestionId(pub u64);

/// What comes next for somebody who answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// A question. Who asks again without an answer gets the same one.
    Question(Box<Shown>),
    /// Nothing yet: ask again after [`Desk::wait`](super::Desk::wait).
    Wait(Waiting),
    /// Nothing any more.
    Ended(Ending),
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// Others have the rest of the batch.
    Others,
    /// The next batch is being chosen.
    Batch,
}

/// Why there is no further question.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ending {
    /// As many rounds as were wanted are closed.
    Rounds(u64),
    /// The model is as sure of its order as was wanted: this ρ.
    Confident(f64),
    /// Every pair that can be asked about was.
    NoPairLeft,
}

/// A pair as it is shown. The texts are as their file has them: each face makes them harmless, the
/// terminal by [`printable`](super::text::printable), a page by its escapes.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The question.
    pub id: QuestionId,
    /// The round, from 1.
    pub round: u64,
    /// Its place in the batch, from 1.
    pub place: u64,
    /// Questions of the batch.
    pub batch: u64,
    /// What both replies are to; none where the texts have no prompts.
    pub prompt: Option<String>,
    /// The reply on the left, the first of two that are stacked.
    pub left: String,
    /// The reply on the right, the second.
    pub right: String,
}

/// What somebody says of the two replies as they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The left one is better.
    First,
    /// The right one is.
    Second,
    /// Neither is.
    Tie,
    /// No answer: the question is put aside, and not asked again.
    Skip,
    /// Both are bad: put aside likewise.
    BothBad,
}

named!(Answer, "answer",
    First = "first": "the first reply is better, which stands left",
    Second = "second": "the second reply is better, which stands right",
    Tie = "tie": "neither is better",
    Skip = "skip": "no answer; the pair is not asked about again",
    BothBad = "both-bad": "both are bad; the pair is not asked about again",
);

impl Answer {
    /// Whether it puts the question aside, and says nothing of the replies.
    pub(super) fn puts_aside(self) -> bool {
        matches!(self, Self::Skip | Self::BothBad)
    }

    /// What it says of the replies as they were shown.
    #[must_use]
    pub const fn told(self) -> &'static str {
        match self {
            Self::First => "the first is better",
            Self::Second => "the second is better",
            Self::Tie => "a tie",
            Self::Skip => "skipped",
            Self::BothBad => "both are bad",
        }
    }
}

/// Where a reply stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Left, or above.
    Left,
    /// Right, or below.
    Right,
}

impl Side {
    /// The other one.
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

/// An answer and what goes with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The answer, of the replies as they were shown.
    pub answer: Answer,
    /// How long it took, in seconds; what is no such number counts as 0.
    pub seconds: f64,
    /// What somebody wants to be remembered.
    pub note: Option<String>,
}

impl Reply {
    /// An answer that took so many seconds, without a note.
    #[must_use]
    pub const fn new(answer: Answer, seconds: f64) -> Self {
        Self { answer, seconds, note: None }
    }
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the file for good.
    Recorded,
    /// The question has an answer already, which stays; nothing was recorded.
    AnsweredBefore,
    /// No open question has this number; nothing was recorded.
    NoSuchQuestion,
}

/// What was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undone {
    /// The answer to this question, which comes next for whoever gave it.
    Question(QuestionId),
    /// Nothing: this person has answered nothing in the open batch. Closed ones stay as they are.
    Nothing,
}

impl Outcome {
    /// What became of this answer, for whoever gave it.
    #[must_use]
    pub fn told(self, answer: Answer) -> String {
        match self {
            Self::Recorded => format!("Recorded: {}.", answer.told()),
            Self::AnsweredBefore => "That question was answered already, which stays.".to_owned(),
            Self::NoSuchQuestion => {
                "That question is not open any more; nothing was recorded.".to_owned()
            }
        }
    }
}

impl fmt::Display for Undone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Question(_) => "Taken back: here is the question again.",
            Self::Nothing => "Nothing to take back in this batch.",
        })
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Others => "Others have the rest of this batch. The next one comes by itself.",
            Self::Batch => "The next batch is being chosen. It comes by itself.",
        })
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rounds(rounds) => write!(f, "Batch {rounds} was the last. Thank you."),
            Self::Confident(rho) => {
                write!(f, "The model is as sure of its order as was wanted: ρ {rho:.2}. Thank you.")
            }
            Self::NoPairLeft => f.write_str("Every pair has been asked about. Thank you."),
        }
    }
}
