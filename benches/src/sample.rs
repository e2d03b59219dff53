//! Measurements of noisy things: taken in turns, told by their median and spread.

use serde::Serialize;

/// Seconds that a work took, time after time.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    seconds: Vec<f64>,
}

/// What is told of a sample.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Summary {
    /// The median.
    pub median: f64,
    /// The first and the third quartile.
    pub quartiles: [f64; 2],
    /// The fastest.
    pub least: f64,
    /// How many measurements.
    pub count: usize,
}

impl Sample {
    /// Adds a measurement.
    pub fn push(&mut self, seconds: f64) {
        self.seconds.push(seconds);
    }

    /// The summary; `None` of nothing.
    #[must_use]
    pub fn summary(&self) -> Option<Summary> {
        let mut sorted = self.seconds.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |share: usize| sorted.get((sorted.len().max(1) - 1) * share / 4).copied();
        let (quartiles, count) = ([at(1)?, at(3)?], sorted.len());
        Some(Summary { median: at(2)?, quartiles, least: at(0)?, count })
    }
}

impl Summary {
    /// In milliseconds: the median, and the quartiles in brackets.
    #[must_use]
    pub fn text(&self) -> String {
        let [low, high] = self.quartiles;
        format!("{} [{}–{}]", milliseconds(self.median), milliseconds(low), milliseconds(high))
    }
}

/// Three digits of a time in milliseconds.
#[must_use]
pub fn milliseconds(seconds: f64) -> String {
    let value = seconds * 1e3;
    let decimals = match value {
        value if value >= 100.0 => 0,
        value if value >= 10.0 => 1,
        value if value >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one_and_the_quartiles_hold_half() {
        let mut sample = Sample::default();
        assert!(sample.summary().is_none());
        for value in [5.0, 1.0, 4.0, 2.0, 3.0] {
            sample.push(value);
        }
        let summary = sample.summary().unwrap();
        assert_eq!((summary.median, summary.quartiles, summary.least), (3.0, [2.0, 4.0], 1.0));
        assert_eq!(summary.text(), "3000 [2000–4000]");
    }
}
