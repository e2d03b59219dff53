//! [`measure`]: how long each stage of a shape takes here, by running it.

use std::hint::black_box;

use pairpick_core::arith::Real;
use pairpick_core::columns::Columns;
use pairpick_core::fisher::{Weighting, add_pool};
use pairpick_core::head::rewards;
use pairpick_core::kernel::panel::panel_stride;
use pairpick_core::linalg::{Cholesky, Packed, condition_workspace_len, packed_len};
use pairpick_core::parallel::{Executor, for_chunks};
use pairpick_core::pool::{Comparison, ItemPair, Pool, Prompts};
use pairpick_core::rng::Stream;
use pairpick_core::score::{Criterion, Ranking, best_pairs};
use pairpick_core::select::{Options, Sizes, Strategy};
use pairpick_core::topk::Scored;
use pairpick_core::trunk::train::{Data, Resources, Settings, TrainingSizes, train, workspace_len};
use pairpick_core::trunk::{Activation, Mlp};
use pairpick_core::whiten::{fill_whitened, fill_whitener, whitener_len};

use super::stages::{PoolShape, Shape};
use crate::error::{Error, Result};
use crate::parallel::Threads;

/// Items that are whitened at a time.
const BLOCK: usize = 256;

/// Tells seconds from some moment on.
pub type Clock<'a> = &'a (dyn Fn() -> f64 + Sync);

/// Runs each stage of a shape so many times, on numbers drawn at random, and tells the median of
/// its seconds by a clock, in the order of [`StageKind::ALL`](super::StageKind::ALL). `batch` pairs
/// are picked.
///
/// # Errors
/// [`Error::Core`] for shapes that the core does not have.
pub fn measure(
    threads: &Threads,
    shape: &Shape,
    batch: usize,
    repeats: usize,
    clock: Clock<'_>,
) -> Result<[f64; 6]> {
    let bench = Bench { threads, shape, batch, repeats, clock };
    threads.install(|| match shape.scalar {
        4 => bench.stages::<f32>(),
        _ => bench.stages::<f64>(),
    })
}

struct Bench<'a> {
    threads: &'a Threads,
    shape: &'a Shape,
    batch: usize,
    repeats: usize,
    clock: Clock<'a>,
}

impl Bench<'_> {
    fn stages<T: Real>(&self) -> Result<[f64; 6]> {
        let embed = self.embed()?;
        let training = self.training()?;
        let [fisher, cholesky, whiten, scores] = self.selection::<T>()?;
        Ok([embed, fisher, cholesky, whiten, scores, training])
    }

    fn mlp(&self) -> Result<Mlp> {
        let hidden = self.shape.hidden.map(|size| size as usize);
        Mlp::new(self.shape.dimensions as usize, hidden, Activation::Gelu)
            .map_err(Error::core("the network"))
    }

    fn embed(&self) -> Result<f64> {
        let (mlp, items) = (self.mlp()?, self.shape.items as usize);
        let (inputs, parameters) =
            (numbers(mlp.inputs().saturating_mul(items), 1.0), parameters(&mlp));
        let columns = Columns::new(&inputs, mlp.inputs(), items).map_err(Error::core("items"))?;
        let mut out = vec![0.0; mlp.features().saturating_mul(items)];
        let mut memory = vec![0.0; mlp.workspace_len(items)];
        self.median(|| {
            mlp.features_of(self.threads, &parameters, black_box(columns), &mut out, &mut memory)
        })
    }

    fn selection<T: Real>(&self) -> Result<[f64; 4]> {
        let (items, order) = (self.shape.items as usize, self.shape.order() as usize);
        let (features, head) = (numbers(items.saturating_mul(order), 1.0), numbers(order, 0.3));
        let features = match self.shape.pool {
            PoolShape::CrossPrompt => spread(features, order),
            _ => features,
        };
        let columns = Columns::new(&features, order, items).map_err(Error::core("features"))?;
        let pairs = Pairs::new(self.shape);
        let mut first_pairs = vec![0; pairs.starts.len()];
        let pool = pairs.pool(self.shape.pool, columns, &mut first_pairs)?;
        let mut values = vec![T::ZERO; items];
        // That of the selection whose stages these are.
        let batch = self.batch.min(pool.available() as usize);
        let sizes = Sizes::of(&pool, batch, self.threads.threads());
        let len = Strategy::Dopt.workspace_len(&sizes, &Options::<T>::DEFAULT);
        let mut memory = vec![T::ZERO; len.numbers];
        let mut heaps = vec![Scored::default(); len.heaps];
        let mut fisher = vec![T::ZERO; packed_len(order)];
        let fisher_seconds = self.median(|| {
            let mut matrix = Packed::new(order, &mut fisher[..])?;
            matrix.clear();
            rewards(self.threads, columns, &head, &mut values, &mut memory)?;
            let weighting = Weighting::Bernoulli;
            let (memory, items) = (&mut memory, &mut heaps);
            add_pool(self.threads, &pool, &values, weighting, &mut matrix, memory, items)
        })?;
        Packed::new(order, &mut fisher[..])
            .map_err(Error::core("the Fisher matrix"))?
            .add_diagonal(T::ONE);
        let mut condition = vec![T::ZERO; condition_workspace_len(order)];
        let cholesky = self.median(|| {
            let factor = Cholesky::factor(Packed::new(order, fisher.clone())?)?;
            factor.condition_estimate(&mut condition).map(drop)
        })?;
        let factor = Packed::new(order, fisher)
            .and_then(Cholesky::factor)
            .map_err(Error::core("the Fisher matrix"))?;
        let whiten = self.whiten(columns, &factor)?;
        let mut chosen = vec![Scored::default(); batch];
        let both = self.median(|| {
            let criterion = Criterion::Leverage(&factor, Weighting::Bernoulli);
            let ranking = Ranking::new(&pool, &values, criterion);
            best_pairs(self.threads, &ranking, &mut memory, &mut heaps, &mut chosen)
        })?;
        // Scoring whitens for itself; what is left is the scores' own, and never nothing.
        let scores = if both > 1.1 * whiten { both - whiten } else { both / 10.0 };
        Ok([fisher_seconds, cholesky, whiten, scores])
    }

    fn whiten<T: Real>(
        &self,
        items: Columns<'_, f32>,
        factor: &Cholesky<T, Vec<T>>,
    ) -> Result<f64> {
        let (order, stride) = (items.rows(), panel_stride(BLOCK));
        let mut whitener = vec![T::ZERO; whitener_len(order)];
        let blocks = items.len().div_ceil(BLOCK);
        // Within prompts a block is scored and forgotten, in memory that stays in cache.
        let kept = match self.shape.pool {
            PoolShape::InPrompt { .. } => blocks.min(self.threads.threads()),
            PoolShape::CrossPrompt | PoolShape::Listed { .. } => blocks,
        };
        let each = order.saturating_mul(stride);
        let mut panels = vec![T::ZERO; kept.saturating_mul(each)];
        self.median(|| {
            fill_whitener(factor.as_slice(), order, &mut whitener);
            let whitener = &whitener;
            for_chunks(
                self.threads,
                &mut panels,
                each,
                &mut [(); 0],
                0,
                &|first, panel: &mut [T], _| {
                    let level = self.threads.level();
                    for block in (first..blocks).step_by(kept) {
                        let start = block.saturating_mul(BLOCK);
                        let items = items.range(start, start.saturating_add(BLOCK));
                        fill_whitened(level, items, whitener, stride, panel);
                    }
                },
            );
            Ok(())
        })
    }

    fn training(&self) -> Result<f64> {
        let (mlp, labels) = (self.mlp()?, self.shape.labels as u32);
        let items = (labels as usize).saturating_mul(2);
        let (inputs, mut parameters) =
            (numbers(mlp.inputs().saturating_mul(items), 1.0), parameters(&mlp));
        let columns = Columns::new(&inputs, mlp.inputs(), items).map_err(Error::core("items"))?;
        let firsts = (0..items as u32).step_by(2);
        let training: Vec<_> = firsts
            .map(|a| Comparison { a, b: a.saturating_add(1), label: 1.0, count: 1.0 })
            .collect();
        let data =
            Data { items: columns, training_items: items, training: &training, held_out: &[] };
        let settings = Settings {
            iterations: self.repeats,
            minibatch: None,
            learning_rate: 1e-4,
            weight_decay: 0.0,
            patience: None,
            warm_up: 0,
        };
        let len = workspace_len(&mlp, &settings, &TrainingSizes::of(&data, self.threads.threads()));
        let mut memory = vec![0.0; len];
        let mut shuffle = Stream::new(0, "cost", 0);
        let resources = Resources { workspace: &mut memory, index: &mut [], shuffle: &mut shuffle };
        // Losses are seen before the first iteration and after each.
        let (mut last, mut seconds) = (None, Vec::new());
        let mut observe = |_| {
            let now = (self.clock)();
            seconds.extend(last.replace(now).map(|last| now - last));
            true
        };
        train(self.threads, &mlp, &settings, &data, &mut parameters, resources, &mut observe)
            .map_err(Error::core("training"))?;
        Ok(median(seconds))
    }

    /// The median of several runs, after one that nobody counts.
    fn median(
        &self,
        mut run: impl FnMut() -> std::result::Result<(), pairpick_core::Error>,
    ) -> Result<f64> {
        let mut seconds = Vec::new();
        for _ in 0..=self.repeats {
            let began = (self.clock)();
            run().map_err(Error::core("a stage"))?;
            seconds.push((self.clock)() - began);
        }
        seconds.remove(0);
        Ok(median(seconds))
    }
}

pub(super) fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or(0.0)
}

/// Numbers uniform on (−scale, scale).
fn numbers(count: usize, scale: f32) -> Vec<f32> {
    let mut stream = Stream::new(0, "cost", 0);
    (0..count).map(|_| scale * (2.0 * stream.uniform::<f32>() - 1.0)).collect()
}

/// Items of which few lie far out, as those of a trained network do.
fn spread(mut features: Vec<f32>, order: usize) -> Vec<f32> {
    let mut stream = Stream::new(0, "spread", 0);
    for item in features.chunks_mut(order.max(1)) {
        let square = stream.uniform::<f32>() * stream.uniform::<f32>();
        let scale = 0.3 + 3.0 * square * square * square * square;
        item.iter_mut().for_each(|value| *value *= scale);
    }
    features
}

fn parameters(mlp: &Mlp) -> Vec<f32> {
    numbers(mlp.parameters(), 0.1)
}

/// The numbering of a shape's pairs.
struct Pairs {
    starts: Vec<u32>,
    list: Vec<ItemPair>,
}

impl Pairs {
    fn new(shape: &Shape) -> Self {
        let items = shape.items as u32;
        match shape.pool {
            PoolShape::InPrompt { responses } => {
                let starts = (0..=items).step_by(responses as usize).collect();
                Self { starts, list: Vec::new() }
            }
            PoolShape::CrossPrompt => Self { starts: Vec::new(), list: Vec::new() },
            PoolShape::Listed { pairs } => {
                let mut stream = Stream::new(1, "cost", 0);
                let mut item = || (stream.uniform::<f64>() * f64::from(items)) as u32;
                let list = (0..pairs).map(|_| ItemPair { a: item(), b: item() }).collect();
                Self { starts: Vec::new(), list }
            }
        }
    }

    fn pool<'a>(
        &'a self,
        shape: PoolShape,
        features: Columns<'a, f32>,
        first_pairs: &'a mut [u64],
    ) -> Result<Pool<'a>> {
        let pool = match shape {
            PoolShape::InPrompt { .. } => Prompts::new(&self.starts, first_pairs)
                .and_then(|prompts| Pool::in_prompt(features, prompts, &[])),
            PoolShape::CrossPrompt => Pool::cross_prompt(features, &[]),
            PoolShape::Listed { .. } => Pool::listed(features, &self.list, &[]),
        };
        pool.map_err(Error::core("the pool"))
    }
}
