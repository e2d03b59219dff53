//! `curves.svg`: how the error falls and the information grows with the number of labels.

use std::ops::Range;

use pairpick_core::select::Strategy;
use pairpick_core::trunk::train::Losses;
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::ticks::Axis;
use crate::error::{Error, Result};
use crate::grid::{Grid, Point};
use crate::model::train::Fit;
use crate::round::measure::{MEASURES, Measure};
use crate::round::metrics::RoundMetrics;

/// Pixels of a panel, without the title above all of them.
const PANEL: (u32, u32) = (480, 420);
const FONT: &str = "sans-serif";
const INK: RGBColor = RGBColor(40, 40, 40);
const GRID: RGBColor = RGBColor(225, 225, 225);
const LEFT: RGBColor = RGBColor(0, 90, 170);
const RIGHT: RGBColor = RGBColor(190, 75, 0);
/// Those of strategies beside each other, which every kind of colour vision tells apart; as grey, too.
const STRATEGIES: [RGBColor; 4] =
    [LEFT, RGBColor(230, 130, 0), RGBColor(0, 158, 115), RGBColor(150, 90, 140)];
/// How much of a colour a band has.
const BAND: f64 = 0.2;
/// Pixels of a character beside a curve, and between two of its lines.
const CHARACTER: (i32, i32) = (9, 19);

/// What all panels show from left to right.
struct Across {
    name: &'static str,
    axis: Axis,
    /// A place that is marked, and what it is.
    mark: Option<(f64, String)>,
}

impl Across {
    fn new(name: &'static str, values: impl Iterator<Item = f64>) -> Self {
        Self { name, axis: Axis::new(values, 5), mark: None }
    }
}

/// One of the pictures beside each other.
struct Panel {
    title: &'static str,
    /// What is counted upwards, with its unit.
    upwards: &'static str,
    curves: Vec<Curve>,
    /// Whether each point is marked.
    dots: bool,
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
struct Curve {
    /// What stands beside its end, where there are several.
    name: &'static str,
    colour: RGBColor,
    points: Vec<(f64, f64)>,
    /// How far up and down a value may be from its point: the place across, the low end, the high.
    band: Vec<(f64, f64, f64)>,
}

/// The text of the file. The same rounds give the same bytes. A panel without a value to draw is
/// left out; where none has any, the picture says so.
///
/// # Errors
/// [`Error::Drawing`].
pub fn svg(title: &str, rounds: &[RoundMetrics]) -> Result<String> {
    let labels = |metrics: &RoundMetrics| metrics.labels as f64;
    let panel = |measure: &Measure| {
        let value = |metrics: &RoundMetrics| Some((labels(metrics), measure.value(metrics)?));
        let points = rounds.iter().filter_map(value).collect();
        let colour = if measure.lower_is_better.is_some() { LEFT } else { RIGHT };
        of_measure(measure, vec![Curve { name: "", colour, points, band: Vec::new() }])
    };
    let across = Across::new("labels", rounds.iter().map(labels));
    drawn(title, MEASURES.iter().map(panel).collect(), &across)
}

/// The means of a grid's strategies, each with the band in which it lies with 95 % certainty: the text
/// of a file, as [`svg`] gives it.
///
/// # Errors
/// [`Error::Drawing`].
pub fn grid_svg(title: &str, grid: &Grid) -> Result<String> {
    let curve = |(place, strategy): (usize, &Strategy), measure: &Measure| {
        let points = grid.curve(place, measure);
        let ends = |point: &Point| {
            let (low, high) = point.value.interval()?;
            Some((point.labels, low, high))
        };
        Curve {
            name: if grid.plan.strategies.len() > 1 { strategy.name() } else { "" },
            colour: STRATEGIES[place % STRATEGIES.len()],
            points: points.iter().map(|point| (point.labels, point.value.mean)).collect(),
            band: points.iter().filter_map(ends).collect(),
        }
    };
    let panel = |measure: &Measure| {
        let strategies = grid.plan.strategies.iter().enumerate();
        of_measure(measure, strategies.map(|strategy| curve(strategy, measure)).collect())
    };
    let panels: Vec<Panel> = MEASURES.iter().map(panel).collect();
    let points = panels.iter().flat_map(|panel| &panel.curves).flat_map(|curve| &curve.points);
    let across = Across::new("labels", points.map(|(labels, _)| *labels));
    drawn(title, panels, &across)
}

fn of_measure(measure: &Measure, curves: Vec<Curve>) -> Panel {
    Panel { title: measure.title, upwards: measure.unit, curves, dots: true }
}

/// The loss curve of a training, the iteration that was kept marked: the text of a file, as [`svg`]
/// gives it.
///
/// # Errors
/// [`Error::Drawing`].
pub fn losses_svg(title: &str, fit: &Fit) -> Result<String> {
    let panel = |title, colour, value: fn(&Losses) -> f64| {
        let point = |losses: &Losses| (losses.iteration as f64, value(losses));
        let points = fit.losses.iter().map(point).collect();
        let curves = vec![Curve { name: "", colour, points, band: Vec::new() }];
        Panel { title, upwards: "nats a label", curves, dots: false }
    };
    let mut panels = vec![panel("loss on training labels", LEFT, |losses| losses.training)];
    if fit.held_out > 0 {
        panels.push(panel("loss on held-out labels", RIGHT, |losses| losses.held_out));
    }
    let kept = fit.report.kept.iteration;
    let iterations = fit.losses.iter().map(|losses| losses.iteration as f64);
    let mark = Some((kept as f64, format!("kept: {kept}")));
    drawn(title, panels, &Across { mark, ..Across::new("iterations", iterations) })
}

/// Draws the panels that have something to show, or one that says that none has.
fn drawn(title: &str, mut panels: Vec<Panel>, across: &Across) -> Result<String> {
    if panels.iter().any(|panel| !panel.is_empty()) {
        panels.retain(|panel| !panel.is_empty());
    } else {
        panels.truncate(1);
    }
    let mut text = String::new();
    draw(&mut text, title, &panels, across).map_err(|problem| Error::Drawing { problem })?;
    Ok(text)
}

fn draw(text: &mut String, title: &str, panels: &[Panel], across: &Across) -> Result<(), String> {
    let (width, height) = PANEL;
    let names = panels.iter().map(|panel| room_for_names(panel) as u32).max();
    let size = ((width + names.unwrap_or(0)) * panels.len() as u32, height);
    let root = SVGBackend::with_string(text, size).into_drawing_area();
    root.fill(&WHITE).map_err(|error| error.to_string())?;
    let root = root
        .titled(title, (FONT, 24).into_font().color(&INK))
        .map_err(|error| error.to_string())?;
    for (area, panel) in root.split_evenly((1, panels.len())).iter().zip(panels) {
        draw_panel(area, panel, across)?;
    }
    root.present().map_err(|error| error.to_string())
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<Axis, Axis>>;

fn draw_panel(area: &Area<'_>, panel: &Panel, across: &Across) -> Result<(), String> {
    let axis = &across.axis;
    let values = Axis::new(panel.values(), 5);
    let title = (FONT, 18).into_font().color(&INK);
    let area = area.titled(panel.title, title).map_err(|error| error.to_string())?;
    let mut chart = ChartBuilder::on(&area)
        .margin(8)
        .margin_right(24 + room_for_names(panel))
        .x_label_area_size(48)
        .y_label_area_size(72)
        .build_cartesian_2d(axis.clone(), values.clone())
        .map_err(|error| error.to_string())?;
    chart
        .configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(INK)
        .label_style((FONT, 17, &INK))
        .x_desc(across.name)
        .y_desc(panel.upwards)
        .axis_desc_style((FONT, 18, &INK))
        .x_label_formatter(&|tick| axis.label(*tick))
        .y_label_formatter(&|tick| values.label(*tick))
        .draw()
        .map_err(|error| error.to_string())?;
    if panel.is_empty() {
        return say_nothing_to_draw(&area);
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
    draw_names(&mut chart, &panel.curves).map_err(|error| error.to_string())
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
    if place == 0 {
        return chart.draw_series(marked.map(|point| Circle::new(point, 4, style))).map(drop);
    }
    chart.draw_series(marked.map(|point| TriangleMarker::new(point, 6, style))).map(drop)
}

/// Pixels that the names beside curves take.
fn room_for_names(panel: &Panel) -> i32 {
    let longest = panel.curves.iter().map(|curve| curve.name.len()).max().unwrap_or(0);
    i32::try_from(longest).unwrap_or(0) * CHARACTER.0
}

/// Each curve's name beside its last point, or as near as the others leave room.
fn draw_names(
    chart: &mut Chart<'_>,
    curves: &[Curve],
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
        lowest = (*height).max(lowest.saturating_add(CHARACTER.1));
        heights.push(lowest);
    }
    // What was moved down is moved up by half, so that the names stand about their curves.
    let moved = ends.last().map_or(0, |(height, ..)| lowest - height);
    for ((own, end, curve), height) in ends.into_iter().zip(heights) {
        let style = (FONT, 17, &curve.colour).into_text_style(chart.plotting_area());
        let style = style.pos(Pos::new(HPos::Left, VPos::Center));
        let text =
            EmptyElement::at(end) + Text::new(curve.name, (12, height - moved / 2 - own), style);
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

#[cfg(test)]
mod tests {
    use pairpick_core::trunk::train::Report;

    use super::*;

    fn rounds(count: u64, spearman: Option<f64>) -> Vec<RoundMetrics> {
        let round = |round| RoundMetrics {
            round,
            labels: 125 * round,
            one_minus_spearman: spearman.map(|value| value / round as f64),
            log_det_over_prior: Some(300.0 + 7.5 * round as f64),
            ..RoundMetrics::default()
        };
        (1..=count).map(round).collect()
    }

    #[test]
    fn a_dot_a_round_and_the_same_bytes_each_time() {
        for (count, spearman, dots) in [(8, Some(0.8), 16), (1, Some(0.5), 2), (3, None, 3)] {
            let rounds = rounds(count, spearman);
            let text = svg("dopt, seed 1", &rounds).unwrap();
            assert_eq!(text.matches("<circle").count(), dots);
            assert!(text.contains("dopt, seed 1") && !text.contains("NaN"));
            assert_eq!(text, svg("dopt, seed 1", &rounds).unwrap());
        }
    }

    #[test]
    fn a_panel_without_a_value_is_left_out() {
        let (both, one) = (rounds(3, Some(0.5)), rounds(3, None));
        let (both, one) = (svg("dopt", &both).unwrap(), svg("dopt", &one).unwrap());
        assert!(both.contains("width=\"960\"") && both.contains("Spearman"), "{both}");
        assert!(one.contains("width=\"480\"") && !one.contains("Spearman"), "{one}");
        assert!(one.contains("\nnatural logarithm\n") && !one.contains("no values"), "{one}");
        assert!(svg("random", &[]).unwrap().contains("no values"));
    }

    #[test]
    fn the_kept_iteration_is_marked_in_every_panel() {
        let losses = |iteration: usize| Losses {
            iteration,
            training: 0.7 - 0.02 * iteration as f64,
            held_out: 0.7,
        };
        for (held_out, kept) in [(0, 9), (20, 3)] {
            let losses: Vec<Losses> = (0..10).map(losses).collect();
            let report = Report { iterations: 10, kept: losses[kept] };
            let fit = Fit { losses, report, held_out, stopped_early: false };
            let text = losses_svg("40 labels, round 2", &fit).unwrap();
            let panels = if held_out > 0 { 2 } else { 1 };
            assert!(text.contains(&format!("width=\"{}\"", 480 * panels)), "{text}");
            assert_eq!(text.matches(&format!("kept: {kept}")).count(), panels);
            assert_eq!(text.matches("<circle").count(), panels);
            assert_eq!(text.matches("\nnats a label\n").count(), panels);
            assert_eq!(text.contains("held-out"), held_out > 0);
        }
    }
}
