//! [`RoundMetrics`]: what is known after a round, a line of `metrics.jsonl`; and what a batch is
//! worth: what its answers tell, and how near it is to the best there could be.

use std::collections::BTreeMap;
use std::fmt;

use pairpick_core::certificate::Certificate;
use pairpick_core::metric::held_out::HeldOut;
use serde::{Deserialize, Serialize};

use crate::digest::HexDigest;

/// What is known after a round. A metric without test data, or without a value, is `null`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundMetrics {
    /// The round, from 1.
    pub round: u64,
    /// Labels so far.
    pub labels: u64,
    /// 1 − Spearman's rank correlation with the golden rewards, mean over the test prompts.
    pub one_minus_spearman: Option<f64>,
    /// Expected golden reward of the best of N responses, by N, mean over the test prompts.
    pub best_of_n: BTreeMap<usize, Option<f64>>,
    /// Test pairs ordered as the golden rewards order them, a share.
    pub pairwise_accuracy: Option<f64>,
    /// The model's probabilities beside held-out answers, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_out: Option<HeldOutMetrics>,
    /// ρ, how well the model knows its own order, where its features are fixed: from 0 to 1.
    #[serde(default)]
    pub confidence: Option<f64>,
    /// What covariates do in the model, where there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covariates: Vec<CovariateMetrics>,
    /// λ after the round's labels, which the next round asks by: the one set, or chosen from them.
    pub prior_precision: f64,
    /// log|P| after the round's labels, by the round's model.
    pub log_det: Option<f64>,
    /// log|P| − H ln λ: what the labels add to the prior's.
    pub log_det_over_prior: Option<f64>,
    /// What a label of the round was expected to tell of the last layer, in nats, by the model that
    /// picked it: at most ln 2.
    pub information_per_label: Option<f64>,
    /// That over the largest of the rounds before.
    pub information_share: Option<f64>,
    /// How near the batch was to the best there could be, where that was asked for.
    pub certificate: Option<CertificateReport>,
    /// Wall-clock time of the round: the only field that may differ between equal runs.
    pub seconds: f64,
    /// Of the model's bits.
    pub digest: HexDigest,
}

impl RoundMetrics {
    /// Whether a label of the round told little beside one of an earlier round.
    #[must_use]
    pub fn tells_little(&self) -> bool {
        let (nats, share) = (self.information_per_label, self.information_share);
        PerLabel { nats, share }.is_little()
    }
}

/// What a model comes to on each test prompt: null where a prompt counts for nothing. Rounded to f32,
/// since it tells how far means may be trusted, and is no mean itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByPrompt {
    /// 1 − Spearman's rank correlation with the golden rewards.
    pub one_minus_spearman: Vec<Option<f32>>,
    /// Expected golden reward of the best of N responses, the largest N that is measured.
    pub best_of_n: Vec<Option<f32>>,
}

/// What a covariate, such as the length, does in a model.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CovariateShare {
    /// Its name.
    pub name: String,
    /// Its coefficient, a deviation within prompts being 1.
    pub coefficient: f64,
    /// The share of the rewards' variance within prompts that is its own.
    pub share: Option<f64>,
}

/// The line that a person reads.
impl fmt::Display for CovariateShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, coefficient, share } = self;
        write!(f, "{name}: coefficient {coefficient:+.3}")?;
        match share {
            Some(share) => write!(f, ", {:.0} % of the variance within prompts", 100.0 * share),
            None => Ok(()),
        }
    }
}

/// The same after a round, and how the model orders test responses without it and by it alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CovariateMetrics {
    /// Its name.
    pub name: String,
    /// Its coefficient, a deviation within prompts being 1.
    pub coefficient: f64,
    /// The share of the rewards' variance within prompts that is its own.
    pub share: Option<f64>,
    /// 1 − Spearman of the rewards without its part.
    pub one_minus_spearman_without: Option<f64>,
    /// 1 − Spearman of its part alone.
    pub one_minus_spearman_alone: Option<f64>,
}

/// The line that a person reads.
impl fmt::Display for CovariateMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, coefficient, share, .. } = self.clone();
        write!(f, "{}", CovariateShare { name, coefficient, share })?;
        if let Some(without) = self.one_minus_spearman_without {
            write!(f, "; 1-Spearman without it {without:.4}")?;
        }
        if let Some(alone) = self.one_minus_spearman_alone {
            write!(f, ", by it alone {alone:.4}")?;
        }
        Ok(())
    }
}

/// A model's probabilities beside held-out answers, votes and weights counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldOutMetrics {
    /// Lines of labels.
    pub labels: u64,
    /// The share of the answers without a tie that the model's order agrees with; equal rewards count
    /// a half.
    pub accuracy: Option<f64>,
    /// Mean loss of an answer, in nats.
    pub log_loss: Option<f64>,
    /// How far predicted probabilities and observed shares are apart, mean over answers.
    pub expected_calibration_error: Option<f64>,
}

impl HeldOutMetrics {
    /// Of the answers that so many lines of labels stand for.
    #[must_use]
    pub fn new(labels: usize, answers: &HeldOut) -> Self {
        Self {
            labels: labels as u64,
            accuracy: answers.accuracy(),
            log_loss: answers.log_loss(),
            expected_calibration_error: answers.calibration_error(),
        }
    }
}

/// The round in a line.
impl fmt::Display for RoundMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "round {}: {} labels", self.round, self.labels)?;
        if let Some(value) = self.one_minus_spearman {
            write!(f, ", 1-Spearman {value:.4}")?;
        }
        let HeldOutMetrics { accuracy, log_loss, .. } = self.held_out.unwrap_or_default();
        if let Some(value) = accuracy {
            write!(f, ", held-out accuracy {value:.4}")?;
        }
        if let Some(value) = log_loss {
            write!(f, ", log-loss {value:.4}")?;
        }
        if let Some(value) = self.log_det_over_prior {
            write!(f, ", log|P|-H ln λ {value:.2}")?;
        }
        if let Some(value) = self.confidence {
            write!(f, ", confidence {value:.2}")?;
        }
        write!(f, ", {:.1} s", self.seconds)?;
        for covariate in &self.covariates {
            write!(f, "\n  {covariate}")?;
        }
        Ok(())
    }
}

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// A line a round.
    pub rounds: Vec<RoundMetrics>,
}

/// A round whose labels tell less than this share of what those of an earlier one told is worth a
/// word.
pub const LITTLE: f64 = 0.1;

/// What the answers of a batch are expected to tell of the last layer: their mutual information with
/// it ([`mutual_information`](pairpick_core::mutual_information)).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PerLabel {
    /// That over the number of labels of the batch, in nats, by the model that picked it.
    pub nats: Option<f64>,
    /// That over the largest of the rounds before, each by the model that picked it.
    pub share: Option<f64>,
}

impl PerLabel {
    /// What a label tells, beside those of the rounds before.
    #[must_use]
    pub fn after(nats: Option<f64>, before: &[RoundMetrics]) -> Self {
        let mut most = 0.0;
        for nats in before.iter().filter_map(|round| round.information_per_label) {
            if most < nats {
                most = nats;
            }
        }
        let share = nats.filter(|_| most > 0.0).map(|nats| nats / most);
        Self { nats, share }
    }

    /// Whether a label tells little beside one of an earlier round.
    #[must_use]
    pub fn is_little(&self) -> bool {
        self.share.is_some_and(|share| share < LITTLE)
    }
}

impl fmt::Display for PerLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(nats) = self.nats else {
            return f.write_str("what a label tells is unknown");
        };
        write!(f, "{nats:.3} nats a label")?;
        match self.share.filter(|_| self.is_little()) {
            None => Ok(()),
            Some(share) => write!(
                f,
                ", {:.1} % of what one told in the best round: further labels tell this model little",
                100.0 * share
            ),
        }
    }
}

/// How near a batch is to the best of its size, which nobody knows: what is certain of it, and the
/// same of a batch drawn at random, without which the figures mean nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateReport {
    /// No batch of as many pairs of the pool adds more to log|P|.
    pub gain_bound: f64,
    /// How much more than this one the best batch may add, at most.
    pub gap: f64,
    /// Iterations that it took.
    pub iterations: usize,
    /// (|P| with the batch / |P| with the best)^(1/H), at least.
    pub d_efficiency: f64,
    /// Of the possible gain in log|P|, the share that the batch brings, at least.
    pub gain_share: f64,
    /// The D-efficiency of a batch drawn at random, if one of this size was found under the caps.
    pub random_d_efficiency: Option<f64>,
    /// The share of the possible gain that it brings.
    pub random_gain_share: Option<f64>,
}

impl CertificateReport {
    /// Of a batch, and of a random one with this gain, if there is one.
    pub(crate) fn new(certificate: &Certificate, random: Option<f64>) -> Self {
        let Certificate { gain, bound, iterations, .. } = *certificate;
        Self {
            gain_bound: bound,
            gap: certificate.gap(),
            iterations,
            d_efficiency: certificate.d_efficiency(gain),
            gain_share: certificate.gain_share(gain),
            random_d_efficiency: random.map(|random| certificate.d_efficiency(random)),
            random_gain_share: random.map(|random| certificate.gain_share(random)),
        }
    }
}

impl fmt::Display for CertificateReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let beside = |random: Option<String>| {
            random.map_or_else(String::new, |random| format!(" (at random {random})"))
        };
        write!(
            f,
            "certificate: at least {:.1} % of the possible gain{}, D-efficiency {:.3}{}; a gain of at \
             most {:.2}",
            100.0 * self.gain_share,
            beside(self.random_gain_share.map(|share| format!("{:.1} %", 100.0 * share))),
            self.d_efficiency,
            beside(self.random_d_efficiency.map(|efficiency| format!("{efficiency:.3}"))),
            self.gain_bound,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_is_measured_by_the_best_before_it() {
        let round = |told| RoundMetrics { information_per_label: told, ..RoundMetrics::default() };
        let before = [round(Some(0.5)), round(Some(2.0)), round(None), round(Some(1.0))];
        let after = |told| PerLabel::after(Some(told), &before);
        assert_eq!(after(0.5).share, Some(0.25));
        assert!(after(0.199).is_little() && !after(0.2).is_little());
        let words = after(0.1).to_string();
        assert!(words.contains("5.0 %"), "{words}");
        assert_eq!(PerLabel::after(Some(1.0), &[]).share, None);
        assert_eq!(PerLabel::after(Some(1.0), &[round(None)]).share, None);
        assert_eq!(PerLabel::after(None, &before).share, None);
    }
}
