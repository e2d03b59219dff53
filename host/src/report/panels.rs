//! Panels with curves: the pictures of the reports, drawn by plotters as SVG.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::ticks::Axis;
use crate::error::{Error, Result};

pub(super) const FONT: &str = "sans-serif";
pub(super) const INK: RGBColor = RGBColor(40, 40, 40);
pub(super) const GRID: RGBColor = RGBColor(225, 225, 225);
pub(super) const LEFT: RGBColor = RGBColor(0, 90, 170);
pub(super) const RIGHT: RGBColor = RGBColor(190, 75, 0);
/// Those of strategies beside each other, which every kind of colour vision tells apart; as grey, too.
pub(super) const STRATEGIES: [RGBColor; 4] =
    [LEFT, RGBColor(230, 130, 0), RGBColor(0, 158, 115), RGBColor(150, 90, 140)];
/// How much of a colour a band has.
const BAND: f64 = 0.2;

/// What all panels show from left to right.
pub(super) struct Across {
    pub name: &'static str,
    pub axis: Axis,
    /// A place that is marked, and what it is.
    pub mark: Option<(f64, String)>,
}

impl Across {
    pub fn new(name: &'static str, values: impl Iterator<Item = f64>) -> Self {
        Self { name, axis: Axis::new(values, 5), mark: None }
    }
}

/// One of the pictures beside each other.
pub(super) struct Panel {
    pub title: String,
    /// What is counted upwards, with its unit; nothing where the sheet says it.
    pub upwards: &'static str,
    pub curves: Vec<Curve>,
    /// Whether each point is marked.
    pub dots: bool,
}

impl Panel {
    fn is_empty(&self) -> bool {
        self.curves.iter().all(|curve| curve.points.is_empty())
    }

    /// Everything that it has to show, upwards.
    fn values(&self) -> impl Iterator<Item = f64> {
        self.curves.iter().flat_map(|curve| {
            let band = curve.band.iter().flat_map(|(_, low, high)| [*low, *high]);
            curve.points.iter().map(|(_, value)| *value).chain(band)
        })
    }
}

/// A line in a panel.
pub(super) struct Curve {
    /// What stands beside its end, where there are several.
    pub name: String,
    pub colour: RGBColor,
    pub points: Vec<(f64, f64)>,
    /// How far up and down a value may be from its point: the place across, the low end, the high.
    pub band: Vec<(f64, f64, f64)>,
}

/// How panels lie on their picture.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    /// How many stand in a row; all of them if not said.
    pub columns: Option<usize>,
    /// Pixels of a panel, without the title above all of them.
    pub panel: (u32, u32),
    /// Pixels of a letter beside an axis.
    pub text: i32,
    /// What all of them show upwards, where it is not each its own.
    pub upwards: Option<Axis>,
    /// Whether 0 is a line across: where differences are shown.
    pub zero: bool,
}

impl Sheet {
    /// A row of panels, each with an axis of its own.
    pub const ROW: Self =
        Self { columns: None, panel: (480, 420), text: 17, upwards: None, zero: false };

    /// Pixels of a character beside a curve, and between two of its lines.
    fn character(&self) -> (i32, i32) {
        (self.text / 2 + 1, self.text + 2)
    }
}

/// Draws the panels that have something to show, or one that says that none has.
pub(super) fn drawn(
    title: &str,
    mut panels: Vec<Panel>,
    across: &Across,
    sheet: &Sheet,
) -> Result<String> {
    if panels.iter().any(|panel| !panel.is_empty()) {
        panels.retain(|panel| !panel.is_empty());
    } else {
        panels.truncate(1);
    }
    let mut text = String::new();
    draw(&mut text, title, &panels, across, sheet).map_err(|problem| Error::Drawing { problem })?;
    Ok(text)
}

fn draw(
    text: &mut String,
    title: &str,
    panels: &[Panel],
    across: &Across,
    sheet: &Sheet,
) -> Result<(), String> {
    let (width, height) = sheet.panel;
    let names = panels.iter().map(|panel| room_for_names(panel, sheet) as u32).max();
    let columns = sheet.columns.map_or(panels.len(), |columns| columns.min(panels.len()));
    let rows = panels.len().div_ceil(columns);
    let size = ((width + names.unwrap_or(0)) * columns as u32, height * rows as u32);
    let root = SVGBackend::with_string(text, size).into_drawing_area();
    root.fill(&WHITE).map_err(|error| error.to_string())?;
    let root = root
        .titled(title, (FONT, sheet.text + 7).into_font().color(&INK))
        .map_err(|error| error.to_string())?;
    for (area, panel) in root.split_evenly((rows, columns)).iter().zip(panels) {
        draw_panel(area, panel, across, sheet)?;
    }
    root.present().map_err(|error| error.to_string())
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<Axis, Axis>>;

fn draw_panel(
    area: &Area<'_>,
    panel: &Panel,
    across: &Across,
    sheet: &Sheet,
) -> Result<(), String> {
    let (axis, text) = (&across.axis, sheet.text);
    let values = sheet.upwards.clone().unwrap_or_else(|| Axis::new(panel.values(), 5));
    let title = (FONT, text + 1).into_font().color(&INK);
    let area = area.titled(&panel.title, title).map_err(|error| error.to_string())?;
    let mut chart = ChartBuilder::on(&area)
        .margin(8)
        .margin_right(24 + room_for_names(panel, sheet))
        .x_label_area_size(3 * text - 3)
        .y_label_area_size(if panel.upwards.is_empty() { 3 * text } else { 4 * text + 4 })
        .build_cartesian_2d(axis.clone(), values.clone())
        .map_err(|error| error.to_string())?;
    chart
        .configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(INK)
        .label_style((FONT, text, &INK))
        .x_desc(across.name)
        .y_desc(panel.upwards)
        .axis_desc_style((FONT, text + 1, &INK))
        .x_label_formatter(&|tick| axis.label(*tick))
        .y_label_formatter(&|tick| values.label(*tick))
        .draw()
        .map_err(|error| error.to_string())?;
    if panel.is_empty() {
        return say_nothing_to_draw(&area);
    }
    if sheet.zero {
        let line = [(axis.low, 0.0), (axis.high, 0.0)];
        let line = LineSeries::new(line, INK.stroke_width(1));
        chart.draw_series(line).map_err(|error| error.to_string())?;
    }
    if let Some((place, name)) = &across.mark {
        draw_mark(&mut chart, *place, name, axis, &values).map_err(|error| error.to_string())?;
    }
    let mark = across.mark.as_ref().map(|(place, _)| *place);
    for (place, curve) in panel.curves.iter().enumerate() {
        let marked = |(x, _): &&(f64, f64)| panel.dots || mark == Some(*x);
        let marked: Vec<(f64, f64)> = curve.points.iter().filter(marked).copied().collect();
        draw_curve(&mut chart, curve, place, marked).map_err(|error| error.to_string())?;
    }
    draw_names(&mut chart, &panel.curves, sheet).map_err(|error| error.to_string())
}

/// A curve over its band; its marks tell it from others without their colours.
fn draw_curve(
    chart: &mut Chart<'_>,
    curve: &Curve,
    place: usize,
    marked: Vec<(f64, f64)>,
) -> Result<(), impl std::fmt::Display + use<>> {
    let Curve { colour, points, band, .. } = curve;
    if !band.is_empty() {
        let low = band.iter().map(|(x, low, _)| (*x, *low));
        let high = band.iter().rev().map(|(x, _, high)| (*x, *high));
        let outline: Vec<(f64, f64)> = low.chain(high).collect();
        chart.draw_series([Polygon::new(outline, colour.mix(BAND).filled())])?;
    }
    chart.draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)))?;
    let (style, marked) = (colour.filled(), marked.into_iter());
    match place % 4 {
        0 => chart.draw_series(marked.map(|point| Circle::new(point, 4, style))).map(drop),
        1 => chart.draw_series(marked.map(|point| TriangleMarker::new(point, 6, style))).map(drop),
        2 => {
            let style = colour.stroke_width(2);
            chart.draw_series(marked.map(|point| Cross::new(point, 4, style))).map(drop)
        }
        _ => {
            let style = colour.stroke_width(2);
            chart.draw_series(marked.map(|point| Circle::new(point, 5, style))).map(drop)
        }
    }
}

/// Pixels that the names beside curves take.
fn room_for_names(panel: &Panel, sheet: &Sheet) -> i32 {
    let longest = panel.curves.iter().map(|curve| curve.name.len()).max().unwrap_or(0);
    pixels(longest) * sheet.character().0
}

/// A count among pixels, which are counted with a sign; no picture has so many that it is beyond.
pub(super) fn pixels(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(0)
}

/// Each curve's name beside its last point, or as near as the others leave room.
fn draw_names(
    chart: &mut Chart<'_>,
    curves: &[Curve],
    sheet: &Sheet,
) -> Result<(), impl std::fmt::Display + use<>> {
    let height = |point: &(f64, f64)| chart.plotting_area().map_coordinate(point).1;
    let mut ends: Vec<(i32, (f64, f64), &Curve)> = curves
        .iter()
        .filter(|curve| !curve.name.is_empty())
        .filter_map(|curve| curve.points.last().map(|end| (height(end), *end, curve)))
        .collect();
    ends.sort_by_key(|(height, ..)| *height);
    let mut lowest = i32::MIN;
    let mut heights: Vec<i32> = Vec::new();
    for (height, ..) in &ends {
        lowest = (*height).max(lowest.saturating_add(sheet.character().1));
        heights.push(lowest);
    }
    // What was moved down is moved up by half, so that the names stand about their curves.
    let moved = ends.last().map_or(0, |(height, ..)| lowest - height);
    for ((own, end, curve), height) in ends.into_iter().zip(heights) {
        let style = (FONT, sheet.text, &curve.colour).into_text_style(chart.plotting_area());
        let style = style.pos(Pos::new(HPos::Left, VPos::Center));
        let text = EmptyElement::at(end)
            + Text::new(curve.name.clone(), (12, height - moved / 2 - own), style);
        chart.draw_series([text])?;
    }
    Ok::<(), DrawingAreaErrorKind<_>>(())
}

/// A line upwards from a place, named on the side that has more room.
fn draw_mark(
    chart: &mut Chart<'_>,
    place: f64,
    name: &str,
    across: &Axis,
    upwards: &Axis,
) -> Result<(), impl std::fmt::Display + use<>> {
    let line = LineSeries::new([(place, upwards.low), (place, upwards.high)], INK.stroke_width(1));
    chart.draw_series(line)?;
    let left = place > (across.low + across.high) / 2.0;
    let (side, gap) = if left { (HPos::Right, -6) } else { (HPos::Left, 6) };
    let style = (FONT, 16, &INK).into_text_style(chart.plotting_area());
    let text = EmptyElement::at((place, upwards.high))
        + Text::new(name.to_owned(), (gap, 6), style.pos(Pos::new(side, VPos::Top)));
    chart.draw_series([text]).map(drop)
}

/// Marks where we say, and places by our own arithmetic: the library's use the platform's `ln`.
impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }

    fn map(&self, value: &f64, (start, end): (i32, i32)) -> i32 {
        let share = (value - self.low) / (self.high - self.low);
        start + (share * f64::from(end - start)) as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.clone() }
    }
}

impl ValueFormatter<f64> for Axis {
    fn format(tick: &f64) -> String {
        tick.to_string()
    }
}

fn say_nothing_to_draw(area: &Area<'_>) -> Result<(), String> {
    let style = (FONT, 18, &INK).into_text_style(area).pos(Pos::new(HPos::Center, VPos::Center));
    let (x, y) = area.get_pixel_range();
    let centre = ((x.end - x.start) / 2, (y.end - y.start) / 2);
    area.draw(&Text::new("no values", centre, style)).map_err(|error| error.to_string())
}
