//! [`AxisStanding`]: what a setting changes, by set-ups that differ in nothing else.

use pairpick_core::select::Strategy;
use serde::Serialize;

use super::count::Count;
use crate::grid::curve::Curve;
use crate::grid::setup::{AXES, Alike, Axis, along, varied};
use crate::grid::statistics::Estimate;
use crate::named;
use crate::round::measure::{Measure, compared};
use crate::settings::Settings;

/// Set-ups beside each other that differ in one setting.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AxisStanding {
    /// The setting, in words.
    pub axis: &'static str,
    /// What tells these set-ups from others with other values.
    pub setup: String,
    /// Its values.
    pub values: Vec<String>,
    /// The places of the set-ups that have them.
    pub places: Vec<usize>,
    /// Measure by measure, in the order of the set-ups' own.
    pub measures: Vec<AxisMeasure>,
}

/// All strategies by a measure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AxisMeasure {
    /// Its name.
    pub measure: &'static str,
    /// Strategy by strategy.
    pub strategies: Vec<AxisStrategy>,
}

impl AxisMeasure {
    /// The measure.
    #[must_use]
    pub fn definition(&self) -> &'static Measure {
        compared(self.measure)
    }
}

/// A strategy with each value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AxisStrategy {
    /// Which.
    #[serde(with = "named")]
    pub strategy: Strategy,
    /// Value by value.
    pub ends: Vec<End>,
}

/// What a strategy comes to at its end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct End {
    /// Labels by then.
    pub labels: Count,
    /// What is measured then.
    pub value: Estimate,
    /// The same less that with the first value, seed by seed, where both have as many labels; none of
    /// the first.
    pub difference: Option<Estimate>,
}

impl AxisStanding {
    /// The setting.
    #[must_use]
    pub fn definition(&self) -> &'static Axis {
        AXES.iter().find(|axis| axis.name == self.axis).unwrap_or(&AXES[0])
    }

    /// Those of a grid, of which nothing is told yet.
    pub(super) fn all(setups: &[Settings]) -> Vec<Self> {
        let of_axis = |axis: &&'static Axis| {
            let axis = *axis;
            let standing = move |alike: Alike| {
                let value = |place: &usize| (axis.value)(&setups[*place]).unwrap_or_default();
                let values = alike.places.iter().map(value).collect();
                let Alike { title, places } = alike;
                Self { axis: axis.name, setup: title, values, places, measures: Vec::new() }
            };
            along(axis, setups).into_iter().map(standing).collect::<Vec<Self>>()
        };
        varied(setups).iter().flat_map(of_axis).collect()
    }

    /// Tells how strategies do by a measure, whose curves these are, by set-up and strategy.
    pub(super) fn add(&mut self, measure: &Measure, names: &[Strategy], curves: &[Vec<Curve>]) {
        let strategy = |(place, strategy): (usize, &Strategy)| {
            let curve = |setup: &usize| &curves[*setup][place];
            let first = self.places.first().map(curve);
            let end = |(number, setup): (usize, &usize)| {
                let first = first.filter(|_| number > 0);
                end(curve(setup), first)
            };
            let ends = self.places.iter().enumerate().filter_map(end).collect();
            AxisStrategy { strategy: *strategy, ends }
        };
        let strategies = names.iter().enumerate().map(strategy).collect();
        self.measures.push(AxisMeasure { measure: measure.name, strategies });
    }
}

/// The end of a curve, beside that of another.
fn end(curve: &Curve, first: Option<&Curve>) -> Option<End> {
    let (figure, labels) = (curve.figures.last()?, *curve.labels.last()?);
    let beside = first.filter(|first| first.labels.last() == Some(&labels));
    let beside = beside.and_then(|first| first.figures.last());
    let difference = beside.map(|first| figure.less(first).estimate());
    Some(End { labels: Count(labels), value: figure.estimate(), difference })
}
