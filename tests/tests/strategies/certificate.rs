//! The certificate against all subsets of small pools, a slow dense oracle, and closed forms.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use pairpick::memory::Certifier;
use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::certificate::{self, Certificate, Effort};
use pairpick_core::parallel::{Executor, Sequential};
use pairpick_core::pool::ItemPair;
use pairpick_core::select::{Options, Strategy};
use pairpick_core::topk::Scored;
use pairpick_tests::kind::{KINDS, Kind};
use pairpick_tests::levels::available;
use pairpick_tests::oracle;
use pairpick_tests::small::Small;
use pairpick_tests::threads::Threads;

const EXHAUSTIVE: Effort = Effort { gap: 1e-3, iterations: 2000 };

/// A certificate and the bounds seen on the way.
fn certified<T: Real>(
    pool: &Small,
    executor: &impl Executor,
    batch: &[Scored<T>],
    effort: Effort,
) -> Result<(Certificate, Vec<Certificate>), Error> {
    pool.with(executor, &Options::default(), |problem| {
        let mut seen = Vec::new();
        let certificate =
            Certifier::default().certify(problem, batch, effort, &mut |now| seen.push(*now))?;
        Ok((certificate, seen))
    })
}

fn batch_of(pairs: &[u64]) -> Vec<Scored<f64>> {
    pairs.iter().map(|pair| Scored { score: 0.0, pair: *pair }).collect()
}

/// Pools of at most 12 pairs on offer and at least 4.
fn small_pools() -> Vec<Small> {
    let mut pools = Vec::new();
    for kind in KINDS {
        for seed in 0..400 {
            let size = if kind == Kind::InPrompt { (3, 4) } else { (2, 3) };
            let mut pool = Small::new(kind, size, 1 + seed as usize % 4, seed);
            pool.prior_precision = [1.0, 1e-2, 1e-5][seed as usize % 3];
            if (4..=12).contains(&pool.offered().len()) {
                pools.push(pool);
            }
        }
    }
    assert!(pools.len() > 300, "{}", pools.len());
    pools
}

#[test]
fn no_subset_of_a_small_pool_exceeds_the_bound_however_early_it_stops() {
    for (number, pool) in small_pools().iter().enumerate() {
        let offered = pool.offered();
        for k in 1..=4 {
            let sets = oracle::subsets(&offered, k);
            let of_set = |set: &Vec<u64>| {
                let chosen: Vec<(u64, f64)> = set.iter().map(|pair| (*pair, 1.0)).collect();
                oracle::log_det(pool.order, &pool.matrix(&chosen))
            };
            let best = sets.iter().map(of_set).fold(f64::NEG_INFINITY, f64::max);
            let start = &sets[number % sets.len()];
            let (last, seen) =
                certified(pool, &Sequential::default(), &batch_of(start), EXHAUSTIVE).expect("one");
            assert!((last.after - of_set(start)).abs() < 1e-8, "{last:?}");
            assert_eq!(seen.last(), Some(&last));
            for now in &seen {
                assert!(best <= now.bound + 1e-8, "pool {number}, k {k}: {best}, {now:?}");
                assert!(now.d_efficiency(best) <= 1.0 + 1e-8 && now.gain_share(best) <= 1.0 + 1e-8);
            }
            for pair in seen.windows(2) {
                assert!(pair[1].bound <= pair[0].bound, "a bound that rises: {pair:?}");
                assert_eq!(pair[1].iterations, pair[0].iterations + 1);
            }
        }
    }
}

/// Frank and Wolfe's method with steps 2/(t + 2), weights of all pairs stored: the largest log|M(s)|
/// and the least bound found.
fn dense(pool: &Small, k: usize) -> (f64, f64) {
    let (offered, order) = (pool.offered(), pool.order);
    let information: Vec<(f64, Vec<f64>)> =
        offered.iter().map(|pair| pool.information(*pair)).collect();
    let mut chosen: Vec<(u64, f64)> =
        offered.iter().map(|pair| (*pair, k as f64 / offered.len() as f64)).collect();
    let (mut best, mut bound) = (f64::NEG_INFINITY, f64::INFINITY);
    for t in 0..4000 {
        let matrix = pool.matrix(&chosen);
        let (value, inverse) = (oracle::log_det(order, &matrix), oracle::inverse(order, &matrix));
        let gradient: Vec<f64> = information
            .iter()
            .map(|(weight, d)| {
                let solved: Vec<f64> =
                    inverse.chunks(order).map(|row| oracle::dot(row, d)).collect();
                weight * oracle::dot(d, &solved)
            })
            .collect();
        let mut ranked: Vec<usize> = (0..offered.len()).collect();
        ranked.sort_by(|a, b| gradient[*b].total_cmp(&gradient[*a]));
        let here: f64 = gradient.iter().zip(&chosen).map(|(g, (_, s))| g * s).sum();
        let most: f64 = ranked[..k].iter().map(|place| gradient[*place]).sum();
        (best, bound) = (best.max(value), bound.min(value + most - here));
        let step = 2.0 / (t as f64 + 2.0);
        chosen.iter_mut().for_each(|(_, s)| *s *= 1.0 - step);
        ranked[..k].iter().for_each(|place| chosen[*place].1 += step);
    }
    (best, bound)
}

#[test]
fn the_bound_is_that_of_the_relaxed_problem_within_its_gap() {
    for (number, pool) in small_pools().iter().enumerate().step_by(23) {
        for k in [2, 3] {
            let (best, bound) = dense(pool, k);
            let start = batch_of(&pool.offered()[..k]);
            let (found, _) =
                certified(pool, &Sequential::default(), &start, EXHAUSTIVE).expect("one");
            let allowed = EXHAUSTIVE.gap * pool.order as f64;
            assert!(found.gap <= allowed, "pool {number}: {found:?}");
            assert!(best - 1e-8 <= found.bound, "pool {number}: {found:?}, optimum over {best}");
            assert!(found.bound <= bound + allowed, "pool {number}: {found:?}, under {bound}");
            assert!(bound - best < 0.05, "pool {number}: the oracle has not converged");
        }
    }
}

#[test]
fn a_batch_of_the_whole_pool_is_the_best_there_is() {
    for pool in small_pools().iter().step_by(11) {
        let all = batch_of(&pool.offered());
        let (found, _) = certified(pool, &Sequential::default(), &all, EXHAUSTIVE).expect("one");
        assert_eq!(found.iterations, 0);
        assert!(found.gap.abs() < 1e-8, "{found:?}");
        assert!((found.d_efficiency(found.after) - 1.0).abs() < 1e-8);
        assert!((found.gain_share(found.after) - 1.0).abs() < 1e-8);
    }
}

/// With one feature |M| is a sum, and the k largest terms are the best batch.
#[test]
fn with_one_feature_the_bound_is_exact() {
    let mut pool = Small::new(Kind::CrossPrompt, (5, 6), 1, 3);
    pool.prior_precision = 0.25;
    let mut terms: Vec<f64> = pool
        .offered()
        .iter()
        .map(|pair| pool.information(*pair))
        .map(|(weight, d)| weight * d[0] * d[0])
        .collect();
    terms.sort_by(|a, b| b.total_cmp(a));
    let best: f64 = (pool.matrix(&[])[0] + terms[..6].iter().sum::<f64>()).ln();
    let start = batch_of(&pool.offered()[..6]);
    let effort = Effort { gap: 1e-12, iterations: 10 };
    let (found, _) = certified(&pool, &Sequential::default(), &start, effort).expect("one");
    assert!((found.bound - best).abs() < 1e-10, "{found:?}, not {best}");
    assert!((found.before - pool.matrix(&[])[0].ln()).abs() < 1e-10);
}

#[test]
fn a_random_batch_has_less_than_the_strategy_and_less_than_all() {
    for kind in KINDS {
        let pool = Small::new(kind, (40, 8), 6, 9);
        let executor = Sequential::default();
        let options = Options::<f64>::default();
        let chosen = pool.select(&executor, &options, (Strategy::PaDopt, 10, 1));
        let random = pool.select(&executor, &options, (Strategy::Random, 10, 1));
        let (found, _) = certified(&pool, &executor, &chosen, Effort::default()).expect("one");
        let (from_random, _) =
            certified(&pool, &executor, &random, Effort::default()).expect("one");
        let at_random = from_random.after;
        let measured = pool
            .with(&executor, &options, |problem| Certifier::default().log_det(problem, &random));
        assert_eq!(measured, Ok(at_random));
        let shares = (found.gain_share(at_random), found.gain_share(found.after));
        assert!(0.0 < shares.0 && shares.0 < shares.1 && shares.1 <= 1.0, "{kind:?} {shares:?}");
        assert!(found.d_efficiency(at_random) < found.d_efficiency(found.after));
        // Two starts, one optimum.
        let allowed = Effort::default().gap * 6.0;
        assert!((found.bound - from_random.bound).abs() <= allowed, "{found:?} {from_random:?}");
    }
}

fn same_bits<T: Real>(kind: Kind) {
    let pool = Small::new(kind, (70, 9), 12, 4);
    let options = Options::<T>::default();
    let batch = pool.select(&Sequential::default(), &options, (Strategy::Random, 25, 2));
    let effort = Effort { gap: 1e-3, iterations: 6 };
    let reference = certified(&pool, &Sequential::default(), &batch, effort).expect("one");
    assert!(reference.0.iterations > 0);
    for (name, level) in available() {
        for threads in [1, 2, 3, 7] {
            let found = certified(&pool, &Threads { level, threads }, &batch, effort);
            assert_eq!(found.as_ref(), Ok(&reference), "{kind:?} {name} {threads} threads");
        }
    }
}

#[test]
fn a_certificate_has_the_same_bits_at_every_level_and_thread_count() {
    for kind in KINDS {
        same_bits::<f32>(kind);
        same_bits::<f64>(kind);
    }
}

#[test]
fn what_cannot_be_certified_is_an_error() {
    let pool = Small::new(Kind::InPrompt, (3, 4), 3, 5);
    let executor = Sequential::default();
    let certified = |pool: &Small, batch: &[Scored<f64>]| {
        certified(pool, &executor, batch, Effort::default()).map(|(found, _)| found)
    };
    let (offered, len) = (pool.offered(), pool.pairs.len() as u64);
    let too_many = vec![Scored::default(); offered.len() + 1];
    let (requested, available) = (too_many.len() as u64, offered.len() as u64);
    assert_eq!(certified(&pool, &too_many), Err(Error::Batch { requested, available }));
    let outside = Err(Error::Index { what: "pair of a batch", index: len, len });
    assert_eq!(certified(&pool, &batch_of(&[len])), outside);
    let without_prior = Small { prior_precision: 0.0, labelled: Vec::new(), ..pool.clone() };
    let refused = certified(&without_prior, &batch_of(&offered[..1]));
    assert!(matches!(refused, Err(Error::NotPositiveDefinite { .. })), "{refused:?}");
    let short = pool.with(&executor, &Options::default(), |problem| {
        let heaps: &mut [Scored<f64>] = &mut [];
        let pairs = [ItemPair::default(); 2];
        let mut short = certificate::Certifier { numbers: [0.0; 8], heaps, pairs };
        short.certify(problem, &batch_of(&offered[..2]), Effort::default(), &mut |_| ())
    });
    assert!(matches!(short, Err(Error::Workspace { .. })), "{short:?}");
    let nothing = certified(&pool, &[]).expect("an empty batch");
    assert_eq!((nothing.iterations, nothing.gain_share(nothing.after)), (0, 1.0));
    assert_eq!(nothing.d_efficiency(nothing.after), 1.0);
}
