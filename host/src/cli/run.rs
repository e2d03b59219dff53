//! `pairpick run`: the annotation loop against golden rewards or recorded answers.

mod beside;
mod job;

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use serde::Serialize;

use self::beside::{Beside, beside};
use self::job::{Done, Job};
use super::measured_data::MeasuredData;
use super::output::Output;
use super::{groups, help};
use crate::data::pool_kind::PoolKind;
use crate::error::Result;
use crate::grid::Grid;
use crate::output::{Interrupted, OutputFolder};
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::report::comparison::Comparison;
use crate::report::table;
use crate::round::metrics::RoundMetrics;
use crate::runtime::Runtime;
use crate::settings::{Asking, Settings, Typed};

/// Rounds of asking, training and measuring, answered from golden rewards or recorded answers
///
/// Each round draws prompts, picks a batch of pairs by the strategy, has them answered by an
/// oracle that knows the golden rewards, or from the answers that the candidates have, trains a
/// Bradley–Terry reward model on all answers so far, and measures it on the test prompts, or on
/// held-out labels. Without data options it runs on the small data that
/// comes with the program, of which a quarter of the prompts are for testing, and compares with
/// random pairs over 20 seeds, each with other test prompts: a single run is mostly chance.
///
/// The folder gets metrics.jsonl, labels.jsonl, model.safetensors, settings.json, curves.svg,
/// the same as curves.png, and manifest.json; where runs are compared, grid.jsonl too. The same command gives the same files on every machine, but for the field
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
    settings: groups::RunSettings,

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
        self.settings.write(&mut settings)?;
        settings.offer_pairs_of_recipe(&self.typed());
        Ok(settings)
    }

    fn typed(&self) -> Typed {
        self.settings.typed()
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
        if !dataset.is_measured() {
            output.note(
                "without `test_embeddings` and `test_rewards`, or `test_labels`, nothing says how well the \
                 model orders responses",
            );
        }
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
            None => format!("{}\n\n{}", table::of_rounds(rounds), table::legend(rounds)),
        };
        output.result(&format!("{table}\n\nresults in {out}\n"))
    }
}
