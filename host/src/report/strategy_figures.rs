//! The pictures of a grid: each strategy beside the reference in a panel of its own, so that two colours
//! are enough for any number of them; what axes show is the same in all panels of a picture, with room
//! enough that chance does not look like a result.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::document::{Figure, described};
use super::panels::{
    Across, Curve, FONT, GRID, INK, LEFT, Panel, STRATEGIES, Sheet, drawn, pixels,
};
use super::standing::{MeasureStanding, StrategyStanding};
use super::ticks::Axis;
use crate::error::{Error, Result};
use crate::grid::statistics::{Estimate, Needed};
use crate::round::measure::Measure;

/// The reference's colour.
const REFERENCE: RGBColor = RGBColor(110, 110, 110);

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
    /// The name of its file.
    pub file: String,
    /// What it shows.
    pub title: String,
    /// How to read it, and which figures of the paper it stands for.
    pub caption: String,
}

impl Words {
    fn figure(self, svg: &str) -> Figure {
        let svg = described(svg, &self.title, &self.caption);
        Figure { file: self.file, svg, title: self.title, caption: self.caption }
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
    let mut rows: Vec<Row<'_>> = others(standing, reference).filter_map(Row::of).collect();
    rows.sort_by(|one, other| one.needed.total_cmp(&other.needed));
    let Some(end) = reference.labels.last().filter(|_| !rows.is_empty()) else {
        return Ok(None);
    };
    let mut svg = String::new();
    let given = (end.0, reference.strategy.facts().name);
    draw_rows(&mut svg, &words.title, &rows, given)
        .map_err(|problem| Error::Drawing { problem })?;
    Ok(Some(words.figure(&svg)))
}

/// A strategy's labels.
struct Row<'a> {
    name: &'a str,
    needed: Needed,
    low: Needed,
    high: Needed,
}

impl<'a> Row<'a> {
    fn of(standing: &'a StrategyStanding) -> Option<Self> {
        let needed = standing.needed?;
        let name = standing.strategy.facts().name;
        Some(Self { name, needed: needed.labels, low: needed.low, high: needed.high })
    }

    fn text(&self) -> String {
        format!("{} ({} to {})", self.needed, self.low, self.high)
    }
}

/// Pixels: of the picture across, left and right of its axis, of a row, above and below all rows.
const WIDTH: i32 = 930;
const SIDES: (i32, i32) = (150, 210);
const ROW: i32 = 30;
const ENDS: (i32, i32) = (62, 58);

fn draw_rows(
    svg: &mut String,
    title: &str,
    rows: &[Row<'_>],
    (end, reference): (f64, &str),
) -> Result<(), String> {
    let height = ENDS.0 + ROW * pixels(rows.len()) + ENDS.1;
    let area = SVGBackend::with_string(svg, (WIDTH as u32, height as u32)).into_drawing_area();
    area.fill(&WHITE).map_err(|error| error.to_string())?;
    let bounds = rows.iter().flat_map(|row| [row.needed, row.low, row.high]);
    let axis = Axis::new(bounds.map(|needed| needed.bound()).chain([0.0, end]), 6);
    let right = WIDTH - SIDES.1;
    let x = |labels: f64| {
        let share = (labels - axis.low) / (axis.high - axis.low);
        SIDES.0 + (share * f64::from(right - SIDES.0)) as i32
    };
    let text = |text: &str, place: (i32, i32), across, colour: &RGBColor, size: i32| {
        let text = Text::new(text.to_owned(), place, text_style(colour, across, size));
        area.draw(&text).map_err(|error| error.to_string())
    };
    let line = |from: (i32, i32), to: (i32, i32), style: ShapeStyle| {
        area.draw(&PathElement::new([from, to], style)).map_err(|error| error.to_string())
    };
    text(title, (WIDTH / 2, 16), HPos::Center, &INK, 20)?;
    let (top, bottom) = (ENDS.0 - 6, height - ENDS.1 + 6);
    for tick in &axis.ticks {
        line((x(*tick), top), (x(*tick), bottom), GRID.stroke_width(1))?;
        text(&axis.label(*tick), (x(*tick), bottom + 14), HPos::Center, &INK, 13)?;
    }
    text("labels", ((SIDES.0 + right) / 2, bottom + 34), HPos::Center, &INK, 14)?;
    line((x(end), top), (x(end), bottom), REFERENCE.stroke_width(2))?;
    text(&format!("given to {reference}"), (x(end), top - 10), HPos::Center, &REFERENCE, 13)?;
    for (place, row) in (0..).zip(rows) {
        let y = ENDS.0 + ROW * place + ROW / 2;
        text(row.name, (SIDES.0 - 12, y), HPos::Right, &INK, 14)?;
        let (low, high) = (x(row.low.bound()), x(row.high.bound()));
        line((low, y), (high, y), LEFT.stroke_width(3))?;
        let dot = Circle::new((x(row.needed.bound()), y), 5, LEFT.filled());
        area.draw(&dot).map_err(|error| error.to_string())?;
        text(&row.text(), (right + 16, y), HPos::Left, &INK, 14)?;
    }
    area.present().map_err(|error| error.to_string())
}

fn text_style(colour: &RGBColor, across: HPos, size: i32) -> TextStyle<'_> {
    let style = TextStyle::from((FONT, size).into_font()).color(colour);
    style.pos(Pos::new(across, VPos::Center))
}
