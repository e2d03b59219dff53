//! [`Named`]: a choice among names. One list serves the command line, its help, and the files, so
//! that they cannot disagree.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

/// A choice whose values have names.
pub trait Named: Copy + Send + Sync + 'static {
    /// What is chosen, for messages.
    const WHAT: &'static str;

    /// Every value.
    const ALL: &'static [Self];

    /// The name used on command lines and in files.
    fn name(self) -> &'static str;

    /// What the value means, in half a line.
    fn about(self) -> &'static str;

    /// The value of this name.
    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.name() == name)
    }
}

/// Writes a choice by its name (`#[serde(with = "named")]`).
///
/// # Errors
/// The serializer's own.
pub fn serialize<T: Named, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(value.name())
}

/// Reads a choice by its name (`#[serde(with = "named")]`).
///
/// # Errors
/// The deserializer's own; a name that is none of the choice's.
pub fn deserialize<'de, T: Named, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let name = String::deserialize(deserializer)?;
    T::from_name(&name).ok_or_else(|| D::Error::custom(format!("unknown {} {name:?}", T::WHAT)))
}
