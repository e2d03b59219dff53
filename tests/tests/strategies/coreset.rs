//! `coreset` against its definition with every vector written out, and the law of its draws.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::pool::ItemPair;
use pairpick_core::rng::Stream;
use pairpick_core::select::{MAX_CLUSTERS, Options, Strategy};
use pairpick_core::topk::Scored;
use pairpick_tests::coreset::{clusters, gumbel, sensitivities, vectors};
use pairpick_tests::levels::available;
use pairpick_tests::selecting::Listed;
use pairpick_tests::threads::Threads;
use proptest::prelude::*;

fn options<T: Real>(clusters: usize, radius: f64) -> Options<'static, T> {
    Options { clusters, radius: T::from_f64(radius), ..Options::default() }
}

fn select(
    listed: &Listed,
    clusters: usize,
    radius: f64,
    rng: &mut Stream,
    batch: usize,
) -> Result<Vec<Scored<f64>>, Error> {
    let options = options(clusters, radius);
    let executor = Threads::default();
    listed.select(&executor, Strategy::Coreset, &options, rng, batch).map(|(_, batch)| batch)
}

fn stream(round: u64) -> Stream {
    Stream::new(4, "coreset", round)
}

/// What the definition says the keys are, best first.
fn expected(listed: &Listed, count: usize, radius: f64, rng: &mut Stream) -> Vec<(f64, u64)> {
    let vectors = vectors(listed);
    let own = clusters(&vectors, count, rng);
    let bounds = sensitivities(&vectors, &own, radius);
    let key = rng.bits();
    let mut keys: Vec<(f64, u64)> = bounds
        .iter()
        .zip(listed.offered())
        .map(|(bound, pair)| (bound.ln() + gumbel(key, pair), pair))
        .collect();
    keys.sort_by(|a, b| b.0.total_cmp(&a.0));
    keys
}

#[test]
fn the_draw_is_that_of_the_definition() {
    for (order, items, count, radius) in
        [(1, 12, 1, 1.0), (4, 40, 5, 0.5), (9, 60, 10, 2.0), (3, 20, 40, 1.0), (6, 50, 3, 0.0)]
    {
        let listed = Listed::random(items, 300, order, 6);
        let all = listed.offered().len();
        let found = select(&listed, count, radius, &mut stream(2), all).expect("all");
        let expected = expected(&listed, count, radius, &mut stream(2));
        for (found, (key, pair)) in found.iter().zip(&expected) {
            assert!((found.score - key).abs() < 1e-9, "{} and {key}, {count}", found.score);
            assert_eq!(found.pair, *pair, "{count} clusters");
        }
    }
}

/// One cluster needs no seeds: bounds are a closed form, and the first pairs drawn follow them.
#[test]
fn pairs_are_drawn_in_proportion_to_their_sensitivities_among_those_left() {
    const DRAWS: u64 = 30_000;
    let listed = Listed {
        labelled: vec![2],
        features: vec![0.0, 0.1, 0.2, 0.3, 4.0, 0.15],
        pairs: [(0, 1), (0, 2), (1, 2), (5, 0), (0, 3), (0, 4)].map(ItemPair::from).to_vec(),
        ..Listed::random(6, 6, 1, 1)
    };
    let bounds = sensitivities(&vectors(&listed), &[0; 5], 0.5);
    let total: f64 = bounds.iter().sum();
    let mut counts = [[0.0; 5]; 5];
    let offered = listed.offered();
    let place = |pair: u64| offered.iter().position(|offered| *offered == pair).expect("on offer");
    for round in 0..DRAWS {
        let batch = select(&listed, 1, 0.5, &mut stream(round), 2).expect("two");
        counts[place(batch[0].pair)][place(batch[1].pair)] += 1.0;
    }
    let mut chi_square = 0.0;
    for (i, (counts, first)) in counts.iter().zip(&bounds).enumerate() {
        assert_eq!(counts[i], 0.0);
        let others = counts.iter().zip(&bounds).enumerate().filter(|(j, _)| *j != i);
        for (_, (count, second)) in others {
            let law = first / total * second / (total - first) * DRAWS as f64;
            chi_square += (count - law) * (count - law) / law;
        }
    }
    println!("chi-square {chi_square}, 19 degrees of freedom; bounds {bounds:?}");
    assert!(chi_square < 43.8, "beyond one in a thousand: {chi_square}");
    assert!(bounds[4] > 2.0 * bounds[0], "laws that differ from uniform");
}

#[test]
fn which_item_of_a_pair_is_listed_first_changes_no_bit() {
    let mut listed = Listed::random(30, 200, 6, 8);
    // Equal rewards too: then the item of lower number is first.
    listed.head[1..].fill(0.0);
    let order = listed.order;
    listed.features.iter_mut().step_by(order).take(9).for_each(|value| *value = 0.5);
    let mut turned = listed.clone();
    for pair in turned.pairs.iter_mut().step_by(2) {
        *pair = ItemPair { a: pair.b, b: pair.a };
    }
    let of = |listed: &Listed| select(listed, 7, 1.0, &mut stream(1), 50).expect("a batch");
    assert_eq!(of(&listed), of(&turned));
}

/// Pairs that are all alike, or fewer distinct ones than clusters: clusters stay empty, and all
/// bounds are what the pairs that stand together give.
#[test]
fn clusters_without_pairs_do_no_harm() {
    let mut listed = Listed::random(10, 40, 3, 5);
    listed.labelled.clear();
    listed.pairs.fill(ItemPair { a: 1, b: 2 });
    let key = |round| {
        let mut rng = stream(round);
        // Two draws a centre, since all distances are 0, and the first centre's.
        for _ in 0..1 + 2 * 6 {
            rng.bits();
        }
        rng.bits()
    };
    let batch = select(&listed, 6, 1.0, &mut stream(3), 40).expect("all");
    for found in &batch {
        // N / (1 + (N − 1)) = 1.
        assert!((found.score - gumbel(key(3), found.pair)).abs() < 1e-12);
    }
    listed.pairs[..7].fill(ItemPair { a: 3, b: 4 });
    let batch = select(&listed, 40, 1.0, &mut stream(3), 40).expect("all");
    let mut pairs: Vec<u64> = batch.iter().map(|found| found.pair).collect();
    pairs.sort_unstable();
    assert_eq!(pairs, (0..40).collect::<Vec<u64>>());
}

#[test]
fn options_out_of_range_are_errors_that_say_so() {
    let listed = Listed::random(10, 30, 3, 1);
    let available = listed.offered().len();
    let fails = |clusters, radius| {
        select(&listed, clusters, radius, &mut stream(1), 3).expect_err("out of range")
    };
    assert!(select(&listed, available, 1.0, &mut stream(1), 3).is_ok());
    for clusters in [0, available + 1] {
        assert!(matches!(fails(clusters, 1.0), Error::Parameter { .. }), "{clusters}");
    }
    for radius in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(fails(3, radius), Error::Parameter { .. }), "{radius}");
    }
    let many = Listed::random(100, 5000, 1, 1);
    let (limit, found) = (MAX_CLUSTERS, MAX_CLUSTERS + 1);
    let failed = select(&many, found, 1.0, &mut stream(1), 3);
    assert_eq!(failed, Err(Error::TooLarge { what: "clusters", limit, found }));
}

#[test]
fn distances_beyond_all_numbers_are_errors() {
    let mut listed = Listed::random(10, 30, 3, 1);
    listed.features.iter_mut().for_each(|value| *value *= 1e30);
    let executor = Threads::default();
    let options = options::<f32>(3, 1.0);
    let failed = listed.select(&executor, Strategy::Coreset, &options, &mut stream(1), 3);
    assert!(matches!(failed, Err(Error::NonFinite { .. })), "{failed:?}");
    assert!(select(&listed, 3, 1.0, &mut stream(1), 3).is_ok(), "numbers in f64");
}

#[test]
fn a_batch_has_the_same_bits_at_every_level_and_thread_count() {
    fn check<T: Real>() {
        let listed = Listed::random(80, 1500, 19, 6);
        let options = options::<T>(13, 0.7);
        let batch = |executor: &Threads| {
            let batch = listed.select(executor, Strategy::Coreset, &options, &mut stream(1), 300);
            batch.expect("a batch")
        };
        let reference = batch(&Threads { level: available()[0].1, threads: 1 });
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Any number of pairs, up to all of them, is drawn without a repetition: the authors' code
    /// draws with replacement, and fails above half the pool.
    #[test]
    fn every_pair_is_drawn_once(
        items in 2_u32..30,
        count in 2_usize..200,
        order in 1_usize..9,
        seed in 0_u64..1000,
        share in 0.0_f64..1.0,
    ) {
        let listed = Listed::random(items, count, order, seed);
        let offered = listed.offered();
        let clusters = 1 + (share * (offered.len() - 1) as f64) as usize;
        let batch = select(&listed, clusters, 1.0, &mut stream(seed), offered.len()).expect("all");
        let mut pairs: Vec<u64> = batch.iter().map(|found| found.pair).collect();
        pairs.sort_unstable();
        prop_assert_eq!(pairs, offered);
        prop_assert!(batch.is_sorted_by(|a, b| a.score >= b.score));
    }
}
