//! What a page tells of a setting that set-ups have several values of.

use pairpick_core::select::Strategy;

use super::axis_standing::{AxisMeasure, AxisStanding, AxisStrategy, End};
use super::document::{Block, Table};
use super::standing::{MeasureStanding, signed};
use super::strategies_page::{Page, capital, with_half};
use super::strategy_figures::{Line, Words, beside_each_other, ends};
use crate::error::Result;
use crate::grid::statistics::Estimate;
use crate::round::measure::Measure;

/// Curves of one colour each in a panel, at most.
const MOST_CURVES: usize = 4;

/// The blocks of a setting.
pub(super) struct AxisBlocks<'a> {
    pub page: &'a Page<'a>,
    pub axis: &'a AxisStanding,
    /// Its place among all, which tells its files from others'.
    pub place: usize,
}

impl<'a> AxisBlocks<'a> {
    /// Adds them to those of the page.
    pub fn add(&self, blocks: &mut Vec<Block>) -> Result<()> {
        let AxisStanding { axis, setup, measures, .. } = self.axis;
        let of = if setup.is_empty() { String::new() } else { format!(": {setup}") };
        blocks.push(Block::Heading(format!("What “{axis}” changes{of}")));
        for (number, measure) in measures.iter().enumerate() {
            if number == 0 {
                blocks.push(Block::Text(self.findings(measure)));
            }
            self.curves(number, measure.definition(), blocks)?;
            let caption = format!(
                "A row for each value of “{axis}”: {} at the end, {}. Lines are 95 % intervals. {}",
                measure.definition().column,
                labels_told(measure),
                self.page.in_place_of(self.axis.definition().figures)
            );
            let words = self.words("end-by", measure.definition(), "at the end, by", caption);
            let alone = self.axis.places.first().and_then(|place| {
                let alone = &self.page.standing.setups[*place].alone;
                alone.first().filter(|_| number == 0)
            });
            blocks.push(Block::Figure(ends(self.axis, measure, alone, words)?));
            blocks.push(Block::Table(self.table(measure)));
        }
        Ok(())
    }

    fn words(&self, kind: &str, measure: &Measure, by: &str, caption: String) -> Words {
        let AxisStanding { axis, setup, .. } = self.axis;
        let title = format!("{} {by} {axis}", capital(measure.column));
        Words {
            name: format!("{kind}-{}-{}-{}", axis.replace(' ', "-"), measure.name, self.place + 1),
            title: if setup.is_empty() { title } else { format!("{title}: {setup}") },
            caption,
        }
    }

    /// A panel a strategy, a curve a value.
    fn curves(&self, number: usize, measure: &Measure, blocks: &mut Vec<Block>) -> Result<()> {
        let AxisStanding { axis, values, places, .. } = self.axis;
        let standings: Vec<(&String, &'a MeasureStanding)> = values
            .iter()
            .zip(places)
            .filter_map(|(value, place)| {
                Some((value, self.page.standing.setups[*place].measures.get(number)?))
            })
            .take(MOST_CURVES)
            .collect();
        let panel = |(strategy, of): (usize, &Strategy)| {
            let line = |(value, standing): &(&String, &'a MeasureStanding)| {
                Some(Line { name: (*value).clone(), of: standing.strategies.get(strategy)? })
            };
            (of.facts().name.to_owned(), standings.iter().filter_map(line).collect())
        };
        let strategies = self.page.plan.strategies.iter().enumerate();
        let panels: Vec<(String, Vec<Line<'_>>)> = strategies.map(panel).collect();
        let first = match values.len() > MOST_CURVES {
            true => format!(" The first {MOST_CURVES} values; all are in the picture below."),
            false => String::new(),
        };
        let caption = format!(
            "A panel a strategy, a curve for each value of “{axis}”, named at its end; nothing else that \
             set-ups differ in changes. Bands are 95 % intervals.{first} {}",
            self.page.in_place_of(self.axis.definition().figures)
        );
        let words = self.words("by", measure, "by", caption);
        blocks.push(Block::Figure(beside_each_other(&panels, measure, words)?));
        Ok(())
    }

    /// In words, how much of the differences is more than chance.
    fn findings(&self, measure: &AxisMeasure) -> String {
        let AxisStanding { axis, values, .. } = self.axis;
        let column = measure.definition().column;
        let (mut count, mut apart) = (0, Vec::new());
        for of in &measure.strategies {
            for (value, end) in values.iter().zip(&of.ends) {
                let Some(difference) = end.difference else { continue };
                let Some((low, high)) = difference.interval() else { continue };
                count += 1;
                if low > 0.0 || high < 0.0 {
                    let told = with_half(&difference, signed(difference.mean));
                    apart.push(format!("{} at {value}, {told}", of.strategy.facts().name));
                }
            }
        }
        let beside = values.first().map_or("", String::as_str);
        if count == 0 {
            return format!(
                "No value of “{axis}” can be told beside {beside} at the end by these runs."
            );
        }
        let found = match apart.as_slice() {
            [] => "none of them has a 95 % interval without 0".to_owned(),
            apart => {
                let count = match apart.len() {
                    1 => "1 of them has".to_owned(),
                    count => format!("{count} of them have"),
                };
                let told = apart.join("; ");
                format!(
                    "{count} a 95 % interval without 0, as one in twenty has by chance alone: {told}"
                )
            }
        };
        format!(
            "{column} at the end less that at {beside}, seed by seed, in {count} differences: {found}."
        )
    }

    fn table(&self, measure: &AxisMeasure) -> Table {
        let AxisStanding { axis, values, .. } = self.axis;
        let value = |end: &End| with_half(&end.value, format!("{:.3}", end.value.mean));
        let difference = |end: &End| {
            let told = |difference: Estimate| with_half(&difference, signed(difference.mean));
            end.difference.map_or_else(|| "-".to_owned(), told)
        };
        let rows = measure.strategies.iter().flat_map(|of: &AxisStrategy| {
            let row = |name: &str, cell: &dyn Fn(&End) -> String| {
                std::iter::once(name.to_owned()).chain(of.ends.iter().map(cell)).collect()
            };
            [row(of.strategy.facts().name, &value), row("   its difference", &difference)]
        });
        let beside = values.first().map_or("", String::as_str);
        Table {
            caption: format!(
                "{} at the end, {}, by {axis}, and less that at {beside}, ± half a 95 % interval; \
                 differences are not corrected for how many there are",
                measure.definition().column,
                labels_told(measure)
            ),
            head: std::iter::once("strategy".to_owned()).chain(values.iter().cloned()).collect(),
            rows: rows.collect(),
        }
    }
}

/// How many labels there are at the end.
fn labels_told(measure: &AxisMeasure) -> String {
    let mut labels = measure.strategies.iter().flat_map(|of| &of.ends).map(|end| end.labels);
    match labels.next() {
        Some(first) if labels.all(|other| other == first) => format!("with {first} labels"),
        _ => "whose labels differ".to_owned(),
    }
}
