//! The tables.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use pairpick::grid::statistics::Estimate;
use pairpick_core::select::Strategy;

use super::cells::{Fit, Point, Recipe, Variant};
use super::measure::Golden;
use super::page::Section;
use super::results::{Figure, Key, Results};
use super::sets::Set;
use super::statistics::deviation;

/// 1−Spearman.
pub const ERROR: Figure = |point| Some(point.error);

/// The share of test pairs in the right order.
pub const ACCURACY: Figure = |point| point.accuracy;

/// The golden reward of the response ranked first.
pub const BEST: Figure = |point| Some(point.best);

/// 1−Spearman of the content alone with rewards without length.
pub const WITHOUT: Figure = |point: &Point| point.without;

/// What rounds of networks are shown at.
const ROUNDS: [u64; 4] = [125, 250, 500, 1000];

/// As tables have numbers: `.518`, `−.088`.
#[must_use]
pub fn short(value: f64) -> String {
    let text = format!("{:.3}", value.abs());
    let digits = text.strip_prefix('0').unwrap_or(&text);
    let is_below = value < 0.0 && digits.bytes().any(|digit| (b'1'..=b'9').contains(&digit));
    format!("{}{digits}", if is_below { "−" } else { "" })
}

/// The same with a plus.
#[must_use]
pub fn signed(value: f64) -> String {
    let plus = if value < 0.0 { "" } else { "+" };
    format!("{plus}{}", short(value))
}

/// A mean, and in brackets its 95 % interval.
#[must_use]
pub fn with_interval(estimate: Estimate) -> String {
    let mean = signed(estimate.mean);
    match estimate.interval() {
        Some((low, high)) => format!("{mean} ({} to {})", signed(low), signed(high)),
        None => mean,
    }
}

pub(super) fn row(text: &mut String, cells: impl IntoIterator<Item = String>) {
    let cells: Vec<String> = cells.into_iter().collect();
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

pub(super) fn header(text: &mut String, cells: &[String]) {
    row(text, cells.iter().cloned());
    row(text, cells.iter().map(|_| "---".to_owned()));
}

/// All of them, by the names of their places.
#[must_use]
pub fn sections(results: &Results) -> Vec<Section> {
    let section = |name, text| Section { name, text };
    vec![
        section("default", default(results)),
        section("variants", variants(results)),
        section("length", length(results)),
        section("networks", networks(results)),
        section("paper", paper(results)),
    ]
}

/// A row of a recipe and a variant, at so many labels.
fn key(set: Set, recipe: Recipe, variant: Variant, labels: u64) -> Key {
    let strategy = recipe.strategies()[1].name();
    Key { set, recipe, variant, strategy, labels }
}

fn seeds(results: &Results, key: &Key) -> String {
    match results.values(key, ERROR).len() {
        1 => "1 seed".to_owned(),
        count => format!("{count} seeds"),
    }
}

/// The default recipe on every set, beside random pairs.
fn default(results: &Results) -> String {
    let mut text = format!(
        "\\*: the 95 % interval is without 0; \\*\\*: significant among all {} comparisons of chosen \
         with random pairs on this page (Holm).\n",
        results.comparisons()
    );
    for set in Set::ALL {
        let keys: Vec<Key> = set
            .budgets()
            .iter()
            .map(|labels| key(set, Recipe::Kernel, Variant::FIRST, *labels))
            .filter(|key| !results.values(key, ERROR).is_empty())
            .collect();
        let Some(first) = keys.first() else { continue };
        let _ = writeln!(text, "\n**{}**, {}\n", set.title(), seeds(results, first));
        let labels = keys.iter().map(|key| key.labels.to_string());
        header(&mut text, &["labels".to_owned()].into_iter().chain(labels).collect::<Vec<_>>());
        let random = |key: &Key| key.by(Strategy::Random);
        let mut add = |title: &str, cell: &dyn Fn(&Key) -> String| {
            row(&mut text, [title.to_owned()].into_iter().chain(keys.iter().map(cell)));
        };
        let mean = |key: &Key, figure: Figure| {
            results.estimate(key, figure).map_or_else(String::new, |own| short(own.mean))
        };
        if !set.is_of_pairs() {
            add("1−Spearman: `random`", &|key| mean(&random(key), ERROR));
            add("`robust-v-opt`", &|key| mean(key, ERROR));
            add("difference", &|key| difference(results, key, ERROR));
        }
        add("accuracy: `random`", &|key| mean(&random(key), ACCURACY));
        add("`robust-v-opt`", &|key| mean(key, ACCURACY));
        if set.is_of_pairs() {
            add("difference", &|key| difference(results, key, ACCURACY));
        } else {
            add("reward of the best: `random`", &|key| mean(&random(key), BEST));
            add("`robust-v-opt`", &|key| mean(key, BEST));
        }
    }
    text
}

/// A difference to random pairs with half of its interval, and whether it is more than chance.
fn difference(results: &Results, key: &Key, figure: Figure) -> String {
    let values = results.differences([key, &key.by(Strategy::Random)], figure);
    let Some(estimate) = Estimate::of(&values) else { return String::new() };
    let Some((low, high)) = estimate.interval() else { return signed(estimate.mean) };
    let mark = match (results.is_significant(key), low > 0.0 || high < 0.0) {
        (true, _) => "\\*\\*",
        (false, true) => "\\*",
        (false, false) => "",
    };
    format!("{} ± {}{mark}", signed(estimate.mean), short(high - estimate.mean))
}

/// What a variant is, in a table.
fn title(variant: Variant) -> String {
    let mut parts = vec![format!("T = {}", variant.temperature)];
    if variant.golden == Golden::Controlled {
        parts.push("length-controlled".to_owned());
    }
    if variant.fit == Fit::Ten {
        parts.push("λ = 10".to_owned());
    }
    parts.join(", ")
}

/// Other annotators, rewards and priors.
fn variants(results: &Results) -> String {
    let wanted = |key: &&Key| key.recipe == Recipe::Kernel && key.variant != Variant::FIRST;
    compact(results, &results.compared().filter(wanted).cloned().collect::<Vec<_>>())
}

/// With the length as a covariate.
fn length(results: &Results) -> String {
    let wanted = |key: &&Key| key.recipe == Recipe::Length;
    let keys: Vec<Key> = results.compared().filter(wanted).cloned().collect();
    let mut text = compact(results, &keys);
    let without = |key: &&Key| !results.values(key, WITHOUT).is_empty();
    let keys: Vec<Key> = keys.iter().filter(without).cloned().collect();
    if keys.is_empty() {
        return text;
    }
    text.push_str(
        "\nThe length's part left out of the model, 1−Spearman with length-controlled rewards:\n",
    );
    text.push_str(&tables_of(
        &keys,
        &|key| {
            let mean = |key: &Key| results.estimate(key, WITHOUT).map_or(f64::NAN, |own| own.mean);
            format!("{} → {}", short(mean(&key.by(Strategy::Random))), short(mean(key)))
        },
        results,
    ));
    text
}

/// Random → chosen, in a row each.
fn compact(results: &Results, keys: &[Key]) -> String {
    tables_of(
        keys,
        &|key| {
            let mean = |key: &Key| results.estimate(key, ERROR).map_or(f64::NAN, |own| own.mean);
            let (random, own) = (mean(&key.by(Strategy::Random)), mean(key));
            let values = results.differences([key, &key.by(Strategy::Random)], ERROR);
            let interval = Estimate::of(&values).and_then(|estimate| estimate.interval());
            let is_apart = interval.is_some_and(|(low, high)| low > 0.0 || high < 0.0);
            let mark = match (results.is_significant(key), is_apart) {
                (true, _) => "\\*\\*",
                (false, true) => "\\*",
                (false, false) => "",
            };
            format!("{} → {}{mark}", short(random), short(own))
        },
        results,
    )
}

/// A table for each list of budgets: sets and variants as rows.
fn tables_of(keys: &[Key], cell: &dyn Fn(&Key) -> String, results: &Results) -> String {
    let mut text = String::new();
    let budgets: BTreeSet<&[u64]> = keys.iter().map(|key| key.set.budgets()).collect();
    for budgets in budgets {
        let mut rows: Vec<(Set, Variant)> = keys
            .iter()
            .filter(|key| key.set.budgets() == budgets)
            .map(|key| (key.set, key.variant))
            .collect();
        rows.dedup();
        let rows: BTreeSet<(Set, Variant)> = rows.into_iter().collect();
        text.push('\n');
        let titles = ["data", "answers, fit", "seeds"].map(str::to_owned).into_iter();
        let budgets_told = budgets.iter().map(u64::to_string);
        header(&mut text, &titles.chain(budgets_told).collect::<Vec<_>>());
        for (set, variant) in rows {
            let own = |labels: &u64| {
                keys.iter()
                    .find(|key| (key.set, key.variant, key.labels) == (set, variant, *labels))
            };
            let count =
                budgets.iter().find_map(own).map_or(0, |key| results.values(key, ERROR).len());
            let start = [set.title().to_owned(), title(variant), count.to_string()];
            let cells = budgets.iter().map(|labels| own(labels).map_or_else(String::new, cell));
            row(&mut text, start.into_iter().chain(cells));
        }
    }
    text
}

/// Networks in rounds, beside the default recipe with random pairs.
fn networks(results: &Results) -> String {
    let mut text = String::new();
    let titles = ["data", "recipe", "strategy", "seeds"].map(str::to_owned).into_iter();
    header(&mut text, &titles.chain(ROUNDS.iter().map(u64::to_string)).collect::<Vec<_>>());
    for set in Set::ALL {
        let figure = if set.is_of_pairs() { ACCURACY } else { ERROR };
        for recipe in [Recipe::Kernel, Recipe::Mlp, Recipe::Paper] {
            for strategy in recipe.strategies() {
                let of = |labels: u64| key(set, recipe, Variant::FIRST, labels).by(strategy);
                let of_round = |labels: &u64| {
                    // Sets of people's votes are measured at powers of two.
                    let near = set.budgets().iter().find(|budget| budget.abs_diff(*labels) <= 12);
                    match recipe.is_in_rounds() {
                        true => results.estimate(&of(*labels), figure),
                        false => near.and_then(|near| results.estimate(&of(*near), figure)),
                    }
                };
                let cells: Vec<Option<Estimate>> = ROUNDS.iter().map(of_round).collect();
                let told = ROUNDS.iter().map(|labels| results.values(&of(*labels), ERROR).len());
                let near =
                    set.budgets().iter().map(|labels| results.values(&of(*labels), ERROR).len());
                let Some(seeds) = told.chain(near).max().filter(|seeds| *seeds > 0) else {
                    continue;
                };
                let name = match recipe {
                    Recipe::Kernel | Recipe::Length | Recipe::Rivals => "default",
                    Recipe::Mlp => "`mlp`",
                    Recipe::Paper => "`paper`",
                };
                let start = [
                    set.title().to_owned(),
                    name.to_owned(),
                    format!("`{}`", strategy.name()),
                    seeds.to_string(),
                ];
                let cells =
                    cells.iter().map(|own| own.map_or_else(String::new, |own| short(own.mean)));
                row(&mut text, start.into_iter().chain(cells));
            }
        }
    }
    text
}

/// The paper's 1,000 labels beside our 16 and our 64.
fn paper(results: &Results) -> String {
    let mut text = String::new();
    header(
        &mut text,
        &[
            "data",
            "seeds",
            "paper, 1,000 by `dopt`",
            "paper, 1,000 by `random`",
            "ours, 16",
            "less the paper's `dopt`",
            "ours, 64",
            "less the paper's `dopt`",
        ]
        .map(str::to_owned),
    );
    for set in Set::ALL {
        let figure = if set.is_of_pairs() { ACCURACY } else { ERROR };
        let theirs = key(set, Recipe::Paper, Variant::FIRST, 1000);
        let count = results.values(&theirs, ERROR).len();
        if count == 0 {
            continue;
        }
        let own = |key: &Key| {
            let values = results.values(key, figure);
            let mean = results.estimate(key, figure).map_or(f64::NAN, |own| own.mean);
            match values.len() {
                0 | 1 => short(mean),
                _ => format!("{} ± {}", short(mean), short(deviation(&values))),
            }
        };
        let mut cells = vec![
            format!("{}{}", set.title(), if set.is_of_pairs() { " (accuracy)" } else { "" }),
            count.to_string(),
            own(&theirs),
            own(&theirs.by(Strategy::Random)),
        ];
        for labels in [16, 64] {
            let ours = key(set, Recipe::Kernel, Variant::FIRST, labels);
            let values = results.differences([&ours, &theirs], figure);
            cells.push(own(&ours));
            cells.push(Estimate::of(&values).map_or_else(String::new, with_interval));
        }
        row(&mut text, cells);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{short, signed};

    #[test]
    fn numbers_are_short() {
        let cases = [(0.5178, ".518"), (-0.088, "−.088"), (1.0, "1.000"), (-0.0001, ".000")];
        for (value, expected) in cases {
            assert_eq!(short(value), expected);
        }
        assert_eq!((signed(0.05), signed(-0.05)), ("+.050".to_owned(), "−.050".to_owned()));
    }
}
