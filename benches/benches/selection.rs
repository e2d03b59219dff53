//! One-shot D-optimal selection of 500 from 500 prompts × 10, 64 features ready, one thread: from
//! the 22,500 in-prompt pairs, from all 12,497,500 pairs, and from 20,000 listed ones; the whole, at
//! every instruction set and in both precisions.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use pairpick_benches::{levels, numbers};
use pairpick_core::arith::Real;
use pairpick_core::linalg::{Columns, Packed, packed_len};
use pairpick_core::parallel::Sequential;
use pairpick_core::pool::{Pool, Prompts};
use pairpick_core::rng::Stream;
use pairpick_core::select::{Options, Posterior, Problem, Sizes, Strategy, Workspace};
use pairpick_core::topk::Scored;

const PROMPTS: usize = 500;
const REPLIES: u32 = 10;
const ORDER: usize = 64;
const BATCH: usize = 500;

fn one_shot<T: Real>(criterion: &mut Criterion) {
    let starts: Vec<u32> = (0..).step_by(REPLIES as usize).take(PROMPTS + 1).collect();
    let mut first_pairs = vec![0; starts.len()];
    let prompts = Prompts::new(&starts, &mut first_pairs).expect("prompts");
    let features = numbers(prompts.items() * ORDER, 1);
    let head = numbers(ORDER, 2);
    let columns = Columns::new(&features, ORDER, prompts.items()).expect("shape");
    let items = u32::try_from(columns.len()).expect("small");
    let list: Vec<_> = (0..20_000).map(|pair| (pair % items, pair * 7 % items)).collect();
    let pools = [
        ("in-prompt", Pool::in_prompt(columns, prompts, &[])),
        ("cross-prompt", Pool::cross_prompt(columns, &[])),
        ("listed", Pool::listed(columns, &list, &[])),
    ];
    let past = vec![T::ZERO; packed_len(ORDER)];
    let posterior = Posterior {
        head: &head,
        prior_precision: T::ONE,
        jitter: T::ZERO,
        past: Packed::new(ORDER, past.as_slice()).expect("order"),
    };
    let mut group = criterion.benchmark_group(format!("dopt 500, {}", T::NAME));
    group.sample_size(20);
    for (kind, pool) in pools {
        let pool = pool.expect("a pool");
        let options = Options::default();
        let len = Strategy::Dopt.workspace_len(&Sizes::of(&pool, BATCH, 1), &options);
        let mut numbers = vec![T::ZERO; len.numbers];
        let mut heaps = vec![Scored::default(); len.heaps];
        let mut ranks = vec![0; len.ranks];
        let mut batch = vec![Scored::default(); BATCH];
        for (name, level) in levels() {
            let executor = Sequential(level);
            group.bench_function(
                format!("{kind}, {} pairs, {name}", pool.available()),
                |bencher| {
                    bencher.iter(|| {
                        let workspace = Workspace {
                            numbers: &mut numbers,
                            heaps: &mut heaps,
                            ranks: &mut ranks,
                        };
                        let mut rng = Stream::new(0, "bench", 0);
                        let problem = Problem {
                            executor: &executor,
                            pool: black_box(&pool),
                            posterior: &posterior,
                            options: &options,
                        };
                        Strategy::Dopt
                            .select(&problem, workspace, &mut rng, &mut batch)
                            .expect("a batch")
                    });
                },
            );
        }
    }
    group.finish();
}

criterion_group!(benches, one_shot::<f32>, one_shot::<f64>);
criterion_main!(benches);
