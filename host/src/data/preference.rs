//! [`Preference`]: an answer, as the loss and the files have it.

use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Which of a pair is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preference {
    /// `a`: written 1.
    First,
    /// `b`: written 0.
    Second,
    /// Neither: written 0.5.
    Tie,
}

impl Preference {
    /// The same answer to the pair the other way round.
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
            Self::Tie => Self::Tie,
        }
    }

    /// The label as the loss takes it: 1, 0 or ½.
    #[must_use]
    pub const fn value(self) -> f64 {
        match self {
            Self::First => 1.0,
            Self::Second => 0.0,
            Self::Tie => 0.5,
        }
    }
}

impl Serialize for Preference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::First => serializer.serialize_u8(1),
            Self::Second => serializer.serialize_u8(0),
            Self::Tie => serializer.serialize_f64(0.5),
        }
    }
}

impl<'de> Deserialize<'de> for Preference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PreferenceVisitor)
    }
}

struct PreferenceVisitor;

impl Visitor<'_> for PreferenceVisitor {
    type Value = Preference;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a label: 1, 0 or 0.5")
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Preference, E> {
        [Preference::First, Preference::Second, Preference::Tie]
            .into_iter()
            .find(|preference| preference.value() == value)
            .ok_or_else(|| {
                E::custom(format!(
                    "label {value} is none of 0, 0.5 and 1: a tie is 0.5, and pairs that were \
                     skipped do not belong in this file"
                ))
            })
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Preference, E> {
        self.visit_f64(value as f64)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Preference, E> {
        self.visit_f64(value as f64)
    }
}
