//! What a run is measured by, each with its words.

use super::metrics::{ByPrompt, RoundMetrics};

/// What each test prompt has to do with a figure.
pub type OfPrompts = fn(&ByPrompt) -> &[Option<f32>];

/// A figure of a round.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// As files have it.
    pub name: &'static str,
    /// As tables have it.
    pub column: &'static str,
    /// Above a picture of it.
    pub title: &'static str,
    /// Beside its axis.
    pub unit: &'static str,
    /// What it says, to whoever meets it first.
    pub meaning: &'static str,
    /// Whether models are the better the lower it is; none where it is no measure of models.
    pub lower_is_better: Option<bool>,
    /// A value that a picture of it shows, whatever was measured: what is perfect, or knows nothing.
    pub anchor: Option<f64>,
    /// Its value after a round, where there is one.
    pub of: fn(&RoundMetrics) -> Option<f64>,
    /// What each test prompt has to do with it, where that is known.
    pub by_prompt: Option<OfPrompts>,
}

impl Measure {
    /// Its value after a round, if that is a number.
    #[must_use]
    pub fn value(&self, metrics: &RoundMetrics) -> Option<f64> {
        (self.of)(metrics).filter(|value| value.is_finite())
    }
}

/// All of them, those of models by what they say.
pub const MEASURES: [Measure; 5] = [
    Measure {
        name: "one_minus_spearman",
        column: "1-Spearman",
        title: "1 − Spearman on test prompts (lower is better)",
        unit: "0: the same order, 1: unrelated",
        meaning: "0 where the model ranks a test prompt's responses as the golden rewards do, 1 at \
                  random",
        lower_is_better: Some(true),
        anchor: Some(0.0),
        of: |metrics| metrics.one_minus_spearman,
        by_prompt: Some(|prompts| &prompts.one_minus_spearman),
    },
    Measure {
        name: "held_out_accuracy",
        column: "held-out accuracy",
        title: "accuracy on held-out answers (higher is better)",
        unit: "share without ties that the order agrees with",
        meaning: "the share of held-out answers that the model's order agrees with, 0.5 at random",
        lower_is_better: Some(false),
        anchor: Some(0.5),
        of: |metrics| metrics.held_out?.accuracy,
        by_prompt: None,
    },
    Measure {
        name: "held_out_log_loss",
        column: "log-loss",
        title: "log-loss on held-out answers (lower is better)",
        unit: "nats an answer; ln 2 = 0.693: knows nothing",
        meaning: "what the model's probabilities lose on a held-out answer in nats, 0.693 where it \
                  knows nothing",
        lower_is_better: Some(true),
        anchor: Some(std::f64::consts::LN_2),
        of: |metrics| metrics.held_out?.log_loss,
        by_prompt: None,
    },
    Measure {
        name: "held_out_calibration_error",
        column: "calibration error",
        title: "calibration error on held-out answers (lower is better)",
        unit: "probabilities less shares, mean",
        meaning: "how far the model's probabilities are from the shares of held-out answers",
        lower_is_better: Some(true),
        anchor: Some(0.0),
        of: |metrics| metrics.held_out?.expected_calibration_error,
        by_prompt: None,
    },
    Measure {
        name: "log_det_over_prior",
        column: "log|P|-H ln λ",
        title: "log|P| − H ln λ: information about the last layer",
        unit: "natural logarithm",
        meaning: "what the labels tell of the model's last layer",
        lower_is_better: None,
        anchor: None,
        of: |metrics| metrics.log_det_over_prior,
        by_prompt: None,
    },
];

/// The one beside these that has a size of its own: the largest N.
pub const BEST_OF: Measure = Measure {
    name: "best_of_n",
    column: "best of N",
    title: "golden reward of the best of N (higher is better)",
    unit: "in the unit of the golden rewards",
    meaning: "the golden reward of the response that the model likes best among N of a test prompt's",
    lower_is_better: Some(false),
    anchor: None,
    of: |metrics| metrics.best_of_n.last_key_value().and_then(|(_, value)| *value),
    by_prompt: Some(|prompts| &prompts.best_of_n),
};

/// What strategies are compared by, the first that there is before the others.
pub const COMPARED: [&Measure; 4] = [&MEASURES[0], &BEST_OF, &MEASURES[1], &MEASURES[2]];

/// The one of these that is called so.
#[must_use]
pub fn compared(name: &str) -> &'static Measure {
    COMPARED.into_iter().find(|measure| measure.name == name).unwrap_or(COMPARED[0])
}
