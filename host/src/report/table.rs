//! A run's metrics as a table on a terminal or in a log.

use comfy_table::{CellAlignment, Table, presets};

use crate::round::measure::{BEST_OF, MEASURES};
use crate::round::metrics::{HeldOutMetrics, RoundMetrics};

/// A table of a line a round, without a final line break. Columns without a value are left out.
#[must_use]
pub fn of_rounds(rounds: &[RoundMetrics]) -> String {
    let columns: Vec<Column> = columns(rounds)
        .into_iter()
        .filter(|column| column.cells.iter().any(Option::is_some))
        .collect();
    let titles: Vec<&str> = columns.iter().map(|column| column.title.as_str()).collect();
    let row = |row: usize| columns.iter().map(move |column| cell(column, row)).collect();
    right_aligned(&titles, (0..rounds.len()).map(row))
}

/// What its columns say, a line each, to whoever meets them first; without a final line break.
#[must_use]
pub fn legend(rounds: &[RoundMetrics]) -> String {
    let is_known =
        |of: &dyn Fn(&RoundMetrics) -> Option<f64>| rounds.iter().any(|round| of(round).is_some());
    let measures =
        MEASURES.iter().chain([&BEST_OF]).filter(|measure| is_known(&|round| measure.value(round)));
    let lines = measures.map(|measure| format!("{}: {}.", measure.column, measure.meaning));
    let ordered = is_known(&|round| round.pairwise_accuracy).then(|| {
        "accuracy: the share of pairs of a test prompt's responses that it orders as these do."
            .to_owned()
    });
    let sure = is_known(&|round| round.confidence)
        .then(|| "confidence: how well the model knows its own order, from 0 to 1.".to_owned());
    lines.chain(ordered).chain(sure).collect::<Vec<_>>().join("\n")
}

/// A table without lines, without a final line break.
pub(super) fn right_aligned<T: Into<comfy_table::Cell>>(
    titles: &[&str],
    rows: impl Iterator<Item = Vec<T>>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(titles);
    rows.for_each(|row| {
        table.add_row(row);
    });
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

struct Column {
    title: String,
    cells: Vec<Option<String>>,
}

fn cell(column: &Column, row: usize) -> &str {
    column.cells.get(row).and_then(Option::as_deref).unwrap_or("-")
}

fn columns(rounds: &[RoundMetrics]) -> Vec<Column> {
    let column = |title: &str, value: &dyn Fn(&RoundMetrics) -> Option<String>| Column {
        title: title.to_owned(),
        cells: rounds.iter().map(value).collect(),
    };
    let mut columns = vec![
        column("round", &|metrics| Some(metrics.round.to_string())),
        column("labels", &|metrics| Some(metrics.labels.to_string())),
        column("1-Spearman", &|metrics| decimals(metrics.one_minus_spearman, 4)),
    ];
    let sizes = rounds.first().map(|metrics| metrics.best_of_n.keys()).into_iter().flatten();
    for n in sizes {
        columns.push(column(&format!("best of {n}"), &|metrics| {
            decimals(metrics.best_of_n.get(n).copied().flatten(), 3)
        }));
    }
    columns.push(column("accuracy", &|metrics| decimals(metrics.pairwise_accuracy, 4)));
    let held_out = |title: &str, value: fn(&HeldOutMetrics) -> Option<f64>| {
        column(title, &|metrics| decimals(metrics.held_out.as_ref().and_then(value), 4))
    };
    columns.push(held_out("held-out accuracy", |answers| answers.accuracy));
    columns.push(held_out("log-loss", |answers| answers.log_loss));
    columns.push(held_out("calibration error", |answers| answers.expected_calibration_error));
    columns.push(column("log|P|-H ln λ", &|metrics| decimals(metrics.log_det_over_prior, 2)));
    columns.push(column("confidence", &|metrics| decimals(metrics.confidence, 2)));
    columns.push(column("seconds", &|metrics| decimals(Some(metrics.seconds), 1)));
    columns
}

fn decimals(value: Option<f64>, places: usize) -> Option<String> {
    value.filter(|value| value.is_finite()).map(|value| format!("{value:.places$}"))
}
