//! [`HeldOut`]: what a model's probabilities are worth beside answers that it has not seen:
//! accuracy, log-loss, and calibration, which the order of rewards alone does not show.

use crate::arith::{Real, sigmoid, softplus, sum};
use crate::error::Error;
use crate::parallel::split_at;

/// Bins of equal width over the probabilities from 0 to 1.
pub const BINS: usize = 10;

/// Those of a probability of ½ or more.
const FAVOURED: usize = BINS / 2;

/// Answers whose predicted probability lies in one of [`BINS`] parts of 0 … 1. The ends of a bin that
/// are nearer to ½ belong to it, and 0 and 1 to the outermost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// Answers.
    pub answers: f64,
    predicted: f64,
    observed: f64,
}

impl Bin {
    /// Mean of the predicted probabilities; `None` in an empty bin.
    #[must_use]
    pub fn mean_predicted(self) -> Option<f64> {
        self.mean(self.predicted)
    }

    /// Share of the answers that prefer the item whose probability that is, a tie half of one; `None`
    /// in an empty bin.
    #[must_use]
    pub fn observed(self) -> Option<f64> {
        self.mean(self.observed)
    }

    fn mean(self, sum: f64) -> Option<f64> {
        (self.answers > 0.0).then(|| sum / self.answers)
    }

    /// The same pairs the other way round.
    fn mirrored(self) -> Self {
        let Self { answers, predicted, observed } = self;
        Self { answers, predicted: answers - predicted, observed: answers - observed }
    }
}

/// Answers in the order in which they are added: losses are summed [`sum::PAIRS`] to a block, the
/// rest one by one. Which of a pair is its first item changes nothing but the rounding of the loss.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeldOut {
    added: u64,
    answers: f64,
    untied: f64,
    agreed: f64,
    losses: f64,
    block: f64,
    favoured: [Bin; FAVOURED],
}

impl HeldOut {
    /// Adds an answer: the model's margin r_a − r_b; 1 where a is preferred, 0 where b is, ½ for a
    /// tie; and how often it counts.
    ///
    /// # Errors
    /// [`Error::NonFinite`] for the margin, [`Error::Label`] for another label, both with the place of
    /// the answer among those added; [`Error::Parameter`] for a count that is not finite and above 0.
    pub fn add(&mut self, margin: f64, label: f64, count: f64) -> Result<(), Error> {
        let index = usize::try_from(self.added).unwrap_or(usize::MAX);
        if !margin.is_finite() {
            return Err(Error::NonFinite { what: "margins", index });
        }
        if label != 0.0 && label != 0.5 && label != 1.0 {
            return Err(Error::Label { index, value: label });
        }
        if !(0.0 < count && count < f64::INFINITY) {
            return Err(Error::Parameter { what: "an answer's count must be finite and above 0" });
        }
        let agrees = agreement(margin, label);
        if label != 0.5 {
            self.untied += count;
            self.agreed += count * agrees;
        }
        self.block += count * (softplus(margin) - label * margin);
        self.answers += count;
        self.added += 1;
        if self.added.is_multiple_of(sum::PAIRS as u64) {
            self.losses += self.block;
            self.block = 0.0;
        }
        let probability = sigmoid(margin.magnitude());
        if let Some(bin) = self.favoured.get_mut(place(probability)) {
            bin.answers += count;
            bin.predicted += count * probability;
            bin.observed += count * agrees;
        }
        Ok(())
    }

    /// Answers added.
    #[must_use]
    pub fn answers(&self) -> f64 {
        self.answers
    }

    /// Those without a tie.
    #[must_use]
    pub fn untied(&self) -> f64 {
        self.untied
    }

    /// The share of the answers without a tie that the model's order agrees with, a margin of 0
    /// counting a half; `None` without one.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        (self.untied > 0.0).then(|| self.agreed / self.untied)
    }

    /// The mean of −y ln p − (1 − y) ln(1 − p), in nats; `None` without an answer.
    #[must_use]
    pub fn log_loss(&self) -> Option<f64> {
        (self.answers > 0.0).then(|| (self.losses + self.block) / self.answers)
    }

    /// The bins, from probability 0 to 1. An answer counts in two of them: with p, and, its pair the
    /// other way round, with 1 − p.
    #[must_use]
    pub fn bins(&self) -> [Bin; BINS] {
        let mut bins = [Bin::default(); BINS];
        let (below, above) = split_at(&mut bins, FAVOURED);
        let places = below.iter_mut().rev().zip(above);
        for ((below, above), bin) in places.zip(self.favoured) {
            (*below, *above) = (bin.mirrored(), bin);
        }
        bins
    }

    /// The expected calibration error: the mean over answers of how far their bin's mean
    /// prediction and its observed share are apart; `None` without an answer.
    #[must_use]
    pub fn calibration_error(&self) -> Option<f64> {
        let mut distance = 0.0;
        for bin in &self.favoured {
            distance += (bin.predicted - bin.observed).magnitude();
        }
        (self.answers > 0.0).then(|| distance / self.answers)
    }
}

/// How far the answer is that of the model: 1, 0 or, where either prefers none, ½.
fn agreement(margin: f64, label: f64) -> f64 {
    if margin == 0.0 || label == 0.5 {
        return 0.5;
    }
    if (0.0 < margin) == (label == 1.0) { 1.0 } else { 0.0 }
}

/// The bin of a probability of ½ or more among those: how many inner edges lie at or below it.
fn place(probability: f64) -> usize {
    let edge = |number: u64| f64::from_u64(number) / f64::from_u64(BINS as u64);
    let first = FAVOURED as u64 + 1;
    (first..BINS as u64).filter(|number| edge(*number) <= probability).count()
}
