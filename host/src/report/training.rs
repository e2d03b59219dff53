//! What a training came to, for people and for programs.

use comfy_table::{CellAlignment, Table, presets};
use pairpick_core::trunk::train::Losses;
use serde::Serialize;

use super::count::Count;
use crate::data::agreement::Agreement;
use crate::data::labels::{Label, answers};
use crate::digest::HexDigest;
use crate::model::train::Fit;

/// The most lines of a table: what a terminal shows at once.
const LINES: usize = 20;

/// An iteration's losses, before its step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LossLine {
    /// The iteration, from 0.
    pub iteration: usize,
    /// Mean loss over the training labels.
    pub training: f64,
    /// Mean loss over the held-out labels, if there are any.
    pub held_out: Option<f64>,
}

/// What `train` prints as JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrainingReport {
    /// The model's file.
    pub out: String,
    /// The round that the random streams are those of.
    pub round: u64,
    /// All labels.
    pub labels: usize,
    /// The answers that they stand for: votes and weights counted.
    pub answers: Count,
    /// Of these, the ones held out to stop by.
    pub held_out: usize,
    /// Iterations run.
    pub iterations: usize,
    /// Why no more ran.
    pub stopped: String,
    /// The iteration whose parameters were kept.
    pub kept: LossLine,
    /// Every iteration.
    pub losses: Vec<LossLine>,
    /// Of the model's bits.
    pub digest: HexDigest,
    /// How far people agree, where a pair may have several labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
}

impl TrainingReport {
    /// What there is to say of a training on these labels.
    pub(crate) fn new(
        fit: &Fit,
        labels: &[Label],
        round: u64,
        out: String,
        digest: HexDigest,
    ) -> Self {
        let line = |losses: &Losses| LossLine {
            iteration: losses.iteration,
            training: losses.training,
            held_out: (fit.held_out > 0).then_some(losses.held_out),
        };
        let since = fit.report.iterations - fit.report.kept.iteration;
        let stopped = match fit.stopped_early {
            true => format!("no better held-out loss in {since} iterations"),
            false => "as many as there may be".to_owned(),
        };
        Self {
            out,
            round,
            labels: labels.len(),
            answers: Count(answers(labels)),
            held_out: fit.held_out,
            iterations: fit.report.iterations,
            stopped,
            kept: line(&fit.report.kept),
            losses: fit.losses.iter().map(line).collect(),
            digest,
            agreement: None,
        }
    }

    /// The loss curve in as many lines as a screen has, the kept iteration among them and marked.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        let held_out = self.held_out > 0;
        table.set_header(cells(["iteration", "training loss", "held-out loss", ""], held_out));
        let step = self.losses.len().div_ceil(LINES).max(1);
        let last = self.losses.len().saturating_sub(1);
        for (place, line) in self.losses.iter().enumerate() {
            let kept = line.iteration == self.kept.iteration;
            if place % step == 0 || kept || place == last {
                let held = line.held_out.map_or_else(String::new, |loss| format!("{loss:.4}"));
                let (iteration, training) =
                    (line.iteration.to_string(), format!("{:.4}", line.training));
                let mark = if kept { "kept" } else { "" };
                table.add_row(cells([&iteration, &training, &held, mark], held_out));
            }
        }
        for column in table.column_iter_mut() {
            column.set_cell_alignment(CellAlignment::Right);
            column.set_padding((0, 2));
        }
        table.trim_fmt()
    }
}

fn cells([iteration, training, held_out, mark]: [&str; 4], with_held_out: bool) -> Vec<String> {
    let held_out = with_held_out.then_some(held_out);
    [Some(iteration), Some(training), held_out, Some(mark)]
        .into_iter()
        .flatten()
        .map(str::to_owned)
        .collect()
}
