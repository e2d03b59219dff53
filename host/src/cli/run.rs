//! `pairpick run`: the annotation loop against golden rewards or recorded answers.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use pairpick_core::select::Strategy;
use serde::Serialize;

use super::interrupt::quoted;
use super::measured_data::MeasuredData;
use super::output::Output;
use super::over::Over;
use super::{groups, help};
use crate::data::dataset::Dataset;
use crate::data::pool_kind::PoolKind;
use crate::error::{Error, Result};
use crate::grid::{CellRound, Grid, GridLine, InOrder, Plan, Work};
use crate::label::oracle::OracleAnswerer;
use crate::named::Named;
use crate::output::{Interrupted, OutputFolder};
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::report::comparison::Comparison;
use crate::report::{curves, table};
use crate::round;
use crate::round::metrics::{RoundMetrics, Summary};
use crate::runtime::Runtime;
use crate::settings::{Answers, Asking, Measuring, Prior, Settings, Training, Typed};

/// Rounds of asking, training and measuring, answered from golden rewards or recorded answers
///
/// Each round draws prompts, picks a batch of pairs by the strategy, has them answered by an
/// oracle that knows the golden rewards, or from the answers that the candidates have, trains a
/// Bradley–Terry reward model on all answers so far, and measures it on the test prompts, or on
/// held-out labels. Without data options it runs on the small data that
/// comes with the program, of which a quarter of the prompts are for testing, and compares with
/// random pairs over 20 seeds, each with other test prompts: a single run is mostly chance.
///
/// The folder gets metrics.jsonl, labels.jsonl, model.safetensors, settings.json, curves.svg and
/// manifest.json; where runs are compared, grid.jsonl too. The same command gives the same files on every machine, but for the field
/// "seconds" and what manifest.json has of the file that it is in.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = help::RUN,
    after_long_help = help::run(),
    allow_negative_numbers = true
)]
pub(super) struct Args {
    #[command(flatten)]
    data: MeasuredData,

    #[command(flatten)]
    asking: Over<Asking>,

    #[command(flatten)]
    prior: Over<Prior>,

    #[command(flatten)]
    answers: Over<Answers>,

    #[command(flatten)]
    features: groups::FeatureOptions,

    #[command(flatten)]
    training: Over<Training>,

    #[command(flatten)]
    measuring: Over<Measuring>,

    #[command(flatten)]
    recipe: groups::Recipe,

    /// Repeat the run by so many seeds, from --seed on, and print means with their 95 % intervals; 20
    /// where --beside is given, or no data. The folder is that of the first
    #[arg(long, value_name = "N", help_heading = "Comparison")]
    seeds: Option<u32>,

    /// A strategy to compare with, by the same seeds, data and number of labels, or none; random where
    /// --seeds is given, or no data. Without data each seed has other test prompts
    #[arg(long, value_name = "STRATEGY|none", value_parser = beside(), hide_possible_values = true,
          help_heading = "Comparison")]
    beside: Option<Beside>,

    #[command(flatten)]
    runtime: Runtime,

    /// Go on with an interrupted run: DIR is the name that was given to --out
    #[arg(long, value_name = "DIR", conflicts_with_all = DECIDING, help_heading = "Output")]
    resume: Option<PathBuf>,

    /// Folder for the results; it must be empty or new
    #[arg(long, value_name = "DIR", default_value = "pairpick-out", help_heading = "Output")]
    out: PathBuf,

    /// Replace the folder of an earlier run, if all in it is as that run wrote it; discard an
    /// interrupted one
    #[arg(long, help_heading = "Output")]
    force: bool,

    #[command(flatten)]
    print: groups::Print,
}

/// Groups and options that decide what a run does, which an interrupted one has been told.
const DECIDING: [&str; 23] = [
    "DataFolder",
    "TrainEmbeddings",
    "TrainRewards",
    "ListedPairs",
    "TestData",
    "PromptFields",
    "Covariates",
    "CovariateNames",
    "test_labels",
    "RepeatedLabels",
    "Asking",
    "Prior",
    "Answers",
    "Features",
    "Landmarks",
    "Network",
    "Training",
    "Measuring",
    "preset",
    "seed",
    "seeds",
    "beside",
    "out",
];

/// Seeds where nobody says how many.
const SEEDS: u32 = 20;

/// What a strategy is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beside {
    Nothing,
    Strategy(Strategy),
}

/// Reads the name of a strategy, or none.
fn beside() -> impl TypedValueParser<Value = Beside> {
    let names = <Strategy as Named>::ALL.iter().map(|strategy| strategy.name());
    PossibleValuesParser::new(names.chain(["none"]))
        .map(|name| Strategy::from_name(&name).map_or(Beside::Nothing, Beside::Strategy))
}

/// A run that can begin, or go on.
struct Job {
    out: PathBuf,
    folder: OutputFolder,
    dataset: Dataset,
    settings: Settings,
    /// The runs that it is compared with, of which some may have ended.
    grid: Option<Grid>,
}

/// What came of a run, and of those that it is compared with.
struct Done {
    rounds: Vec<RoundMetrics>,
    comparison: Option<Comparison>,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    out: String,
    rounds: &'a [RoundMetrics],
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<&'a Comparison>,
}

/// Runs. Nothing is written before all that can be checked is.
pub(super) fn execute(args: &mut Args, output: &mut Output) -> Result<()> {
    let typed = args.typed();
    args.data.fill(&typed, output)?;
    let threads = Threads::start(&args.runtime)?;
    let (out, done) = match &args.resume {
        None => (&args.out, args.begin(output)?.carry_out(&threads, output)?),
        Some(out) => (out, args.go_on(out, &threads, output)?),
    };
    args.report(out, &done, output)
}

impl Args {
    fn settings(&self) -> Result<Settings> {
        let mut settings = self.recipe.settings(self.data.train_embeddings());
        self.asking.write(&mut settings.asking);
        self.prior.write(&mut settings.prior);
        self.answers.write(&mut settings.answers);
        self.features.write(&mut settings)?;
        self.training.write(&mut settings.training);
        self.measuring.write(&mut settings.measuring);
        settings.offer_pairs_of_recipe(&self.typed());
        Ok(settings)
    }

    fn typed(&self) -> Typed {
        self.asking.typed()
    }

    /// The strategies that are compared, the run's own first; none where nothing is.
    fn compared(&self, ours: Strategy, bundled: bool) -> Option<Vec<Strategy>> {
        match (self.beside, self.seeds) {
            (Some(Beside::Strategy(other)), _) => Some(vec![ours, other]),
            (Some(Beside::Nothing), None) => None,
            (Some(Beside::Nothing), Some(_)) => Some(vec![ours]),
            (None, Some(_)) if ours == Strategy::Random => Some(vec![ours]),
            (None, Some(_)) => Some(vec![ours, Strategy::Random]),
            // Whoever tries the program should not take the chance of one seed for a result.
            (None, None) if bundled && ours != Strategy::Random => {
                Some(vec![ours, Strategy::Random])
            }
            (None, None) => None,
        }
    }

    fn plan(&self, settings: &Settings, dataset: &Dataset, bundled: bool) -> Result<Option<Plan>> {
        let Some(strategies) = self.compared(settings.asking.strategy, bundled) else {
            return Ok(None);
        };
        if !dataset.is_measured() {
            let needed = "needs `test_rewards` or `test_labels`, to compare by";
            return Err(match (self.seeds, strategies.last()) {
                (None, Some(other)) => Error::setting("beside", other.name(), needed),
                (seeds, _) => Error::setting("seeds", seeds.unwrap_or(SEEDS), needed),
            });
        }
        let plan = Plan { strategies, seeds: self.seeds.unwrap_or(SEEDS), splits: bundled };
        plan.check(settings)?;
        Ok(Some(plan))
    }

    fn begin(&self, output: &mut Output) -> Result<Job> {
        let mut settings = self.settings()?;
        if self.data.is_listed() {
            settings.asking.pool = PoolKind::Listed;
        }
        settings.check()?;
        let source = self.data.source()?;
        if source.is_bundled() {
            groups::note_bundled("train_embeddings", output);
        }
        let Asking { pool, prompts_per_round, .. } = settings.asking;
        let dataset = source.open(pool)?;
        dataset.train.embeddings.check_round(pool, prompts_per_round)?;
        self.data.fit_oracle(&mut settings, &dataset, &self.typed())?;
        let data = dataset.summary()?;
        let notes = settings.fit_to(data.clone(), &self.typed())?;
        let plan = self.plan(&settings, &dataset, source.is_bundled())?;
        let folder = OutputFolder::create(&self.out, self.force, &source)?.with_grid(plan.clone());
        output.work().fills(&self.out, folder.partial_path(), 0);
        for note in &notes {
            output.note(note);
        }
        self.data.note(&dataset, &settings, output)?;
        settings.data = Some(self.data.scan(&dataset, data, output)?);
        output.place(folder.partial_path(), &self.out);
        let grid = plan.map(|plan| Grid { plan, cells: Vec::new() });
        Ok(Job { out: self.out.clone(), folder, dataset, settings, grid })
    }

    fn go_on(&self, out: &Path, threads: &Threads, output: &mut Output) -> Result<Done> {
        let (folder, interrupted) = OutputFolder::resume(out, self.force)?;
        let Interrupted { settings, data, rounds, grid } = interrupted;
        let ended = rounds.len();
        output.work().fills(out, folder.partial_path(), ended as u64);
        let Some(source) = data else {
            folder.finish()?;
            let comparison = grid.as_ref().and_then(Comparison::of);
            return Ok(Done { rounds, comparison });
        };
        let dataset = source.open(settings.asking.pool)?;
        let began = settings.data.as_ref();
        // A sample first, which tells most changes at once.
        let now = dataset.summary()?;
        source.check_unchanged(began, &now)?;
        source.check_unchanged(began, &self.data.scan(&dataset, now, output)?)?;
        output.note(&format!("going on after round {ended} of {}", settings.asking.rounds));
        Job { out: out.to_owned(), folder, dataset, settings, grid }.carry_out(threads, output)
    }

    fn report(&self, out: &Path, done: &Done, output: &Output) -> Result<()> {
        let out = out.display().to_string();
        let Done { rounds, comparison } = done;
        if self.print.json {
            let comparison = comparison.as_ref();
            return output.json(&Report { out, rounds, comparison });
        }
        let table = match comparison {
            Some(comparison) => comparison.text(),
            None => table::of_rounds(rounds),
        };
        output.result(&format!("{table}\n\nresults in {out}\n"))
    }
}

impl Job {
    fn carry_out(self, threads: &Threads, output: &mut Output) -> Result<Done> {
        let out = quoted(&self.out);
        let partial = self.folder.partial_path().to_owned();
        let filled = self.fill(threads, output);
        if filled.is_err() && partial.exists() {
            output.note(&format!("the rounds that ended are kept for pairpick run --resume {out}"));
        }
        filled
    }

    fn fill(mut self, threads: &Threads, output: &mut Output) -> Result<Done> {
        let Self { folder, dataset, settings, .. } = &mut self;
        let mut oracle = OracleAnswerer { dataset, settings };
        let Summary { rounds } =
            round::run(dataset, settings, threads, &mut oracle, folder, output)?;
        let strategy = settings.asking.strategy.name();
        let (curves, comparison) = match self.grid.take() {
            Some(mut grid) => {
                self.compare(&mut grid, &rounds, threads, output)?;
                let title = grid_title(&grid.plan);
                (curves::grid_svg(&title, &grid)?, Comparison::of(&grid))
            }
            None => {
                let title = format!("{strategy}, seed {}", self.settings.seed);
                (curves::svg(&title, &rounds)?, None)
            }
        };
        self.folder.write_curves(&curves)?;
        self.folder.finish()?;
        Ok(Done { rounds, comparison })
    }

    /// Does what is left of the runs to compare with, of which this run is the first.
    fn compare(
        &mut self,
        grid: &mut Grid,
        rounds: &[RoundMetrics],
        threads: &Threads,
        output: &mut Output,
    ) -> Result<()> {
        let Self { folder, dataset, settings, .. } = self;
        let (setups, splits) = (std::slice::from_ref(settings), grid.plan.splits);
        let cells = grid.plan.cells(setups);
        if let (Some(first), true) = (cells.first(), grid.cells.is_empty()) {
            folder.append_run(&GridLine::of(first, rounds))?;
            grid.cells.push(rounds.to_vec());
        }
        let left = cells.get(grid.cells.len()..).unwrap_or_default();
        let (count, runs) = (left.len(), if left.len() == 1 { "run" } else { "runs" });
        output.log(&format!("comparing with {count} more {runs}; --beside none does without"));
        let mut keep = |place: usize, rounds: Vec<CellRound>| {
            let rounds: Vec<_> = rounds.into_iter().map(|round| round.metrics).collect();
            folder.append_run(&GridLine::of(&left[place], &rounds))?;
            grid.cells.push(rounds);
            Ok(())
        };
        let mut in_order = InOrder::default();
        let mut ended = |place, rounds| in_order.take(place, rounds, &mut keep);
        Work { setups, dataset, splits, threads }.complete(left, &mut ended, output)
    }
}

/// What a picture of a grid shows.
fn grid_title(plan: &Plan) -> String {
    let names: Vec<&str> = plan.strategies.iter().map(|strategy| strategy.name()).collect();
    format!("{}: means and 95 % intervals over {} seeds", names.join(" and "), plan.seeds)
}
