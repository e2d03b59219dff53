//! [`DistinctPairs`]: how many pairs of a batch may touch one item or one prompt, as text.

use std::fmt;
use std::str::FromStr;

use pairpick_core::pool::Distinct;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

/// The core's [`Distinct`], written `off`, `item:N`, `prompt:N`, `even` or `even+N`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DistinctPairs(pub Distinct);

impl DistinctPairs {
    /// As often as scores say.
    pub const UNLIMITED: Self = Self(Distinct::Unlimited);

    /// Checks that a pair can be asked at all.
    ///
    /// # Errors
    /// [`Error::Setting`] for a limit of 0.
    pub fn check(self) -> Result<()> {
        match self.0 {
            Distinct::PerItem(0) | Distinct::PerPrompt(0) => {
                Err(Error::setting("distinct", self, "must allow at least one pair"))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for DistinctPairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Distinct::Unlimited => f.write_str("off"),
            Distinct::PerItem(limit) => write!(f, "item:{limit}"),
            Distinct::PerPrompt(limit) => write!(f, "prompt:{limit}"),
            Distinct::Even(0) => f.write_str("even"),
            Distinct::Even(more) => write!(f, "even+{more}"),
        }
    }
}

impl FromStr for DistinctPairs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "off" => return Ok(Self::UNLIMITED),
            "even" => return Ok(Self(Distinct::Even(0))),
            _ => {}
        }
        let number = |prefix: &str| text.strip_prefix(prefix)?.parse().ok();
        let read = number("item:")
            .map(Distinct::PerItem)
            .or_else(|| number("prompt:").map(Distinct::PerPrompt))
            .or_else(|| number("even+").map(Distinct::Even));
        read.map(Self).ok_or_else(|| "expected off, item:N, prompt:N, even or even+N".to_owned())
    }
}

impl Serialize for DistinctPairs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DistinctPairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_cap_is_read_back() {
        for text in ["off", "item:2", "prompt:1", "even", "even+2"] {
            let read: DistinctPairs = text.parse().unwrap();
            assert_eq!(read.to_string(), text);
            let json = serde_json::to_string(&read).unwrap();
            assert_eq!(serde_json::from_str::<DistinctPairs>(&json).unwrap(), read);
            read.check().unwrap();
        }
    }

    #[test]
    fn other_texts_and_a_cap_of_nothing_are_errors() {
        for text in [
            "",
            "on",
            "item",
            "item:",
            "item:-1",
            "prompt:x",
            "pair:1",
            "prompt:4294967296",
            "even:1",
            "even+",
            "even+-1",
            "item+1",
        ] {
            text.parse::<DistinctPairs>().unwrap_err();
        }
        for text in ["item:0", "prompt:0"] {
            let error = text.parse::<DistinctPairs>().unwrap().check().unwrap_err().to_string();
            assert!(error.contains("`distinct`") && error.contains(text), "{error}");
        }
    }
}
