//! [`Settings`]: everything that decides a run's result, and nothing else. Threads, instruction
//! set, folder and paths are not here, since they may not change a bit.
//!
//! A setting is defined once, as a field of its group: its type, what it means, its name in
//! `settings.json` and in messages, and, with the feature `cli`, its option, whose help is the
//! field's documentation. The recipes ([`Preset`]) give its value where nobody else does.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

mod amount;
mod answers;
mod architecture;
mod asking;
mod check;
mod design;
mod distinct;
mod fit;
mod measuring;
mod preset;
mod prior;
mod strategy;
mod text;
mod training;
mod typed;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use self::amount::Amount;
pub use self::answers::{Answers, Oracle};
pub use self::architecture::{
    Architecture, Features, Landmarks, Network, check_hidden, hidden_sizes,
};
pub use self::asking::{Asking, FirstRound, Precision};
pub use self::distinct::DistinctPairs;
pub use self::measuring::Measuring;
pub use self::preset::Preset;
pub use self::prior::{Prior, PriorGrid, PriorPrecision};
pub use self::training::{EarlyStopping, Init, Training};
pub use self::typed::Typed;
use crate::data::summary::DataSummary;
use crate::error::{Error, Result};
use crate::json;
use crate::named;

/// The version of the settings' form and meaning, the numeric contract's among it; a file of another
/// version is not read.
pub const FORMAT_VERSION: u32 = 6;

/// What decides a result, in the order in which `settings.json` has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
    /// The recipe that was started from.
    #[serde(with = "named")]
    pub preset: Preset,
    /// Every random stream is keyed by it.
    pub seed: u64,
    /// What is asked about.
    pub asking: Asking,
    /// What learns.
    pub model: Architecture,
    /// How it learns.
    pub training: Training,
    /// What is believed before any answer.
    pub prior: Prior,
    /// Who answers.
    pub answers: Answers,
    /// What is measured against golden rewards.
    pub measuring: Measuring,
    /// Shape and digests of the data; `null` until data is known.
    pub data: Option<DataSummary>,
}

/// What every version of `settings.json` says.
#[derive(Deserialize)]
struct Version {
    format_version: u32,
}

impl Settings {
    /// Reads a `settings.json`.
    ///
    /// # Errors
    /// [`Error::SettingsFile`], and [`Error::Setting`] as [`Settings::check`].
    pub fn from_json(text: &str, path: &Path) -> Result<Self> {
        let damaged = |problem: String| Error::SettingsFile { path: path.into(), problem };
        let unread = |problem: json::Problem| damaged(problem.to_string());
        let Version { format_version } = json::object(text.as_bytes()).map_err(unread)?;
        if format_version != FORMAT_VERSION {
            return Err(damaged(format!(
                "format version {format_version}, written by another version of this program, \
                 which reads {FORMAT_VERSION}; go on with that one, or start the run anew"
            )));
        }
        let settings: Self = json::object(text.as_bytes()).map_err(unread)?;
        settings.check()?;
        Ok(settings)
    }

    /// The text of `settings.json`.
    ///
    /// # Errors
    /// None: every field can be written.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }

    /// Checks what can be checked without data.
    ///
    /// # Errors
    /// [`Error::Setting`], naming it.
    pub fn check(&self) -> Result<()> {
        self.check_groups()?;
        self.check_design()
    }

    /// Checks each group by itself, while what the last layer sees is not known for good.
    pub(crate) fn check_groups(&self) -> Result<()> {
        self.asking.check()?;
        self.model.check()?;
        self.training.check()?;
        self.prior.check(self.asking.precision)?;
        self.answers.check()?;
        self.measuring.check()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{FORMAT_VERSION, Settings};

    /// Runs are told apart by their settings: of other bits theirs must be of another version.
    #[test]
    fn another_contract_is_another_version() {
        assert_eq!((pairpick_core::scenario::CONTRACT, FORMAT_VERSION), (3, 6), "raise both");
    }

    #[test]
    fn settings_of_another_version_are_refused_by_its_number() {
        let text = Settings::default().to_json().unwrap();
        let path = Path::new("settings.json");
        assert_eq!(Settings::from_json(&text, path).unwrap(), Settings::default());
        let now = format!("\"format_version\": {FORMAT_VERSION}");
        for (was, message) in [
            ("\"format_version\": 1", "format version 1, written by another version"),
            ("\"format_version\": 2", "format version 2, written by another version"),
            ("\"format_version\": 3", "format version 3, written by another version"),
            ("\"format_version\": 4", "format version 4, written by another version"),
            ("\"format_version\": 5", "format version 5, written by another version"),
            ("\"format_version\": 7", "format version 7, written by another version"),
            ("\"version\": 6", "missing field \"format_version\""),
        ] {
            let error = Settings::from_json(&text.replace(&now, was), path).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
        }
        let flat = r#"{"format_version": 1, "preset": "default", "seed": 0, "strategy": "dopt"}"#;
        let error = Settings::from_json(flat, path).unwrap_err().to_string();
        assert!(error.contains("start the run anew"), "{error}");
    }
}
