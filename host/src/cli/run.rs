//! `pairpick run`: the annotation loop against golden rewards or recorded answers.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use pairpick_core::select::Strategy;
use serde::Serialize;

use super::data_folder::{CANDIDATES, DataFolder, LABELS, TEST_LABELS, TRAIN_REWARDS};
use super::interrupt::quoted;
use super::output::Output;
use super::over::Over;
use super::{groups, help};
use crate::data::dataset::{DataSummary, Dataset};
use crate::data::overlap::Overlap;
use crate::data::pool_kind::PoolKind;
use crate::error::{Error, Result};
use crate::grid::{Cell, CellRound, Grid, Plan, Work};
use crate::label::oracle::OracleAnswerer;
use crate::named::Named;
use crate::output::inputs::{Files, LabelsFile, Source, TrainingFiles};
use crate::output::{Interrupted, OutputFolder};
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::report::comparison::Comparison;
use crate::report::{curves, table};
use crate::round;
use crate::round::metrics::{RoundMetrics, Summary};
use crate::runtime::Runtime;
use crate::settings::{Answers, Asking, Measuring, Oracle, Prior, Settings, Training, Typed};

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
    data: DataFolder,

    #[command(flatten)]
    embeddings: groups::TrainEmbeddings,

    #[command(flatten)]
    rewards: groups::TrainRewards,

    #[command(flatten)]
    candidates: groups::ListedPairs,

    #[command(flatten)]
    test: groups::TestData,

    #[command(flatten)]
    fields: groups::PromptFields,

    #[command(flatten)]
    covariates: groups::Covariates,

    #[command(flatten)]
    names: groups::CovariateNames,

    /// Held-out labels to measure the model on, of items of the test embeddings, or without these of
    /// the training embeddings: JSON Lines
    #[arg(long, value_name = "FILE", requires = "train_source", help_heading = "Data")]
    test_labels: Option<PathBuf>,

    #[command(flatten)]
    repeats: groups::RepeatedLabels,

    /// Skip the search for NaN and the digest of all embeddings, which read them once: an interrupted
    /// run then knows its data by a sample of 256 prompts
    #[arg(long, help_heading = "Data")]
    trust_finite: bool,

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
    args.fill(output)?;
    let threads = Threads::start(&args.runtime)?;
    let (out, done) = match &args.resume {
        None => (&args.out, args.begin(output)?.carry_out(&threads, output)?),
        Some(out) => (out, args.go_on(out, &threads, output)?),
    };
    args.report(out, &done, output)
}

impl Args {
    /// Finds in the folder of the data what no option names.
    fn fill(&mut self, output: &mut Output) -> Result<()> {
        let Some(mut folder) = self.data.open()? else {
            return Ok(());
        };
        folder.fill_train(&mut self.embeddings)?;
        folder.fill_lengths(&mut self.covariates)?;
        folder.fill(&mut self.rewards.train_rewards, &TRAIN_REWARDS)?;
        let candidates = &mut self.candidates.candidates;
        if !self.asking.typed().has("pool") {
            folder.fill(candidates, &CANDIDATES)?;
            if self.rewards.train_rewards.is_none() {
                folder.fill(candidates, &LABELS)?;
            }
        }
        folder.fill_test(&mut self.test)?;
        folder.fill(&mut self.test_labels, &TEST_LABELS)?;
        folder.note(output);
        Ok(())
    }

    fn settings(&self) -> Result<Settings> {
        let mut settings = self.recipe.settings(self.embeddings.train_embeddings.as_deref());
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

    fn source(&self) -> Result<Source> {
        let (rewards, candidates) = (&self.rewards.train_rewards, &self.candidates.candidates);
        let Some(embeddings) = &self.embeddings.train_embeddings else {
            return self.bundled();
        };
        if rewards.is_none() && candidates.is_none() {
            let needed = "`train_rewards`, or `candidates` with labels,";
            return Err(missing("train_embeddings", embeddings, needed));
        }
        check_is_a_file("candidates", candidates.as_ref())?;
        check_is_a_file("test_labels", self.test_labels.as_ref())?;
        let train = TrainingFiles {
            embeddings: embeddings.clone(),
            prompt_ids: self.fields.input(self.embeddings.train_prompt_ids.as_ref()),
            rewards: rewards.clone(),
            candidates: candidates.clone(),
            covariates: self.covariates.known(&self.names).of_files()?,
        };
        let repeats = self.repeats.repeats;
        let test_labels = self.test_labels.clone().map(|path| LabelsFile { path, repeats });
        Ok(Source::Files { train, test: self.test_files()?, test_labels })
    }

    /// The data that is part of the program, which goes with no file.
    fn bundled(&self) -> Result<Source> {
        let groups::TestData { test_embeddings, test_covariates, .. } = &self.test;
        match (test_embeddings, test_covariates) {
            (Some(found), _) => Err(missing("test_embeddings", found, "`train_embeddings`")),
            (None, Some(found)) => Err(missing("test_covariates", found, "`train_embeddings`")),
            _ if self.covariates.known(&self.names).of_bundled("train_embeddings")? => {
                Ok(Source::BundledWithLengths)
            }
            _ => Ok(Source::Bundled),
        }
    }

    /// Test embeddings with what the model is measured against; one without the other is an error.
    fn test_files(&self) -> Result<Option<Files>> {
        let groups::TestData {
            test_embeddings,
            test_prompt_ids,
            test_rewards,
            test_covariates,
            ..
        } = &self.test;
        match (test_embeddings, test_rewards) {
            (None, None) => match test_covariates {
                Some(found) => Err(missing("test_covariates", found, "`test_embeddings`")),
                None => Ok(None),
            },
            (None, Some(found)) => Err(missing("test_rewards", found, "`test_embeddings`")),
            (Some(found), None) if self.test_labels.is_none() => {
                Err(missing("test_embeddings", found, "`test_rewards` or `test_labels`"))
            }
            (Some(embeddings), rewards) => {
                let prompt_ids = self.fields.input(test_prompt_ids.as_ref());
                let (embeddings, rewards) = (embeddings.clone(), rewards.clone());
                let covariates = self.test.known(&self.names).of_files()?;
                Ok(Some(Files { embeddings, prompt_ids, rewards, covariates }))
            }
        }
    }

    /// Where no golden rewards are, the candidates' labels answer.
    fn fit_oracle(&self, settings: &mut Settings, dataset: &Dataset) -> Result<()> {
        let recorded = dataset.candidates.as_ref().is_some_and(|list| list.answers.is_some());
        if dataset.train.rewards.is_none() && !self.typed().has("oracle") {
            settings.answers.oracle = Oracle::Recorded;
        }
        let needed = match settings.answers.oracle {
            Oracle::Recorded | Oracle::RecordedAll if !recorded => {
                "needs `candidates` with a label in each line, or `train_rewards` for another"
            }
            Oracle::BradleyTerry | Oracle::ArgMax if dataset.train.rewards.is_none() => {
                "needs `train_rewards`"
            }
            _ => return Ok(()),
        };
        Err(Error::setting("oracle", settings.answers.oracle.name(), needed))
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
        if self.candidates.candidates.is_some() {
            settings.asking.pool = PoolKind::Listed;
        }
        settings.check()?;
        let source = self.source()?;
        if source.is_bundled() {
            groups::note_bundled("train_embeddings", output);
        }
        let Asking { pool, prompts_per_round, .. } = settings.asking;
        let dataset = source.open(pool)?;
        dataset.train.embeddings.check_round(pool, prompts_per_round)?;
        self.fit_oracle(&mut settings, &dataset)?;
        let data = dataset.summary()?;
        let notes = settings.fit_to(data.clone(), &self.typed())?;
        let plan = self.plan(&settings, &dataset, source.is_bundled())?;
        let folder = OutputFolder::create(&self.out, self.force, &source)?.with_grid(plan.clone());
        output.work().fills(&self.out, folder.partial_path(), 0);
        for note in &notes {
            output.note(note);
        }
        if pool == PoolKind::InPrompt {
            groups::note_single_responses(&dataset.train.embeddings, output);
        }
        groups::note_rounded(&dataset.train.embeddings, output);
        groups::note_equal_rewards(
            &dataset.train,
            "every answer is a matter of chance, or a tie",
            output,
        );
        if let Some(test) = &dataset.test {
            groups::note_rounded(&test.embeddings, output);
            groups::note_equal_rewards(test, groups::NO_ORDER, output);
            if test.rewards.is_some() {
                groups::note_uncounted(&test.embeddings, &settings.measuring.best_of, output);
            }
        }
        let overlap = Overlap::of(&dataset, pool)?.to_string();
        if !overlap.is_empty() {
            output.note(&format!("`test_labels`: {overlap}"));
        }
        settings.data = Some(self.scan(&dataset, data, output)?);
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
        source.check_unchanged(began, &self.scan(&dataset, now, output)?)?;
        output.note(&format!("going on after round {ended} of {}", settings.asking.rounds));
        Job { out: out.to_owned(), folder, dataset, settings, grid }.carry_out(threads, output)
    }

    /// What all of the data is; where it is trusted, no more than a sample tells.
    fn scan(
        &self,
        dataset: &Dataset,
        sample: DataSummary,
        output: &mut Output,
    ) -> Result<DataSummary> {
        if self.trust_finite {
            if dataset.is_more_than_a_sample() {
                output.note("`trust_finite`: the embeddings are known by a sample of them alone");
            }
            return Ok(sample);
        }
        output.begin("reading the data once", dataset.values());
        let scanned = dataset.scan(sample, &mut |done| output.advance(done));
        output.end();
        let (summary, all_equal) = scanned?;
        for path in all_equal {
            let path = path.display();
            output.note(&format!("{path}: all embeddings are equal: no answer teaches a model"));
        }
        Ok(summary)
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
        let mut ended =
            |cell: &Cell, rounds: &[RoundMetrics]| folder.append_run(&CellRound::of(cell, rounds));
        let cells = grid.plan.cells(settings);
        if let (Some(first), true) = (cells.first(), grid.cells.is_empty()) {
            ended(first, rounds)?;
            grid.cells.push(rounds.to_vec());
        }
        let left = cells.len().saturating_sub(grid.cells.len());
        let runs = if left == 1 { "run" } else { "runs" };
        output.log(&format!("comparing with {left} more {runs}; --beside none does without"));
        Work { settings, dataset, threads }.complete(grid, &mut ended, output)
    }
}

/// What a picture of a grid shows.
fn grid_title(plan: &Plan) -> String {
    let names: Vec<&str> = plan.strategies.iter().map(|strategy| strategy.name()).collect();
    format!("{}: means and 95 % intervals over {} seeds", names.join(" and "), plan.seeds)
}

/// A run that goes on reads its inputs again, which only a file allows.
fn check_is_a_file(setting: &'static str, path: Option<&PathBuf>) -> Result<()> {
    let is_read_once = |path: &&PathBuf| {
        path.as_path() == Path::new("-") || path.metadata().is_ok_and(|found| !found.is_file())
    };
    match path.filter(is_read_once) {
        Some(found) => {
            let expected = "must be a file here: a run that goes on reads it again";
            Err(Error::setting(setting, found.display(), expected))
        }
        None => Ok(()),
    }
}

fn missing(setting: &'static str, found: &Path, needed: &str) -> Error {
    Error::setting(setting, found.display(), format!("needs {needed} beside it"))
}
