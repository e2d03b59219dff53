//! Our side of the table: selections, matrix products and training iterations at given shapes.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::Instant;

use pairpick::memory::Selector;
use pairpick::parallel::Threads;
use pairpick::runtime::{Isa, Runtime};
use pairpick_core::arith::Real;
use pairpick_core::columns::Columns;
use pairpick_core::fisher::{Weighting, add_pool, pool_workspace_len};
use pairpick_core::head::Covariates;
use pairpick_core::kernel::gemm::{Gemm, Part, Right, gemm};
use pairpick_core::linalg::{Packed, packed_len};
use pairpick_core::parallel::{Executor, for_chunks};
use pairpick_core::pool::{Comparison, ItemPair, Pool, Prompts};
use pairpick_core::rng::Stream;
use pairpick_core::select::{Options, Posterior, Problem, Sizes, Strategy};
use pairpick_core::trunk::train::{Data, Resources, Settings, TrainingSizes, train, workspace_len};
use pairpick_core::trunk::{Activation, Mlp};

use crate::learnt::Learnt;
use crate::numbers;

/// Pairs picked at once.
pub const BATCH: usize = 500;

/// Responses to a prompt.
pub const REPLIES: u32 = 10;

/// So many threads at the best instruction set.
///
/// # Panics
/// Where the system does not give them.
#[must_use]
pub fn threads(count: usize) -> Threads {
    let runtime = Runtime { threads: NonZeroUsize::new(count), isa: Isa::Auto };
    Threads::start(&runtime).expect("threads")
}

/// Which pairs are on offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Every two responses to a prompt.
    InPrompt,
    /// Every two items.
    CrossPrompt,
    /// 20,000 of them, as a list.
    Listed,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::InPrompt, Self::CrossPrompt, Self::Listed];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InPrompt => "in-prompt",
            Self::CrossPrompt => "cross-prompt",
            Self::Listed => "listed",
        }
    }
}

/// Items to select from: the paper's round is 500 prompts × 10 responses, 64 features.
#[derive(Debug)]
pub struct Items {
    order: usize,
    /// Features, item after item.
    pub features: Vec<f32>,
    /// The last layer.
    pub head: Vec<f32>,
    starts: Vec<u32>,
    first_pairs: Vec<u64>,
    list: Vec<ItemPair>,
    /// V of designs by a trace, once it is wanted.
    target: Vec<f64>,
}

impl Items {
    /// Of so many prompts, with features of this order.
    #[must_use]
    pub fn new(prompts: usize, order: usize) -> Self {
        let features = numbers(prompts * REPLIES as usize * order, 1);
        Self::of(Learnt { features, head: numbers(order, 2) })
    }

    /// Of these features.
    #[must_use]
    pub fn of(learnt: Learnt) -> Self {
        let Learnt { features, head } = learnt;
        let items = (features.len() / head.len()) as u32;
        let prompts = items / REPLIES;
        let starts: Vec<u32> = (0..).step_by(REPLIES as usize).take(prompts as usize + 1).collect();
        let list = (0..40 * prompts)
            .map(|pair| ItemPair { a: pair % items, b: pair * 7 % items })
            .collect();
        let first_pairs = vec![0; starts.len()];
        Self { order: head.len(), features, head, starts, first_pairs, list, target: Vec::new() }
    }

    /// Makes V, for strategies that have a target: the second moment of all differences within prompts.
    ///
    /// # Errors
    /// None, for items made here.
    pub fn make_target<E: Executor>(
        &mut self,
        executor: &E,
        strategy: Strategy,
    ) -> Result<(), pairpick_core::Error> {
        if !strategy.facts().target || !self.target.is_empty() {
            return Ok(());
        }
        let order = self.order;
        self.target = self.with_pool(Kind::InPrompt, |pool, _| {
            let mut sum = Packed::new(order, vec![0.0; packed_len(order)])?;
            let mut workspace = vec![0.0; pool_workspace_len(&pool.size(), 1)];
            let rewards = vec![0.0; pool.features().len()];
            let unit = Weighting::Unit;
            add_pool(executor, pool, &rewards, unit, &mut sum, &mut workspace, &mut [])?;
            let count = pool.available() as f64;
            Ok::<Vec<f64>, pairpick_core::Error>(
                sum.as_slice().iter().map(|entry| entry / count).collect(),
            )
        })?;
        Ok(())
    }

    /// Calls `body` with the pool of a kind.
    ///
    /// # Panics
    /// Never, for items made here.
    pub fn with_pool<R>(&mut self, kind: Kind, body: impl FnOnce(&Pool<'_>, &[f32]) -> R) -> R {
        let items = self.features.len() / self.order;
        let columns = Columns::new(&self.features, self.order, items).expect("a matrix");
        let prompts = Prompts::new(&self.starts, &mut self.first_pairs).expect("prompts");
        let pool = match kind {
            Kind::InPrompt => Pool::in_prompt(columns, prompts, &[]),
            Kind::CrossPrompt => Pool::cross_prompt(columns, &[]),
            Kind::Listed => Pool::listed(columns, &self.list, &[]),
        };
        body(&pool.expect("a pool"), &self.head)
    }
}

/// What a selection came to.
#[derive(Clone, Debug, Default)]
pub struct Selected {
    /// How long each repetition took.
    pub seconds: Vec<f64>,
    /// The pairs by their numbers, best first.
    pub pairs: Vec<u64>,
    /// Bytes of the memory lent to it.
    pub workspace: usize,
}

/// Selects [`BATCH`] pairs, or as many as there are, `repeats` times. `memory_ready` is called once
/// all inputs are there, before any memory of the selection is.
///
/// # Errors
/// The strategy's own, in words.
pub fn select<T: Real, E: Executor>(
    (strategy, kind): (Strategy, Kind),
    items: &mut Items,
    executor: &E,
    repeats: usize,
    memory_ready: impl FnOnce(),
) -> Result<Selected, String> {
    let order = items.order;
    items.make_target(executor, strategy).map_err(|error| error.to_string())?;
    let target: Vec<T> = items.target.iter().map(|entry| T::from_f64(*entry)).collect();
    items.with_pool(kind, |pool, head| {
        let past = vec![T::ZERO; packed_len(order)];
        let posterior = posterior(head, &past)?;
        let target = Packed::new(order, target.as_slice()).ok();
        let options = Options { target, ..Options::default() };
        let batch = BATCH.min(pool.available() as usize);
        memory_ready();
        let len = strategy.workspace_len(&Sizes::of(pool, batch, executor.threads()), &options);
        let mut selector = Selector::default();
        selector.reserve::<T>(len, batch).map_err(|error| error.to_string())?;
        let mut selected = Selected { workspace: len.bytes::<T>(), ..Selected::default() };
        for _ in 0..repeats {
            let (pool, posterior) = (black_box(pool), &posterior);
            let problem = Problem { executor, pool, posterior, options: &options };
            let mut stream = Stream::new(0, "bench", 0);
            let began = Instant::now();
            let picked = selector
                .select(strategy, &problem, batch, &mut stream)
                .map_err(|error| error.to_string())?;
            selected.seconds.push(began.elapsed().as_secs_f64());
            selected.pairs = picked.pairs.iter().map(|picked| picked.pair).collect();
        }
        Ok(selected)
    })
}

/// What is believed before there are labels: λ = 1.
///
/// # Errors
/// For a past of another order, in words.
pub fn posterior<'a, T: Real>(head: &'a [f32], past: &'a [T]) -> Result<Posterior<'a, T>, String> {
    let past = Packed::new(head.len(), past).map_err(|error| error.to_string())?;
    Ok(Posterior {
        head,
        prior_precision: T::ONE,
        covariates: Covariates::NONE,
        jitter: T::ZERO,
        past,
    })
}

/// A layer of the network over many items: out = W · items, W being 64 × inner.
#[derive(Debug)]
pub struct Layer {
    rows: usize,
    inner: usize,
    weight: Vec<f32>,
    items: Vec<f32>,
    out: Vec<f32>,
}

/// Items that a thread takes at a time, as the network's forward pass has it.
const CHUNK: usize = 64;

impl Layer {
    /// A layer from `inner` numbers an item to `rows`.
    #[must_use]
    pub fn new(items: usize, inner: usize, rows: usize) -> Self {
        let (weight, out) = (numbers(rows * inner, 1), vec![0.0; rows * items]);
        Self { rows, inner, weight, items: numbers(items * inner, 2), out }
    }

    /// Operations of the product.
    #[must_use]
    pub fn operations(&self) -> f64 {
        2.0 * (self.out.len() * self.inner) as f64
    }

    /// Seconds of one product.
    pub fn time<E: Executor>(&mut self, executor: &E) -> f64 {
        let (rows, inner) = (self.rows, self.inner);
        let (weight, items) = (black_box(&self.weight), black_box(&self.items));
        let chunk = |number: usize, out: &mut [f32], _: &mut [()]| {
            let first = number * CHUNK * inner;
            let (a, b) = (weight, Right::Columns(&items[first..first + out.len() / rows * inner]));
            gemm(executor.level(), Gemm { a, b, c: out, rows, inner, part: Part::Full });
        };
        let began = Instant::now();
        for_chunks(executor, &mut self.out, CHUNK * rows, &mut [], 0, &chunk);
        began.elapsed().as_secs_f64()
    }
}

/// Training of the default network on labels that share no item.
#[derive(Debug)]
pub struct Training {
    mlp: Mlp,
    inputs: Vec<f32>,
    parameters: Vec<f32>,
    labels: Vec<Comparison<f32>>,
    memory: Vec<f32>,
}

impl Training {
    const SETTINGS: Settings = Settings {
        iterations: 1,
        minibatch: None,
        learning_rate: 1e-3,
        weight_decay: 0.0,
        patience: None,
        warm_up: 0,
    };

    /// For embeddings of so many numbers, and three hidden layers of `hidden`.
    ///
    /// # Panics
    /// For sizes that the network does not have.
    #[must_use]
    pub fn new<E: Executor>(dimensions: usize, hidden: usize, labels: u32, executor: &E) -> Self {
        let mlp = Mlp::new(dimensions, [hidden; 3], Activation::Gelu).expect("sizes in range");
        let items = 2 * labels as usize;
        let parameters = numbers(mlp.parameters(), 2).iter().map(|x| x * 0.1).collect();
        let labels: Vec<_> = (0..labels)
            .map(|i| Comparison { a: 2 * i, b: 2 * i + 1, label: 1.0, count: 1.0 })
            .collect();
        let (threads, training) = (executor.threads(), labels.len());
        let sizes = TrainingSizes { threads, items, training, held_out: 0 };
        let memory = vec![0.0; workspace_len(&mlp, &Self::SETTINGS, &sizes)];
        Self { mlp, inputs: numbers(dimensions * items, 1), parameters, labels, memory }
    }

    /// Seconds of one iteration: losses, gradient and step.
    ///
    /// # Panics
    /// If the training diverges.
    pub fn time<E: Executor>(&mut self, executor: &E) -> f64 {
        let items = 2 * self.labels.len();
        let columns = Columns::new(&self.inputs, self.mlp.inputs(), items).expect("a matrix");
        let training = &self.labels[..];
        let data = Data { items: columns, training_items: items, training, held_out: &[] };
        let (mut shuffle, workspace) = (Stream::new(0, "bench", 0), &mut self.memory[..]);
        let resources = Resources { workspace, index: &mut [], shuffle: &mut shuffle };
        // The losses are seen before the step and after it: between the two lies one iteration.
        let mut seen = Vec::new();
        let mut observe = |_| {
            seen.push(Instant::now());
            true
        };
        let (mlp, parameters) = (&self.mlp, &mut self.parameters[..]);
        train(executor, mlp, &Self::SETTINGS, &data, parameters, resources, &mut observe)
            .expect("a model");
        (seen[1] - seen[0]).as_secs_f64()
    }
}
