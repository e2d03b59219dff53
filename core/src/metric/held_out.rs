//! [`HeldOut`]: what a model's probabilities are worth beside answers that it has not seen:
//! accuracy, log-loss, and calibration, which the order of rewards alone does not show.

use super::Agreement;
use crate::arith::{Real, sigmoid, softplus, sum};
use crate::error::Error;

/// Bins of equal width over the probabilities from 0 to 1.
pub const BINS: usize = 10;

/// Answers whose predicted probability lies in one of [`BINS`] parts of 0 … 1, the lower end
/// included, and 1 in the last.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// Answers.
    pub labels: u64,
    predicted: f64,
    observed: f64,
}

impl Bin {
    /// Mean of the predicted probabilities; `None` in an empty bin.
    #[must_use]
    pub fn mean_predicted(self) -> Option<f64> {
        self.mean(self.predicted)
    }

    /// Share of the answers that prefer the first item, a tie half of one; `None` in an empty bin.
    #[must_use]
    pub fn observed(self) -> Option<f64> {
        self.mean(self.observed)
    }

    fn mean(self, sum: f64) -> Option<f64> {
        (self.labels > 0).then(|| sum / f64::from_u64(self.labels))
    }
}

/// Answers in the order in which they are added: losses are summed [`sum::PAIRS`] to a block, the
/// rest one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeldOut {
    labels: u64,
    ties: u64,
    agreed: f64,
    losses: f64,
    block: f64,
    bins: [Bin; BINS],
}

impl HeldOut {
    /// Adds an answer: the model's margin r_a − r_b, and 1 where a is preferred, 0 where b is, ½
    /// for a tie.
    ///
    /// # Errors
    /// [`Error::NonFinite`] for the margin, [`Error::Label`] for another label; both name the
    /// place of the answer among those added.
    pub fn add(&mut self, margin: f64, label: f64) -> Result<(), Error> {
        let index = usize::try_from(self.labels).unwrap_or(usize::MAX);
        if !margin.is_finite() {
            return Err(Error::NonFinite { what: "margins", index });
        }
        if label == 0.5 {
            self.ties += 1;
        } else if label == 0.0 || label == 1.0 {
            self.agreed += agreement(margin, label);
        } else {
            return Err(Error::Label { index, value: label });
        }
        self.block += softplus(margin) - label * margin;
        self.labels += 1;
        if self.labels.is_multiple_of(sum::PAIRS as u64) {
            self.losses += self.block;
            self.block = 0.0;
        }
        let probability = sigmoid(margin);
        if let Some(bin) = self.bins.get_mut(place(probability)) {
            bin.labels += 1;
            bin.predicted += probability;
            bin.observed += label;
        }
        Ok(())
    }

    /// Answers added.
    #[must_use]
    pub fn labels(&self) -> u64 {
        self.labels
    }

    /// Answers without a tie, and how many of them the model's order agrees with; a margin of 0
    /// counts a half.
    #[must_use]
    pub fn agreement(&self) -> Agreement {
        Agreement { pairs: self.labels - self.ties, agreed: self.agreed }
    }

    /// The mean of −y ln p − (1 − y) ln(1 − p), in nats; `None` without an answer.
    #[must_use]
    pub fn log_loss(&self) -> Option<f64> {
        (self.labels > 0).then(|| (self.losses + self.block) / f64::from_u64(self.labels))
    }

    /// The bins, from probability 0 to 1.
    #[must_use]
    pub fn bins(&self) -> &[Bin; BINS] {
        &self.bins
    }

    /// The expected calibration error: the mean over answers of how far their bin's mean
    /// prediction and its observed share are apart; `None` without an answer.
    #[must_use]
    pub fn calibration_error(&self) -> Option<f64> {
        let mut distance = 0.0;
        for bin in &self.bins {
            distance += (bin.predicted - bin.observed).magnitude();
        }
        (self.labels > 0).then(|| distance / f64::from_u64(self.labels))
    }
}

fn agreement(margin: f64, label: f64) -> f64 {
    if margin == 0.0 {
        return 0.5;
    }
    if (0.0 < margin) == (label == 1.0) { 1.0 } else { 0.0 }
}

/// The bin of a probability: how many inner edges lie at or below it.
fn place(probability: f64) -> usize {
    let edge = |number: u64| f64::from_u64(number) / f64::from_u64(BINS as u64);
    (1..BINS as u64).filter(|number| edge(*number) <= probability).count()
}
