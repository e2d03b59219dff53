//! Tables of strategies by others, beside ours.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pairpick::grid::statistics::Estimate;
use pairpick_core::arith::Real;
use pairpick_core::select::Strategy;

use super::cells::{Point, Recipe, Variant};
use super::page::Section;
use super::results::{Figure, Key, Results};
use super::sets::Set;
use super::statistics::{deviation, p_value, significant};
use super::tables::{ACCURACY, ERROR, header, row, short, signed};
use crate::rivals::Rival;

/// −ln of the probability of a decision.
const LOG_LOSS: Figure = |point: &Point| point.log_loss;

/// Sets whose pairs people decided.
const OF_VOTES: [Set; 2] = [Set::Ukp, Set::HhHarmless];

/// Both tables, by the names of their places.
#[must_use]
pub fn sections(results: &Results) -> Vec<Section> {
    vec![
        Section { name: "rivals", text: rivals(results) },
        Section { name: "votes", text: votes(results) },
    ]
}

fn key(set: Set, strategy: &'static str, labels: u64) -> Key {
    Key { set, recipe: Recipe::Rivals, variant: Variant::FIRST, strategy, labels }
}

/// The numbers of labels that there are results at.
fn budgets(results: &Results, set: Set) -> Vec<u64> {
    let ours = |labels: &u64| key(set, Strategy::RobustVOpt.name(), *labels);
    let has = |labels: &u64| !results.values(&ours(labels), ERROR).is_empty();
    set.budgets().iter().copied().filter(has).collect()
}

/// What others are compared with ours by: of two responses a prompt there is no order but one pair's.
fn figure(set: Set) -> Figure {
    if set.is_of_pairs() { |point| point.accuracy.map(|share| 1.0 - share) } else { ERROR }
}

/// The names of all but ours.
fn others() -> impl Iterator<Item = &'static str> {
    let rivals = Rival::ALL.iter().map(|rival| rival.name());
    [Strategy::Random.name()].into_iter().chain(rivals)
}

/// Errors, and how far others are from ours.
fn rivals(results: &Results) -> String {
    let mut differences: BTreeMap<Key, Vec<f64>> = BTreeMap::new();
    for set in Set::ALL {
        for labels in budgets(results, set) {
            let ours = key(set, Strategy::RobustVOpt.name(), labels);
            for strategy in others() {
                let own = key(set, strategy, labels);
                let values = results.differences([&own, &ours], figure(set));
                if !values.is_empty() {
                    differences.insert(own, values);
                }
            }
        }
    }
    let p_values: Vec<f64> = differences.values().map(|values| p_value(values)).collect();
    let marks: BTreeMap<&Key, bool> = differences.keys().zip(significant(&p_values)).collect();
    let mut text = format!(
        "\\*: the 95 % interval, over seeds, is without 0; \\*\\*: significant among all {} differences \
         here (Holm).\n",
        differences.len()
    );
    for set in Set::ALL {
        let budgets = budgets(results, set);
        let Some(first) = budgets.first() else { continue };
        let ours = |labels: u64| key(set, Strategy::RobustVOpt.name(), labels);
        let count = results.values(&ours(*first), ERROR).len();
        let what = if set.is_of_pairs() { "1 − accuracy" } else { "1−Spearman" };
        let seeds = if count == 1 { "1 seed".to_owned() } else { format!("{count} seeds") };
        let _ = writeln!(text, "\n**{}**, {what}, {seeds}\n", set.title());
        let labels = budgets.iter().map(u64::to_string);
        header(&mut text, &["labels".to_owned()].into_iter().chain(labels).collect::<Vec<_>>());
        let cells = budgets.iter().map(|labels| {
            let mean = results.estimate(&ours(*labels), figure(set));
            mean.map_or_else(String::new, |own| short(own.mean))
        });
        row(&mut text, ["`robust-v-opt`".to_owned()].into_iter().chain(cells));
        // What was tried on some sets alone has no row on the others.
        let is_there = |strategy: &&'static str| {
            !results.values(&key(set, strategy, *first), ERROR).is_empty()
        };
        for strategy in others().filter(is_there) {
            let cells = budgets.iter().map(|labels| {
                let own = key(set, strategy, *labels);
                let is_significant = marks.get(&own).copied().unwrap_or(false);
                differences.get(&own).map_or_else(String::new, |all| told(all, is_significant))
            });
            row(&mut text, [format!("`{strategy}`")].into_iter().chain(cells));
        }
    }
    text
}

/// A difference, half of its interval, and whether it is more than chance.
fn told(values: &[f64], is_significant: bool) -> String {
    let Some(estimate) = Estimate::of(values) else { return String::new() };
    let Some((low, high)) = estimate.interval() else { return signed(estimate.mean) };
    let mark = match (is_significant, low > 0.0 || high < 0.0) {
        (true, _) => "\\*\\*",
        (false, true) => "\\*",
        (false, false) => "",
    };
    format!("{} ± {}{mark}", signed(estimate.mean), short(high - estimate.mean))
}

/// Accuracy and log-loss on pairs that people decided, with standard errors over seeds.
fn votes(results: &Results) -> String {
    let mut text = String::new();
    for set in OF_VOTES {
        let budgets = budgets(results, set);
        let Some(first) = budgets.first() else { continue };
        let count = results.values(&key(set, Strategy::Random.name(), *first), ERROR).len();
        let seeds = if count == 1 { "1 seed".to_owned() } else { format!("{count} seeds") };
        let _ = writeln!(text, "\n**{}**, {seeds} of 5 folds\n", set.title());
        let labels = budgets.iter().map(u64::to_string);
        header(&mut text, &["labels".to_owned()].into_iter().chain(labels).collect::<Vec<_>>());
        for (title, figure) in [("accuracy", ACCURACY), ("log-loss", LOG_LOSS)] {
            for strategy in [Strategy::Random, Strategy::RobustVOpt] {
                let cells = budgets.iter().map(|labels| {
                    let values = results.values(&key(set, strategy.name(), *labels), figure);
                    let mean = Estimate::of(&values).map_or(f64::NAN, |own| own.mean);
                    match values.len() {
                        0 => String::new(),
                        1 => short(mean),
                        many => {
                            let error = deviation(&values) / (many as f64).sqrt_of();
                            format!("{} ± {}", short(mean), short(error))
                        }
                    }
                });
                let title = format!("{title}: `{}`", strategy.name());
                row(&mut text, [title].into_iter().chain(cells));
            }
        }
    }
    text
}
