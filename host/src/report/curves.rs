//! `curves.svg`, and in pixels `curves.png`: how the error falls and the information grows with the number of labels.

use pairpick_core::select::Strategy;
use pairpick_core::trunk::train::Losses;

use super::described::described;
use super::panels::{Across, Curve, LEFT, Panel, RIGHT, STRATEGIES, Sheet, drawn};
use crate::error::Result;
use crate::grid::{Grid, Point};
use crate::model::train::Fit;
use crate::round::measure::{MEASURES, Measure};
use crate::round::metrics::RoundMetrics;

/// The text of the file. The same rounds give the same bytes. A panel without a value to draw is
/// left out; where none has any, the picture says so.
///
/// # Errors
/// [`Error::Drawing`](crate::Error::Drawing).
pub fn svg(title: &str, rounds: &[RoundMetrics]) -> Result<String> {
    let labels = |metrics: &RoundMetrics| metrics.labels as f64;
    let panel = |measure: &Measure| {
        let value = |metrics: &RoundMetrics| Some((labels(metrics), measure.value(metrics)?));
        let points = rounds.iter().filter_map(value).collect();
        let colour = if measure.lower_is_better.is_some() { LEFT } else { RIGHT };
        of_measure(measure, vec![Curve { name: String::new(), colour, points, band: Vec::new() }])
    };
    let across = Across::new("labels", rounds.iter().map(labels));
    picture(title, MEASURES.iter().map(panel).collect(), &across)
}

/// The means of a grid's strategies, each with the band in which it lies with 95 % certainty: the text
/// of a file, as [`svg`] gives it.
///
/// # Errors
/// [`Error::Drawing`](crate::Error::Drawing).
pub fn grid_svg(title: &str, grid: &Grid) -> Result<String> {
    let curve = |(place, strategy): (usize, &Strategy), measure: &Measure| {
        let points = grid.curve(place, measure);
        let ends = |point: &Point| {
            let (low, high) = point.value.interval()?;
            Some((point.labels, low, high))
        };
        Curve {
            name: if grid.plan.strategies.len() > 1 { strategy.name() } else { "" }.to_owned(),
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
    picture(title, panels, &across)
}

/// The panels in a row, and in words where each curve begins and ends.
fn picture(title: &str, panels: Vec<Panel>, across: &Across) -> Result<String> {
    let ends = |curve: &Curve| {
        let ((from, first), (to, last)) = (curve.points.first()?, curve.points.last()?);
        let name = if curve.name.is_empty() { String::new() } else { format!("{} ", curve.name) };
        let across = across.name;
        Some(format!("{name}{first:.3} at {from:.0} {across}, {last:.3} at {to:.0}"))
    };
    let told = |panel: &Panel| {
        let curves: Vec<String> = panel.curves.iter().filter_map(ends).collect();
        (!curves.is_empty()).then(|| format!("{}: {}.", panel.title, curves.join("; ")))
    };
    let description = panels.iter().filter_map(told).collect::<Vec<_>>().join(" ");
    let svg = drawn(title, panels, across, &Sheet::ROW)?;
    Ok(described(&svg, title, &description))
}

fn of_measure(measure: &Measure, curves: Vec<Curve>) -> Panel {
    Panel { title: measure.title.to_owned(), upwards: measure.unit, curves, dots: true }
}

/// The loss curve of a training, the iteration that was kept marked: the text of a file, as [`svg`]
/// gives it.
///
/// # Errors
/// [`Error::Drawing`](crate::Error::Drawing).
pub fn losses_svg(title: &str, fit: &Fit) -> Result<String> {
    let panel = |title: &str, colour, value: fn(&Losses) -> f64| {
        let point = |losses: &Losses| (losses.iteration as f64, value(losses));
        let points = fit.losses.iter().map(point).collect();
        let curves = vec![Curve { name: String::new(), colour, points, band: Vec::new() }];
        Panel { title: title.to_owned(), upwards: "nats a label", curves, dots: false }
    };
    let mut panels = vec![panel("loss on training labels", LEFT, |losses| losses.training)];
    if fit.held_out > 0 {
        panels.push(panel("loss on held-out labels", RIGHT, |losses| losses.held_out));
    }
    let kept = fit.report.kept.iteration;
    let iterations = fit.losses.iter().map(|losses| losses.iteration as f64);
    let mark = Some((kept as f64, format!("kept: {kept}")));
    let across = Across { mark, ..Across::new("iterations", iterations) };
    picture(title, panels, &across)
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
