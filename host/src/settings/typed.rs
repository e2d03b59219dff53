//! [`Typed`]: which settings somebody asked for.

use std::collections::BTreeSet;

/// The names of the settings that were asked for, and so may not be changed to fit the data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed(BTreeSet<String>);

impl Typed {
    /// Whether the setting of this name was.
    #[must_use]
    pub fn has(&self, setting: &str) -> bool {
        self.0.contains(setting)
    }
}

impl<S: Into<String>> FromIterator<S> for Typed {
    fn from_iter<I: IntoIterator<Item = S>>(settings: I) -> Self {
        Self(settings.into_iter().map(Into::into).collect())
    }
}
