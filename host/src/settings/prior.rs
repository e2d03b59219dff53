//! [`Prior`]: what is believed before any answer.

use std::fmt;
use std::str::FromStr;

use pairpick_core::head::evidence::MOST_VALUES;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Precision;
use super::check::positive;
use super::text::number_or_word;
use crate::error::{Error, Result};

/// What is believed before any answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "cli", derive(clap::Args), command(next_help_heading = "Last layer"))]
pub struct Prior {
    /// λ, the precision of the prior on the last layer: how much is believed before any answer; auto
    /// chooses it by the evidence of the labels so far, auto-cv by labels left out, prompt by prompt
    #[cfg_attr(feature = "cli", arg(long, value_name = "X|auto|auto-cv"))]
    pub prior_precision: PriorPrecision,

    /// What auto and auto-cv choose from: any, or numbers with commas between them
    #[cfg_attr(feature = "cli", arg(long, value_name = "any|X,…"))]
    pub prior_grid: PriorGrid,
}

/// The values of λ to choose from, the largest first; of none any, as the features' scale says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PriorGrid(Vec<f64>);

const ANY: &str = "any";

impl PriorGrid {
    /// These, which are numbers above 0, in the order of falling ones.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let mut values = values.to_vec();
        values.sort_by(|a, b| b.total_cmp(a));
        Self(values)
    }

    /// The values, the largest first; none for any.
    #[must_use]
    pub fn values(&self) -> Option<&[f64]> {
        Some(self.0.as_slice()).filter(|values| !values.is_empty())
    }
}

impl fmt::Display for PriorGrid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.values() {
            None => f.write_str(ANY),
            Some(values) => {
                let values: Vec<String> = values.iter().map(f64::to_string).collect();
                f.write_str(&values.join(","))
            }
        }
    }
}

impl FromStr for PriorGrid {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == ANY {
            return Ok(Self::default());
        }
        let values: Result<Vec<f64>, _> =
            text.split(',').map(|value| value.trim().parse()).collect();
        let values = values.ok().filter(|values| {
            values.iter().all(|value| *value > 0.0 && value.is_finite())
                && values.len() <= MOST_VALUES
        });
        values.map(|values| Self::of(&values)).ok_or_else(|| {
            format!("expected {ANY}, or up to {MOST_VALUES} numbers above 0, such as 3,10,30")
        })
    }
}

impl Serialize for PriorGrid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PriorGrid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Prior {
    /// Checks what can be checked without data: what is 0 or infinite in the precision of the
    /// selection is no prior there.
    pub(super) fn check(&self, precision: Precision) -> Result<()> {
        let Some(value) = self.prior_precision.fixed() else {
            return Ok(());
        };
        positive("prior_precision", value)?;
        let rounded = value as f32;
        let holds = rounded > 0.0 && rounded.is_finite();
        if holds || precision == Precision::F64 {
            return Ok(());
        }
        let expected = format!("is {rounded} in f32; choose another, or `precision` f64");
        Err(Error::setting("prior_precision", value, expected))
    }
}

/// The precision λ of the prior on the last layer, or how it is chosen from the labels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PriorPrecision {
    /// This one: written as the number.
    Fixed(f64),
    /// That of the largest evidence: written `"auto"`.
    Evidence,
    /// That which best foretells labels left out, prompt by prompt: written `"auto-cv"`.
    HeldOut,
}

const EVIDENCE: &str = "auto";
const HELD_OUT: &str = "auto-cv";

impl PriorPrecision {
    /// The number, where it is one.
    #[must_use]
    pub const fn fixed(self) -> Option<f64> {
        match self {
            Self::Fixed(value) => Some(value),
            Self::Evidence | Self::HeldOut => None,
        }
    }
}

impl fmt::Display for PriorPrecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(value) => value.fmt(f),
            Self::Evidence => f.write_str(EVIDENCE),
            Self::HeldOut => f.write_str(HELD_OUT),
        }
    }
}

impl FromStr for PriorPrecision {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            EVIDENCE => Ok(Self::Evidence),
            HELD_OUT => Ok(Self::HeldOut),
            number => number
                .parse()
                .map(Self::Fixed)
                .map_err(|_| format!("expected a number above 0, {EVIDENCE}, or {HELD_OUT}")),
        }
    }
}

impl Serialize for PriorPrecision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fixed(value) => serializer.serialize_f64(*value),
            chosen => serializer.collect_str(chosen),
        }
    }
}

impl<'de> Deserialize<'de> for PriorPrecision {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        number_or_word(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::PriorPrecision;

    #[test]
    fn files_and_command_lines_name_the_same() {
        for (json, text) in [("0.25", "0.25"), ("\"auto\"", "auto"), ("\"auto-cv\"", "auto-cv")] {
            let read: PriorPrecision = serde_json::from_str(json).unwrap();
            assert_eq!(text.parse(), Ok(read));
            assert_eq!(
                (serde_json::to_string(&read).unwrap(), read.to_string()),
                (json.into(), text.into())
            );
        }
        for bad in ["\"0.25\"", "\"cv\"", "null", "[1]"] {
            assert!(serde_json::from_str::<PriorPrecision>(bad).is_err(), "{bad}");
        }
        assert!("Auto".parse::<PriorPrecision>().unwrap_err().contains("auto-cv"));
    }
}
