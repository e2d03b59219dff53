//! [`Job`]: the runs of a comparison, and its page.

use std::path::Path;
use std::time::Instant;

use pairpick_core::parallel::Executor;

use crate::cli::mixture;
use crate::cli::output::Output;
use crate::cost::seconds_of_run;
use crate::data::dataset::Dataset;
use crate::error::Result;
use crate::grid::{Cell, CellRound, CellRun, Plan, Work};
use crate::output::results::Results;
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::report::raster::png;
use crate::report::standing::{Runs, Standing};
use crate::report::strategies_page::{LearntFrom, Page};
use crate::settings::Settings;

/// Fewer runs than these are done before their time could be measured.
const WORTH_AN_ESTIMATE: usize = 5;

/// A grid that can be begun, or gone on with.
pub(super) struct Job {
    pub plan: Plan,
    pub setups: Vec<Settings>,
    pub dataset: Dataset,
    pub data: LearntFrom,
}

impl Job {
    fn cells(&self) -> Vec<Cell> {
        self.plan.cells(&self.setups)
    }

    /// Does the runs that have not ended yet, and keeps each.
    pub fn complete(
        &self,
        results: &mut Results,
        threads: &Threads,
        out: &Path,
        output: &mut Output,
    ) -> Result<()> {
        let Self { plan, setups, dataset, .. } = self;
        let mut left = Vec::new();
        for cell in self.cells() {
            let (settings, split) = (cell.settings(setups)?, cell.split(plan));
            if !results.runs().iter().any(|run| run.is_of(&settings, split)) {
                left.push(cell);
            }
        }
        let (all, before) = (self.cells().len(), self.cells().len() - left.len());
        if before > 0 {
            output
                .note(&format!("{before} of {all} runs have ended before, and are not done again"));
        }
        let others = results.runs().len().saturating_sub(before);
        if others > 0 {
            output.note(&format!(
                "of the runs in the folder {others} are of other settings, seeds or data: they stay, and are \
                 not on the page"
            ));
        }
        output.work().compares(out, before as u64, all as u64);
        if left.len() >= WORTH_AN_ESTIMATE {
            self.estimate(&left, threads, output)?;
        }
        if left.is_empty() {
            return Ok(());
        }
        let work = output.work().clone();
        let mut ended = |place: usize, rounds: Vec<CellRound>| {
            let cell = &left[place];
            let settings = cell.settings(setups)?;
            let Cell { strategy, seed, .. } = *cell;
            results.keep(CellRun { strategy, seed, split: cell.split(plan), settings, rounds })?;
            work.run_kept();
            Ok(())
        };
        let splits = plan.splits;
        Work { setups, dataset, splits, threads }.complete(&left, &mut ended, output)
    }

    /// Says how long it will take, as far as stages that were run on few items tell.
    fn estimate(&self, left: &[Cell], threads: &Threads, output: &mut Output) -> Result<()> {
        output.begin("measuring this machine", 0);
        let (one, start) = (threads.single()?, Instant::now());
        let mut seconds = 0.0;
        for (place, setup) in self.setups.iter().enumerate() {
            let run = seconds_of_run(&one, setup, &move || start.elapsed().as_secs_f64())?;
            let of_setup = left.iter().filter(|cell| cell.setup == place);
            seconds += of_setup.fold(0.0, |sum, cell| sum + run.by(cell.strategy));
        }
        output.end();
        let (count, threads) = (left.len(), threads.threads());
        let told = told(seconds / threads.min(count) as f64);
        output.log(&format!(
            "{count} runs on {threads} threads: about {told}, by what `pairpick cost` counts; a rough \
             figure, which the bar corrects"
        ));
        Ok(())
    }

    /// Writes the page, and gives back what it tells.
    pub fn tell(
        &self,
        results: &mut Results,
        threads: &Threads,
        output: &mut Output,
    ) -> Result<Standing> {
        let Self { plan, setups, .. } = self;
        let mut wanted = Vec::new();
        for cell in self.cells() {
            wanted.push((cell.settings(setups)?, cell.split(plan)));
        }
        let place =
            |run: &CellRun| wanted.iter().position(|(settings, split)| run.is_of(settings, *split));
        results.sort(&place)?;
        // Once they are in order, those of this comparison come first.
        let runs: Vec<&CellRun> = results.runs().iter().take(wanted.len()).collect();
        output.begin("drawing seeds and prompts anew", 0);
        let standing = Standing::of(&Runs { plan, setups, runs: &runs })?;
        output.end();
        let mut page = Page { plan, setups, standing: &standing, data: &self.data }.document()?;
        if self.data.is_example {
            let maps = mixture::maps(plan, setups, &self.dataset, threads, output)?;
            page.put_first(maps);
        }
        for figure in page.figures() {
            results.write(&format!("{}.svg", figure.name), figure.svg.as_bytes())?;
            results.write(&format!("{}.png", figure.name), &png(&figure.svg)?)?;
        }
        results.write("table.md", page.markdown().as_bytes())?;
        results.write("index.html", page.html().as_bytes())?;
        Ok(standing)
    }
}

fn told(seconds: f64) -> String {
    match seconds {
        0.0..100.0 => format!("{seconds:.0} s"),
        100.0..6000.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}
