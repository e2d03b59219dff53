//! How settings are written as text: switches, and numbers with a word among them.

use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Number;

/// A switch as the command line has it.
///
/// # Errors
/// What was expected, for other words than `on` and `off`.
#[cfg(feature = "cli")]
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("expected on or off".to_owned()),
    }
}

/// Reads what JSON has as a number or as a word, by the text that it has elsewhere.
pub(super) fn number_or_word<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err = String>,
    D: Deserializer<'de>,
{
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a number or a word")]
    enum Form {
        Number(Number),
        Word(String),
    }
    match Form::deserialize(deserializer)? {
        Form::Number(number) => number.to_string().parse().map_err(D::Error::custom),
        Form::Word(word) if word.parse::<f64>().is_ok() => {
            Err(D::Error::custom(format!("{word:?} is a number in quotation marks")))
        }
        Form::Word(word) => word.parse().map_err(D::Error::custom),
    }
}
