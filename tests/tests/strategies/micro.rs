//! The profile of micromath: how far its functions are off, what that does to a selection, and that
//! nothing else changes.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use pairpick::memory::Selector;
use pairpick_core::arith::elementwise::map;
use pairpick_core::arith::{Real, exp, micro};
use pairpick_core::columns::Columns;
use pairpick_core::head::Covariates;
use pairpick_core::linalg::{Packed, packed_len};
use pairpick_core::parallel::{Executor, Micro};
use pairpick_core::pool::{Pool, Prompts};
use pairpick_core::rng::Stream;
use pairpick_core::select::{Options, Posterior, Problem, Strategy};
use pairpick_core::topk::Scored;
use pairpick_core::trunk::{Activation, Mlp, init};
use pairpick_tests::generate::numbers_f32;
use pairpick_tests::levels::available;
use pairpick_tests::threads::Threads;

const ORDER: usize = 32;
const PROMPTS: usize = 50;
const REPLIES: usize = 10;
const ITEMS: usize = PROMPTS * REPLIES;
const INPUTS: usize = 24;
const TOP: usize = 50;

/// Evenly spaced arguments from −`end` to `end`.
fn arguments(end: f64) -> Vec<f64> {
    (-20_000..=20_000).map(|i| f64::from(i) / 20_000.0 * end).collect()
}

/// The largest error of an image, by its exact one.
fn worst(
    end: f64,
    image: impl Fn(&mut [f32]),
    truth: impl Fn(f64) -> f64,
    error: impl Fn(f64, f64) -> f64,
) -> f64 {
    let arguments = arguments(end);
    let mut images: Vec<f32> = arguments.iter().map(|x| *x as f32).collect();
    let rounded: Vec<f64> = images.iter().map(|x| f64::from(*x)).collect();
    image(&mut images);
    let errors = images.iter().zip(rounded).map(|(y, x)| error(f64::from(*y), truth(x)));
    errors.fold(0.0, f64::max)
}

#[test]
fn functions_are_off_by_no_more_than_they_say() {
    let level = pairpick_core::arith::Level::baseline();
    let relative = |y: f64, truth: f64| (y - truth).abs() / truth;
    let absolute = |y: f64, truth: f64| (y - truth).abs();
    let exponential = |x: &mut [f32]| {
        x.iter_mut().for_each(|x| *x = -x.abs());
        map::<micro::Exp, f32>(level, x);
    };
    let weight = |x: f64| {
        let e = exp(-x.abs());
        e / ((1.0 + e) * (1.0 + e))
    };
    // x Φ(x), the normal distribution summed by Simpson's rule from 0.
    let gelu = |x: f64| {
        let (steps, mut sum) = (64, 0.0);
        for i in 0..=steps {
            let t = x * f64::from(i) / f64::from(steps);
            let share = if i == 0 || i == steps { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
            sum += share * exp(-t * t / 2.0);
        }
        x * (0.5 + sum * x / (3.0 * f64::from(steps)) / (2.0 * std::f64::consts::PI).sqrt())
    };
    for (name, limit, error) in [
        ("exp", 3e-3, worst(80.0, exponential, |x| exp(-x.abs()), relative)),
        ("weight", 3e-3, worst(80.0, |x| map::<micro::Variance, f32>(level, x), weight, relative)),
        ("gelu", 1e-3, worst(8.0, |x| map::<micro::Gelu, f32>(level, x), gelu, absolute)),
    ] {
        println!("{name}: {error:.1e} at worst, {limit:.0e} allowed");
        assert!(error <= limit && error > limit / 100.0, "{name}: {error:e} of {limit:e}");
    }
}

/// Embeddings, and a network whose rewards spread as those of a trained one do.
struct Trained {
    mlp: Mlp,
    parameters: Vec<f32>,
    embeddings: Vec<f32>,
}

impl Trained {
    fn new() -> Self {
        let mlp = Mlp::new(INPUTS, [ORDER; 3], Activation::Gelu).expect("a network");
        let mut parameters = vec![0.0; mlp.parameters()];
        let mut rng = Stream::new(5, "trained", 0);
        init::uniform(&mlp, &mut rng, &mut parameters).expect("parameters");
        parameters.iter_mut().for_each(|weight| *weight *= 2.5);
        let embeddings = numbers_f32(INPUTS * ITEMS, 6).into_iter().map(|x| 1.7 * x).collect();
        let mut trained = Self { mlp, parameters, embeddings };
        let rewards = trained.rewards(&trained.features(&Threads::default()));
        let mean = rewards.iter().fold(0.0, |sum, r| sum + r) / ITEMS as f64;
        let variance = rewards.iter().fold(0.0, |sum, r| sum + (r - mean).powi(2)) / ITEMS as f64;
        let head = trained.mlp.head();
        for weight in &mut trained.parameters[head..] {
            *weight *= (1.5 / variance.sqrt()) as f32;
        }
        trained
    }

    fn features(&self, executor: &impl Executor) -> Vec<f32> {
        let items = Columns::new(&self.embeddings, INPUTS, ITEMS).expect("embeddings");
        let mut features = vec![0.0; ORDER * ITEMS];
        let mut memory = vec![0.0; self.mlp.workspace_len(ITEMS)];
        self.mlp
            .features_of(executor, &self.parameters, items, &mut features, &mut memory)
            .expect("features");
        features
    }

    fn rewards(&self, features: &[f32]) -> Vec<f64> {
        let head = self.mlp.head_of(&self.parameters);
        let product = |item: &[f32]| {
            item.iter().zip(head).fold(0.0, |sum, (a, b)| sum + f64::from(*a) * f64::from(*b))
        };
        features.chunks(ORDER).map(product).collect()
    }

    fn top<T: Real>(
        &self,
        executor: &impl Executor,
        features: &[f32],
        crossed: bool,
    ) -> Vec<Scored<T>> {
        let starts: Vec<u32> = (0..=PROMPTS).map(|prompt| (prompt * REPLIES) as u32).collect();
        let mut first_pairs = vec![0; starts.len()];
        let prompts = Prompts::new(&starts, &mut first_pairs).expect("prompts");
        let features = Columns::new(features, ORDER, ITEMS).expect("features");
        let pool = match crossed {
            true => Pool::cross_prompt(features, &[]),
            false => Pool::in_prompt(features, prompts, &[]),
        };
        let pool = &pool.expect("a pool");
        let options = &Options::default();
        let past = vec![T::ZERO; packed_len(ORDER)];
        let posterior = &Posterior {
            head: self.mlp.head_of(&self.parameters),
            prior_precision: T::ONE,
            covariates: Covariates::NONE,
            jitter: T::ZERO,
            past: Packed::new(ORDER, &past[..]).expect("order"),
        };
        let problem = Problem { executor, pool, posterior, options };
        let (mut selector, mut rng) = (Selector::default(), Stream::new(1, "select", 0));
        let picked = selector.select(Strategy::PaDopt, &problem, TOP, &mut rng);
        picked.expect("a batch").pairs.to_vec()
    }
}

fn overlap<A, B>(one: &[Scored<A>], other: &[Scored<B>]) -> usize {
    one.iter().filter(|a| other.iter().any(|b| a.pair == b.pair)).count()
}

#[test]
fn a_selection_keeps_nearly_all_of_its_pairs() {
    let (trained, executor) = (Trained::new(), Threads::default());
    let micro = Micro(&executor);
    let (own, others) = (trained.features(&executor), trained.features(&micro));
    assert_ne!(own, others);
    for (pool, crossed) in [("in-prompt", false), ("cross-prompt", true)] {
        let best = trained.top::<f32>(&executor, &own, crossed);
        let weights = overlap(&best, &trained.top::<f32>(&micro, &own, crossed));
        let others = trained.top::<f32>(&micro, &others, crossed);
        let all = overlap(&best, &others);
        let places = best.iter().zip(&others).filter(|(a, b)| a.pair == b.pair).count();
        println!(
            "{pool}: of the best {TOP}, {weights} with its weights, {all} with its GELU too, \
             {places} of them in their places"
        );
        assert!(weights >= TOP - 4 && all >= TOP - 8, "{pool}: {weights}, {all} of {TOP}");
    }
}

#[test]
fn in_f64_and_at_every_level_and_thread_count_nothing_changes() {
    let (trained, executor) = (Trained::new(), Threads::default());
    let features = trained.features(&executor);
    for crossed in [false, true] {
        let exact = trained.top::<f64>(&executor, &features, crossed);
        assert_eq!(exact, trained.top::<f64>(&Micro(&executor), &features, crossed));
        let expected = trained.top::<f32>(&Micro(&executor), &features, crossed);
        for (name, level) in available() {
            for threads in [1, 2, 3, 7] {
                let executor = Threads { level, threads };
                let found = trained.top::<f32>(&Micro(&executor), &features, crossed);
                assert_eq!(found, expected, "{name}, {threads} threads");
            }
        }
    }
}
