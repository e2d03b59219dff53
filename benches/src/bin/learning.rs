//! How well models learn from so many labels, by strategy: on data from outside, and on the program's.
//!
//! ```sh
//! cargo run --release -p pairpick-benches --bin learning -- --data DIR --out DIR
//! ```
//!
//! A cell, which is a set of data by a seed and a recipe, is worked on once: those that have ended are
//! lines of `learning.jsonl` in the folder of `--out`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread::available_parallelism;

use clap::Parser;
use pairpick_benches::learning::Failure;
use pairpick_benches::learning::cells::{Cell, Recipe, work};
use pairpick_benches::learning::page::{Section, update};
use pairpick_benches::learning::results::Results;
use pairpick_benches::learning::sets::Set;
use pairpick_benches::learning::store::Store;
use pairpick_benches::learning::{reach, rival_tables, tables};

/// Measure how well models learn, and print tables
#[derive(Debug, Parser)]
struct Args {
    /// The folder of the sets of data
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Where cells are kept once they have ended
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// This set alone; may be given several times
    #[arg(long, value_name = "SET")]
    only: Vec<Set>,

    /// This recipe alone; may be given several times
    #[arg(long, value_name = "RECIPE")]
    recipe: Vec<Recipe>,

    /// Seeds of each set, where it has as many
    #[arg(long, default_value_t = 24)]
    seeds: u64,

    /// Cells at once; as many as there are processors if not given
    #[arg(long)]
    threads: Option<NonZeroUsize>,

    /// Put the tables that this page has places for in these, rather than print them
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
}

fn main() -> Result<(), Failure> {
    let Args { data, out, only, recipe, seeds, threads, page } = Args::parse();
    let store = Mutex::new(Store::open(&out)?);
    let or_all = |only: Vec<Set>| if only.is_empty() { Set::ALL.to_vec() } else { only };
    let recipes = if recipe.is_empty() { Recipe::ALL.to_vec() } else { recipe };
    let cores = threads.map_or_else(available_parallelism, Ok)?;
    if let Some(data) = data {
        work(&Cell::all(&or_all(only), &recipes, seeds), &data, cores, &store)?;
    }
    let store = store.into_inner()?;
    let results = Results::of(&store.ended);
    let mut sections: Vec<Section> = tables::sections(&results);
    sections.push(reach::section(&results));
    sections.extend(rival_tables::sections(&results));
    match page {
        Some(page) => update(&page, &sections),
        None => {
            sections.iter().for_each(|Section { name, text }| println!("{name}\n\n{text}\n"));
            Ok(())
        }
    }
}
