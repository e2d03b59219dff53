//! The certificate against all subsets of small pools, a slow dense oracle, and closed forms.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use pairpick::memory::Certifier;
use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::certificate::{self, Certificate, Effort};
use pairpick_core::parallel::Executor;
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

fn batch_of<T: Real>(pairs: &[u64]) -> Vec<Scored<T>> {
    pairs.iter().map(|pair| Scored { score: T::ZERO, pair: *pair }).collect()
}

/// What some pairs add to log|P|: the log-determinant of I and √w_i w_j d_iᵀP⁻¹d_j, whose pivots
/// are never mixed with the 1 that they are above.
fn gain(pool: &Small, set: &[u64]) -> f64 {
    let inverse = oracle::inverse(pool.order, &pool.matrix(&[]));
    let rows: Vec<Vec<f64>> = set
        .iter()
        .map(|pair| {
            let (weight, d) = pool.information(*pair);
            d.iter().map(|x| weight.sqrt() * x).collect()
        })
        .collect();
    let mut gram: Vec<Vec<f64>> = rows
        .iter()
        .map(|row| {
            let solved: Vec<f64> =
                inverse.chunks(pool.order).map(|line| oracle::dot(line, row)).collect();
            rows.iter().map(|other| oracle::dot(&solved, other)).collect()
        })
        .collect();
    let mut sum = 0.0;
    for pivot in 0..set.len() {
        let above_1 = gram[pivot][pivot];
        sum += above_1.ln_1p();
        for i in pivot + 1..set.len() {
            for j in pivot + 1..set.len() {
                gram[i][j] -= gram[i][pivot] * gram[pivot][j] / (1.0 + above_1);
            }
        }
    }
    sum
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
            let best = sets.iter().map(|set| gain(pool, set)).fold(0.0, f64::max);
            let start = &sets[number % sets.len()];
            let (last, seen) =
                certified(pool, &Threads::default(), &batch_of::<f64>(start), EXHAUSTIVE)
                    .expect("one");
            assert!((last.gain - gain(pool, start)).abs() < 1e-8, "{last:?}");
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

/// A certificate of one batch of a pool with this prior precision, if there is one, is held to all
/// subsets: of figures that are told none is wrong. Whether one was told.
fn holds_at<T: Real>(pool: &Small, start: &[u64], best: f64, error: f64) -> bool {
    let found = certified(pool, &Threads::default(), &batch_of::<T>(start), Effort::default());
    let (found, _) = match found {
        Ok(found) => found,
        Err(Error::IllConditioned { .. } | Error::NotPositiveDefinite { .. }) => return false,
        Err(error) => panic!("{error}"),
    };
    let own = gain(pool, start);
    let context =
        format!("{} λ {:e}: {found:?}, own {own}, best {best}", T::NAME, pool.prior_precision);
    assert!((found.gain / own - 1.0).abs() <= error, "{context}");
    assert!(best <= found.bound * (1.0 + error), "{context}");
    assert!(found.gain <= found.bound && found.gain_share(found.gain) <= 1.0, "{context}");
    assert!(found.d_efficiency(found.gain) <= 1.0 && found.gap() >= 0.0, "{context}");
    if start.len() == 1 && own >= best * (1.0 - error) {
        assert!(found.gain_share(found.gain) >= 1.0 - error, "{context}");
    }
    true
}

#[test]
fn no_prior_precision_makes_a_figure_wrong() {
    let mut told = 0;
    for (number, pool) in small_pools().into_iter().enumerate().step_by(5) {
        for prior_precision in [1e-30, 1e-12, 1e-6, 1.0, 1e6, 1e12] {
            for labelled in [Vec::new(), pool.labelled.clone()] {
                let without_past = labelled.is_empty();
                let pool = Small { prior_precision, labelled, ..pool.clone() };
                let offered = pool.offered();
                for k in 1..=3 {
                    // The oracle, in f64, has lost these itself.
                    if prior_precision < 1e-6 && (k > 1 || !without_past) {
                        continue;
                    }
                    let sets = oracle::subsets(&offered, k);
                    let gains = sets.iter().map(|set| (gain(&pool, set), set));
                    let (best, set) =
                        gains.max_by(|a, b| a.0.total_cmp(&b.0)).expect("at least one");
                    for start in [set, &sets[number % sets.len()]] {
                        let double = holds_at::<f64>(&pool, start, best, 1e-6);
                        let single = holds_at::<f32>(&pool, start, best, 1e-3);
                        assert!(double, "λ {prior_precision:e}, k {k}, {without_past}");
                        assert!(single || !without_past && prior_precision < 1.0);
                        told += usize::from(double) + usize::from(single);
                    }
                }
            }
        }
    }
    assert!(told > 2000, "{told}");
}

/// With λ so small, the pairs of a prompt that the others imply hide behind rounding.
#[test]
fn where_digits_are_gone_there_is_no_certificate() {
    for kind in KINDS {
        let mut pool = Small::new(kind, (4, 4), 4, 3);
        pool.labelled.clear();
        pool.prior_precision = 1e-30;
        let batch = &pool.offered()[..3];
        let found =
            certified(&pool, &Threads::default(), &batch_of::<f64>(batch), Effort::default());
        assert!(matches!(found, Err(Error::IllConditioned { .. })), "{kind:?} {found:?}");
    }
}

/// Few pairs, small gains: what the relaxation alone does not see.
#[test]
fn a_batch_of_one_pair_is_proved_to_be_the_best() {
    for kind in KINDS {
        for prior_precision in [1e-6, 1e-2, 1.0, 1e3, 1e12] {
            let mut pool = Small::new(kind, (40, 8), 6, 9);
            pool.prior_precision = prior_precision;
            let executor = Threads::default();
            let options = Options::<f64>::default();
            let batch = pool.select(&executor, &options, (Strategy::GreedyDopt, 1, 1));
            let (found, _) = certified(&pool, &executor, &batch, Effort::default()).expect("one");
            assert!(found.gain_share(found.gain) >= 1.0 - 1e-9, "{kind:?} {found:?}");
            assert_eq!(found.iterations, 0);
        }
    }
}

/// Frank and Wolfe's method with steps 2/(t + 2), weights of all pairs stored: the largest gain and
/// the least bound found.
fn dense(pool: &Small, k: usize) -> (f64, f64) {
    let (offered, order) = (pool.offered(), pool.order);
    let information: Vec<(f64, Vec<f64>)> =
        offered.iter().map(|pair| pool.information(*pair)).collect();
    let mut chosen: Vec<(u64, f64)> =
        offered.iter().map(|pair| (*pair, k as f64 / offered.len() as f64)).collect();
    let before = oracle::log_det(order, &pool.matrix(&[]));
    let (mut best, mut bound) = (f64::NEG_INFINITY, f64::INFINITY);
    for t in 0..4000 {
        let matrix = pool.matrix(&chosen);
        let inverse = oracle::inverse(order, &matrix);
        let value = oracle::log_det(order, &matrix) - before;
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
fn the_bound_is_as_low_as_that_of_the_relaxed_problem() {
    for (number, pool) in small_pools().iter().enumerate().step_by(23) {
        for k in [2, 3] {
            let (best, bound) = dense(pool, k);
            let start = batch_of::<f64>(&pool.offered()[..k]);
            let (found, _) = certified(pool, &Threads::default(), &start, EXHAUSTIVE).expect("one");
            let allowed = EXHAUSTIVE.gap * pool.order as f64;
            assert!(found.iterations < EXHAUSTIVE.iterations, "pool {number}: {found:?}");
            assert!(found.bound <= bound + allowed, "pool {number}: {found:?}, under {bound}");
            assert!(bound - best < 0.05, "pool {number}: the oracle has not converged");
        }
    }
}

#[test]
fn a_batch_of_the_whole_pool_is_the_best_there_is() {
    for pool in small_pools().iter().step_by(11) {
        let all = batch_of::<f64>(&pool.offered());
        let (found, _) = certified(pool, &Threads::default(), &all, EXHAUSTIVE).expect("one");
        assert_eq!((found.iterations, found.gap()), (0, 0.0), "{found:?}");
        assert_eq!((found.d_efficiency(found.gain), found.gain_share(found.gain)), (1.0, 1.0));
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
    let best = (terms[..6].iter().sum::<f64>() / pool.matrix(&[])[0]).ln_1p();
    let start = batch_of::<f64>(&pool.offered()[..6]);
    let effort = Effort { gap: 1e-12, iterations: 10 };
    let (found, _) = certified(&pool, &Threads::default(), &start, effort).expect("one");
    assert!((found.bound - best).abs() < 1e-10, "{found:?}, not {best}");
}

#[test]
fn a_random_batch_has_less_than_the_strategy_and_less_than_all() {
    for kind in KINDS {
        let pool = Small::new(kind, (40, 8), 6, 9);
        let executor = Threads::default();
        let options = Options::<f64>::default();
        let chosen = pool.select(&executor, &options, (Strategy::PaDopt, 10, 1));
        let random = pool.select(&executor, &options, (Strategy::Random, 10, 1));
        let (found, _) = certified(&pool, &executor, &chosen, Effort::default()).expect("one");
        let (from_random, _) =
            certified(&pool, &executor, &random, Effort::default()).expect("one");
        let at_random = from_random.gain;
        let shares = (found.gain_share(at_random), found.gain_share(found.gain));
        assert!(0.0 < shares.0 && shares.0 < shares.1 && shares.1 <= 1.0, "{kind:?} {shares:?}");
        assert!(found.d_efficiency(at_random) < found.d_efficiency(found.gain));
        // Two starts, one optimum.
        let allowed = Effort::default().gap * 6.0;
        assert!((found.bound - from_random.bound).abs() <= allowed, "{found:?} {from_random:?}");
    }
}

fn same_bits<T: Real>(kind: Kind) {
    let pool = Small::new(kind, (70, 9), 12, 4);
    let options = Options::<T>::default();
    let batch = pool.select(&Threads::default(), &options, (Strategy::Random, 25, 2));
    let effort = Effort { gap: 1e-3, iterations: 6 };
    let reference = certified(&pool, &Threads::default(), &batch, effort).expect("one");
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
    let executor = Threads::default();
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
        let mut short = certificate::Certifier { numbers: [0.0; 8], heaps, pairs, ranks: [0; 2] };
        short.certify(problem, &batch_of(&offered[..2]), Effort::default(), &mut |_| ())
    });
    assert!(matches!(short, Err(Error::Workspace { .. })), "{short:?}");
    let nothing = certified(&pool, &[]).expect("an empty batch");
    assert_eq!((nothing.iterations, nothing.gain_share(nothing.gain)), (0, 1.0));
    assert_eq!(nothing.d_efficiency(nothing.gain), 1.0);
}
