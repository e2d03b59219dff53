//! [`Status`]: where a session stands, which everybody who answers always sees.

use super::plan::Stop;
use crate::digest::HexDigest;

/// Where a session stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// Answers of all rounds, those too that put a question aside or repeat another.
    pub answered: u64,
    /// The open round, from 1; 0 before the first.
    pub round: u64,
    /// Questions of its batch.
    pub batch: u64,
    /// Those of them that have no answer.
    pub left: u64,
    /// Answers an hour, by the time that the last ones took.
    pub per_hour: Option<f64>,
    /// ρ, how sure the newest model is of its order, where its features tell.
    pub confidence: Option<f64>,
    /// The round whose answers the newest model has learnt from last, and its digest.
    pub model: Option<(u64, HexDigest)>,
    /// What stops the work.
    pub stop: Stop,
    /// What is done in the background, if anything is.
    pub working: Option<&'static str>,
    /// Of the answers that prefer a reply, how many prefer the left one.
    pub left_preferred: Share,
    /// Of those on replies of different lengths, how many prefer the longer one.
    pub longer_preferred: Share,
    /// Agreement of answers with those that the same person gave the other way round.
    pub with_oneself: Agreement,
    /// The same, of different people.
    pub between_people: Agreement,
    /// What a person should know of the choosing and learning so far, the newest last.
    pub notes: Vec<String>,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many.
    pub part: u64,
    /// Of how many.
    pub whole: u64,
}

/// How far the answers to questions that were asked twice agree.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Agreement {
    /// Pairs of answers that are alike.
    pub alike: Share,
    /// Cohen's κ: agreement beyond what chance gives, 1 at most; none where chance alone would agree
    /// always, or nothing was asked twice.
    pub kappa: Option<f64>,
}

/// What a status says of one thing, in words that every face shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What of, such as "confidence".
    pub name: &'static str,
    /// What.
    pub text: String,
}

impl Status {
    /// All that a person always sees: progress, rate, confidence and what it cannot see, what stops the
    /// work, lengths, sides, agreement.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        Vec::new()
    }
}
