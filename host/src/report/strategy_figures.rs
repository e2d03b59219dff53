//! The pictures of a grid: each strategy beside the reference in a panel of its own, so that two colours
//! are enough for any number of them; what axes show is the same in all panels of a picture, with room
//! enough that chance does not look like a result.

use plotters::prelude::*;

use super::axis_standing::{AxisMeasure, AxisStanding, AxisStrategy, End};
use super::described::described;
use super::document::Figure;
use super::panels::{Across, Curve, LEFT, Panel, STRATEGIES, Sheet, drawn};
use super::rows::{REFERENCE, Row, Rows};
use super::standing::{Alone, MeasureStanding, StrategyStanding};
use super::ticks::Axis;
use crate::error::Result;
use crate::grid::curve::LabelsNeeded;
use crate::grid::statistics::{Estimate, Needed};
use crate::round::measure::Measure;

/// The least that an axis spans: less of a share or a correlation is nothing to look at.
const LEAST_SPAN: f64 = 0.1;

/// How panels lie beside and under each other.
const SHEET: Sheet =
    Sheet { columns: Some(3), panel: (310, 250), text: 13, upwards: None, zero: false };

/// A strategy, or whatever else a curve stands for.
pub(super) struct Line<'a> {
    /// What it is called.
    pub name: String,
    /// What came of it.
    pub of: &'a StrategyStanding,
}

/// Names and words of a picture.
pub(super) struct Words {
    /// The name of its files.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// How to read it, and which figures of the paper it stands for.
    pub caption: String,
}

impl Words {
    fn figure(self, svg: &str) -> Figure {
        let svg = described(svg, &self.title, &self.caption);
        Figure { name: self.name, svg, title: self.title, caption: self.caption }
    }
}

/// Each strategy by a measure, over the reference.
pub(super) fn values(
    standing: &MeasureStanding,
    reference: &StrategyStanding,
    words: Words,
) -> Result<Figure> {
    let measure = standing.definition();
    let panel = |of: &StrategyStanding| {
        let (name, colour) = (reference.strategy.facts().name, REFERENCE);
        Panel {
            title: of.strategy.facts().name.to_owned(),
            upwards: "",
            curves: vec![
                curve(String::new(), LEFT, of, &of.values),
                curve(name.to_owned(), colour, reference, &reference.values),
            ],
            dots: true,
        }
    };
    let others = others(standing, reference);
    let panels: Vec<Panel> = others.map(panel).collect();
    sheet_of(panels, &words.title, measure.anchor, false).map(|svg| words.figure(&svg))
}

/// Each strategy's measure less the reference's.
pub(super) fn differences(
    standing: &MeasureStanding,
    reference: &StrategyStanding,
    words: Words,
) -> Result<Figure> {
    let panel = |of: &StrategyStanding| Panel {
        title: of.strategy.facts().name.to_owned(),
        upwards: "",
        curves: vec![curve(String::new(), LEFT, of, &of.differences)],
        dots: true,
    };
    let panels: Vec<Panel> = others(standing, reference).map(panel).collect();
    sheet_of(panels, &words.title, Some(0.0), true).map(|svg| words.figure(&svg))
}

/// Each strategy in a panel, with a curve for each of several set-ups.
pub(super) fn beside_each_other(
    panels: &[(String, Vec<Line<'_>>)],
    measure: &Measure,
    words: Words,
) -> Result<Figure> {
    let panel = |(title, lines): &(String, Vec<Line<'_>>)| {
        let line = |(place, line): (usize, &Line<'_>)| {
            let colour = STRATEGIES[place % STRATEGIES.len()];
            curve(line.name.clone(), colour, line.of, &line.of.values)
        };
        let curves = lines.iter().enumerate().map(line).collect();
        Panel { title: title.clone(), upwards: "", curves, dots: true }
    };
    let panels = panels.iter().map(panel).collect();
    sheet_of(panels, &words.title, measure.anchor, false).map(|svg| words.figure(&svg))
}

fn others<'a>(
    standing: &'a MeasureStanding,
    reference: &'a StrategyStanding,
) -> impl Iterator<Item = &'a StrategyStanding> {
    standing.strategies.iter().filter(|of| of.strategy != reference.strategy)
}

fn curve(name: String, colour: RGBColor, of: &StrategyStanding, values: &[Estimate]) -> Curve {
    let labels = of.labels.iter().map(|labels| labels.0);
    let points = labels.clone().zip(values.iter().map(|value| value.mean)).collect();
    let ends =
        |(labels, value): (f64, &Estimate)| value.interval().map(|(low, high)| (labels, low, high));
    Curve { name, colour, points, band: labels.zip(values).filter_map(ends).collect() }
}

fn sheet_of(
    mut panels: Vec<Panel>,
    title: &str,
    anchor: Option<f64>,
    zero: bool,
) -> Result<String> {
    let upwards = upwards(&panels, anchor);
    for band in panels.iter_mut().flat_map(|panel| &mut panel.curves).flat_map(|c| &mut c.band) {
        (band.1, band.2) = (within(band.1, &upwards), within(band.2, &upwards));
    }
    let curves = panels.iter().flat_map(|panel| &panel.curves);
    let labels: Vec<f64> =
        curves.flat_map(|curve| &curve.points).map(|(labels, _)| *labels).collect();
    let across = Across::new("labels", labels.into_iter());
    drawn(title, panels, &across, &Sheet { upwards: Some(upwards), zero, ..SHEET })
}

/// An axis that has all means on it, and of their intervals as much as the means span, or a tenth.
fn upwards(panels: &[Panel], anchor: Option<f64>) -> Axis {
    let curves = || panels.iter().flat_map(|panel| &panel.curves);
    let means = curves().flat_map(|curve| &curve.points).map(|(_, value)| *value).chain(anchor);
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for mean in means {
        low = if mean < low { mean } else { low };
        high = if mean > high { mean } else { high };
    }
    let span = if high - low > LEAST_SPAN { high - low } else { LEAST_SPAN };
    let centre = (low + high) / 2.0;
    let at_least = [centre - span / 2.0, centre + span / 2.0].into_iter();
    // What is anchored at its best is not drawn beyond.
    let at_least = at_least.filter(|end| anchor != Some(low) || *end >= low);
    let bands = curves().flat_map(|curve| &curve.band).flat_map(|(_, low, high)| [*low, *high]);
    let near = bands.filter(|end| (low - span / 2.0..=high + span / 2.0).contains(end));
    Axis::new([low, high].into_iter().chain(at_least).chain(near), 5)
}

fn within(value: f64, axis: &Axis) -> f64 {
    if value < axis.low {
        axis.low
    } else if value > axis.high {
        axis.high
    } else {
        value
    }
}

/// With how many labels each strategy is as good as the reference at its end: a row a strategy, from
/// the fewest labels down.
pub(super) fn labels_needed(
    standing: &MeasureStanding,
    reference: &StrategyStanding,
    words: Words,
) -> Result<Option<Figure>> {
    let mut rows: Vec<(Needed, Row)> = others(standing, reference).filter_map(needed).collect();
    rows.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let rows: Vec<Row> = rows.into_iter().map(|(_, row)| row).collect();
    let Some(end) = reference.labels.last().filter(|_| !rows.is_empty()) else {
        return Ok(None);
    };
    let bounds = rows.iter().flat_map(|row| [row.at, row.low, row.high]);
    let axis = Axis::new(bounds.chain([0.0, end.0]), 6);
    let mark = Some((end.0, format!("given to {}", reference.strategy.facts().name)));
    let svg = Rows { title: &words.title, below: "labels", rows, axis, mark }.svg()?;
    Ok(Some(words.figure(&svg)))
}

/// What each strategy needs, with the number itself to sort by.
fn needed(standing: &StrategyStanding) -> Option<(Needed, Row)> {
    let LabelsNeeded { labels, low, high } = standing.needed?;
    let row = Row {
        group: String::new(),
        name: standing.strategy.facts().name.to_owned(),
        colour: LEFT,
        at: labels.bound(),
        is_bound: labels.is_bound(),
        low: low.bound(),
        high: high.bound(),
        text: format!("{labels} ({low} to {high})"),
    };
    Some((labels, row))
}

/// What each strategy comes to at its end with each value of a setting; beside what a covariate alone
/// does, where that is told.
pub(super) fn ends(
    standing: &AxisStanding,
    measure: &AxisMeasure,
    alone: Option<&Alone>,
    words: Words,
) -> Result<Figure> {
    let row = |of: &AxisStrategy, value: &String, place: usize, end: &End| {
        let mean = end.value.mean;
        let (low, high) = end.value.interval().unwrap_or((mean, mean));
        let interval = end.value.interval();
        let interval = interval.map(|(low, high)| format!(" ({low:.3} to {high:.3})"));
        Row {
            group: of.strategy.facts().name.to_owned(),
            name: value.clone(),
            colour: STRATEGIES[place % STRATEGIES.len()],
            at: mean,
            is_bound: false,
            low,
            high,
            text: format!("{mean:.3}{}", interval.unwrap_or_default()),
        }
    };
    let rows_of = |of: &AxisStrategy| {
        let ends = standing.values.iter().zip(&of.ends).enumerate();
        ends.map(|(place, (value, end))| row(of, value, place, end)).collect::<Vec<Row>>()
    };
    let rows: Vec<Row> = measure.strategies.iter().flat_map(rows_of).collect();
    let mark = alone.map(|alone| (alone.one_minus_spearman, format!("{} alone", alone.covariate)));
    let bounds = rows.iter().flat_map(|row| [row.at, row.low, row.high]);
    let axis = Axis::new(bounds.chain(mark.iter().map(|(place, _)| *place)), 6);
    let below = measure.definition().column;
    let svg = Rows { title: &words.title, below, rows, axis, mark }.svg()?;
    Ok(words.figure(&svg))
}
