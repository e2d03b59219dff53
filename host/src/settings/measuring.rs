//! [`Measuring`]: what is measured against golden rewards.

use serde::{Deserialize, Serialize};

use super::check::at_least_one;
use crate::error::Result;

/// What is measured against golden rewards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "cli", derive(clap::Args), command(next_help_heading = "Metrics"))]
pub struct Measuring {
    /// The N of best-of-N in the metrics; by default as far as a test prompt has so many responses
    #[cfg_attr(feature = "cli", arg(long, value_name = "N,…", value_delimiter = ','))]
    pub best_of: Vec<usize>,
}

impl Measuring {
    /// Checks what can be checked without data.
    pub(super) fn check(&self) -> Result<()> {
        self.best_of.iter().try_for_each(|n| at_least_one("best_of", *n))
    }
}
