//! Pairs drawn in proportion to their scores, against the exact law of drawing one after the other
//! without replacement, and batches of which a part is random.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use std::collections::BTreeMap;

use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::linalg::Packed;
use pairpick_core::memory::Growing;
use pairpick_core::pool::{Distinct, pairs_of_ranks, ranks_of_pairs};
use pairpick_core::rng::Stream;
use pairpick_core::score::gumbel;
use pairpick_core::select::{Options, Selector, Strategy};
use pairpick_core::topk::Scored;
use pairpick_tests::generate::positive;
use pairpick_tests::kind::{KINDS, Kind};
use pairpick_tests::levels::available;
use pairpick_tests::small::Small;
use pairpick_tests::threads::Threads;
use proptest::prelude::*;

/// A share of so many draws may be this many standard deviations from its probability. With a
/// thousand figures looked at, all of fixed seeds, chance alone gives none beyond.
const DEVIATIONS: f64 = 5.0;

fn check_share(count: usize, draws: usize, probability: f64, what: &str) {
    let share = count as f64 / draws as f64;
    let deviation = (probability * (1.0 - probability) / draws as f64).sqrt();
    let off = (share - probability).abs();
    assert!(off <= DEVIATIONS * deviation, "{what}: {share}, not {probability} ± {deviation}");
}

fn sampled<T: Real>() -> Options<'static, T> {
    Options { sampled: true, ..Options::default() }
}

#[test]
fn the_noise_is_gumbel_s() {
    fn check<T: Real>() {
        let draws = 200_000;
        let noise: Vec<f64> =
            (0..draws as u64).map(|index| gumbel::<T>(11, index).to_f64()).collect();
        for x in [-2.0_f64, -1.0, 0.0, 0.5, 1.0, 3.0, 6.0, 9.0] {
            let below = noise.iter().filter(|value| **value <= x).count();
            check_share(below, draws, (-(-x).exp()).exp(), &format!("{} below {x}", T::NAME));
        }
    }
    check::<f32>();
    check::<f64>();
}

/// The formula, on the outputs of SplitMix64 as its authors wrote it.
#[test]
fn the_noise_is_that_of_its_formula() {
    let mut state = 1_234_567_u64;
    for index in 0..1000 {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        if index == 0 {
            assert_eq!(z, 6_457_827_717_110_365_317, "the reference's first output");
        }
        let uniform = (z | 1) as f64 / 2.0_f64.powi(64);
        let truth = -(-(-uniform).ln_1p()).ln();
        let found = gumbel::<f64>(1_234_567, index);
        assert!((found - truth).abs() <= 1e-14 * (1.0 + truth.abs()), "{found}, not {truth}");
    }
}

#[test]
fn pairs_are_drawn_one_after_the_other_in_proportion_to_their_scores() {
    let draws = 12_000;
    for (kind, size) in KINDS.into_iter().zip([(2, 3), (2, 3), (3, 3)]) {
        let pool = (0..)
            .map(|seed| Small::new(kind, size, 2, seed))
            .find(|pool| (4..=5).contains(&pool.offered().len()))
            .expect("a small pool");
        let all = pool.offered().len();
        let executor = Threads::default();
        for strategy in [Strategy::Dopt, Strategy::Design] {
            let ranked = pool.select::<f64>(&executor, &Options::default(), (strategy, all, 0));
            let total: f64 = ranked.iter().map(|scored| scored.score).sum();
            let mut counts = BTreeMap::new();
            for seed in 0..draws as u64 {
                let drawn = pool.select::<f64>(&executor, &sampled(), (strategy, 2, seed));
                *counts.entry((drawn[0].pair, drawn[1].pair)).or_insert(0_usize) += 1;
            }
            for first in &ranked {
                for second in ranked.iter().filter(|second| second.pair != first.pair) {
                    let p = first.score / total * second.score / (total - first.score);
                    let count = counts.get(&(first.pair, second.pair)).copied().unwrap_or(0);
                    let what =
                        format!("{kind:?} {} {} {}", strategy.name(), first.pair, second.pair);
                    check_share(count, draws, p, &what);
                }
            }
        }
    }
}

#[test]
fn a_drawn_pair_tells_its_own_score_and_none_comes_twice() {
    for kind in KINDS {
        let pool = Small::new(kind, (20, 6), 5, 8);
        let executor = Threads::default();
        let all = pool.offered().len();
        let target = positive::<f64>(5, 3, 1.0);
        let target = Some(Packed::new(5, target.as_slice()).expect("order"));
        for strategy in Strategy::ALL.into_iter().filter(|strategy| strategy.facts().sampled) {
            let ranking = Options { target, ..Options::default() };
            let ranked = pool.select::<f64>(&executor, &ranking, (strategy, all, 0));
            let drawing = Options { target, ..sampled() };
            let drawn = pool.select::<f64>(&executor, &drawing, (strategy, all, 0));
            assert_ne!(ranked, drawn, "{kind:?}");
            let scores: BTreeMap<u64, f64> = ranked.iter().map(|s| (s.pair, s.score)).collect();
            let told: BTreeMap<u64, f64> = drawn.iter().map(|s| (s.pair, s.score)).collect();
            assert_eq!(scores.len(), all);
            assert!(scores.keys().eq(told.keys()));
            for (told, score) in told.values().zip(scores.values()) {
                assert!((told - score).abs() <= 1e-12 * score, "{told}, not {score}");
            }
        }
    }
}

#[test]
fn pairs_without_a_score_are_drawn_last_by_number() {
    let mut pool = Small::new(Kind::CrossPrompt, (4, 4), 2, 4);
    let items = *pool.starts.last().expect("a start") as usize;
    // All items but the last are one point.
    pool.features.fill(1.0);
    pool.features.iter_mut().skip(2 * (items - 1)).for_each(|value| *value = 2.0);
    let all = pool.offered().len();
    let drawn = pool.select::<f64>(&Threads::default(), &sampled(), (Strategy::Dopt, all, 4));
    let zeros: Vec<u64> =
        drawn.iter().skip_while(|s| s.score > 0.0).map(|scored| scored.pair).collect();
    assert!((2..all).contains(&zeros.len()) && zeros.is_sorted(), "{drawn:?}");
    assert_eq!(drawn.iter().filter(|s| s.score == 0.0).count(), zeros.len());
}

fn same_bits<T: Real>(kind: Kind, options: &Options<'_, T>) {
    let pool = Small::new(kind, (90, 9), 10, 6);
    for strategy in [Strategy::Dopt, Strategy::PaDopt] {
        let ask = (strategy, 40, 3);
        let reference = pool.select::<T>(&Threads::default(), options, ask);
        for (name, level) in available() {
            for threads in [1, 2, 3, 7] {
                let batch = pool.select::<T>(&Threads { level, threads }, options, ask);
                assert_eq!(batch, reference, "{kind:?} {name} {threads} threads");
            }
        }
    }
}

#[test]
fn drawn_and_mixed_batches_have_the_same_bits_at_every_level_and_thread_count() {
    for kind in KINDS {
        same_bits::<f32>(kind, &Options { mixed: 9, ..sampled() });
        same_bits::<f64>(kind, &sampled());
    }
}

#[test]
fn a_mixed_batch_is_the_strategy_s_best_and_then_others_at_random() {
    for kind in KINDS {
        let pool = Small::new(kind, (12, 5), 4, 2);
        let (executor, batch) = (Threads::default(), 10);
        let target = positive::<f64>(4, 3, 1.0);
        let target = Some(Packed::new(4, target.as_slice()).expect("order"));
        let few = Options {
            target,
            clusters: 3,
            posterior_samples: 5,
            configurations: 11,
            // Nor those of `robust-v-opt`, beside which nothing is mixed in.
            distinct: Some(Distinct::Unlimited),
            ..Options::default()
        };
        let strategies = Strategy::ALL
            .into_iter()
            .filter(|strategy| kind != Kind::CrossPrompt || strategy.facts().all_pairs);
        for (strategy, mixed) in strategies.flat_map(|s| [0, 1, 4, 10, 11].map(|mixed| (s, mixed)))
        {
            let options = Options::<f64> { mixed, ..few };
            let front = batch - mixed.min(batch);
            let found = pool.select(&executor, &options, (strategy, batch, 5));
            let best = pool.select(&executor, &few, (strategy, front, 5));
            assert_eq!(&found[..front], best, "{kind:?} {} {mixed}", strategy.name());
            assert!(found[front..].iter().all(|random| random.score == 0.0));
            let mut pairs: Vec<u64> = found.iter().map(|scored| scored.pair).collect();
            pairs.sort_unstable();
            pairs.dedup();
            assert_eq!(pairs.len(), batch, "{kind:?} {}: a pair twice", strategy.name());
            assert!(pairs.iter().all(|pair| pool.offered().contains(pair)));
            // As many as there are: the random ones are then all the rest.
            let all = pool.select(&executor, &options, (strategy, pool.offered().len(), 5));
            let mut pairs: Vec<u64> = all.iter().map(|scored| scored.pair).collect();
            pairs.sort_unstable();
            assert_eq!(pairs, pool.offered());
        }
    }
}

#[test]
fn the_random_part_is_uniform_over_the_rest() {
    let draws = 8000;
    let pool = Small::new(Kind::Listed, (4, 4), 3, 4);
    let executor = Threads::default();
    let best = pool.select::<f64>(&executor, &Options::default(), (Strategy::Dopt, 3, 0));
    let rest: Vec<u64> =
        pool.offered().into_iter().filter(|pair| best.iter().all(|s| s.pair != *pair)).collect();
    assert!(rest.len() > 3, "{}", rest.len());
    let options = Options::<f64> { mixed: 2, ..Options::default() };
    let mut counts = BTreeMap::new();
    for seed in 0..draws as u64 {
        let found = pool.select(&executor, &options, (Strategy::Dopt, 5, seed));
        // The place as well: the order among them is random too.
        *counts.entry(found[3].pair).or_insert(0_usize) += 1;
    }
    for pair in &rest {
        let count = counts.get(pair).copied().unwrap_or(0);
        check_share(count, draws, 1.0 / rest.len() as f64, &format!("pair {pair}"));
    }
}

#[test]
fn a_mixed_batch_needs_a_rank_a_pair() {
    let pool = Small::new(Kind::Listed, (6, 4), 3, 1);
    let options = Options::<f64> { mixed: 2, ..Options::default() };
    let found = pool.with(&Threads::default(), &options, |problem| {
        let (numbers, heaps) = (Growing(Vec::new()), Growing(Vec::new()));
        let mut selector =
            Selector { numbers, heaps, ranks: [0; 4], batch: [Scored::default(); 5] };
        let mut rng = Stream::new(1, "small", 1);
        selector.select(Strategy::Dopt, problem, 5, &mut rng).map(|_| ())
    });
    assert_eq!(found, Err(Error::Workspace { what: "ranks", required: 5, found: 4 }));
}

proptest! {
    #[test]
    fn ranks_and_pairs_are_inverse(left_out in prop::collection::btree_set(0_u64..60, 0..40)) {
        let left_out: Vec<u64> = left_out.into_iter().collect();
        let offered: Vec<u64> =
            (0..60).filter(|pair| left_out.binary_search(pair).is_err()).collect();
        let ranks: Vec<u64> = (0..offered.len() as u64).collect();
        let mut pairs = ranks.clone();
        pairs_of_ranks(&left_out, &mut pairs);
        prop_assert_eq!(&pairs, &offered);
        let every_third: Vec<u64> = ranks.iter().copied().step_by(3).collect();
        let mut third = every_third.clone();
        pairs_of_ranks(&left_out, &mut third);
        prop_assert_eq!(&third, &offered.iter().copied().step_by(3).collect::<Vec<_>>());
        ranks_of_pairs(&left_out, &mut pairs);
        prop_assert_eq!(pairs, ranks);
    }
}
