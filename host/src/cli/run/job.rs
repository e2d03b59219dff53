//! A run that has been told all, and those that it is compared with.

use std::path::PathBuf;

use crate::cli::interrupt::quoted;
use crate::cli::output::Output;
use crate::data::dataset::Dataset;
use crate::error::Result;
use crate::grid::{CellRound, Grid, GridLine, InOrder, Plan, Work};
use crate::label::oracle::OracleAnswerer;
use crate::output::OutputFolder;
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::report::comparison::Comparison;
use crate::report::curves;
use crate::report::raster::png;
use crate::round;
use crate::round::metrics::{RoundMetrics, Summary};
use crate::settings::Settings;

/// A run that can begin, or go on.
pub(super) struct Job {
    pub out: PathBuf,
    pub folder: OutputFolder,
    pub dataset: Dataset,
    pub settings: Settings,
    /// The runs that it is compared with, of which some may have ended.
    pub grid: Option<Grid>,
}

/// What came of a run, and of those that it is compared with.
pub(super) struct Done {
    pub rounds: Vec<RoundMetrics>,
    pub comparison: Option<Comparison>,
}

impl Job {
    pub(super) fn carry_out(mut self, threads: &Threads, output: &mut Output) -> Result<Done> {
        let out = quoted(&self.out);
        let partial = self.folder.partial_path().to_owned();
        let done = match self.fill(threads, output) {
            Ok(done) => self.folder.finish().map(|_| done),
            Err(error) => {
                self.folder.give_up();
                drop(self.folder);
                Err(error)
            }
        };
        if done.is_err() && partial.exists() {
            output.note(&format!("the rounds that ended are kept for pairpick run --resume {out}"));
        }
        done
    }

    fn fill(&mut self, threads: &Threads, output: &mut Output) -> Result<Done> {
        let Self { folder, dataset, settings, .. } = self;
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
        self.folder.write_curves(&curves, &png(&curves)?)?;
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
        let is_new = grid.cells.is_empty();
        let Self { folder, dataset, settings, .. } = self;
        let (setups, splits) = (std::slice::from_ref(settings), grid.plan.splits);
        let cells = grid.plan.cells(setups);
        if let (Some(first), true) = (cells.first(), grid.cells.is_empty()) {
            folder.append_run(&GridLine::of(first, rounds))?;
            grid.cells.push(rounds.to_vec());
        }
        let left = cells.get(grid.cells.len()..).unwrap_or_default();
        let (count, runs) = (left.len(), if left.len() == 1 { "run" } else { "runs" });
        if count > 0 {
            let without = if is_new && grid.plan.strategies.len() > 1 {
                "; --beside none does without"
            } else {
                ""
            };
            output.log(&format!("comparing with {count} more {runs}{without}"));
        }
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
