//! One selection as firmware, and how many instructions each of its stages takes: 20 prompts of 10
//! replies, 900 pairs, features of order 32. `tests/platforms/instructions` runs it.

#[path = "counter.rs"]
mod counter;

use core::cell::UnsafeCell;
use core::fmt::Display;

use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::columns::Columns;
use pairpick_core::fisher::{Weighting, add_pool};
use pairpick_core::head::{Covariates, rewards};
use pairpick_core::kernel::panel::panel_stride;
use pairpick_core::linalg::{Cholesky, Packed, packed_len};
use pairpick_core::parallel::Executor;
use pairpick_core::pool::{Pool, PoolSize, Prompts};
use pairpick_core::rng::Stream;
use pairpick_core::score::{Criterion, Ranking, best_pairs};
use pairpick_core::select::{
    ArraySelector, Options, Posterior, Problem, Sizes, Strategy, Workload, WorkspaceLen,
};
use pairpick_core::topk::Scored;
use pairpick_core::whiten::{fill_whitened, fill_whitener, whitener_len};
use semihosting::{println, process};

const ORDER: usize = 32;
const PROMPTS: usize = 20;
const REPLIES: u32 = 10;
const ITEMS: usize = 200;
const BATCH: usize = 10;
/// Items that are whitened together: those of eight prompts, as where memory is scarce.
const TOGETHER: usize = 80;
const STRATEGY: Strategy = Strategy::PaDopt;

/// The selection that is counted.
struct Counted;

impl Workload for Counted {
    const SIZES: Sizes = Sizes {
        pool: PoolSize::uniform(ORDER, PROMPTS, REPLIES as usize),
        batch: BATCH,
        threads: 1,
    };
    const LEN: WorkspaceLen = STRATEGY.workspace_len(&Self::SIZES, &Options::<f32>::DEFAULT);
}

const LEN: WorkspaceLen = Counted::LEN;
type Selector<T> = ArraySelector<T, { LEN.numbers }, { LEN.heaps }, { LEN.ranks }, BATCH>;

/// What a selection works on and in.
pub struct Memory<T> {
    starts: [u32; PROMPTS + 1],
    first_pairs: [u64; PROMPTS + 1],
    features: [f32; ORDER * ITEMS],
    head: [f32; ORDER],
    rewards: [T; ITEMS],
    matrix: [T; packed_len(ORDER)],
    past: [T; packed_len(ORDER)],
    selector: Selector<T>,
}

/// A [`Memory`] in a static.
pub struct Place<T>(UnsafeCell<Memory<T>>);

// SAFETY: there is one thread, and no interrupt touches it.
unsafe impl<T> Sync for Place<T> {}

impl<T: Real> Place<T> {
    /// Zeros.
    #[allow(clippy::declare_interior_mutable_const, reason = "what a static begins with")]
    pub const ZERO: Self = Self(UnsafeCell::new(Memory {
        starts: [0; _],
        first_pairs: [0; _],
        features: [0.0; _],
        head: [0.0; _],
        rewards: [T::ZERO; _],
        matrix: [T::ZERO; _],
        past: [T::ZERO; _],
        selector: Selector::for_workload::<Counted>(),
    }));

    /// Measures and ends the program.
    pub fn run<E: Executor>(&'static self, executor: &E) -> ! {
        // SAFETY: the only place that takes it, and it does not return.
        match measure(executor, unsafe { &mut *self.0.get() }) {
            Ok(()) => process::exit(0),
            Err(error) => {
                println!("refused: {error}");
                process::exit(1)
            }
        }
    }
}

/// The instructions that `stage` takes, told under a name, and what it gives.
fn count<R>(name: impl Display, stage: impl FnOnce() -> R) -> R {
    let (spent, result) = counter::count(stage);
    println!("{name} {spent}");
    result
}

fn measure<T: Real, E: Executor>(executor: &E, memory: &mut Memory<T>) -> Result<(), Error> {
    println!("thousand {}", counter::start());
    let mut rng = Stream::new(7, "instructions", 0);
    memory.features.fill_with(|| 2.0 * rng.uniform::<f32>() - 1.0);
    memory.head.fill_with(|| rng.uniform::<f32>() - 0.5);
    for (start, prompt) in memory.starts.iter_mut().zip(0..) {
        *start = prompt * REPLIES;
    }
    let prompts = Prompts::new(&memory.starts, &mut memory.first_pairs)?;
    let features = Columns::new(&memory.features, ORDER, ITEMS)?;
    let pool = &Pool::in_prompt(features, prompts, &[])?;
    // The stages by themselves work in what the selection as a whole has.
    let (values, numbers) = (&mut memory.rewards, &mut memory.selector.numbers);
    count("rewards", || rewards(executor, features, &memory.head, values, numbers))?;
    let mut fisher = Packed::new(ORDER, &mut memory.matrix[..])?;
    let weighting = Weighting::Bernoulli;
    count("fisher", || add_pool(executor, pool, values, weighting, &mut fisher, numbers, &mut []))?;
    fisher.add_diagonal(T::ONE);
    let factor = count("cholesky", || Cholesky::factor(fisher))?;
    count("whiten", || {
        let (whitener, panel) = numbers.split_at_mut(whitener_len(ORDER));
        let stride = panel_stride(TOGETHER);
        let panel = &mut panel[..ORDER * stride];
        fill_whitener(factor.as_slice(), ORDER, whitener);
        for first in (0..ITEMS).step_by(TOGETHER) {
            let items = features.range(first, first + TOGETHER);
            fill_whitened(executor.level(), items, whitener, stride, panel);
        }
    });
    let ranking = Ranking::new(pool, values, Criterion::Leverage(&factor, weighting));
    let batch: &mut [Scored<T>] = &mut memory.selector.batch;
    count("whiten-and-scores", || best_pairs(executor, &ranking, numbers, &mut [], batch))?;
    let posterior = &Posterior {
        head: &memory.head,
        prior_precision: T::ONE,
        covariates: Covariates::NONE,
        jitter: T::ZERO,
        past: Packed::new(ORDER, &memory.past[..])?,
    };
    let options = &Options::default();
    let problem = Problem { executor, pool, posterior, options };
    let (selector, mut rng) = (&mut memory.selector, Stream::new(7, "select", 0));
    count("selection", || selector.select(STRATEGY, &problem, BATCH, &mut rng).map(|_| ()))?;
    Ok(())
}
