//! What a round is predicted to cost, for people and for programs.

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use crate::cost::{Cost, KernelShape, Shape, StageKind};

/// What `cost` prints as JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CostReport {
    /// What it is predicted for.
    pub machine: String,
    /// Threads.
    pub threads: usize,
    /// Items of the round.
    pub items: u64,
    /// Pairs on offer.
    pub pairs: u64,
    /// Every stage, in the order of a round.
    pub stages: Vec<Cost>,
    /// Seconds of a selection: all stages but training, and what is fitted once.
    pub selection_seconds: f64,
    /// Bytes that the fit of kernel features takes beside their file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fit_memory: Option<f64>,
}

impl CostReport {
    /// What the stages of a shape cost there.
    #[must_use]
    pub fn new(shape: &Shape, machine: String, threads: usize, stages: Vec<Cost>) -> Self {
        let pairs = shape.pairs() as u64;
        Self::of_stages(machine, threads, [shape.items, pairs], stages)
    }

    /// What kernel features and a round on them cost there.
    #[must_use]
    pub fn of_kernel(
        shape: &KernelShape,
        machine: String,
        threads: usize,
        stages: Vec<Cost>,
    ) -> Self {
        let pairs = shape.pairs() as u64;
        let fit_memory = Some(shape.fit_memory());
        Self { fit_memory, ..Self::of_stages(machine, threads, [shape.items, pairs], stages) }
    }

    fn of_stages(
        machine: String,
        threads: usize,
        [items, pairs]: [u64; 2],
        stages: Vec<Cost>,
    ) -> Self {
        let learns = [StageKind::TrainingIteration, StageKind::FitFeatures, StageKind::Head];
        let selects = |cost: &&Cost| !learns.contains(&cost.work.stage);
        let selection_seconds =
            stages.iter().filter(selects).fold(0.0, |sum, cost| sum + cost.seconds);
        Self { machine, threads, items, pairs, stages, selection_seconds, fit_memory: None }
    }

    /// A line a stage, with units that keep numbers short.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        let counted = self.stages.iter().any(|cost| cost.instructions.is_some());
        let mut titles = vec!["stage", "operations", "bytes"];
        titles.extend(counted.then_some("instructions"));
        titles.push("time");
        table.set_header(titles);
        for cost in &self.stages {
            let mut cells = vec![
                cost.work.stage.name().to_owned(),
                scaled(cost.work.flops, ""),
                scaled(cost.work.bytes, "B"),
            ];
            cells.extend(cost.instructions.map(|count| scaled(count, "")));
            cells.push(scaled(cost.seconds, "s"));
            table.add_row(cells);
        }
        for (place, column) in table.column_iter_mut().enumerate() {
            if place > 0 {
                column.set_cell_alignment(CellAlignment::Right);
            }
            column.set_padding((0, 2));
        }
        let plural = if self.threads == 1 { "" } else { "s" };
        let memory = self.fit_memory.map_or_else(String::new, |bytes| {
            format!("\nthe features are fitted once, in {} beside their file", scaled(bytes, "B"))
        });
        format!(
            "{}\n\none selection from {} pairs of {} items: {}{memory}\n{}, {} thread{plural}",
            table.trim_fmt(),
            self.pairs,
            self.items,
            scaled(self.selection_seconds, "s"),
            self.machine,
            self.threads,
        )
    }
}

/// Three digits and a prefix of the metric system.
fn scaled(value: f64, unit: &str) -> String {
    const PREFIXES: [(f64, &str); 8] = [
        (1e15, "P"),
        (1e12, "T"),
        (1e9, "G"),
        (1e6, "M"),
        (1e3, "k"),
        (1.0, ""),
        (1e-3, "m"),
        (1e-6, "µ"),
    ];
    let fits = PREFIXES.iter().find(|(size, _)| value >= *size);
    let (size, prefix) = fits.unwrap_or(&(1e-6, "µ"));
    let value = value / size;
    let decimals = if value >= 99.95 { 0 } else { usize::from(value < 9.995) + 1 };
    format!("{value:.decimals$} {prefix}{unit}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::scaled;

    #[test]
    fn numbers_are_told_in_three_digits() {
        assert_eq!(scaled(0.0, "s"), "0.00 µs");
        assert_eq!(scaled(1.5e-3, "s"), "1.50 ms");
        assert_eq!(scaled(0.0871, "s"), "87.1 ms");
        assert_eq!(scaled(12_497_500.0, ""), "12.5 M");
        assert_eq!(scaled(999.0, "B"), "999 B");
        assert_eq!(scaled(2.5e18, ""), "2500 P");
    }
}
