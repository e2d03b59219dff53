//! `pairpick compare --example mixture`: the paper's example in two dimensions, with a map of what the
//! first seed's models have learnt.

use clap::Args;

use crate::data::dataset::Dataset;
use crate::data::embeddings::Embeddings;
use crate::data::mixture::{self, Points};
use crate::error::Result;
use crate::grid::{Cell, Plan};
use crate::label::oracle::OracleAnswerer;
use crate::model::Model;
use crate::named::{choice, named};
use crate::parallel::Threads;
use crate::progress::{Progress, Silent};
use crate::report::document::Figure;
use crate::report::heat_maps::{Map, MapColumn, figure};
use crate::round;
use crate::round::journal::{Committed, Journal, RoundRecord};
use crate::settings::Settings;

/// Data that is made rather than read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Example {
    Mixture,
}

named!(Example, "example",
    Mixture = "mixture": "the paper's section 4: points of a plane, rewarded by the log-density of two \
                          Gaussians; its recipe, 200 of 1,000 points' pairs in each of 4 rounds",
);

/// Which example, and what the paper leaves open of it.
#[derive(Debug, Args)]
pub(super) struct ExampleOptions {
    /// Data of an example in place of one's own; --temperature, --first-round and --init vary it
    #[arg(long, value_parser = choice::<Example>(), help_heading = "Data",
          conflicts_with_all = ["train_source", "test_source", "candidates", "test_labels", "covariates"])]
    pub example: Option<Example>,

    /// mixture: where the points lie that can be asked about; normal if not given
    #[arg(long, value_parser = choice::<Points>(), requires = "example", help_heading = "Data")]
    points: Option<Points>,
}

impl ExampleOptions {
    /// The data.
    pub fn dataset(&self) -> Result<Dataset> {
        mixture::dataset(self.points.unwrap_or_default())
    }
}

/// What each strategy's first run has learnt, round by round, and asked about.
pub(super) fn maps(
    plan: &Plan,
    setups: &[Settings],
    dataset: &Dataset,
    threads: &Threads,
    progress: &mut dyn Progress,
) -> Result<Figure> {
    let cells = plan.cells(setups);
    let first: Vec<&Cell> = cells.iter().take(plan.strategies.len()).collect();
    progress.begin("drawing maps", first.len() as u64);
    let mut columns = Vec::new();
    for cell in first {
        let settings = cell.settings(setups)?;
        let mut oracle = OracleAnswerer { dataset, settings: &settings };
        let mut journal = Maps { dataset, threads, maps: Vec::new() };
        round::run(dataset, &settings, threads, &mut oracle, &mut journal, &mut Silent)?;
        columns.push(MapColumn { name: cell.strategy.name().to_owned(), maps: journal.maps });
        progress.advance(columns.len() as u64);
    }
    progress.end();
    figure(
        &columns,
        "maps",
        "What is learnt, and the pairs asked about",
        "In place of the paper's Figures 1 and 6: a column a strategy, a row a round, of the first seed. \
         Colours: which eighth of all points the learnt reward puts a point in, from dark blue, the \
         lowest, to yellow; the true reward has its peaks at (2.5, 2.5) and (−2.5, −2.5). Red dots joined \
         by white lines: the pairs of the round; points beyond the map are drawn at its edge.",
    )
}

/// Keeps maps instead of rounds.
struct Maps<'a> {
    dataset: &'a Dataset,
    threads: &'a Threads,
    maps: Vec<Map>,
}

impl Maps<'_> {
    fn rewards(&self, model: &Model) -> Result<Vec<f64>> {
        let grid = self.dataset.test_embeddings();
        let scores = round::score::score(model, grid, None, self.threads, &mut Silent)?;
        Ok(scores.into_iter().map(|score| score.reward).collect())
    }
}

impl Journal for Maps<'_> {
    fn begin(&mut self, _settings: &Settings, _embeddings: &Embeddings) -> Result<Committed> {
        Ok(Committed::default())
    }

    fn commit(&mut self, round: RoundRecord<'_>) -> Result<()> {
        let point = |item: u64| -> Result<[f64; 2]> {
            let mut row = [0.0; 2];
            round.embeddings.read_range(item..item + 1, &mut row)?;
            Ok(row.map(f64::from))
        };
        let pairs = round
            .answered
            .labels
            .iter()
            .map(|label| Ok([point(label.question.a)?, point(label.question.b)?]));
        let pairs = pairs.collect::<Result<Vec<_>>>()?;
        let rewards = self.rewards(round.model)?;
        self.maps.push(Map { rewards, pairs });
        Ok(())
    }
}
