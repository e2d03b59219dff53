//! A grid of paired runs: several seeds, each by several strategies that share the seed's data, noise
//! and first draws, so that what differs between them is the strategy's doing; and that by several
//! set-ups, each with settings of its own.
//!
//! A run is one thread's work and runs go side by side ([`Work`]): which threads there are changes no
//! result.

mod asked;
pub mod curve;
pub mod mixture;
pub mod resample;
pub mod setup;
pub mod statistics;
pub mod student;
mod work;

use pairpick_core::select::Strategy;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use self::statistics::Estimate;
pub use self::work::{CellRound, InOrder, Work};
use crate::error::{Error, Result};
use crate::named::{self, Named};
use crate::round::measure::Measure;
use crate::round::metrics::RoundMetrics;
use crate::settings::{Settings, Typed};

/// The most seeds of a grid.
const MOST_SEEDS: u32 = 10_000;

/// Which runs there are of each set-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The first is that of the run whose settings all runs share.
    #[serde(with = "strategies")]
    pub strategies: Vec<Strategy>,
    /// How many seeds, from the settings' own on.
    pub seeds: u32,
    /// Whether the data is that of the program, split otherwise for each seed.
    pub splits: bool,
}

/// One of the runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Which seed it has, counted from 0.
    pub repeat: u32,
    /// The place of its set-up among all.
    pub setup: usize,
    /// The seed of every random draw.
    pub seed: u64,
    /// Which pairs it asks about.
    pub strategy: Strategy,
}

impl Plan {
    /// Checks that the strategies can do with the budget of these settings, which fit the data.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub fn check(&self, settings: &Settings) -> Result<()> {
        if !(1..=MOST_SEEDS).contains(&self.seeds) {
            let expected = format!("must be from 1 to {MOST_SEEDS}");
            return Err(Error::setting("seeds", self.seeds, expected));
        }
        beside(settings, settings.asking.strategy)?;
        let mut seen = vec![settings.asking.strategy];
        for strategy in self.strategies.iter().skip(1) {
            if seen.contains(strategy) {
                let expected = "must be another strategy than `strategy`";
                return Err(Error::setting("beside", strategy.name(), expected));
            }
            beside(settings, *strategy)?;
            seen.push(*strategy);
        }
        Ok(())
    }

    /// The runs of set-ups: seed by seed, set-up by set-up, the strategies in their order.
    #[must_use]
    pub fn cells(&self, setups: &[Settings]) -> Vec<Cell> {
        let of_repeat = |repeat: u32| {
            setups.iter().enumerate().flat_map(move |(setup, settings)| {
                let seed = settings.seed.wrapping_add(u64::from(repeat));
                let strategies = self.strategies.iter().copied();
                strategies.map(move |strategy| Cell { repeat, setup, seed, strategy })
            })
        };
        (0..self.seeds).flat_map(of_repeat).collect()
    }
}

impl Cell {
    /// What decides the run's result: those of its set-up, but for seed and strategy.
    ///
    /// # Errors
    /// As [`Plan::check`].
    pub fn settings(&self, setups: &[Settings]) -> Result<Settings> {
        let setup = &setups[self.setup];
        let mut settings = beside(setup, self.strategy)?;
        settings.seed = self.seed;
        Ok(settings)
    }

    /// Which split of the program's data it has, where each seed has another.
    #[must_use]
    pub fn split(&self, plan: &Plan) -> Option<u64> {
        plan.splits.then_some(u64::from(self.repeat))
    }
}

/// The same budget for another strategy, without what that does not read.
fn beside(settings: &Settings, strategy: Strategy) -> Result<Settings> {
    let mut settings = settings.clone();
    settings.asking.strategy = strategy;
    settings.asking.keep_what_is_read();
    settings.asking.check_what_can_be_done()?;
    settings.check_design()?;
    if let Some(data) = settings.data.clone() {
        settings.fit_to(data, &Typed::default())?;
    }
    Ok(settings)
}

/// A run that has ended, and all that decides its result: a line of `results.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellRun {
    /// Its strategy.
    #[serde(with = "named")]
    pub strategy: Strategy,
    /// Its seed.
    pub seed: u64,
    /// Which split of the program's data it had, if one of its own.
    pub split: Option<u64>,
    /// What decided its result; of the data of a split no more than that of split 0.
    pub settings: Settings,
    /// What came of it.
    pub rounds: Vec<CellRound>,
}

impl CellRun {
    /// Whether a run with these settings and this split comes to the same.
    #[must_use]
    pub fn is_of(&self, settings: &Settings, split: Option<u64>) -> bool {
        self.split == split && self.settings == *settings
    }
}

/// What came of a run after a round: a line of `grid.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GridLine {
    /// The run's strategy.
    #[serde(with = "named")]
    pub strategy: Strategy,
    /// Its seed.
    pub seed: u64,
    /// The round.
    #[serde(flatten)]
    pub metrics: RoundMetrics,
}

impl GridLine {
    /// The lines of a run.
    #[must_use]
    pub fn of(cell: &Cell, rounds: &[RoundMetrics]) -> Vec<Self> {
        let Cell { strategy, seed, .. } = *cell;
        rounds.iter().map(|metrics| Self { strategy, seed, metrics: metrics.clone() }).collect()
    }
}

impl<'de> Deserialize<'de> for GridLine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Key {
            #[serde(with = "named")]
            strategy: Strategy,
            seed: u64,
        }
        // `flatten` would not read numbers that are keys of a map.
        let mut fields = Map::deserialize(deserializer)?;
        let key = ["strategy", "seed"]
            .into_iter()
            .filter_map(|name| fields.remove_entry(name))
            .collect::<Map<String, Value>>();
        let Key { strategy, seed } =
            serde_json::from_value(Value::Object(key)).map_err(D::Error::custom)?;
        let metrics = serde_json::from_value(Value::Object(fields)).map_err(D::Error::custom)?;
        Ok(Self { strategy, seed, metrics })
    }
}

/// The runs of a grid that have ended: the first ones of its plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Which runs there are.
    pub plan: Plan,
    /// The rounds of each, in the order of [`Plan::cells`].
    pub cells: Vec<Vec<RoundMetrics>>,
}

impl Grid {
    /// The runs whose lines are those of a file, which has all or nothing of a run.
    #[must_use]
    pub fn recorded(plan: Plan, settings: &Settings, lines: Vec<GridLine>) -> Self {
        let mut cells: Vec<Vec<RoundMetrics>> = Vec::new();
        let planned = plan.cells(std::slice::from_ref(settings));
        for GridLine { strategy, seed, metrics } in lines {
            let is_own = |cell: &Cell| (cell.strategy, cell.seed) == (strategy, seed);
            let place = planned.iter().position(is_own).unwrap_or(cells.len());
            // A run without a round has no line.
            while cells.len() <= place {
                cells.push(Vec::new());
            }
            cells[place].push(metrics);
        }
        Self { plan, cells }
    }

    /// A measure of a strategy, by its place in the plan, round by round, as far as all of its runs
    /// have it.
    #[must_use]
    pub fn curve(&self, strategy: usize, measure: &Measure) -> Vec<Point> {
        let runs = self.runs_of(strategy);
        let point = |round: usize| {
            let ended: Vec<&RoundMetrics> =
                runs.iter().map(|run| run.get(round)).collect::<Option<_>>()?;
            let values = ended.iter().map(|metrics| measure.value(metrics));
            let value = Estimate::of(&values.collect::<Option<Vec<f64>>>()?)?;
            let labels: Vec<f64> = ended.iter().map(|metrics| metrics.labels as f64).collect();
            Some(Point { labels: Estimate::of(&labels)?.mean, value })
        };
        (0..).map_while(point).collect()
    }

    /// The first strategy's measure less the second's, seed by seed, round by round.
    #[must_use]
    pub fn differences(&self, measure: &Measure) -> Vec<Estimate> {
        let (ours, others) = (self.runs_of(0), self.runs_of(1));
        let value = |run: &[RoundMetrics], round: usize| measure.value(run.get(round)?);
        let difference = |round: usize| {
            let pairs = ours.iter().zip(&others);
            let of_pair = |(one, other): (&&[RoundMetrics], &&[RoundMetrics])| {
                Some(value(one, round)? - value(other, round)?)
            };
            Estimate::of(&pairs.map(of_pair).collect::<Option<Vec<f64>>>()?)
        };
        (0..).map_while(difference).collect()
    }

    /// The rounds of a strategy's runs, by its place in the plan, in the order of the seeds.
    fn runs_of(&self, strategy: usize) -> Vec<&[RoundMetrics]> {
        let every = self.plan.strategies.len();
        let own = |place: &usize| place % every == strategy;
        (0..self.cells.len()).filter(own).map(|place| self.cells[place].as_slice()).collect()
    }
}

/// After a round of all runs of a strategy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Labels so far, mean over the runs.
    pub labels: f64,
    /// What is measured.
    pub value: Estimate,
}

/// Strategies by their names.
mod strategies {
    use super::{Deserialize, Deserializer, Named, Strategy};
    use serde::Serializer;
    use serde::de::Error as _;

    pub(super) fn serialize<S: Serializer>(
        strategies: &[Strategy],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(strategies.iter().map(|strategy| strategy.name()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Strategy>, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        let strategy = |name: &String| {
            let unknown = || D::Error::custom(format!("unknown strategy {name:?}"));
            <Strategy as Named>::from_name(name).ok_or_else(unknown)
        };
        names.iter().map(strategy).collect()
    }
}
