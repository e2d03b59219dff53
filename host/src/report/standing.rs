//! [`Standing`]: how the strategies of a grid stand beside each other, set-up by set-up.

use pairpick_core::select::Strategy;
use serde::Serialize;

pub use super::apart::{Alone, AskedStanding};
use super::apart::{alone, asked};
use super::axis_standing::AxisStanding;
use super::count::Count;
use super::table::right_aligned;
use crate::data::dataset::Dataset;
use crate::error::Result;
use crate::grid::curve::{Curve, LabelsNeeded};
use crate::grid::resample::{Figure, Resamples};
use crate::grid::statistics::{Estimate, holm};
use crate::grid::{CellRun, Plan, setup};
use crate::named;
use crate::round::measure::{COMPARED, Measure, compared};
use crate::settings::Settings;

/// What a corrected p-value must be below.
const LEVEL: f64 = 0.05;

/// All strategies of all set-ups.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// What the others are told beside.
    #[serde(with = "named")]
    pub reference: Strategy,
    /// Runs of each.
    pub seeds: u32,
    /// Tests that the p-values of a measure are corrected for: every two strategies of every set-up.
    pub tests: usize,
    /// Set-up by set-up.
    pub setups: Vec<SetupStanding>,
    /// What settings change, where set-ups differ in several values of one.
    pub axes: Vec<AxisStanding>,
    /// How each strategy fares with every other one, by the first measure.
    pub records: Vec<Record>,
}

/// All strategies of a set-up.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SetupStanding {
    /// What tells it from the others.
    pub setup: String,
    /// 1 − Spearman by length alone, or whatever covariate there is, by its name.
    pub alone: Vec<Alone>,
    /// What strategies have asked about, in their order.
    pub asked: Vec<AskedStanding>,
    /// Measure by measure, the first that there is before the others.
    pub measures: Vec<MeasureStanding>,
}

/// All strategies of a set-up by a measure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MeasureStanding {
    /// Its name.
    pub measure: &'static str,
    /// Strategy by strategy.
    pub strategies: Vec<StrategyStanding>,
}

impl MeasureStanding {
    /// The measure.
    #[must_use]
    pub fn definition(&self) -> &'static Measure {
        compared(self.measure)
    }
}

/// A strategy beside the reference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StrategyStanding {
    /// Which.
    #[serde(with = "named")]
    pub strategy: Strategy,
    /// Labels after each round, as far as all of its runs got.
    pub labels: Vec<Count>,
    /// What it came to then.
    pub values: Vec<Estimate>,
    /// Less the reference, seed by seed; nothing for that itself.
    pub differences: Vec<Estimate>,
    /// The mean of these over the rounds.
    pub overall: Option<Estimate>,
    /// How likely one as far from 0 is by chance alone.
    pub p: Option<f64>,
    /// The same, corrected for all tests.
    pub corrected: Option<f64>,
    /// Whether it is better than the reference; none where these runs do not tell.
    pub better: Option<bool>,
    /// With how many labels it is as good as the reference at its end.
    pub needed: Option<LabelsNeeded>,
}

/// How a strategy fares with every other one, over all set-ups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    /// Which.
    #[serde(with = "named")]
    pub strategy: Strategy,
    /// How often it is better.
    pub wins: usize,
    /// How often the runs do not tell.
    pub draws: usize,
    /// How often it is worse.
    pub losses: usize,
}

/// The runs of a grid, all of them, in the order of its plan.
pub struct Runs<'a> {
    /// Which there are.
    pub plan: &'a Plan,
    /// Their set-ups.
    pub setups: &'a [Settings],
    /// The runs.
    pub runs: &'a [&'a CellRun],
}

impl Runs<'_> {
    /// Those of a strategy in a set-up, by their places, seed by seed.
    pub(super) fn of(&self, setup: usize, strategy: usize) -> Vec<&CellRun> {
        let every = self.plan.strategies.len();
        let first = setup * every + strategy;
        self.runs.iter().skip(first).step_by(every * self.setups.len()).copied().collect()
    }

    /// The place of what the others are told beside: random pairs, where there are any.
    fn reference(&self) -> usize {
        let is_random = |strategy: &Strategy| *strategy == Strategy::Random;
        self.plan.strategies.iter().position(is_random).unwrap_or(0)
    }
}

/// Every two strategies of a set-up.
struct Test {
    setup: usize,
    /// The first is before the second in the plan.
    pair: (usize, usize),
    /// The first less the second, mean over the rounds.
    overall: Option<Figure>,
    corrected: f64,
}

impl Standing {
    /// Of these runs.
    ///
    /// # Errors
    /// What the program's own data gives: nothing, in a release.
    pub fn of(runs: &Runs<'_>) -> Result<Self> {
        let numbers = Numbers::of(runs)?;
        let resamples = Resamples::new(runs.plan.seeds as usize, numbers.count());
        let strategies = runs.plan.strategies.len();
        let axes = setup::varied(runs.setups);
        let mut setups: Vec<SetupStanding> = Vec::new();
        for (place, settings) in runs.setups.iter().enumerate() {
            let setup = setup::title(settings, &axes);
            let (alone, asked) = (alone(runs, place), asked(runs, place));
            setups.push(SetupStanding { setup, alone, asked, measures: Vec::new() });
        }
        let mut settings_alone = AxisStanding::all(runs.setups);
        let (mut records, mut tests_of_each) = (Vec::new(), 0);
        for measure in COMPARED {
            let curves = |setup: usize| {
                let of = |strategy| {
                    let of_strategy = runs.of(setup, strategy);
                    Curve::of(&of_strategy, measure, &resamples, &|run| numbers.of_run(run))
                };
                (0..strategies).map(of).collect::<Vec<Curve>>()
            };
            let curves: Vec<Vec<Curve>> = (0..runs.setups.len()).map(curves).collect();
            if curves.iter().flatten().any(|curve| curve.figures.is_empty()) {
                continue;
            }
            let tests = tests(&curves);
            tests_of_each = tests.len();
            if records.is_empty() {
                records = recorded(runs.plan, &tests, measure);
            }
            for axis in &mut settings_alone {
                axis.add(measure, &runs.plan.strategies, &curves);
            }
            for (place, (curves, standing)) in curves.iter().zip(&mut setups).enumerate() {
                let strategies = standings(runs, curves, place, &tests, measure);
                standing.measures.push(MeasureStanding { measure: measure.name, strategies });
            }
        }
        let reference = runs.plan.strategies[runs.reference()];
        let seeds = runs.plan.seeds;
        Ok(Self { reference, seeds, tests: tests_of_each, setups, axes: settings_alone, records })
    }

    /// A table a set-up, by its first measure, for a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let of_setup = |setup: &SetupStanding| {
            let title =
                if setup.setup.is_empty() { String::new() } else { setup.setup.clone() + "\n" };
            let Some(measure) = setup.measures.first() else {
                return title + "no model was measured";
            };
            let (head, rows) = summary(measure, self.reference);
            let head: Vec<&str> = head.iter().map(String::as_str).collect();
            title + &right_aligned(&head, rows.into_iter())
        };
        self.setups.iter().map(of_setup).collect::<Vec<_>>().join("\n\n")
    }
}

/// Strategy by strategy: how it ends, how it differs, what it needs.
#[must_use]
pub fn summary(measure: &MeasureStanding, reference: Strategy) -> (Vec<String>, Vec<Vec<String>>) {
    let head = [
        "strategy".to_owned(),
        format!("{} at the end", measure.definition().column),
        format!("less {}, mean of rounds", reference.facts().name),
        "95 % interval".to_owned(),
        "p, corrected".to_owned(),
        "it is".to_owned(),
        "labels needed".to_owned(),
        "95 % interval".to_owned(),
    ];
    let nothing = || "-".to_owned();
    let row = |of: &StrategyStanding| {
        let interval = |estimate: &Estimate| {
            let ends = estimate.interval();
            ends.map(|(low, high)| format!("{} to {}", signed(low), signed(high)))
        };
        let is_reference = of.strategy == reference;
        let verdict = match of.better {
            _ if is_reference => "",
            Some(true) => "better",
            Some(false) => "worse",
            None => "not told apart",
        };
        let needed = of.needed.as_ref().filter(|_| !is_reference);
        vec![
            of.strategy.facts().name.to_owned(),
            of.values.last().map_or_else(nothing, |value| format!("{:.3}", value.mean)),
            of.overall.map_or_else(nothing, |overall| signed(overall.mean)),
            of.overall.as_ref().and_then(interval).unwrap_or_else(nothing),
            of.corrected.map_or_else(nothing, |p| format!("{p:.3}")),
            verdict.to_owned(),
            needed.map_or_else(nothing, |needed| needed.labels.to_string()),
            needed.map_or_else(nothing, |needed| format!("{} to {}", needed.low, needed.high)),
        ]
    };
    (head.to_vec(), measure.strategies.iter().map(row).collect())
}

/// A difference with its sign.
pub(super) fn signed(value: f64) -> String {
    // Adding 0 turns −0 into 0.
    format!("{:+.3}", value + 0.0)
}

/// Every two strategies of every set-up, their p-values corrected together.
fn tests(curves: &[Vec<Curve>]) -> Vec<Test> {
    let mut tests = Vec::new();
    for (setup, curves) in curves.iter().enumerate() {
        for first in 0..curves.len() {
            for second in first + 1..curves.len() {
                let overall = Figure::mean_of(&curves[first].less(&curves[second]));
                tests.push(Test { setup, pair: (first, second), overall, corrected: 1.0 });
            }
        }
    }
    let p = |test: &Test| test.overall.as_ref().and_then(Figure::p_value).unwrap_or(1.0);
    let p: Vec<f64> = tests.iter().map(p).collect();
    for (test, corrected) in tests.iter_mut().zip(holm(&p)) {
        test.corrected = corrected;
    }
    tests
}

impl Test {
    /// Whether the first of the pair is better; none where that is not told.
    fn first_is_better(&self, measure: &Measure) -> Option<bool> {
        let mean = self.overall.as_ref().filter(|_| self.corrected < LEVEL)?.mean();
        Some((mean < 0.0) == (measure.lower_is_better != Some(false)))
    }
}

fn recorded(plan: &Plan, tests: &[Test], measure: &Measure) -> Vec<Record> {
    let record = |(place, strategy): (usize, &Strategy)| {
        let mut record = Record { strategy: *strategy, wins: 0, draws: 0, losses: 0 };
        for test in tests {
            let (first, second) = test.pair;
            if first != place && second != place {
                continue;
            }
            match test.first_is_better(measure).map(|better| better == (first == place)) {
                Some(true) => record.wins += 1,
                Some(false) => record.losses += 1,
                None => record.draws += 1,
            }
        }
        record
    };
    plan.strategies.iter().enumerate().map(record).collect()
}

fn standings(
    runs: &Runs<'_>,
    curves: &[Curve],
    setup: usize,
    tests: &[Test],
    measure: &Measure,
) -> Vec<StrategyStanding> {
    let reference = runs.reference();
    let standing = |(place, curve): (usize, &Curve)| {
        let beside = (place != reference).then(|| curve.less(&curves[reference]));
        let overall = beside.as_deref().and_then(Figure::mean_of);
        let pair = if place < reference { (place, reference) } else { (reference, place) };
        let test = tests.iter().find(|test| test.setup == setup && test.pair == pair);
        let p = overall.as_ref().and_then(Figure::p_value);
        StrategyStanding {
            strategy: runs.plan.strategies[place],
            labels: curve.labels.iter().copied().map(Count).collect(),
            values: curve.estimates(),
            differences: beside.iter().flatten().map(Figure::estimate).collect(),
            overall: overall.as_ref().map(Figure::estimate),
            p,
            corrected: test.filter(|_| p.is_some()).map(|test| test.corrected),
            better: test.and_then(|test| {
                test.first_is_better(measure).map(|better| better == (pair.0 == place))
            }),
            needed: curve.needed(&curves[reference]),
        }
    };
    curves.iter().enumerate().map(standing).collect()
}

/// The numbers of the test prompts of each split of the program's data; of other data all runs have
/// the same prompts, in their order.
struct Numbers {
    splits: Vec<Vec<usize>>,
    shared: usize,
}

impl Numbers {
    fn of(runs: &Runs<'_>) -> Result<Self> {
        let measured = runs.runs.iter().flat_map(|run| &run.rounds);
        let shared = measured.map(|round| round.by_prompt.one_minus_spearman.len());
        let shared = shared.max().unwrap_or(0);
        let split = |split: u32| -> Result<Vec<usize>> {
            let prompts = Dataset::bundled_test_prompts(split.into())?;
            Ok(prompts.into_iter().map(|prompt| prompt as usize).collect())
        };
        let splits = if runs.plan.splits { runs.plan.seeds } else { 0 };
        Ok(Self { splits: (0..splits).map(split).collect::<Result<_>>()?, shared })
    }

    fn of_run(&self, run: &CellRun) -> Vec<usize> {
        let own = run.split.and_then(|split| self.splits.get(split as usize));
        own.map_or_else(|| (0..self.shared).collect(), Clone::clone)
    }

    fn count(&self) -> usize {
        let last = self.splits.iter().flatten().max().map(|last| last + 1);
        last.unwrap_or(self.shared)
    }
}
