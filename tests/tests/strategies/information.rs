//! `bald` and `batchbald` against full enumeration of the joint answers, closed forms and
//! quadrature, and what they tell of themselves.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::pool::ItemPair;
use pairpick_core::rng::Stream;
use pairpick_core::select::{
    Information, MAX_CONFIGURATIONS, MAX_SAMPLES, Options, Selection, Strategy,
};
use pairpick_core::topk::Scored;
use pairpick_tests::information::{draws, entropy, mutual_information, probabilities};
use pairpick_tests::levels::available;
use pairpick_tests::selecting::Listed;
use pairpick_tests::threads::Threads;
use proptest::prelude::*;

fn options<T: Real>(posterior_samples: usize, configurations: usize) -> Options<'static, T> {
    Options { posterior_samples, configurations, ..Options::default() }
}

fn stream(seed: u64) -> Stream {
    Stream::new(seed, "information", 1)
}

fn select(
    listed: &Listed,
    strategy: Strategy,
    options: &Options<'_, f64>,
    seed: u64,
    batch: usize,
) -> (Selection, Vec<Scored<f64>>) {
    let executor = Threads::default();
    listed.select(&executor, strategy, options, &mut stream(seed), batch).expect("a batch")
}

fn told(selection: Selection) -> Information {
    selection.information.expect("told")
}

#[test]
fn bald_is_the_mutual_information_of_one_answer_with_the_draws() {
    for (order, samples) in [(1, 2), (5, 33), (16, 100)] {
        let listed = Listed::random(30, 150, order, 4);
        let draws = draws(&listed, samples, &mut stream(8));
        let offered = listed.offered();
        let mut expected: Vec<(f64, u64)> = offered
            .iter()
            .map(|pair| (mutual_information(&[probabilities(&listed, *pair, &draws)]), *pair))
            .collect();
        expected.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let (selection, batch) =
            select(&listed, Strategy::Bald, &options(samples, 1), 8, offered.len());
        assert_eq!(selection.information, None);
        assert!(selection.condition.is_some() && selection.log_det.is_some());
        for (found, (score, pair)) in batch.iter().zip(expected) {
            assert_eq!(found.pair, pair, "order {order}");
            assert!((found.score - score).abs() < 1e-13, "{} and {score}", found.score);
        }
    }
}

/// One feature, one pair: I(y; θ) by quadrature over N(β, 1/P), which draws approach.
#[test]
fn bald_approaches_the_integral_over_the_posterior() {
    for (mean, precision, difference) in [(0.0, 1.0, 2.0), (1.5, 0.25, 1.0), (-0.5, 4.0, 3.0)] {
        let listed = Listed {
            order: 1,
            features: vec![difference, 0.0],
            head: vec![mean],
            pairs: vec![ItemPair { a: 0, b: 1 }],
            labelled: Vec::new(),
            prior_precision: 0.75 * precision,
            past: vec![0.25 * precision],
        };
        let integral = |f: &dyn Fn(f64) -> f64| {
            let step = 1e-3;
            let term = |i: i32| {
                let z = f64::from(i) * step;
                let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
                let theta = f64::from(mean) + z / precision.sqrt();
                density * step * f(1.0 / (1.0 + (-theta * f64::from(difference)).exp()))
            };
            (-9000..=9000).map(term).sum::<f64>()
        };
        let truth = entropy(integral(&|p| p)) - integral(&entropy);
        let scores: Vec<f64> = (0..40)
            .map(|seed| {
                let options = options(MAX_SAMPLES, 1);
                select(&listed, Strategy::Bald, &options, seed, 1).1[0].score
            })
            .collect();
        let found = scores.iter().sum::<f64>() / 40.0;
        let variance = scores.iter().map(|score| (score - found) * (score - found)).sum::<f64>();
        let deviation = (variance / 39.0 / 40.0).sqrt();
        // The bias of the plug-in estimate is of the order of 1/K.
        let allowed = 4.0 * deviation + 1.0 / MAX_SAMPLES as f64;
        assert!((found - truth).abs() < allowed, "{found} ± {deviation}, not {truth}");
        assert!(deviation < 2e-3 && truth > 0.02, "the test can tell: {deviation}, {truth}");
    }
}

/// While all joint answers are kept, each pick is the one that adds most, and scores add up to the
/// information of the batch.
#[test]
fn batchbald_is_greedy_on_the_enumerated_information() {
    for (seed, samples, configurations) in [(1, 40, 64), (2, 64, 64), (3, 10, 77)] {
        let listed = Listed::random(12, 25, 6, seed);
        let draws = draws(&listed, samples, &mut stream(seed));
        let options = options(samples, configurations);
        let (selection, batch) = select(&listed, Strategy::BatchBald, &options, seed, 7);
        let mut picked: Vec<Vec<f64>> = Vec::new();
        let mut before = 0.0;
        for found in &batch {
            let mut best = (f64::NEG_INFINITY, 0);
            let taken = |pair: &u64| batch.iter().position(|other| other.pair == *pair);
            for pair in listed.offered() {
                if taken(&pair).is_some_and(|place| place < picked.len()) {
                    continue;
                }
                picked.push(probabilities(&listed, pair, &draws));
                let information = mutual_information(&picked);
                picked.pop();
                if information > best.0 + 1e-14 {
                    best = (information, pair);
                }
            }
            assert_eq!(found.pair, best.1);
            let gain = best.0 - before;
            assert!((found.score - gain).abs() < 1e-12, "{} and {gain}", found.score);
            (before, picked) = (best.0, {
                picked.push(probabilities(&listed, best.1, &draws));
                picked
            });
        }
        let Information { nats, limit, noise_from } = told(selection);
        assert!((nats - before).abs() < 1e-12, "{nats} and {before}");
        assert!((limit - (samples as f64).ln()).abs() < 1e-14);
        assert!(nats < limit && noise_from.is_none());
    }
}

/// The errors of what sampled joint answers say the last pick adds, over seeds.
fn errors(samples: usize, configurations: usize, picks: usize) -> Vec<f64> {
    (0..24)
        .map(|seed| {
            let mut listed = Listed::random(40, 40, 12, seed);
            listed.prior_precision = 6.0;
            let draws = draws(&listed, samples, &mut stream(seed));
            let options = options(samples, configurations);
            let (selection, batch) = select(&listed, Strategy::BatchBald, &options, seed, picks);
            assert_eq!(told(selection).noise_from, None, "{:?}", told(selection));
            let picked: Vec<Vec<f64>> =
                batch.iter().map(|found| probabilities(&listed, found.pair, &draws)).collect();
            let before = mutual_information(&picked[..picks - 1]);
            batch[picks - 1].score - (mutual_information(&picked) - before)
        })
        .collect()
}

/// With 60 configurations the twelfth pick is scored by a sample, with 960 by a larger one; with
/// 2,048 by all joint answers. The error falls as one over the root of their number, around 0.
#[test]
fn sampled_joint_answers_approach_the_enumeration() {
    let root_mean_square = |errors: &[f64]| {
        (errors.iter().map(|error| error * error).sum::<f64>() / errors.len() as f64).sqrt()
    };
    let (few, many, all) = (errors(60, 60, 12), errors(60, 960, 12), errors(60, 2048, 12));
    let sizes = [&few, &many, &all].map(|errors| root_mean_square(errors));
    println!("{sizes:?}");
    assert!(sizes[2] < 1e-12, "exact");
    assert!(1e-5 < sizes[1] && sizes[0] < 0.02, "{sizes:?}");
    let ratio = sizes[0] / sizes[1];
    assert!((2.0..8.0).contains(&ratio), "a sixteenth of the variance: {ratio}");
    let mean = many.iter().sum::<f64>() / many.len() as f64;
    let allowed = 4.0 * sizes[1] / (many.len() as f64).sqrt();
    assert!(mean.abs() < allowed, "mean {mean}, allowed {allowed}");
}

/// Few draws are told apart by few answers. From there on pairs are random: distinct, of score 0,
/// and not those that come first.
#[test]
fn a_batch_that_has_told_the_draws_apart_goes_on_at_random() {
    let listed = Listed::random(60, 400, 8, 3);
    for (samples, configurations) in [(2, 512), (12, 600), (30, 600)] {
        let options = options(samples, configurations);
        let (selection, batch) = select(&listed, Strategy::BatchBald, &options, 7, 200);
        let Information { nats, limit, noise_from } = told(selection);
        let from = noise_from.expect("soon told apart");
        println!("{samples} draws: {nats} of {limit} nats, random from {from}");
        assert!(0 < from && from < 100);
        assert!(0.9 * limit < nats && nats < 1.02 * limit, "{nats} of {limit}");
        let mut sum = 0.0;
        for (place, found) in batch.iter().enumerate() {
            assert_eq!(found.score == 0.0, place >= from, "{place}: {}", found.score);
            sum += found.score;
        }
        assert_eq!(sum, nats);
        let mut pairs: Vec<u64> = batch.iter().map(|found| found.pair).collect();
        let rest = &pairs[from..];
        let mean = rest.iter().sum::<u64>() as f64 / rest.len() as f64;
        assert!((mean - 200.0).abs() < 40.0, "the mean place of random pairs: {mean}");
        pairs.sort_unstable();
        pairs.dedup();
        assert_eq!(pairs.len(), 200);
    }
}

/// The labels so far decide: a large past leaves little to tell.
#[test]
fn the_posterior_counts_the_labels() {
    let listed = Listed::random(30, 100, 6, 9);
    let mut certain = listed.clone();
    certain.past.iter_mut().for_each(|entry| *entry *= 1e4);
    let [before, after] = [&listed, &certain].map(|listed| {
        let (selection, batch) = select(listed, Strategy::Bald, &options(100, 1), 1, 1);
        (batch[0].score, selection.log_det.expect("told"))
    });
    assert!(after.0 < 0.01 * before.0, "{} and {}", after.0, before.0);
    assert!(after.1 > before.1 + 30.0);
}

/// Which of two items a list names first changes no bit.
#[test]
fn a_pair_listed_the_other_way_is_the_same_pair() {
    let listed = Listed::random(25, 120, 5, 2);
    let mut turned = listed.clone();
    for pair in turned.pairs.iter_mut().step_by(3) {
        *pair = ItemPair { a: pair.b, b: pair.a };
    }
    for strategy in [Strategy::Bald, Strategy::BatchBald] {
        let options = options(20, 40);
        assert_eq!(
            select(&listed, strategy, &options, 3, 30),
            select(&turned, strategy, &options, 3, 30)
        );
    }
}

#[test]
fn a_batch_and_its_information_have_the_same_bits_at_every_level_and_thread_count() {
    fn check<T: Real>() {
        // Blocks of pairs and of joint answers that are not full, draws that fill no vector.
        let listed = Listed::random(50, 300, 21, 6);
        let options = options::<T>(53, 170);
        let batch = |executor: &Threads| {
            let batch = listed.select(executor, Strategy::BatchBald, &options, &mut stream(1), 12);
            batch.expect("a batch")
        };
        let reference = batch(&Threads { level: available()[0].1, threads: 1 });
        assert!(told(reference.0).noise_from.is_none_or(|from| from > 8), "sampled answers count");
        for (name, level) in available() {
            for threads in [1, 2, 3, 7] {
                let executor = Threads { level, threads };
                assert_eq!(batch(&executor), reference, "{} {name} {threads}", T::NAME);
            }
        }
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn options_out_of_range_are_errors_that_say_so() {
    let listed = Listed::random(10, 30, 3, 1);
    let fails = |strategy: Strategy, samples: usize, configurations: usize| {
        let options = options::<f64>(samples, configurations);
        let executor = Threads::default();
        listed.select(&executor, strategy, &options, &mut stream(1), 3).expect_err("out of range")
    };
    for strategy in [Strategy::Bald, Strategy::BatchBald] {
        for samples in [0, 1] {
            assert!(matches!(fails(strategy, samples, 100), Error::Parameter { .. }));
        }
        let (limit, found) = (MAX_SAMPLES, MAX_SAMPLES + 1);
        let expected = Error::TooLarge { what: "posterior samples", limit, found };
        assert_eq!(fails(strategy, found, found), expected);
    }
    assert!(matches!(fails(Strategy::BatchBald, 100, 99), Error::Parameter { .. }));
    let (limit, found) = (MAX_CONFIGURATIONS, MAX_CONFIGURATIONS + 1);
    let expected = Error::TooLarge { what: "configurations", limit, found };
    assert_eq!(fails(Strategy::BatchBald, 2, found), expected);
}

#[test]
fn margins_beyond_all_numbers_are_errors() {
    let mut listed = Listed::random(10, 30, 3, 1);
    listed.features.iter_mut().for_each(|value| *value *= 1e38);
    listed.head.iter_mut().for_each(|value| *value *= 1e38);
    let executor = Threads::default();
    for strategy in [Strategy::Bald, Strategy::BatchBald] {
        let options = options::<f32>(10, 10);
        let failed = listed.select(&executor, strategy, &options, &mut stream(1), 3);
        assert!(matches!(failed, Err(Error::NonFinite { .. })), "{failed:?}");
    }
    // In f64 the same margins are numbers, and every answer is certain.
    let (_, batch) = select(&listed, Strategy::Bald, &options(10, 10), 1, 3);
    assert!(batch.iter().all(|found| found.score.is_finite()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the sizes: distinct pairs on offer, no negative information, no more than ln K but
    /// for the noise of a sample.
    #[test]
    fn every_batch_is_one(
        items in 2_u32..20,
        count in 2_usize..90,
        order in 1_usize..9,
        samples in 2_usize..20,
        more in 0_usize..60,
        seed in 0_u64..1000,
    ) {
        let listed = Listed::random(items, count, order, seed);
        let offered = listed.offered();
        let options = options(samples, samples + more);
        for strategy in [Strategy::Bald, Strategy::BatchBald] {
            let (selection, batch) = select(&listed, strategy, &options, seed, offered.len());
            let mut pairs: Vec<u64> = batch.iter().map(|found| found.pair).collect();
            pairs.sort_unstable();
            prop_assert_eq!(&pairs, &offered);
            prop_assert!(batch.iter().all(|found| found.score >= 0.0 && found.score <= 0.694));
            if let Some(Information { nats, limit, .. }) = selection.information {
                prop_assert!(nats < 1.3 * limit + 0.1, "{} of {}", nats, limit);
            }
        }
    }

    #[test]
    fn the_oracle_knows_the_closed_forms(p in 0.01_f64..0.99) {
        // Draws that never differ tell nothing; two certain and opposite ones tell one bit.
        prop_assert!(mutual_information(&[vec![p, p], vec![p, p]]).abs() < 1e-14);
        let bit = mutual_information(&[vec![0.0, 1.0], vec![1.0, 0.0]]);
        prop_assert!((bit - 2.0_f64.ln()).abs() < 1e-14);
    }
}
