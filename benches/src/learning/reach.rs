//! What should be reached, beside what was.

use std::fmt::Write as _;

use pairpick::grid::statistics::Estimate;
use pairpick_core::select::Strategy;

use super::cells::{Fit, Recipe, Variant};
use super::page::Section;
use super::results::{Figure, Key, Results};
use super::sets::Set;
use super::statistics::deviation;
use super::tables::{ACCURACY, ERROR, WITHOUT, short, with_interval};

/// What a figure must be.
#[derive(Clone, Copy)]
enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

/// What is looked at.
#[derive(Clone, Copy)]
enum Wanted {
    /// The mean of a figure of chosen pairs.
    Mean(&'static str, Figure, Limit),
    /// The deviation of the error over seeds.
    Deviation(f64),
    /// That chosen pairs' error is significantly below that of random ones, by so much at least.
    Below(f64),
}

/// A bar.
struct Bar {
    set: Set,
    recipe: Recipe,
    fit: Fit,
    labels: u64,
    wanted: Wanted,
}

const fn bar(set: Set, recipe: Recipe, fit: Fit, labels: u64, wanted: Wanted) -> Bar {
    Bar { set, recipe, fit, labels, wanted }
}

const fn error(most: f64) -> Wanted {
    Wanted::Mean("1−Spearman", ERROR, Limit::AtMost(most))
}

const fn accuracy(least: f64) -> Wanted {
    Wanted::Mean("accuracy", ACCURACY, Limit::AtLeast(least))
}

const BARS: [Bar; 24] = [
    bar(Set::Alpaca, Recipe::Kernel, Fit::Ten, 16, error(0.525)),
    bar(Set::Alpaca, Recipe::Kernel, Fit::Ten, 16, Wanted::Deviation(0.04)),
    bar(Set::Alpaca, Recipe::Kernel, Fit::Ten, 125, error(0.470)),
    bar(Set::Alpaca, Recipe::Kernel, Fit::Ten, 1000, error(0.446)),
    bar(Set::AlpacaHalves, Recipe::Kernel, Fit::Ten, 125, error(0.525)),
    bar(Set::Replies, Recipe::Kernel, Fit::Own, 32, error(0.60)),
    bar(Set::Replies, Recipe::Kernel, Fit::Own, 64, error(0.53)),
    bar(Set::Replies, Recipe::Kernel, Fit::Own, 128, error(0.49)),
    bar(Set::Replies, Recipe::Kernel, Fit::Own, 16, Wanted::Below(0.0)),
    bar(Set::Replies, Recipe::Kernel, Fit::Own, 32, Wanted::Below(0.0)),
    bar(Set::Replies, Recipe::Kernel, Fit::Own, 64, Wanted::Below(0.04)),
    bar(Set::HhHarmless, Recipe::Kernel, Fit::Own, 64, accuracy(0.565)),
    bar(Set::HhHarmless, Recipe::Kernel, Fit::Own, 125, accuracy(0.575)),
    bar(Set::Ukp, Recipe::Kernel, Fit::Own, 8, error(0.50)),
    bar(Set::Ukp, Recipe::Kernel, Fit::Own, 16, error(0.48)),
    bar(Set::Ukp, Recipe::Kernel, Fit::Own, 8, accuracy(0.68)),
    bar(Set::Ukp, Recipe::Kernel, Fit::Own, 16, accuracy(0.68)),
    bar(Set::Ukp, Recipe::Kernel, Fit::Own, 8, Wanted::Below(0.0)),
    bar(Set::Ukp, Recipe::Kernel, Fit::Own, 16, Wanted::Below(0.0)),
    bar(Set::Ukp, Recipe::Kernel, Fit::Own, 32, Wanted::Below(0.0)),
    bar(Set::Ukp, Recipe::Length, Fit::Own, 8, error(0.39)),
    bar(Set::Ukp, Recipe::Length, Fit::Own, 512, error(0.34)),
    bar(Set::Alpaca, Recipe::Length, Fit::Ten, 16, error(0.41)),
    bar(
        Set::Alpaca,
        Recipe::Length,
        Fit::Ten,
        500,
        Wanted::Mean(
            "1−Spearman with length-controlled rewards, length left out",
            WITHOUT,
            Limit::AtMost(0.84),
        ),
    ),
];

impl Bar {
    fn key(&self) -> Key {
        let Self { set, recipe, fit, labels, .. } = *self;
        let strategy = Strategy::RobustVOpt.name();
        Key { set, recipe, variant: Variant { fit, ..Variant::FIRST }, strategy, labels }
    }

    /// What is asked for, what was measured, and whether that is enough.
    fn told(&self, results: &Results) -> Option<[String; 3]> {
        let key = self.key();
        let values = |figure| results.values(&key, figure);
        let verdict = |is_met: bool| if is_met { "reached" } else { "**missed**" }.to_owned();
        match self.wanted {
            Wanted::Mean(name, figure, limit) => {
                let mean = Estimate::of(&values(figure))?.mean;
                let (sign, bar, is_met) = match limit {
                    Limit::AtMost(bar) => ('≤', bar, mean <= bar),
                    Limit::AtLeast(bar) => ('≥', bar, mean >= bar),
                };
                Some([format!("{name} {sign} {}", short(bar)), short(mean), verdict(is_met)])
            }
            Wanted::Deviation(bar) => {
                let spread = Some(values(ERROR)).filter(|values| values.len() > 1);
                let spread = deviation(&spread?);
                let bar_told = format!("deviation over seeds ≤ {}", short(bar));
                Some([bar_told, short(spread), verdict(spread <= bar)])
            }
            Wanted::Below(least) => {
                let random = key.by(Strategy::Random);
                let estimate = Estimate::of(&results.differences([&key, &random], ERROR))?;
                let mut told = with_interval(estimate);
                let bootstrap = results.bootstrap(&key, &random);
                if let Some((low, high)) = bootstrap {
                    let _ = write!(told, "; bootstrap {} to {}", short(low), short(high));
                }
                let bar = match least {
                    0.0 => "significantly below random".to_owned(),
                    least => format!("below random by {} or more, significantly", short(least)),
                };
                if estimate.interval().is_none() {
                    return Some([bar, told, "one seed does not tell".to_owned()]);
                }
                let is_met = estimate.mean <= 0.0 - least
                    && results.is_significant(&key)
                    && bootstrap.is_some_and(|(_, high)| high < 0.0);
                Some([bar, told, verdict(is_met)])
            }
        }
    }
}

/// The table of all bars.
#[must_use]
pub fn section(results: &Results) -> Section {
    let mut text = String::from(
        "| data | labels | bar | measured | seeds |  |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for bar in &BARS {
        let Some([wanted, measured, verdict]) = bar.told(results) else { continue };
        let key = bar.key();
        let seeds = results.values(&key, ERROR).len();
        let mut title = key.set.title().to_owned();
        if bar.recipe == Recipe::Length {
            title.push_str(", with the length");
        }
        if bar.fit == Fit::Ten {
            title.push_str(", λ = 10");
        }
        let _ = writeln!(
            text,
            "| {title} | {} | {wanted} | {measured} | {seeds} | {verdict} |",
            key.labels
        );
    }
    let above: Vec<String> = results
        .compared()
        .filter(|key| key.labels >= 16)
        .filter_map(|key| {
            let values = results.differences([key, &key.by(Strategy::Random)], ERROR);
            let estimate = Estimate::of(&values)?;
            let is_above = estimate.mean > 0.0 && results.is_significant(key);
            is_above.then(|| {
                format!("{} at {}: {}", key.set.title(), key.labels, with_interval(estimate))
            })
        })
        .collect();
    let (told, verdict) = match above.is_empty() {
        true => ("nowhere".to_owned(), "reached"),
        false => (above.join("; "), "**missed**"),
    };
    let _ = writeln!(
        text,
        "| every set | 16 and more | nowhere significantly above random, among {} comparisons (Holm) | \
         {told} |  | {verdict} |",
        results.comparisons()
    );
    Section { name: "reach", text }
}
