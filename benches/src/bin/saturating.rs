//! The paper's example in two dimensions by the loss of the authors' code, beside the program's.
//!
//! ```sh
//! cargo run --release -p pairpick-benches --bin saturating
//! ```

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{available_parallelism, scope};

use clap::Parser;
use pairpick::data::mixture::{Points, dataset};
use pairpick::grid::mixture;
use pairpick::named::Named;
use pairpick::parallel::Threads;
use pairpick::runtime::Runtime;
use pairpick_benches::learning::Failure;
use pairpick_benches::learning::statistics::{deviation, mean};
use pairpick_benches::saturating::{Loss, errors};
use pairpick_core::arith::Real as _;
use pairpick_core::select::Strategy;

/// Measure the example by both losses, after its last round
#[derive(Debug, Parser)]
struct Args {
    /// Seeds, from 0 on as `compare` has them
    #[arg(long, default_value_t = 10)]
    seeds: u64,

    /// These strategies alone, by their names
    #[arg(long, value_delimiter = ',', default_value = "random,dopt,pa-dopt")]
    strategies: Vec<String>,
}

fn main() -> Result<(), Failure> {
    let Args { seeds, strategies } = Args::parse();
    let dataset = dataset(Points::Normal)?;
    let named = |name: &String| <Strategy as Named>::from_name(name).ok_or("no such strategy");
    let strategies = strategies.iter().map(named).collect::<Result<Vec<_>, _>>()?;
    let mut runs = Vec::new();
    for strategy in strategies {
        for loss in [Loss::Logits, Loss::Rounded] {
            runs.extend((0..seeds).map(|seed| (strategy, loss, seed)));
        }
    }
    let (next, last) = (AtomicUsize::new(0), Mutex::new(vec![f64::NAN; runs.len()]));
    let work = || -> Result<(), Failure> {
        let single = Runtime { threads: NonZeroUsize::new(1), ..Runtime::default() };
        let threads = Threads::start(&single)?;
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some((strategy, loss, seed)) = runs.get(place) else { return Ok(()) };
            let mut settings = mixture::settings(*seed);
            settings.asking.strategy = *strategy;
            let errors = threads.install(|| errors(&dataset, &settings, *loss, &threads))?;
            let error = errors.last().copied().ok_or("no round")?;
            last.lock().map_err(|_| "another thread has failed")?[place] = error;
        }
    };
    scope(|scope| {
        let cores = available_parallelism()?.get();
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let ended =
            workers.into_iter().map(|worker| worker.join().map_err(|_| "a run panicked")?);
        ended.collect::<Result<(), Failure>>()
    })?;
    let last = last.into_inner()?;
    for (runs, values) in runs.chunks(seeds as usize).zip(last.chunks(seeds as usize)) {
        let error = deviation(values) / (values.len() as f64).sqrt_of();
        let (strategy, loss, _) = runs[0];
        println!("{:10} {loss:?}: {:.4} ± {error:.4}", strategy.name(), mean(values));
    }
    Ok(())
}
