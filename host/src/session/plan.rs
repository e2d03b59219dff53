//! [`Plan`]: what decides a session's questions, beside its data.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::named::{self, named};
use crate::settings::Settings;

/// What decides a session's questions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What is asked about and what learns from it. Its `rounds` is where the session stops, and may
    /// change from one sitting to the next.
    pub settings: Settings,
    /// Which model chooses a batch.
    #[serde(with = "named")]
    pub lag: Lag,
    /// The share of a batch that is asked again, the other way round.
    pub swap_check: f64,
}

impl Plan {
    /// Checks what can be checked without data.
    ///
    /// # Errors
    /// [`Error::Setting`], naming it.
    pub fn check(&self) -> Result<()> {
        self.settings.check()?;
        match (0.0..=1.0).contains(&self.swap_check) {
            true => Ok(()),
            false => Err(Error::setting("swap_check", self.swap_check, "from 0 to 1")),
        }
    }
}

/// Which model chooses batch r + 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lag {
    /// That of all answers so far: people wait while it learns.
    None,
    /// That of batches 1 … r − 1: it learns while batch r is answered, whose pairs count as asked
    /// about.
    #[default]
    One,
}

named!(Lag, "lag",
    None = "0": "by the answers to all batches before, for which people wait",
    One = "1": "by the answers to all but the last, so that nobody waits",
);

impl Lag {
    /// How many batches back the model is.
    #[must_use]
    pub const fn rounds(self) -> u64 {
        match self {
            Self::None => 0,
            Self::One => 1,
        }
    }
}

/// What stops the work, beside whoever has had enough.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stop {
    /// So many rounds are closed; without it, only the end of the pairs.
    pub rounds: Option<u64>,
    /// The model that is to choose a batch is as sure of its order as this ρ.
    pub confidence: Option<f64>,
}
