//! [`Amount`]: how many of what there is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::text::number_or_word;

/// All of them, or so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Amount {
    /// All of them: written `"all"`.
    #[default]
    All,
    /// So many: written as the number.
    Only(u64),
}

impl Amount {
    /// How many, where that is fewer than all there are.
    #[must_use]
    pub fn below(self, all: usize) -> Option<usize> {
        match self {
            Self::All => None,
            Self::Only(count) => usize::try_from(count).ok().filter(|count| *count < all),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Only(count) => write!(f, "{count}"),
        }
    }
}

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self::All),
            number => {
                let count = number.parse().map(Self::Only);
                count.map_err(|_| "expected all, or how many".to_owned())
            }
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.collect_str(self),
            Self::Only(count) => serializer.serialize_u64(*count),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        number_or_word(deserializer)
    }
}
