//! The table: a row a comparison, with the bar that it must reach.

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use crate::sample::Summary;

/// What a figure must reach.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bar {
    /// So much or more.
    AtLeast(f64),
    /// Less than this.
    Below(f64),
}

impl Bar {
    fn met(self, figure: f64) -> bool {
        match self {
            Self::AtLeast(bar) => figure >= bar,
            Self::Below(bar) => figure < bar,
        }
    }
}

/// What a figure counts.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// The peer's median over ours.
    Times,
    /// Of the peak without fused operations.
    OfPeak,
    /// Of the one-shot strategy's median.
    OneShots,
    /// Mebibytes.
    Mebibytes,
    /// Seconds, on a machine that does nothing else.
    Seconds,
    /// The power of the number of items by which time grows.
    Slope,
}

impl Unit {
    fn text(self, value: f64) -> String {
        match self {
            Self::Times => format!("{value:.2}×"),
            Self::OfPeak => format!("{:.0} % of peak", value * 100.0),
            Self::OneShots => format!("{value:.1} one-shots"),
            Self::Mebibytes => format!("{value:.1} MiB"),
            Self::Seconds => format!("{value:.3} s"),
            Self::Slope => format!("{value:.2}"),
        }
    }
}

/// A comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// What was done.
    pub work: String,
    /// Our time.
    pub ours: Option<Summary>,
    /// Who else did it.
    pub peer: Option<String>,
    /// Their time.
    pub theirs: Option<Summary>,
    /// What is compared with the bar.
    pub figure: Option<f64>,
    /// What it counts.
    pub unit: Unit,
    /// What it must reach, if anything.
    pub bar: Option<Bar>,
    /// Whether it does.
    pub met: Option<bool>,
}

impl Row {
    /// Ours beside a peer's.
    #[must_use]
    pub fn beside(
        work: &str,
        ours: Option<Summary>,
        (peer, theirs): (&str, Option<Summary>),
        bar: Option<f64>,
    ) -> Self {
        let figure = ours.zip(theirs).map(|(ours, theirs)| theirs.median / ours.median);
        let row = Self::of(work, ours, figure, Unit::Times, bar.map(Bar::AtLeast));
        Self { peer: Some(peer.to_owned()), theirs, ..row }
    }

    /// Ours beside nobody's.
    #[must_use]
    pub fn of(
        work: &str,
        ours: Option<Summary>,
        figure: Option<f64>,
        unit: Unit,
        bar: Option<Bar>,
    ) -> Self {
        let met = figure.zip(bar).map(|(figure, bar)| bar.met(figure));
        Self { work: work.to_owned(), ours, peer: None, theirs: None, figure, unit, bar, met }
    }

    fn cells(&self) -> [String; 7] {
        let time = |summary: &Option<Summary>| {
            summary.map_or_else(|| "–".to_owned(), |summary| summary.text())
        };
        let bar = match self.bar {
            Some(Bar::AtLeast(bar)) => format!("≥ {}", self.unit.text(bar)),
            Some(Bar::Below(bar)) => format!("< {}", self.unit.text(bar)),
            None => String::new(),
        };
        let met = match self.met {
            Some(true) => "met",
            Some(false) => "not met",
            None => "",
        };
        [
            self.work.clone(),
            time(&self.ours),
            self.peer.clone().unwrap_or_default(),
            if self.peer.is_some() { time(&self.theirs) } else { String::new() },
            self.figure.map_or_else(String::new, |figure| self.unit.text(figure)),
            bar,
            met.to_owned(),
        ]
    }
}

/// What was done, on so many threads.
#[must_use]
pub fn on_threads(work: &str, count: usize) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{work}, {count} thread{plural}")
}

/// The rows as a table in Markdown, times in milliseconds.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    let titles = ["work", "ours, ms", "peer", "peer, ms", "figure", "bar", ""];
    table.set_header(titles);
    for row in rows {
        table.add_row(row.cells());
    }
    for (place, column) in table.column_iter_mut().enumerate() {
        if [1, 3, 4].contains(&place) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    fn summary(seconds: f64) -> Option<Summary> {
        let mut sample = Sample::default();
        sample.push(seconds);
        sample.summary()
    }

    #[test]
    fn a_bar_is_met_or_not() {
        let row = |bar| Row::beside("work", summary(0.002), ("peer", summary(0.006)), bar);
        assert_eq!(
            (row(Some(2.9)).met, row(Some(3.1)).met, row(None).met),
            (Some(true), Some(false), None)
        );
        let memory =
            |figure| Row::of("", None, Some(figure), Unit::Mebibytes, Some(Bar::Below(32.0)));
        assert_eq!((memory(31.9).met, memory(32.0).met), (Some(true), Some(false)));
        assert!(table(&[row(Some(3.1))]).contains("not met"));
    }
}
