//! A picture of costs: both axes logarithmic, the physical limit a dashed line.

use std::ops::Range;
use std::path::Path;

use plotters::prelude::*;

use crate::learning::Failure;

const SIZE: (u32, u32) = (820, 520);
const FONT: &str = "sans-serif";
const COLOURS: [RGBColor; 4] =
    [RGBColor(0, 90, 170), RGBColor(190, 75, 0), RGBColor(20, 130, 70), RGBColor(120, 60, 150)];

/// A work at growing sizes.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Its name.
    pub name: String,
    /// Sizes and seconds.
    pub measured: Vec<(f64, f64)>,
    /// Sizes and the seconds that its operations would need at the peak.
    pub limit: Vec<(f64, f64)>,
}

/// Draws curves into an SVG file.
///
/// # Errors
/// The plotting library's, and the system's.
pub fn draw(path: &Path, title: &str, across: &str, curves: &[Curve]) -> Result<(), Failure> {
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        let points = || curves.iter().flat_map(|curve| curve.measured.iter().chain(&curve.limit));
        let (sizes, seconds) = (points().map(|point| point.0), points().map(|point| point.1));
        // The sizes that were measured are marked.
        let mut marks: Vec<f64> = points().map(|point| point.0).collect();
        marks.sort_by(f64::total_cmp);
        marks.dedup();
        let across_axis = around(sizes).log_scale().with_key_points(marks);
        let mut chart = ChartBuilder::on(&root)
            .caption(title, (FONT, 22))
            .margin(12)
            .x_label_area_size(48)
            .y_label_area_size(80)
            .build_cartesian_2d(across_axis, with_headroom(around(seconds)).log_scale())?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .x_desc(across)
            .x_label_formatter(&|size| format!("{size:.0}"))
            .y_desc("seconds")
            .label_style((FONT, 15))
            .axis_desc_style((FONT, 17))
            .draw()?;
        for (curve, colour) in curves.iter().zip(COLOURS.iter().cycle()) {
            let line = LineSeries::new(curve.measured.iter().copied(), colour.stroke_width(2));
            chart.draw_series(line)?.label(&curve.name).legend(move |(x, y)| {
                PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2))
            });
            let dots = curve.measured.iter().map(|point| Circle::new(*point, 3, colour.filled()));
            chart.draw_series(dots)?;
            let limit = curve.limit.iter().copied();
            chart.draw_series(DashedLineSeries::new(limit, 5, 4, colour.stroke_width(1)))?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .label_font((FONT, 15))
            .background_style(WHITE)
            .draw()?;
        root.present()?;
    }
    std::fs::write(path, text)?;
    Ok(())
}

/// The range and room above it for the names of the curves.
fn with_headroom(range: Range<f64>) -> Range<f64> {
    range.start..5.0 * range.end
}

/// A range that holds all values, with a margin.
fn around(values: impl Iterator<Item = f64>) -> Range<f64> {
    let mut range = f64::INFINITY..0.0;
    for value in values.filter(|value| *value > 0.0) {
        if value < range.start {
            range.start = value;
        }
        if value > range.end {
            range.end = value;
        }
    }
    if range.end > 0.0 { range.start / 1.3..range.end * 1.3 } else { 0.1..10.0 }
}
