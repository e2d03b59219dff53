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

/// Implements [`Named`]: the names are data, and the same code goes with every list of them.
macro_rules! named {
    ($type:ty, $what:literal, $($value:ident = $name:literal: $about:literal),+ $(,)?) => {
        impl $crate::named::Named for $type {
            const WHAT: &'static str = $what;
            const ALL: &'static [Self] = &[$(Self::$value),+];

            fn name(self) -> &'static str {
                match self {
                    $(Self::$value => $name),+
                }
            }

            fn about(self) -> &'static str {
                match self {
                    $(Self::$value => $about),+
                }
            }
        }
    };
}

pub(crate) use named;

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
    value_of(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// The value of this name, or what is wrong with it.
fn value_of<T: Named>(name: &str) -> Result<T, String> {
    T::from_name(name).ok_or_else(|| format!("unknown {} {name:?}", T::WHAT))
}

/// Choices that are left open where nobody makes them: null.
pub mod open {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Named;

    /// Writes a choice by its name (`#[serde(with = "named::open")]`).
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize<T: Named, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(T::name).serialize(serializer)
    }

    /// Reads a choice by its name (`#[serde(with = "named::open")]`).
    ///
    /// # Errors
    /// The deserializer's own; a name that is none of the choice's.
    pub fn deserialize<'de, T: Named, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        let name = Option::<String>::deserialize(deserializer)?;
        name.map(|name| super::value_of(&name).map_err(D::Error::custom)).transpose()
    }
}

/// Reads an option's value by its name; help lists the names with their meaning.
#[cfg(feature = "cli")]
pub(crate) fn choice<T: Named>() -> impl clap::builder::TypedValueParser<Value = T> {
    use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

    let values = T::ALL.iter().map(|value| PossibleValue::new(value.name()).help(value.about()));
    PossibleValuesParser::new(values)
        .try_map(|name| T::from_name(&name).ok_or_else(|| format!("unknown {} {name}", T::WHAT)))
}
