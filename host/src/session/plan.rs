//! [`Plan`]: what decides a session's questions, beside its data.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::named::{self, named};
use crate::settings::Settings;

/// What decides a session's questions. Where it stops, by the `rounds` of its settings and by `until`,
/// may change from one sitting to the next; all else stays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What is asked about and what learns from it.
    pub settings: Settings,
    /// Which model chooses a batch.
    #[serde(with = "named")]
    pub lag: Lag,
    /// The share of a batch that is asked again, the other way round.
    pub swap_check: f64,
    /// The ρ from which on no further batch is chosen.
    pub until: Option<f64>,
}

impl Plan {
    /// With these settings, nothing asked twice, until the rounds are over.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, lag: Lag::default(), swap_check: 0.0, until: None }
    }

    /// Checks what can be checked without data.
    ///
    /// # Errors
    /// [`Error::Setting`], naming it.
    pub fn check(&self) -> Result<()> {
        self.settings.check()?;
        for (setting, share) in [("swap_check", Some(self.swap_check)), ("until", self.until)] {
            match share {
                Some(share) if !(0.0..=1.0).contains(&share) => {
                    return Err(Error::setting(setting, share, "from 0 to 1"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The same, but for where it stops.
    #[must_use]
    pub(super) fn without_stop(mut self) -> Self {
        self.settings.asking.rounds = 1;
        Self { until: None, ..self }
    }
}

/// The first place where two texts of JSON differ, and what each has there.
pub(super) fn difference(found: &Value, expected: &Value) -> Option<[String; 2]> {
    let told = |name: &str, value: &Value| format!("{name} {value}");
    let none = &Value::Null;
    let (Value::Object(own), Value::Object(other)) = (found, expected) else {
        return (found != expected).then(|| [told("", found), told("", expected)]);
    };
    own.keys().chain(other.keys()).find_map(|name| {
        let (own, other) = (own.get(name).unwrap_or(none), other.get(name).unwrap_or(none));
        let inner = difference(own, other)?;
        match own.is_object() && other.is_object() {
            true => Some(inner),
            false => Some([told(name, own), told(name, other)]),
        }
    })
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
    One = "1": "by the answers to all but the last of them, so that nobody waits",
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
