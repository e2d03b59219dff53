//! Weights averaged over the posterior: the approximation against the integral, its closed forms,
//! and what pools, sums and scores make of it against the definition, on every kind of pool.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use pairpick::memory::Selector;
use pairpick_core::Error;
use pairpick_core::arith::{Real, bernoulli_variance};
use pairpick_core::columns::Columns;
use pairpick_core::fisher::averaged::averaged_weights;
use pairpick_core::fisher::{Weighting, add_pool, averaged_variance, pool_workspace_len};
use pairpick_core::head::{Covariates, rewards, rewards_workspace_len};
use pairpick_core::linalg::{Cholesky, Packed, packed_len};
use pairpick_core::parallel::Executor;
use pairpick_core::pool::{ItemPair, Pool, Prompts};
use pairpick_core::rng::Stream;
use pairpick_core::select::{Options, Posterior, Problem, Strategy, Weights};
use pairpick_core::topk::Scored;
use pairpick_core::whiten::{Whitened, whitened_len};
use pairpick_tests::generate::{self, numbers};
use pairpick_tests::kind::{KINDS, Kind};
use pairpick_tests::levels::available;
use pairpick_tests::normal::{gauss_hermite, trapezoidal};
use pairpick_tests::oracle;
use pairpick_tests::threads::Threads;
use proptest::prelude::*;

const PRIOR: f64 = 0.3;

/// c σ′(c m), in f64 by the standard library.
fn approximation(margin: f64, variance: f64) -> f64 {
    let c = 1.0 / (1.0 + std::f64::consts::PI * variance / 8.0).sqrt();
    c * oracle::variance(c * margin)
}

#[test]
fn the_error_of_the_approximation_is_as_the_documentation_has_it() {
    let (mut worst, mut worst_share, mut worst_relative) = (0.0_f64, 0.0_f64, 0.0_f64);
    for variance in [0.01, 0.1, 0.5, 1.0, 2.0, 3.0, 4.0, 9.0, 25.0, 100.0, 1e3, 1e4] {
        let integral = |m: f64| trapezoidal(oracle::variance, m, variance);
        let peak = integral(0.0);
        assert!(averaged_variance(0.0, variance) / peak - 1.0 < 0.032, "variance {variance}");
        for step in 0..60 {
            for margin in [0.2 * f64::from(step), 0.1 * f64::from(step) * variance.sqrt()] {
                let truth = integral(margin);
                let error = (averaged_variance(margin, variance) - truth).abs();
                worst = worst.max(error);
                worst_share = worst_share.max(error / peak);
                if truth >= 0.1 * peak {
                    worst_relative = worst_relative.max(error / truth);
                }
            }
        }
    }
    assert!(worst < 0.0061 && worst > 0.005, "{worst}");
    assert!(worst_share < 0.047 && worst_share > 0.04, "{worst_share}");
    assert!(worst_relative < 0.2 && worst_relative > 0.1, "{worst_relative}");
}

#[test]
fn gauss_hermite_gives_the_integral_that_the_approximation_is_held_to() {
    for variance in [0.01, 0.3, 1.0, 3.0, 9.0] {
        for margin in [0.0, 0.7, -2.6, 6.0] {
            let hermite = gauss_hermite(oracle::variance, margin, variance);
            let fine = trapezoidal(oracle::variance, margin, variance);
            assert!((hermite - fine).abs() < 1e-6, "N({margin}, {variance}): {hermite}, {fine}");
            let error = (averaged_variance(margin, variance) - hermite).abs();
            assert!(error < 0.0061, "N({margin}, {variance}): {error}");
        }
    }
}

#[test]
fn a_margin_that_is_known_has_the_plug_in_weight_to_the_bit() {
    for margin in [0.0, 0.3, -7.0, 40.0, 1e9, f64::INFINITY] {
        assert_eq!(averaged_variance(margin, 0.0), bernoulli_variance(margin));
        let single = margin as f32;
        assert_eq!(averaged_variance(single, 0.0), bernoulli_variance(single));
    }
    assert_eq!(averaged_variance(0.0, 8.0 * 3.0 / std::f64::consts::PI), 0.125, "c = 1/2");
    assert_eq!(averaged_variance(5.0, f64::INFINITY), 0.0);
    assert!(averaged_variance(f64::NAN, 1.0).is_nan() && averaged_variance(1.0, f64::NAN).is_nan());
}

proptest! {
    #[test]
    fn weights_are_even_bounded_and_near_their_formula(
        margin in -60.0_f64..60.0,
        exponent in -12.0_f64..12.0,
    ) {
        let variance = exponent.exp();
        let weight = averaged_variance(margin, variance);
        prop_assert_eq!(weight, averaged_variance(-margin, variance));
        prop_assert!(weight <= 0.25 && weight > 0.0);
        let expected = approximation(margin, variance);
        let shrunk = margin.abs() / (1.0 + std::f64::consts::PI * variance / 8.0).sqrt();
        let bound = 6.0 * (1.0 + shrunk);
        prop_assert!((weight / expected - 1.0).abs() <= bound * f64::EPSILON);
        let single = f64::from(averaged_variance(margin as f32, variance as f32));
        let expected = approximation(f64::from(margin as f32), f64::from(variance as f32));
        prop_assert!((single / expected - 1.0).abs() <= bound * f64::from(f32::EPSILON));
    }
}

#[test]
fn a_slice_has_the_bits_of_its_values_at_every_level() {
    let margins = numbers(67, 1).into_iter().map(|m| 9.0 * m).collect::<Vec<_>>();
    let variances: Vec<f64> = numbers(67, 2).into_iter().map(|v| 20.0 * v.abs()).collect();
    let expected: Vec<f64> =
        margins.iter().zip(&variances).map(|(m, v)| averaged_variance(*m, *v)).collect();
    for (name, level) in available() {
        let mut weights = margins.clone();
        averaged_weights(level, &variances, &mut weights);
        assert_eq!(weights, expected, "{name}");
    }
}

/// A pool whose items fill more than one block, a past, and the precision that both give.
struct Fixture {
    kind: Kind,
    order: usize,
    starts: Vec<u32>,
    features: Vec<f32>,
    head: Vec<f32>,
    pairs: Vec<ItemPair>,
    labelled: Vec<u64>,
    past: Packed<f64, Vec<f64>>,
}

impl Fixture {
    fn new(kind: Kind, prompts: usize, most: u64, order: usize) -> Self {
        let (starts, features, head) = generate::pool(prompts, most, order, 21);
        let all = oracle::pairs(&[0, *starts.last().expect("not empty")]);
        let pairs = match kind {
            Kind::InPrompt => oracle::pairs(&starts),
            Kind::CrossPrompt => all,
            Kind::Listed => {
                all.into_iter().step_by(5).map(|pair| ItemPair { a: pair.b, b: pair.a }).collect()
            }
        };
        let labelled = (0..pairs.len() as u64).filter(|pair| pair % 7 == 3).collect();
        let past = generate::positive(order, 4, 2.0);
        Self { kind, order, starts, features, head, pairs, labelled, past }
    }

    fn with<R>(&self, run: impl FnOnce(&Pool<'_>) -> R) -> R {
        let mut first_pairs = vec![0; self.starts.len()];
        let prompts = Prompts::new(&self.starts, &mut first_pairs).expect("prompts");
        let items = Columns::new(&self.features, self.order, prompts.items()).expect("features");
        let pool = self.kind.pool(items, prompts, &self.pairs, &self.labelled);
        run(&pool.expect("a pool"))
    }

    /// P = λI + the past, in the precision of the selection.
    fn factor<T: Real>(&self) -> Cholesky<T, Vec<T>> {
        let entries = self.past.as_slice().iter().map(|entry| T::from_f64(*entry)).collect();
        let mut precision = Packed::new(self.order, entries).expect("order");
        precision.add_diagonal(T::from_f64(PRIOR));
        Cholesky::factor(precision).expect("positive definite")
    }

    /// The weight of each pair, by solving with P pair by pair.
    fn weights(&self) -> Vec<f64> {
        let factor = self.factor::<f64>();
        let weight = |pair: &ItemPair| {
            let mut d = oracle::difference(self.order, &self.features, *pair);
            let reward = |item| oracle::reward(self.order, &self.features, &self.head, item);
            let margin = reward(pair.a) - reward(pair.b);
            factor.solve_lower(&mut d).expect("order");
            approximation(margin, oracle::dot(&d, &d))
        };
        self.pairs.iter().map(weight).collect()
    }

    /// The pool's sum, by the core.
    fn pool_fisher<T: Real>(&self, executor: &impl Executor) -> Vec<T> {
        self.with(|pool| {
            let (order, items) = (self.order, pool.features().len());
            let mut kept = vec![T::ZERO; whitened_len(order, items)];
            let whitened = Whitened::new(executor, &self.factor(), pool.features(), &mut kept);
            let weighting = Weighting::Averaged(whitened.expect("fits"));
            let len = pool_workspace_len(&pool.size(), 3).max(rewards_workspace_len(order));
            let mut memory = vec![T::ZERO; executor.threads() * len];
            let mut values = vec![T::ZERO; items];
            rewards(executor, pool.features(), &self.head, &mut values, &mut memory)
                .expect("rewards");
            let mut fisher = Packed::new(order, vec![T::ZERO; packed_len(order)]).expect("order");
            add_pool(executor, pool, &values, weighting, &mut fisher, &mut memory, &mut [])
                .expect("fits");
            fisher.into_inner()
        })
    }

    fn select<T: Real>(
        &self,
        executor: &impl Executor,
        (strategy, weights): (Strategy, Weights),
        batch: usize,
    ) -> Result<Vec<Scored<T>>, Error> {
        self.with(|pool| {
            let options = Options { weights: Some(weights), ..Options::default() };
            let past: Vec<T> = self.past.as_slice().iter().map(|x| T::from_f64(*x)).collect();
            let posterior = Posterior {
                head: &self.head,
                prior_precision: T::from_f64(PRIOR),
                covariates: Covariates::NONE,
                jitter: T::ZERO,
                past: Packed::new(self.order, past.as_slice())?,
            };
            let problem = Problem { executor, pool, posterior: &posterior, options: &options };
            let (mut selector, mut rng) = (Selector::default(), Stream::new(5, "test", 1));
            Ok(selector.select(strategy, &problem, batch, &mut rng)?.pairs.to_vec())
        })
    }

    /// w dᵀM⁻¹d of every pair on offer, M = the start + Σ w ddᵀ over those.
    fn scores(&self, past_aware: bool) -> Vec<(u64, f64)> {
        let order = self.order;
        let offered = |place: &u64| self.labelled.binary_search(place).is_err();
        let places: Vec<u64> = (0..self.pairs.len() as u64).filter(offered).collect();
        let all = self.weights();
        let pairs: Vec<ItemPair> = places.iter().map(|p| self.pairs[*p as usize]).collect();
        let weights: Vec<f64> = places.iter().map(|p| all[*p as usize]).collect();
        let mut matrix = oracle::fisher(order, &self.features, &pairs, &weights);
        for i in 0..order {
            matrix[i * order + i] += PRIOR;
            for j in 0..order {
                let past = if past_aware { self.past.entry(i, j).expect("inside") } else { 0.0 };
                matrix[i * order + j] += past;
            }
        }
        let inverse = oracle::inverse(order, &matrix);
        let score = |(pair, weight): (&ItemPair, &f64)| {
            let d = oracle::difference(order, &self.features, *pair);
            let row = |i: usize| d[i] * oracle::dot(&inverse[i * order..][..order], &d);
            weight * (0..order).map(row).sum::<f64>()
        };
        places.into_iter().zip(pairs.iter().zip(&weights).map(score)).collect()
    }
}

#[test]
fn sums_over_every_pool_are_those_of_the_definition() {
    for kind in KINDS {
        for (prompts, most, order) in [(1, 3, 2), (40, 12, 7), (70, 9, 20)] {
            let fixture = Fixture::new(kind, prompts, most, order);
            let mut weights = fixture.weights();
            fixture.labelled.iter().for_each(|pair| weights[*pair as usize] = 0.0);
            let naive = oracle::fisher(order, &fixture.features, &fixture.pairs, &weights);
            let sum = fixture.pool_fisher::<f64>(&Threads::default());
            let scale = naive.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
            for i in 0..order {
                for j in 0..=i {
                    let entry = sum[j * order + i - j * (j + 1) / 2];
                    let error = (entry - naive[i * order + j]).abs();
                    assert!(error <= 1e-12 * scale, "{kind:?}, order {order}, ({i}, {j}): {error}");
                }
            }
        }
    }
}

#[test]
fn strategies_that_weigh_follow_their_definition() {
    for kind in KINDS {
        let fixture = Fixture::new(kind, 45, 8, 9);
        for (strategy, past_aware) in [(Strategy::Dopt, false), (Strategy::PaDopt, true)] {
            let mut expected = fixture.scores(past_aware);
            expected.sort_by(|a, b| b.1.total_cmp(&a.1));
            let asked = (strategy, Weights::Averaged);
            let chosen = fixture.select::<f64>(&Threads::default(), asked, 20).expect("fits");
            for (chosen, (pair, score)) in chosen.iter().zip(&expected) {
                assert!((chosen.score - score).abs() <= 1e-10 * score, "{kind:?}, {strategy:?}");
                assert_eq!(chosen.pair, *pair, "{kind:?}, {strategy:?}");
            }
        }
    }
}

#[test]
fn averaging_changes_what_is_asked() {
    for kind in KINDS {
        let fixture = Fixture::new(kind, 45, 8, 9);
        let by = |strategy, weights| {
            fixture.select::<f64>(&Threads::default(), (strategy, weights), 9).expect("fits")
        };
        for strategy in [Strategy::Dopt, Strategy::PaDopt] {
            assert_ne!(by(strategy, Weights::PlugIn), by(strategy, Weights::Averaged), "{kind:?}");
        }
    }
}

#[test]
fn bits_are_the_same_at_every_level_and_thread_count() {
    for kind in KINDS {
        let fixture = Fixture::new(kind, 130, 9, 33);
        let asked = (Strategy::PaDopt, Weights::Averaged);
        let (sum, double) = (
            fixture.pool_fisher::<f32>(&Threads::default()),
            fixture.select::<f64>(&Threads::default(), asked, 15).expect("fits"),
        );
        for (name, level) in available() {
            for threads in [1, 2, 3, 7] {
                let executor = Threads { level, threads };
                let context = format!("{kind:?}, {name}, {threads} threads");
                assert_eq!(fixture.pool_fisher::<f32>(&executor), sum, "{context}");
                let chosen = fixture.select::<f64>(&executor, asked, 15).expect("fits");
                assert_eq!(chosen, double, "{context}");
            }
        }
    }
}

#[test]
fn bad_memories_and_precisions_are_errors() {
    let fixture = Fixture::new(Kind::InPrompt, 5, 4, 3);
    let executor = Threads::default();
    fixture.with(|pool| {
        let required = whitened_len(3, pool.features().len());
        let mut memory = vec![0.0; required - 1];
        let factor = fixture.factor::<f64>();
        let result = Whitened::new(&executor, &factor, pool.features(), &mut memory);
        let expected = Error::Workspace { what: "whitened items", required, found: required - 1 };
        assert_eq!(result.map(|_| ()), Err(expected));
        let other = Cholesky::factor(generate::positive::<f64>(2, 1, 1.0)).expect("positive");
        let mut memory = vec![0.0; required];
        let result = Whitened::new(&executor, &other, pool.features(), &mut memory).map(|_| ());
        assert!(matches!(result, Err(Error::Shape { expected: 3, found: 2, .. })), "{result:?}");
    });
    let mut improper = Fixture::new(Kind::InPrompt, 5, 4, 3);
    improper.past = Packed::new(3, vec![-PRIOR; packed_len(3)]).expect("order");
    let result = improper.select::<f64>(&executor, (Strategy::Dopt, Weights::Averaged), 2);
    assert!(matches!(result, Err(Error::NotPositiveDefinite { pivot: 0, .. })), "{result:?}");
    improper.select::<f64>(&executor, (Strategy::Dopt, Weights::PlugIn), 2).expect("asks no P");
}
