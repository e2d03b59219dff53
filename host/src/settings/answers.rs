//! [`Answers`]: who answers, and how well.

use serde::{Deserialize, Serialize};

use super::check::positive;
use crate::error::Result;
#[cfg(feature = "cli")]
use crate::named::choice;
use crate::named::{self, named};

/// Who answers, where no person does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Oracle {
    /// Draws the answer with the Bradley–Terry probability of the golden rewards.
    #[default]
    BradleyTerry,
    /// Always the response of the larger golden reward.
    ArgMax,
    /// One of those who answered the candidates before.
    Recorded,
    /// All of them.
    RecordedAll,
}

named!(Oracle, "oracle",
    BradleyTerry = "bt": "a person who errs: draws from the Bradley–Terry probability",
    ArgMax = "argmax": "a person who never errs: the larger golden reward wins",
    Recorded = "recorded": "the label that a candidate has, or one of its votes, drawn at random",
    RecordedAll = "recorded-all": "the label that a candidate has, or all of its votes",
);

/// Who answers, and how well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "cli", derive(clap::Args), command(next_help_heading = "Answers"))]
pub struct Answers {
    /// Who answers
    #[serde(with = "named")]
    #[cfg_attr(feature = "cli", arg(long, value_parser = choice::<Oracle>()))]
    pub oracle: Oracle,

    /// Divides the golden rewards: above 1 the oracle errs more, below 1 less
    #[cfg_attr(feature = "cli", arg(long, value_name = "T"))]
    pub temperature: f64,
}

impl Answers {
    /// Checks what can be checked without data.
    pub(super) fn check(&self) -> Result<()> {
        positive("temperature", self.temperature)
    }
}
