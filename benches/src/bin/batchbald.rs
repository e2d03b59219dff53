//! One selection by `batchbald` at the paper's size, 500 of 20,000 listed pairs with 64 features,
//! at the default options on two threads: how long it takes and what the batch tells, pick by pick.
//!
//! ```sh
//! cargo run --release -p pairpick-benches --bin batchbald [f32|f64] [picks]
//! ```

use std::time::Instant;

use pairpick::memory::Selector;
use pairpick_benches::numbers;
use pairpick_benches::work::threads;
use pairpick_core::arith::Real;
use pairpick_core::columns::Columns;
use pairpick_core::head::Covariates;
use pairpick_core::linalg::{Packed, packed_len};
use pairpick_core::pool::{ItemPair, Pool};
use pairpick_core::rng::Stream;
use pairpick_core::select::{Batch, Options, Posterior, Problem, Sizes, Strategy};

const ITEMS: usize = 5000;
const PAIRS: u64 = 20_000;
const ORDER: usize = 64;

fn select<T: Real>(picks: usize) {
    let features = numbers(ITEMS * ORDER, 1);
    let head = numbers(ORDER, 2);
    let columns = Columns::new(&features, ORDER, ITEMS).expect("shape");
    let mut rng = Stream::new(0, "list", 0);
    let mut item = || u32::try_from(rng.below(ITEMS as u64)).expect("small");
    let list: Vec<_> = (0..PAIRS).map(|_| ItemPair { a: item(), b: item() }).collect();
    let pool = Pool::listed(columns, &list, &[]).expect("a pool");
    let past = vec![T::ZERO; packed_len(ORDER)];
    let posterior = Posterior {
        head: &head,
        prior_precision: T::ONE,
        covariates: Covariates::NONE,
        jitter: T::ZERO,
        past: Packed::new(ORDER, past.as_slice()).expect("order"),
    };
    let options = Options::default();
    let len = Strategy::BatchBald.workspace_len(&Sizes::of(&pool, picks, 2), &options);
    let mut selector = Selector::default();
    let mut rng = Stream::new(0, Strategy::BatchBald.name(), 1);
    let executor = &threads(2);
    let problem = Problem { executor, pool: &pool, posterior: &posterior, options: &options };
    let start = Instant::now();
    let picked = selector.select(Strategy::BatchBald, &problem, picks, &mut rng);
    let seconds = start.elapsed().as_secs_f64();
    let Batch { pairs: batch, selection } = picked.expect("a batch");
    let information = selection.information.expect("told");
    println!("{}: {seconds:.1} s, {} KiB, {information:?}", T::NAME, len.bytes::<T>() >> 10);
    let mut nats = 0.0;
    for (place, picked) in batch.iter().enumerate() {
        nats += picked.score.to_f64();
        if place < 20 || place % 10 == 9 {
            let share = nats / information.limit;
            println!("{:4}: {:.6} nats, I / ln K {share:.4}", place + 1, picked.score.to_f64());
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let picks = arguments.get(1).map_or(500, |picks| picks.parse().expect("a number of picks"));
    match arguments.first().map(String::as_str) {
        None | Some("f64") => select::<f64>(picks),
        Some("f32") => select::<f32>(picks),
        Some(other) => panic!("{other} is neither f32 nor f64"),
    }
}
