//! [`PriorPrecision`]: λ, or who chooses it.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected a number, \"auto\" or \"auto-cv\"")]
        enum Form {
            Number(f64),
            Text(String),
        }
        match Form::deserialize(deserializer)? {
            Form::Number(value) => Ok(Self::Fixed(value)),
            Form::Text(text) => match text.parse() {
                Ok(chosen @ (Self::Evidence | Self::HeldOut)) => Ok(chosen),
                _ => Err(D::Error::custom(format!("{text:?} is neither \"auto\" nor \"auto-cv\""))),
            },
        }
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
