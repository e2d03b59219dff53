//! What a strategy comes to beside another, over all seeds: a table, a reading aid, and JSON.

use pairpick_core::select::Strategy;
use serde::Serialize;

use super::count::Count;
use super::table::right_aligned;
use crate::grid::statistics::{Estimate, Needed, needed};
use crate::grid::{Grid, Point};
use crate::named;
use crate::round::measure::{MEASURES, Measure};

/// A strategy beside another, or alone, by the first measure of models that the runs have.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// What is compared by.
    pub measure: &'static str,
    /// The strategy.
    #[serde(with = "named")]
    pub strategy: Strategy,
    /// What it is compared with.
    #[serde(serialize_with = "name")]
    pub beside: Option<Strategy>,
    /// Runs of each.
    pub seeds: u32,
    /// Whether each seed has other test prompts.
    pub splits: bool,
    /// Round by round, as far as all runs got.
    pub rounds: Vec<Line>,
}

/// After a round.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Line {
    /// The round, from 1.
    pub round: u64,
    /// Labels so far.
    pub labels: Count,
    /// What the strategy came to.
    pub strategy: Estimate,
    /// What the other came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beside: Option<Estimate>,
    /// The first less the second, seed by seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Estimate>,
    /// With how many labels the other is as good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worth: Option<Needed>,
}

impl Comparison {
    /// Of the first strategy of a grid beside the second, if there is one; none where no model was
    /// measured.
    #[must_use]
    pub fn of(grid: &Grid) -> Option<Self> {
        let strategies = &grid.plan.strategies;
        let has_values = |measure: &&Measure| {
            let of_all = (0..strategies.len()).all(|place| !grid.curve(place, measure).is_empty());
            measure.lower_is_better.is_some() && of_all
        };
        let measure = MEASURES.iter().find(has_values)?;
        let beside = grid.curve(1, measure);
        let sign = if measure.lower_is_better == Some(false) { -1.0 } else { 1.0 };
        let errors: Vec<(f64, f64)> =
            beside.iter().map(|point| (point.labels, sign * point.value.mean)).collect();
        let differences = grid.differences(measure);
        let line = |(place, point): (usize, &Point)| Line {
            round: place as u64 + 1,
            labels: Count(point.labels),
            strategy: point.value,
            beside: beside.get(place).map(|point| point.value),
            difference: differences.get(place).copied(),
            worth: needed(&errors, sign * point.value.mean),
        };
        let common = if strategies.len() > 1 { differences.len() } else { usize::MAX };
        let rounds = grid.curve(0, measure).iter().take(common).enumerate().map(line).collect();
        Some(Self {
            measure: measure.name,
            strategy: *strategies.first()?,
            beside: strategies.get(1).copied(),
            seeds: grid.plan.seeds,
            splits: grid.plan.splits,
            rounds,
        })
    }

    /// A line a round, and what the columns say.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n\n{}", self.table(), self.reading_aid())
    }

    fn table(&self) -> String {
        let mut titles = vec!["labels", self.strategy.name()];
        match self.beside {
            Some(beside) => {
                titles.extend([beside.name(), "difference", "95 % interval", "worth in labels"]);
            }
            None => titles.push("95 % interval"),
        }
        let row = |line: &Line| {
            let mut cells = vec![line.labels.to_string(), format!("{:.3}", line.strategy.mean)];
            cells.extend(line.beside.map(|beside| format!("{:.3}", beside.mean)));
            cells.extend(line.difference.map(|difference| signed(difference.mean)));
            cells.push(match line.difference {
                Some(difference) => interval(&difference, signed),
                None => interval(&line.strategy, |value| format!("{value:.3}")),
            });
            cells.extend(line.worth.map(|worth| worth.to_string()));
            cells
        };
        right_aligned(&titles, self.rounds.iter().map(row))
    }

    /// What the columns say, to whoever meets them first.
    fn reading_aid(&self) -> String {
        let Some(measure) = MEASURES.iter().find(|measure| measure.name == self.measure) else {
            return String::new();
        };
        let Measure { column, meaning, .. } = measure;
        let (ours, seeds) = (self.strategy.name(), self.seeds);
        let split = if self.splits { ", each with other test prompts" } else { "" };
        let text = format!("{column}: {meaning}.\nMeans over {seeds} seeds{split}");
        let Some(beside) = self.beside.map(Strategy::name) else { return text + "." };
        let better = if measure.lower_is_better == Some(false) { "Above" } else { "Below" };
        format!(
            "{text}; difference: {ours} less {beside}, seed by seed.\n\
             {better} 0 {ours} is better; where 0 is in the interval, these runs do not tell.\n\
             worth in labels: how many {beside} needs to be as good{}.",
            self.bounds()
        )
    }

    /// What the marks say that stand in the last column.
    fn bounds(&self) -> String {
        let worth = |is: fn(&Needed) -> bool| {
            self.rounds.iter().filter_map(|line| line.worth).find(is).map(|worth| worth.to_string())
        };
        let more = worth(|needed| matches!(needed, Needed::MoreThan(_)));
        let fewer = worth(|needed| matches!(needed, Needed::LessThan(_)));
        let more = more.map(|mark| format!("{mark}: more than it was given"));
        let fewer = fewer.map(|mark| format!("{mark}: fewer than its first round has"));
        let told: Vec<String> = [more, fewer].into_iter().flatten().collect();
        if told.is_empty() { String::new() } else { format!(" ({})", told.join("; ")) }
    }
}

fn signed(value: f64) -> String {
    // Adding 0 turns −0 into 0.
    format!("{:+.3}", value + 0.0)
}

fn interval(estimate: &Estimate, told: impl Fn(f64) -> String) -> String {
    let ends = estimate.interval();
    ends.map_or_else(|| "-".to_owned(), |(low, high)| format!("{} to {}", told(low), told(high)))
}

#[expect(clippy::ref_option, reason = "what serde calls")]
fn name<S: serde::Serializer>(
    strategy: &Option<Strategy>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    strategy.map(Strategy::name).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Plan;
    use crate::round::metrics::RoundMetrics;

    /// Two seeds and three rounds of ten labels, whose 1 − Spearman is the same for both seeds.
    fn grid(ours: [f64; 3], others: [f64; 3]) -> Grid {
        let run = |values: &[f64; 3]| -> Vec<RoundMetrics> {
            let round = |(place, value): (usize, &f64)| RoundMetrics {
                labels: 10 * (place as u64 + 1),
                one_minus_spearman: Some(*value),
                ..RoundMetrics::default()
            };
            values.iter().enumerate().map(round).collect()
        };
        let strategies = vec![Strategy::Dopt, Strategy::Random];
        let plan = Plan { strategies, seeds: 2, splits: false };
        let cells = vec![run(&ours), run(&others), run(&ours), run(&others)];
        Grid { plan, cells }
    }

    #[test]
    fn what_labels_are_worth_is_told_with_the_marks_that_need_words() {
        let others = [0.6, 0.5, 0.4];
        for (ours, worth, words) in [
            ([0.6, 0.45, 0.4], ["10", "25", "30"], "to be as good."),
            ([0.6, 0.3, 0.2], ["10", ">30", ">30"], "(>30: more than it was given)."),
            ([0.7, 0.5, 0.4], ["<10", "20", "30"], "(<10: fewer than its first round has)."),
            ([0.7, 0.5, 0.3], ["<10", "20", ">30"], "given; <10: fewer than its first round has)."),
        ] {
            let text = Comparison::of(&grid(ours, others)).unwrap().text();
            let found: Vec<&str> = text
                .lines()
                .skip(1)
                .take(3)
                .filter_map(|line| line.split(' ').next_back())
                .collect();
            assert_eq!(found, worth, "{text}");
            assert!(text.ends_with(words), "{text}");
        }
    }

    /// Runs may end early, where no pair is left, and a value may be missing.
    #[test]
    fn rounds_are_compared_as_far_as_every_run_has_them() {
        let mut grid = grid([0.5; 3], [0.4; 3]);
        assert_eq!(Comparison::of(&grid).unwrap().rounds.len(), 3);
        grid.cells[2][2].one_minus_spearman = None;
        assert_eq!(Comparison::of(&grid).unwrap().rounds.len(), 2);
        grid.cells[3].truncate(1);
        let comparison = Comparison::of(&grid).unwrap();
        assert!(comparison.rounds.len() == 1 && comparison.rounds[0].difference.is_some());
        let grid = Grid { cells: Vec::new(), ..grid };
        assert_eq!(Comparison::of(&grid), None);
    }
}
