//! Selection of 500 from 500 prompts × 10, 64 features ready, one thread: from the 22,500 in-prompt
//! pairs, from all 12,497,500 pairs, and from 20,000 listed ones; the whole, by every strategy and in
//! both precisions, `dopt` at every instruction set and the others at the best.

use std::hint::black_box;

use criterion::{
    BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime,
};
use pairpick::memory::Selector;
use pairpick_benches::{levels, numbers};
use pairpick_core::arith::{Level, Real};
use pairpick_core::columns::Columns;
use pairpick_core::head::Covariates;
use pairpick_core::linalg::{Packed, packed_len};
use pairpick_core::parallel::Sequential;
use pairpick_core::pool::{Distinct, ItemPair, Pairs, Pool, Prompts};
use pairpick_core::rng::Stream;
use pairpick_core::select::{Options, Posterior, Problem, Strategy};

const PROMPTS: usize = 500;
const REPLIES: u32 = 10;
const ORDER: usize = 64;
const BATCH: usize = 500;

/// Pairs picked from all 12,497,500 where every pick walks them all.
const FEW: usize = 5;

fn every_strategy<T: Real>(criterion: &mut Criterion) {
    let starts: Vec<u32> = (0..).step_by(REPLIES as usize).take(PROMPTS + 1).collect();
    let mut first_pairs = vec![0; starts.len()];
    let prompts = Prompts::new(&starts, &mut first_pairs).expect("prompts");
    let features = numbers(prompts.items() * ORDER, 1);
    let head = numbers(ORDER, 2);
    let columns = Columns::new(&features, ORDER, prompts.items()).expect("shape");
    let items = u32::try_from(columns.len()).expect("small");
    let list: Vec<_> =
        (0..20_000).map(|pair| ItemPair { a: pair % items, b: pair * 7 % items }).collect();
    let pools = [
        ("in-prompt", Pool::in_prompt(columns, prompts, &[])),
        ("cross-prompt", Pool::cross_prompt(columns, &[])),
        ("listed", Pool::listed(columns, &list, &[])),
    ];
    let past = vec![T::ZERO; packed_len(ORDER)];
    let posterior = Posterior {
        head: &head,
        prior_precision: T::ONE,
        covariates: Covariates::NONE,
        jitter: T::ZERO,
        past: Packed::new(ORDER, past.as_slice()).expect("order"),
    };
    let mut target = Packed::new(ORDER, vec![T::ZERO; packed_len(ORDER)]).expect("order");
    target.add_diagonal(T::ONE);
    let options = Options {
        target: Some(Packed::new(ORDER, target.as_slice()).expect("order")),
        // Without the cap of its own, `robust-v-opt` fills its batch.
        distinct: Some(Distinct::Unlimited),
        ..Options::default()
    };
    let mut group = criterion.benchmark_group(T::NAME);
    group.sample_size(10);
    for (kind, pool) in pools {
        let pool = pool.and_then(|pool| pool.with_prompts(&starts)).expect("a pool");
        for strategy in Strategy::ALL {
            let levels = levels();
            let best = levels.len() - 1;
            let first = if strategy == Strategy::Dopt { 0 } else { best };
            for (name, level) in levels.into_iter().skip(first) {
                let batch = batch_of(strategy, pool.pairs());
                let name = format!("{} {batch}, {kind}, {name}", strategy.name());
                one(&mut group, &name, (strategy, level, batch), (&pool, &posterior, &options));
            }
        }
    }
    group.finish();
}

fn batch_of(strategy: Strategy, pairs: Pairs<'_>) -> usize {
    match (pairs, strategy) {
        (
            Pairs::CrossPrompt(_),
            Strategy::Exchange | Strategy::GreedyAOpt | Strategy::GreedyVOpt | Strategy::RobustVOpt,
        ) => FEW,
        _ => BATCH,
    }
}

fn one<T: Real>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    (strategy, level, batch): (Strategy, Level, usize),
    (pool, posterior, options): (&Pool<'_>, &Posterior<'_, T>, &Options<'_, T>),
) {
    let mut selector = Selector::default();
    let executor = Sequential(level);
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            let mut rng = Stream::new(0, "bench", 0);
            let problem =
                Problem { executor: &executor, pool: black_box(pool), posterior, options };
            selector.select(strategy, &problem, batch, &mut rng).map(|_| ()).expect("a batch")
        });
    });
}

criterion_group!(benches, every_strategy::<f32>, every_strategy::<f64>);
criterion_main!(benches);
