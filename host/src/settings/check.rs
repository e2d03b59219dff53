//! What the ranges of settings have in common.

use std::ops::RangeInclusive;

use crate::error::{Error, Result};

pub(super) fn at_least_one(setting: &'static str, found: usize) -> Result<()> {
    if found >= 1 {
        return Ok(());
    }
    Err(Error::setting(setting, found, "must be at least 1"))
}

pub(super) fn between(
    setting: &'static str,
    found: usize,
    range: RangeInclusive<usize>,
) -> Result<()> {
    if range.contains(&found) {
        return Ok(());
    }
    let expected = format!("must be from {} to {}", range.start(), range.end());
    Err(Error::setting(setting, found, expected))
}

pub(super) fn positive(setting: &'static str, found: f64) -> Result<()> {
    in_range(setting, found, found > 0.0, "above 0")
}

pub(super) fn in_range(setting: &'static str, found: f64, holds: bool, range: &str) -> Result<()> {
    if holds && found.is_finite() {
        return Ok(());
    }
    Err(Error::setting(setting, found, format!("must be a finite number {range}")))
}
