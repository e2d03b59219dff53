//! What a model is worth, for people and for programs.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table, presets};
use pairpick_core::metric::held_out::{BINS, HeldOut};
use serde::Serialize;

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
    /// Answers.
    pub labels: u64,
    /// Of these, the ones without a tie, which alone count for the accuracy.
    pub untied: u64,
    /// The share that the model's order agrees with; equal rewards count a half.
    pub accuracy: Option<f64>,
    /// Mean loss, in nats.
    pub log_loss: Option<f64>,
    /// How far predicted probabilities and observed shares are apart, mean over answers.
    pub expected_calibration_error: Option<f64>,
    /// Ten bins of equal width.
    pub calibration: Vec<CalibrationBin>,
}

/// Answers of about the same predicted probability.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CalibrationBin {
    /// The least probability in it.
    pub from: f64,
    /// The end of the bin.
    pub to: f64,
    /// Answers in it.
    pub labels: u64,
    /// Mean of their predicted probabilities.
    pub mean_predicted: Option<f64>,
    /// The share of them that prefers the first item, a tie half of one.
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
    /// The figures of held-out answers.
    #[must_use]
    pub fn new(held_out: &HeldOut) -> Self {
        let edge = |number: usize| number as f64 / BINS as f64;
        let bins = held_out.bins().iter().enumerate().map(|(number, bin)| CalibrationBin {
            from: edge(number),
            to: edge(number + 1),
            labels: bin.labels,
            mean_predicted: bin.mean_predicted(),
            observed: bin.observed(),
        });
        let agreement = held_out.agreement();
        Self {
            labels: held_out.labels(),
            untied: agreement.pairs,
            accuracy: agreement.accuracy(),
            log_loss: held_out.log_loss(),
            expected_calibration_error: held_out.calibration_error(),
            calibration: bins.collect(),
        }
    }

    fn rows(&self, table: &mut Table) {
        row(table, "held-out labels", self.labels.to_string());
        row(table, "without a tie", self.untied.to_string());
        row(table, "accuracy on them", decimals(self.accuracy, 4));
        row(table, "log-loss", decimals(self.log_loss, 4));
        row(table, "calibration error", decimals(self.expected_calibration_error, 4));
    }

    fn bins(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(["probability", "labels", "predicted", "observed"]);
        for bin in &self.calibration {
            let (predicted, observed) =
                (decimals(bin.mean_predicted, 3), decimals(bin.observed, 3));
            let range = format!("{:.1} to {:.1}", bin.from, bin.to);
            table.add_row([range, bin.labels.to_string(), predicted, observed]);
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
