//! `curves.svg`: how the error falls and the information grows with the number of labels.

use std::ops::Range;

use pairpick_core::trunk::train::Losses;
use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::ticks::Axis;
use crate::error::{Error, Result};
use crate::round::metrics::RoundMetrics;

const SIZE: (u32, u32) = (960, 420);
const FONT: &str = "sans-serif";
const INK: RGBColor = RGBColor(40, 40, 40);
const GRID: RGBColor = RGBColor(225, 225, 225);
const LEFT: RGBColor = RGBColor(0, 90, 170);
const RIGHT: RGBColor = RGBColor(190, 75, 0);

/// What both pictures show from left to right.
struct Across {
    name: &'static str,
    axis: Axis,
}

impl Across {
    fn new(name: &'static str, values: impl Iterator<Item = f64>) -> Self {
        Self { name, axis: Axis::new(values, 5) }
    }
}

/// One of the two pictures.
struct Panel {
    title: &'static str,
    colour: RGBColor,
    points: Vec<(f64, f64)>,
    /// Whether each point is marked.
    dots: bool,
}

/// The text of the file. The same rounds give the same bytes. Without a value to draw, a panel
/// says so.
///
/// # Errors
/// [`Error::Drawing`].
pub fn svg(title: &str, rounds: &[RoundMetrics]) -> Result<String> {
    let mut text = String::new();
    let labels = rounds.iter().map(|metrics| metrics.labels as f64);
    draw(&mut text, title, &of_rounds(rounds), &Across::new("labels", labels))
        .map_err(|problem| Error::Drawing { problem })?;
    Ok(text)
}

/// The loss curve of a training: the text of a file, as [`svg`] gives it.
///
/// # Errors
/// [`Error::Drawing`].
pub fn losses_svg(title: &str, losses: &[Losses], held_out: bool) -> Result<String> {
    let panel = |title, colour, value: fn(&Losses) -> f64| Panel {
        title,
        colour,
        points: losses.iter().map(|losses| (losses.iteration as f64, value(losses))).collect(),
        dots: false,
    };
    let mut panels = [
        panel("loss on training labels", LEFT, |losses| losses.training),
        panel("loss on held-out labels", RIGHT, |losses| losses.held_out),
    ];
    if !held_out {
        panels[1].points.clear();
    }
    let iterations = losses.iter().map(|losses| losses.iteration as f64);
    let mut text = String::new();
    draw(&mut text, title, &panels, &Across::new("iterations", iterations))
        .map_err(|problem| Error::Drawing { problem })?;
    Ok(text)
}

fn of_rounds(rounds: &[RoundMetrics]) -> [Panel; 2] {
    let points = |value: fn(&RoundMetrics) -> Option<f64>| {
        let point = |metrics: &RoundMetrics| {
            let y = value(metrics).filter(|value| value.is_finite())?;
            Some((metrics.labels as f64, y))
        };
        rounds.iter().filter_map(point).collect()
    };
    [
        Panel {
            title: "1 − Spearman on test prompts (lower is better)",
            colour: LEFT,
            points: points(|metrics| metrics.one_minus_spearman),
            dots: true,
        },
        Panel {
            title: "log|P| − H ln λ: information about the last layer",
            colour: RIGHT,
            points: points(|metrics| metrics.log_det_over_prior),
            dots: true,
        },
    ]
}

fn draw(
    text: &mut String,
    title: &str,
    panels: &[Panel; 2],
    across: &Across,
) -> Result<(), String> {
    let root = SVGBackend::with_string(text, SIZE).into_drawing_area();
    root.fill(&WHITE).map_err(|error| error.to_string())?;
    let root = root
        .titled(title, (FONT, 24).into_font().color(&INK))
        .map_err(|error| error.to_string())?;
    for (area, panel) in root.split_evenly((1, 2)).iter().zip(panels) {
        draw_panel(area, panel, across)?;
    }
    root.present().map_err(|error| error.to_string())
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn draw_panel(area: &Area<'_>, panel: &Panel, across: &Across) -> Result<(), String> {
    let axis = &across.axis;
    let values = Axis::new(panel.points.iter().map(|(_, value)| *value), 5);
    let title = (FONT, 18).into_font().color(&INK);
    let area = area.titled(panel.title, title).map_err(|error| error.to_string())?;
    let mut chart = ChartBuilder::on(&area)
        .margin(8)
        .margin_right(24)
        .x_label_area_size(48)
        .y_label_area_size(64)
        .build_cartesian_2d(axis.clone(), values.clone())
        .map_err(|error| error.to_string())?;
    chart
        .configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(INK)
        .label_style((FONT, 17, &INK))
        .x_desc(across.name)
        .axis_desc_style((FONT, 18, &INK))
        .x_label_formatter(&|tick| axis.label(*tick))
        .y_label_formatter(&|tick| values.label(*tick))
        .draw()
        .map_err(|error| error.to_string())?;
    if panel.points.is_empty() {
        return say_nothing_to_draw(&area);
    }
    let line = LineSeries::new(panel.points.iter().copied(), panel.colour.stroke_width(2));
    chart.draw_series(line).map_err(|error| error.to_string())?;
    if !panel.dots {
        return Ok(());
    }
    let dots = panel.points.iter().map(|point| Circle::new(*point, 4, panel.colour.filled()));
    chart.draw_series(dots).map_err(|error| error.to_string())?;
    Ok(())
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
    fn nothing_to_draw_is_said() {
        for rounds in [vec![], rounds(2, None)] {
            assert!(svg("random", &rounds).unwrap().contains("no values"));
        }
    }
}
