//! `pairpick compare`: strategies beside each other, over seeds and set-ups.

mod job;

use std::path::{Component, Path, PathBuf};

use clap::Args as ClapArgs;
use pairpick_core::select::Strategy;
use serde::Serialize;

use self::job::Job;
use super::grid_axes::{GridAxes, SetupChoice, several};
use super::measured_data::MeasuredData;
use super::mixture::ExampleOptions;
use super::output::Output;
use super::{groups, help};
use crate::data::pool_kind::PoolKind;
use crate::error::{Error, Result};
use crate::grid::{Plan, mixture};
use crate::output::results::Results;
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::report::standing::Standing;
use crate::report::strategies_page::LearntFrom;
use crate::runtime::Runtime;
use crate::settings::{Amount, Asking, Features, Preset, Settings, Typed};

/// Strategies beside each other: runs by several seeds and set-ups, drawn and told on a page
///
/// Every strategy runs by every seed in every set-up: each --batch with each --pool, --features,
/// --prompts-per-round and --hidden. The runs of a seed share pools, first weights and the errors of
/// annotators. Without data options they are on the small data that comes with the program, with
/// other test prompts for each seed.
///
/// The folder gets results.jsonl, a line a run; table.md; index.html, one page that holds everything;
/// and its pictures, each as SVG and as PNG. A run that has ended is there for good: after an interruption the same command
/// does what is left, and with more seeds or strategies what is new.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = help::COMPARE,
    allow_negative_numbers = true,
    mut_arg("strategy", |arg| several(arg, "S,…").long("strategies").help(
        "Which pairs to ask about, strategy by strategy; random is always among them")),
    mut_arg("pool", |arg| several(arg, "POOL,…")),
    mut_arg("batch", |arg| several(arg, "N,…")),
    mut_arg("features", |arg| several(arg, "F,…")),
    mut_arg("prompts_per_round", |arg| several(arg, "N,…")),
    mut_arg("hidden", |arg| arg.action(clap::ArgAction::Append).help_heading("Grid").help(
        "Units of the three hidden layers, at most 256 each; for several networks, again")),
)]
pub(super) struct Args {
    // First, since what follows takes a first value for its own.
    #[command(flatten)]
    axes: GridAxes,

    #[command(flatten)]
    data: MeasuredData,

    #[command(flatten)]
    example: ExampleOptions,

    #[command(flatten)]
    settings: groups::RunSettings,

    #[command(flatten)]
    recipe: groups::Recipe,

    /// Runs of each strategy in each set-up, by seeds from --seed on; 20, with --quick or the paper's
    /// preset 5
    #[arg(long, value_name = "N", help_heading = "Grid")]
    seeds: Option<u32>,

    /// Labels of each run, in as many rounds as its batch needs; where several batches are given, as
    /// many as the smallest has in --rounds
    #[arg(long, value_name = "N", conflicts_with = "rounds", help_heading = "Grid")]
    labels: Option<usize>,

    /// A first look, in about a minute on small data: three strategies and 5 seeds, unless said
    /// otherwise
    #[arg(long, help_heading = "Grid")]
    quick: bool,

    #[command(flatten)]
    runtime: Runtime,

    /// Folder for the results; new, empty, or of an earlier comparison, whose runs are not done again
    #[arg(long, value_name = "DIR", default_value = "pairpick-compare", help_heading = "Output")]
    out: PathBuf,

    #[command(flatten)]
    print: groups::Print,
}

/// Seeds where nobody says how many: of the paper's recipe, whose runs take minutes, few.
const SEEDS: u32 = 20;
const FEW_SEEDS: u32 = 5;

/// Strategies where nobody names any: the one that is recommended, the paper's, and ours that are like it.
const STRATEGIES: [Strategy; 9] = [
    Strategy::RobustVOpt,
    Strategy::GreedyDopt,
    Strategy::Dopt,
    Strategy::PaDopt,
    Strategy::Design,
    Strategy::Entropy,
    Strategy::MaxDiff,
    Strategy::Coreset,
    Strategy::Random,
];

/// Those of the paper.
const OF_PAPER: [Strategy; 8] = [
    Strategy::Dopt,
    Strategy::PaDopt,
    Strategy::Design,
    Strategy::Entropy,
    Strategy::MaxDiff,
    Strategy::Coreset,
    Strategy::BatchBald,
    Strategy::Random,
];

/// Those of the paper that can choose among all pairs of the example.
const OF_EXAMPLE: [Strategy; 6] = [
    Strategy::Dopt,
    Strategy::PaDopt,
    Strategy::Design,
    Strategy::Entropy,
    Strategy::MaxDiff,
    Strategy::Random,
];

/// Those of a first look.
const QUICK: [Strategy; 3] = [Strategy::RobustVOpt, Strategy::Dopt, Strategy::Random];

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    out: String,
    standing: &'a Standing,
}

/// Compares. Nothing is written before all that can be checked is.
pub(super) fn execute(args: &mut Args, output: &mut Output) -> Result<()> {
    let typed = args.settings.typed();
    args.data.fill(&typed, output)?;
    let threads = Threads::start(&args.runtime)?;
    let job = args.job(&typed, output)?;
    let mut results = Results::open(&args.out)?;
    job.complete(&mut results, &threads, &args.out, output)?;
    let standing = job.tell(&mut results, &threads, output)?;
    let out = args.out.display().to_string();
    if args.print.json {
        return output.json(&Report { out, standing: &standing });
    }
    let text = standing.text();
    output.result(&format!("{text}\n\nresults in {out}; the page is {out}/index.html\n"))
}

impl Args {
    fn job(&self, typed: &Typed, output: &mut Output) -> Result<Job> {
        let strategies = self.strategies();
        let mut setups = Vec::new();
        for choice in self.axes.choices() {
            let settings = self.settings(&choice, &strategies, typed)?;
            // Layers make no difference where there is no network.
            if !setups.contains(&settings) {
                setups.push(settings);
            }
        }
        let kinds: Vec<Features> = setups.iter().map(|setup| setup.model.features()).collect();
        self.settings.check_read(&kinds)?;
        let source = self.data.source()?;
        let splits = source.is_bundled() && self.example.example.is_none();
        if splits {
            groups::note_bundled("train_embeddings", output);
        }
        let dataset = match self.example.example {
            Some(_) => self.example.dataset()?,
            None => source.open(setups[0].asking.pool)?,
        };
        if !dataset.is_measured() {
            let expected = "needs `test_rewards` or `test_labels` beside it, to compare by";
            let train = self.data.train_embeddings().unwrap_or(Path::new(""));
            return Err(Error::setting("train_embeddings", train.display(), expected));
        }
        let seeds = self.seeds();
        let plan = Plan { strategies, seeds, splits };
        let data = dataset.summary()?;
        let mut notes = Vec::new();
        for setup in &mut setups {
            let Asking { pool, prompts_per_round, .. } = setup.asking;
            dataset.train.embeddings.check_pool(pool)?;
            dataset.train.embeddings.check_round(pool, prompts_per_round)?;
            self.data.fit_oracle(setup, &dataset, typed)?;
            for strategy in &plan.strategies {
                // What was typed is refused for any of them, as `run` would.
                let mut other = setup.clone();
                other.asking.strategy = *strategy;
                other.fit_to(data.clone(), typed)?;
            }
            notes.extend(setup.fit_to(data.clone(), typed)?);
            plan.check(setup)?;
        }
        notes.dedup();
        notes.iter().for_each(|note| output.note(note));
        self.data.note(&dataset, &setups[0], output)?;
        let scanned = self.data.scan(&dataset, data, output)?;
        setups.iter_mut().for_each(|setup| setup.data = Some(scanned.clone()));
        Ok(Job { plan, setups, dataset, data: self.learnt_from() })
    }

    fn learnt_from(&self) -> LearntFrom {
        let is_example = self.example.example.is_some();
        let name = match self.data.train_embeddings() {
            _ if is_example => {
                "points of a plane, rewarded by the log-density of two Gaussians".to_owned()
            }
            None => "the program's own replies".to_owned(),
            Some(path) => last_two(path),
        };
        LearntFrom { name, is_example }
    }

    /// The strategies, each once, random pairs among them.
    fn strategies(&self) -> Vec<Strategy> {
        let own: &[Strategy] = match self.recipe.preset() {
            _ if !self.axes.strategies.is_empty() => &self.axes.strategies,
            _ if self.example.example.is_some() => &OF_EXAMPLE,
            _ if self.quick => &QUICK,
            Preset::Paper => &OF_PAPER,
            Preset::Default | Preset::Mlp => &STRATEGIES,
        };
        let mut strategies: Vec<Strategy> = Vec::new();
        for strategy in own.iter().chain(&[Strategy::Random]) {
            if !strategies.contains(strategy) {
                strategies.push(*strategy);
            }
        }
        strategies
    }

    fn seeds(&self) -> u32 {
        let few = self.quick || self.recipe.preset() == Preset::Paper;
        self.seeds.unwrap_or(if few { FEW_SEEDS } else { SEEDS })
    }

    /// Those of a set-up, whose strategy is the first.
    fn settings(
        &self,
        choice: &SetupChoice,
        strategies: &[Strategy],
        typed: &Typed,
    ) -> Result<Settings> {
        let mut settings = match self.example.example {
            Some(_) => mixture::settings(self.recipe.seed()),
            None => self.recipe.settings(self.data.train_embeddings()),
        };
        self.settings.write_as(choice.features, &mut settings);
        choice.write(&mut settings);
        if self.data.is_listed() {
            settings.asking.pool = PoolKind::Listed;
        }
        self.fit_rounds(&mut settings.asking)?;
        let across = settings.asking.pool == PoolKind::CrossPrompt;
        for strategy in strategies {
            settings.asking.strategy = *strategy;
            if self.example.example.is_none() {
                settings.offer_pairs_of_recipe(typed);
            }
            // One pool for all, which is a list as soon as one of them needs that.
            if across && !strategy.facts().all_pairs && !typed.has("pairs") {
                settings.offer_a_sample();
            }
        }
        // The paper's choose among 20,000 pairs, whichever pairs these are.
        if self.example.example.is_none()
            && settings.preset == Preset::Paper
            && settings.asking.pairs == Amount::All
            && !typed.has("pairs")
        {
            settings.offer_a_sample();
        }
        settings.asking.strategy = strategies[0];
        // An option is for those of the strategies that read it, so one of them has to.
        settings.asking.check_read_by(strategies)?;
        let mut of_first = settings.clone();
        of_first.asking.keep_what_is_read();
        of_first.check()?;
        Ok(settings)
    }

    /// As many rounds as give all set-ups the same number of labels.
    fn fit_rounds(&self, asking: &mut Asking) -> Result<()> {
        let smallest = self.axes.batches.iter().min().filter(|_| self.axes.batches.len() > 1);
        let wanted = self.labels.or(smallest.map(|batch| batch.saturating_mul(asking.rounds)));
        let Some(labels) = wanted else { return Ok(()) };
        let rounds = labels.checked_div(asking.batch).unwrap_or(0);
        if rounds == 0 {
            let least = format!("at least the largest batch, {}", asking.batch);
            return Err(match self.labels {
                Some(labels) => Error::setting("labels", labels, least),
                None => {
                    let expected =
                        format!("give the smallest batch {labels} labels; {least}, is needed");
                    Error::setting("rounds", asking.rounds, expected)
                }
            });
        }
        asking.rounds = rounds;
        Ok(())
    }
}

/// A file by its name and its folder's, which say which data it is and not where.
fn last_two(path: &Path) -> String {
    let is_name = |part: &Component<'_>| matches!(part, Component::Normal(_));
    let names = path.components().rev().take_while(is_name).take(2);
    let mut names: Vec<_> = names.map(|name| name.as_os_str().to_string_lossy()).collect();
    names.reverse();
    names.join("/")
}
