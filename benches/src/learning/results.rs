//! [`Results`]: what was learnt, by seeds.

use std::collections::BTreeMap;

use pairpick::grid::statistics::Estimate;
use pairpick::named::Named;
use pairpick_core::select::Strategy;

use super::cells::{Point, Recipe, Variant};
use super::measure::Sum;
use super::sets::Set;
use super::statistics::{bootstrap, p_value, significant};
use super::store::Ended;
use crate::rivals::Rival;

/// What is measured over seeds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The data.
    pub set: Set,
    /// What learns from it.
    pub recipe: Recipe,
    /// Who answers, and how λ is chosen.
    pub variant: Variant,
    /// Which pairs are asked about.
    pub strategy: &'static str,
    /// How many.
    pub labels: u64,
}

impl Key {
    /// With other pairs.
    #[must_use]
    pub fn by(&self, strategy: Strategy) -> Self {
        Self { strategy: strategy.name(), ..self.clone() }
    }
}

/// A strategy's name, ours or another's.
fn known(name: &str) -> Option<&'static str> {
    let ours = <Strategy as Named>::from_name(name).map(Named::name);
    ours.or_else(|| Rival::ALL.iter().map(|rival| rival.name()).find(|own| *own == name))
}

/// A figure of a point.
pub type Figure = fn(&Point) -> Option<f64>;

/// All points, by seed.
pub struct Results {
    points: BTreeMap<Key, BTreeMap<u64, Point>>,
    significant: BTreeMap<Key, bool>,
}

impl Results {
    /// Of cells that have ended.
    #[must_use]
    pub fn of(ended: &[Ended]) -> Self {
        let mut points: BTreeMap<Key, BTreeMap<u64, Point>> = BTreeMap::new();
        for Ended { cell, points: own, .. } in ended {
            for point in own {
                let Some(strategy) = known(&point.strategy) else { continue };
                let key = Key {
                    set: cell.set,
                    recipe: cell.recipe,
                    variant: point.variant,
                    strategy,
                    labels: point.labels,
                };
                points.entry(key).or_default().insert(cell.seed, point.clone());
            }
        }
        let mut results = Self { points, significant: BTreeMap::new() };
        let keys: Vec<Key> = results.compared().cloned().collect();
        let p_value = |key: &Key| {
            p_value(
                &results.differences([key, &key.by(Strategy::Random)], |point| Some(point.error)),
            )
        };
        let p_values: Vec<f64> = keys.iter().map(p_value).collect();
        results.significant = keys.into_iter().zip(significant(&p_values)).collect();
        results
    }

    /// Chosen pairs that are compared with random ones: those of fixed features.
    pub fn compared(&self) -> impl Iterator<Item = &Key> {
        let random = Strategy::Random.name();
        let is_ours = move |key: &&Key| {
            let is_fixed = matches!(key.recipe, Recipe::Kernel | Recipe::Length);
            is_fixed && key.strategy != random
        };
        self.points.keys().filter(is_ours)
    }

    /// How many comparisons with random pairs there are.
    #[must_use]
    pub fn comparisons(&self) -> usize {
        self.significant.len()
    }

    /// Whether the error of chosen pairs differs from that of random ones, among all comparisons.
    #[must_use]
    pub fn is_significant(&self, key: &Key) -> bool {
        self.significant.get(key).copied().unwrap_or(false)
    }

    /// A figure, seed by seed.
    #[must_use]
    pub fn values(&self, key: &Key, figure: Figure) -> Vec<f64> {
        self.points.get(key).into_iter().flat_map(BTreeMap::values).filter_map(figure).collect()
    }

    /// Its mean over the seeds.
    #[must_use]
    pub fn estimate(&self, key: &Key, figure: Figure) -> Option<Estimate> {
        Estimate::of(&self.values(key, figure))
    }

    /// The first's figure less the second's, by the seeds that both have.
    #[must_use]
    pub fn differences(&self, [one, other]: [&Key; 2], figure: Figure) -> Vec<f64> {
        let both = self.both(one, other);
        both.filter_map(|(one, other)| Some(figure(one)? - figure(other)?)).collect()
    }

    /// The points of two keys, by the seeds that both have.
    fn both<'a>(&'a self, one: &Key, other: &Key) -> impl Iterator<Item = (&'a Point, &'a Point)> {
        let other = self.points.get(other);
        let points = self.points.get(one).into_iter().flatten();
        points.filter_map(move |(seed, point)| Some((point, other?.get(seed)?)))
    }

    /// Where the difference of two errors lies, by a bootstrap over seeds and test prompts.
    #[must_use]
    pub fn bootstrap(&self, one: &Key, other: &Key) -> Option<(f64, f64)> {
        let difference = |(one, other): (&Point, &Point)| -> BTreeMap<u32, Sum> {
            let less = |(cluster, sum): (&u32, &Sum)| {
                let other = other.errors.get(cluster)?;
                Some((*cluster, Sum(sum.0 - other.0, sum.1)))
            };
            one.errors.iter().filter_map(less).collect()
        };
        let differences: Vec<_> = self.both(one, other).map(difference).collect();
        let is_known = differences.len() > 1 && differences.iter().all(|one| !one.is_empty());
        is_known.then(|| bootstrap(&differences))
    }
}
