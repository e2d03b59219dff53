//! What a model is worth, for people and for programs.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table, presets};
use pairpick_core::metric::held_out::{BINS, HeldOut};
use serde::Serialize;

use super::count::Count;
use crate::data::agreement::Agreement;
use crate::digest::HexDigest;
use crate::round::evaluate::Evaluation;

/// What `eval` prints as JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EvaluationReport {
    /// The model's file.
    pub model: String,
    /// Of the model's bits.
    pub digest: HexDigest,
    /// Against golden rewards, if there are any.
    pub golden: Option<Golden>,
    /// Against held-out labels, if there are any.
    pub held_out: Option<Answers>,
}

/// A model's order beside golden rewards.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Golden {
    /// 1 − Spearman's rank correlation, mean over the test prompts.
    pub one_minus_spearman: Option<f64>,
    /// Expected golden reward of the best of N responses, by N, mean over the test prompts.
    pub best_of_n: BTreeMap<usize, Option<f64>>,
    /// Test pairs ordered as the golden rewards order them, a share.
    pub pairwise_accuracy: Option<f64>,
}

/// A model's probabilities beside answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answers {
    /// Lines of labels.
    pub labels: usize,
    /// The answers that they stand for: votes and weights counted.
    pub answers: Count,
    /// Of these, the ones without a tie, which alone count for the accuracy.
    pub untied: Count,
    /// The share that the model's order agrees with; equal rewards count a half.
    pub accuracy: Option<f64>,
    /// Mean loss, in nats.
    pub log_loss: Option<f64>,
    /// How far predicted probabilities and observed shares are apart, mean over answers.
    pub expected_calibration_error: Option<f64>,
    /// Ten bins of equal width. An answer counts in two of them: with the probability that its pair's
    /// first item is preferred, and with that of the other, so that neither has to be the first.
    pub calibration: Vec<CalibrationBin>,
    /// How far people agree, where a pair may have several labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
}

/// Answers of about the same predicted probability.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CalibrationBin {
    /// The least probability in it.
    pub from: f64,
    /// The end of the bin.
    pub to: f64,
    /// Answers in it.
    pub answers: Count,
    /// Mean of their predicted probabilities.
    pub mean_predicted: Option<f64>,
    /// The share of them that prefers the item of that probability, a tie half of one.
    pub observed: Option<f64>,
}

impl Golden {
    /// The figures of an evaluation.
    #[must_use]
    pub fn new(evaluation: Evaluation) -> Self {
        Self {
            one_minus_spearman: evaluation.spearman.map(|spearman| 1.0 - spearman),
            best_of_n: evaluation.best_of_n,
            pairwise_accuracy: evaluation.pairwise_accuracy,
        }
    }

    fn rows(&self, table: &mut Table) {
        row(table, "1-Spearman", decimals(self.one_minus_spearman, 4));
        for (n, value) in &self.best_of_n {
            row(table, &format!("best of {n}"), decimals(*value, 3));
        }
        row(table, "accuracy on test pairs", decimals(self.pairwise_accuracy, 4));
    }
}

impl Answers {
    /// The figures of held-out answers, from so many lines.
    #[must_use]
    pub fn new(held_out: &HeldOut, labels: usize, agreement: Option<Agreement>) -> Self {
        let edge = |number: usize| number as f64 / BINS as f64;
        let bins = held_out.bins().into_iter().enumerate().map(|(number, bin)| CalibrationBin {
            from: edge(number),
            to: edge(number + 1),
            answers: Count(bin.answers),
            mean_predicted: bin.mean_predicted(),
            observed: bin.observed(),
        });
        Self {
            labels,
            answers: Count(held_out.answers()),
            untied: Count(held_out.untied()),
            accuracy: held_out.accuracy(),
            log_loss: held_out.log_loss(),
            expected_calibration_error: held_out.calibration_error(),
            calibration: bins.collect(),
            agreement,
        }
    }

    fn rows(&self, table: &mut Table) {
        row(table, "held-out labels", self.labels.to_string());
        row(table, "their answers", self.answers.to_string());
        row(table, "without a tie", self.untied.to_string());
        row(table, "accuracy on them", decimals(self.accuracy, 4));
        row(table, "log-loss", decimals(self.log_loss, 4));
        row(table, "calibration error", decimals(self.expected_calibration_error, 4));
    }

    fn bins(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(["probability", "answers", "predicted", "observed"]);
        for bin in &self.calibration {
            let (predicted, observed) =
                (decimals(bin.mean_predicted, 3), decimals(bin.observed, 3));
            let range = format!("{:.1} to {:.1}", bin.from, bin.to);
            table.add_row([range, bin.answers.to_string(), predicted, observed]);
        }
        aligned(table)
    }
}

impl EvaluationReport {
    /// The figures, without a final line break.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        if let Some(golden) = &self.golden {
            golden.rows(&mut table);
        }
        if let Some(answers) = &self.held_out {
            answers.rows(&mut table);
        }
        let bins = self
            .held_out
            .as_ref()
            .map_or_else(String::new, |answers| format!("\n\n{}", answers.bins()));
        format!("{}{bins}\n\nmodel {} in {}", aligned(table), self.digest, self.model)
    }
}

fn row(table: &mut Table, name: &str, value: String) {
    table.add_row([name.to_owned(), value]);
}

fn aligned(mut table: Table) -> String {
    for (place, column) in table.column_iter_mut().enumerate() {
        let alignment = if place == 0 { CellAlignment::Left } else { CellAlignment::Right };
        column.set_cell_alignment(alignment);
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

fn decimals(value: Option<f64>, places: usize) -> String {
    let value = value.filter(|value| value.is_finite());
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.places$}"))
}
