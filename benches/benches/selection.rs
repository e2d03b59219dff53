//! One-shot D-optimal selection of 500 from the 22,500 in-prompt pairs of 500 prompts × 10, 64
//! features ready, one thread: the whole, at every instruction set and in both precisions.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use pairpick_benches::{levels, numbers};
use pairpick_core::arith::Real;
use pairpick_core::linalg::{Columns, Packed, packed_len};
use pairpick_core::parallel::Sequential;
use pairpick_core::pool::{Pool, Prompts};
use pairpick_core::rng::Stream;
use pairpick_core::select::{Posterior, Strategy, Workspace, workspace_len};
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
    let pool = Pool::in_prompt(columns, prompts, &[]).expect("a pool");
    let past = vec![T::ZERO; packed_len(ORDER)];
    let posterior = Posterior {
        head: &head,
        prior_precision: T::ONE,
        jitter: T::ZERO,
        past: Packed::new(ORDER, past.as_slice()).expect("order"),
    };
    let len = workspace_len(ORDER, prompts, BATCH, 1);
    let mut numbers = vec![T::ZERO; len.numbers];
    let mut heaps = vec![Scored::default(); len.heaps];
    let mut ranks = vec![0; len.ranks];
    let mut batch = vec![Scored::default(); BATCH];
    let mut group = criterion.benchmark_group(format!("dopt 500 of 22,500, {}", T::NAME));
    for (name, level) in levels() {
        let executor = Sequential(level);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let workspace =
                    Workspace { numbers: &mut numbers, heaps: &mut heaps, ranks: &mut ranks };
                let mut rng = Stream::new(0, "bench", 0);
                let pool = black_box(&pool);
                Strategy::Dopt
                    .select(&executor, pool, &posterior, workspace, &mut rng, &mut batch)
                    .expect("a batch")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, one_shot::<f32>, one_shot::<f64>);
criterion_main!(benches);
