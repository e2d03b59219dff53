//! What answers tell, against 60 digits, quadrature by the definition, and a dense oracle.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use core::f64::consts::LN_2;

use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::mutual_information::{BatchInformation, of_answer, of_batch, workspace_len};
use pairpick_core::parallel::Executor;
use pairpick_core::select::{Options, Sizes};
use pairpick_core::topk::Scored;
use pairpick_tests::generate;
use pairpick_tests::information::entropy;
use pairpick_tests::kind::{KINDS, Kind};
use pairpick_tests::levels::available;
use pairpick_tests::oracle;
use pairpick_tests::small::Small;
use pairpick_tests::threads::Threads;

const REFERENCE: &str = include_str!("../../../fixtures/arith/information.txt");

/// The promised error, in nats.
const ERROR: f64 = 2e-14;

#[test]
fn an_answer_keeps_its_bounds_on_the_reference() {
    let (mut worst, mut worst_share, mut lines) = ((0.0, ""), (0.0, ""), 0);
    for line in REFERENCE.lines() {
        let mut fields = line.split(' ');
        let mut number = || {
            let bits = u64::from_str_radix(fields.next().expect("a field"), 16).expect("bits");
            f64::from_bits(bits)
        };
        let (m, v) = (number(), number());
        let truth: f64 = fields.next().expect("a value").parse().expect("a number");
        let error = (of_answer(m, v) - truth).abs();
        if error > worst.0 {
            worst = (error, line);
        }
        if v <= 1.0 && error / truth > worst_share.0 {
            worst_share = (error / truth, line);
        }
        lines += 1;
    }
    println!("{:.2e} nats at {}; {:.2e} at {}", worst.0, worst.1, worst_share.0, worst_share.1);
    assert!(lines == 200 && worst.0 <= ERROR && worst_share.0 <= 1e-9);
}

/// By the definition: 100,001 equal steps in z, sums compensated.
fn by_definition(m: f64, v: f64) -> f64 {
    let (half, width) = (50_000, 12.0);
    let (mut probability, mut mean) = (Compensated::default(), Compensated::default());
    for node in -half..=half {
        let z = width * f64::from(node) / f64::from(half);
        let density = (-0.5 * z * z).exp();
        let x = m + v.sqrt() * z;
        let e = (-x.abs()).exp();
        let less = e / (1.0 + e);
        probability.add(density * if x > 0.0 { less } else { 1.0 - less });
        mean.add(density * (e.ln_1p() + x.abs() * less));
    }
    let step = width / f64::from(half) / core::f64::consts::TAU.sqrt();
    entropy(step * probability.sum) - step * mean.sum
}

/// Kahan's sum.
#[derive(Default)]
struct Compensated {
    sum: f64,
    lost: f64,
}

impl Compensated {
    fn add(&mut self, term: f64) {
        let term = term - self.lost;
        let sum = self.sum + term;
        self.lost = (sum - self.sum) - term;
        self.sum = sum;
    }
}

#[test]
fn an_answer_agrees_with_a_fine_quadrature_wherever_it_is_asked() {
    let mut worst = (0.0, (0.0, 0.0));
    for pair in generate::numbers(240, 5).chunks(2) {
        let (m, v) = (25.0 * (1.0 + pair[0]), 10_f64.powf(6.0 * pair[1]));
        let error = (of_answer(m, v) - by_definition(m, v)).abs();
        if error > worst.0 {
            worst = (error, (m, v));
        }
    }
    println!("{:.2e} nats at {:?}", worst.0, worst.1);
    assert!(worst.0 <= ERROR, "{worst:?}");
}

#[test]
fn an_answer_tells_at_most_ln_2_and_never_less_than_nothing() {
    let margins = [0.0, 1e-300, 1e-3, 0.5, 2.0, 20.0, 50.0, 800.0, 1e10, 1e300];
    for m in margins {
        let mut before = 0.0;
        for exponent in -300..300 {
            let v = 10_f64.powi(exponent);
            let told = of_answer(m, v);
            assert!((0.0..=LN_2 + 1e-15).contains(&told), "{told} at {m}, {v}");
            assert!(before <= told + ERROR, "{before} before {told} at {m}, {v}");
            assert_eq!(told.to_bits(), of_answer(-m, v).to_bits());
            before = told;
        }
        assert_eq!(of_answer(m, 0.0), 0.0);
    }
    assert!((of_answer(0.0, 1e300) - LN_2).abs() < 1e-15);
    assert!((of_answer(3.0, f64::INFINITY) - LN_2).abs() < 1e-15);
    assert!(of_answer(f64::NAN, 1.0).is_nan() && of_answer(f64::NAN, 1e-9).is_nan());
    assert!(of_answer(0.0, f64::NAN).is_nan());
    // Half of what the pair adds to log|P|, while that is little.
    let half = 0.5 * (oracle::variance(1.5) * 1e-8_f64).ln_1p();
    assert!((of_answer(1.5, 1e-8) / half - 1.0).abs() < 1e-7);
}

fn of<T: Real>(
    pool: &Small,
    executor: &impl Executor,
    batch: &[u64],
) -> Result<BatchInformation, Error> {
    let batch: Vec<_> = batch.iter().map(|pair| Scored { score: T::ZERO, pair: *pair }).collect();
    pool.with(executor, &Options::default(), |problem| {
        let len = workspace_len(&Sizes::of(problem.pool, batch.len(), executor.threads()));
        of_batch(problem, &batch, &mut vec![T::ZERO; len])
    })
}

/// By the definition, with an inverse for each pair.
fn dense(pool: &Small, batch: &[u64]) -> BatchInformation {
    let mut told = BatchInformation::default();
    for (place, pair) in batch.iter().enumerate() {
        let chosen: Vec<(u64, f64)> = batch[..place].iter().map(|pair| (*pair, 1.0)).collect();
        let inverse = oracle::inverse(pool.order, &pool.matrix(&chosen));
        let (weight, d) = pool.information(*pair);
        let solved: Vec<f64> = inverse.chunks(pool.order).map(|row| oracle::dot(row, &d)).collect();
        let variance = oracle::dot(&d, &solved);
        let items = pool.pairs[*pair as usize];
        let reward = |item| oracle::reward(pool.order, &pool.features, &pool.head, item);
        told.nats += of_answer(reward(items.a) - reward(items.b), variance);
        told.gain += (weight * variance).ln_1p();
    }
    told
}

#[test]
fn a_batch_tells_what_its_answers_tell_one_after_the_other() {
    for kind in KINDS {
        for (seed, order) in [(1, 3), (2, 8), (3, 17)] {
            for prior_precision in [1e-6, 0.5, 1e12] {
                let mut pool = Small::new(kind, (20, 5), order, seed);
                pool.prior_precision = prior_precision;
                let batch: Vec<u64> = pool.offered().into_iter().step_by(2).take(12).collect();
                let expected = dense(&pool, &batch);
                let found = of::<f64>(&pool, &Threads::default(), &batch).expect("a batch");
                let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-8;
                assert!(near(found.nats, expected.nats), "{kind:?} {found:?}, not {expected:?}");
                assert!(near(found.gain, expected.gain), "{kind:?} {found:?}, not {expected:?}");
                assert!(found.nats <= 12.0 * LN_2);
                if let Ok(single) = of::<f32>(&pool, &Threads::default(), &batch) {
                    let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-3;
                    assert!(near(single.nats, found.nats) && near(single.gain, found.gain));
                }
            }
        }
    }
}

#[test]
fn a_batch_tells_the_same_bits_at_every_level_and_thread_count() {
    fn same_bits<T: Real>(kind: Kind) {
        let pool = Small::new(kind, (70, 9), 12, 4);
        let batch = &pool.offered()[..30];
        let reference = of::<T>(&pool, &Threads::default(), batch);
        assert!(reference.is_ok());
        for (name, level) in available() {
            for threads in [1, 2, 3, 7] {
                let found = of::<T>(&pool, &Threads { level, threads }, batch);
                assert_eq!(found, reference, "{kind:?} {name} {threads} threads");
            }
        }
    }
    for kind in KINDS {
        same_bits::<f32>(kind);
        same_bits::<f64>(kind);
    }
}

#[test]
fn where_digits_are_gone_nothing_is_told() {
    let mut pool = Small::new(Kind::InPrompt, (6, 4), 8, 2);
    let batch = pool.offered();
    let ill = |pool: &Small, k| {
        let found = of::<f32>(pool, &Threads::default(), &batch[..k]);
        matches!(found, Err(Error::IllConditioned { .. } | Error::NotPositiveDefinite { .. }))
    };
    // Of a past that says nothing in some direction, with a prior that f32 cannot see beside it.
    pool.prior_precision = 1e-7;
    assert!(ill(&pool, 1));
    // Without a past the first pair is as good as any, and hides what is left of the second.
    pool.labelled.clear();
    pool.prior_precision = 1e-30;
    assert!(!ill(&pool, 1) && ill(&pool, 2));
    let outside = Err(Error::Index { what: "pair of a batch", index: 99, len: 99 });
    let mut long = Small::new(Kind::Listed, (20, 5), 3, 1);
    long.pairs.truncate(99);
    long.labelled.clear();
    assert_eq!(of::<f64>(&long, &Threads::default(), &[99]), outside);
    let short = long.with(&Threads::default(), &Options::<f64>::default(), |problem| {
        of_batch(problem, &[], &mut [0.0; 8])
    });
    assert!(matches!(short, Err(Error::Workspace { .. })), "{short:?}");
    assert_eq!(of::<f64>(&long, &Threads::default(), &[]), Ok(BatchInformation::default()));
}
