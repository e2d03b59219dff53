//! Random streams, digests and metrics: value stability, closed forms, and exact expectations.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use pairpick_core::Error;
use pairpick_core::digest::Digest;
use pairpick_core::metric::{Agreement, best_of_n, spearman};
use pairpick_core::rng::Stream;
use proptest::prelude::*;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

#[test]
fn the_generator_is_xoshiro256_plus_plus() {
    // The first outputs of the authors' C program from the state (1, 2, 3, 4).
    let mut seed = [0; 32];
    for (chunk, word) in seed.chunks_mut(8).zip(1_u64..) {
        chunk.copy_from_slice(&word.to_le_bytes());
    }
    let mut generator = rand_xoshiro::Xoshiro256PlusPlus::from_seed(seed);
    let expected = [
        41_943_041,
        58_720_359,
        3_588_806_011_781_223,
        3_591_011_842_654_386,
        9_228_616_714_210_784_205,
    ];
    for value in expected {
        assert_eq!(generator.next_u64(), value);
    }
}

#[test]
fn streams_are_stable_and_their_own() {
    let first = |seed, name, round| Stream::new(seed, name, round).bits();
    let streams = [
        first(1, "pool", 1),
        first(1, "pool", 2),
        first(2, "pool", 1),
        first(1, "init", 1),
        first(0, "", 0),
    ];
    for (i, a) in streams.iter().enumerate() {
        assert!(streams[..i].iter().all(|b| a != b));
    }
    assert_eq!(streams, STREAMS);
}

/// From an independent implementation of SplitMix64, FNV-1a and Xoshiro256++.
const STREAMS: [u64; 5] = [
    17_898_321_915_858_010_206,
    7_064_548_819_555_786_555,
    10_231_037_047_784_980_003,
    18_388_136_061_842_171_600,
    9_954_487_371_912_602_348,
];

#[test]
fn distributions_are_stable() {
    let mut stream = Stream::new(7, "values", 3);
    let mut values: Vec<u64> = (0..3).map(|_| stream.uniform::<f64>().to_bits()).collect();
    values.extend((0..2).map(|_| u64::from(stream.uniform::<f32>().to_bits())));
    values.extend((0..3).map(|_| stream.below(1000)));
    let mut order: Vec<u64> = (0..6).collect();
    stream.shuffle(&mut order);
    values.extend(&order);
    let mut chosen = [0; 4];
    stream.sample(20, &mut chosen).expect("enough");
    values.extend(chosen);
    assert_eq!(values, DISTRIBUTIONS);
}

/// From the same independent implementation: three f64 and two f32 as bits, three integers below
/// 1000, a shuffle of 0..6, a sample of 4 from 20.
#[rustfmt::skip]
const DISTRIBUTIONS: [u64; 18] = [
    4_599_383_584_175_068_272, 4_605_890_026_952_833_521, 4_602_563_306_169_799_362,
    1_061_346_361, 1_033_160_440,
    514, 882, 381,
    4, 0, 1, 2, 5, 3,
    2, 4, 12, 13,
];

/// Moments and tails of 200,000 deviates, and one stream of them in either type.
#[test]
fn normal_deviates_are_normal_and_stable() {
    const COUNT: usize = 200_000;
    let mut stream = Stream::new(7, "normal", 3);
    let deviates: Vec<f64> = (0..COUNT).map(|_| stream.normal()).collect();
    let moment = |power: i32| deviates.iter().map(|z| z.powi(power)).sum::<f64>() / COUNT as f64;
    // Four deviations of each moment: √((E z²ᵖ − (E zᵖ)²) / n).
    for (power, truth, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
        let allowed = 4.0 * (variance / COUNT as f64).sqrt();
        assert!((moment(power) - truth).abs() < allowed, "{power}: {}", moment(power));
    }
    for (bound, tail) in [(1.0, 0.158_655), (2.0, 0.022_750), (3.0, 0.001_350)] {
        let beyond = deviates.iter().filter(|z| **z > bound).count() as f64 / COUNT as f64;
        assert!((beyond - tail).abs() < 4.0 * (tail / COUNT as f64).sqrt(), "{bound}: {beyond}");
    }
    let mut stream = Stream::new(7, "normal", 3);
    for deviate in &deviates[..100] {
        assert_eq!(stream.normal::<f32>(), *deviate as f32);
    }
    assert_eq!([0, 1, 2].map(|place| deviates[place].to_bits()), NORMAL);
}

/// From the same independent implementation.
const NORMAL: [u64; 3] =
    [4_604_523_532_065_521_092, 13_828_014_482_300_857_430, 13_832_871_703_126_489_087];

#[test]
fn samples_are_distinct_ascending_and_even() {
    let mut counts = [0_u32; 10];
    let mut stream = Stream::new(3, "sample", 0);
    for _ in 0..20_000 {
        let mut chosen = [0; 3];
        stream.sample(10, &mut chosen).expect("enough");
        assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]) && chosen[2] < 10);
        for number in chosen {
            counts[usize::try_from(number).expect("small")] += 1;
        }
    }
    // Binomial(20000, 0.3): deviation 65; six of them.
    assert!(counts.iter().all(|count| count.abs_diff(6000) < 390), "{counts:?}");
    let mut all = [0; 5];
    stream.sample(5, &mut all).expect("enough");
    assert_eq!(all, [0, 1, 2, 3, 4]);
    let error = stream.sample(4, &mut all);
    assert_eq!(error, Err(Error::Batch { requested: 5, available: 4 }));
}

#[test]
fn digests_are_those_of_fnv_1a_and_refuse_nan() {
    // From the test suite of the FNV authors.
    for (text, value) in [
        ("", 0xcbf2_9ce4_8422_2325_u64),
        ("a", 0xaf63_dc4c_8601_ec8c),
        ("foobar", 0x8594_4171_f739_67e8),
    ] {
        let mut digest = Digest::new();
        digest.bytes(text.as_bytes());
        assert_eq!(digest.value(), value);
    }
    let of = |values: &[f32]| {
        let mut digest = Digest::new();
        digest.numbers(values).map(|()| digest.value())
    };
    let bytes: Vec<u8> = [1.5_f32, -0.0].iter().flat_map(|value| value.to_le_bytes()).collect();
    let mut digest = Digest::new();
    digest.bytes(&bytes);
    assert_eq!(of(&[1.5, -0.0]), Ok(digest.value()));
    assert_ne!(of(&[1.5, 0.0]), of(&[1.5, -0.0]));
    assert_ne!(of(&[1.0, 2.0]), of(&[2.0, 1.0]));
    assert!(of(&[f32::INFINITY]).is_ok());
    assert_eq!(of(&[0.0, f32::NAN]), Err(Error::NonFinite { what: "digested values", index: 1 }));
}

fn rank_correlation(predicted: &[f64], golden: &[f64]) -> Option<f64> {
    let mut ranks = vec![0.0; 2 * predicted.len()];
    spearman(predicted, golden, &mut vec![0; predicted.len()], &mut ranks).expect("lengths")
}

#[test]
fn spearman_has_its_closed_forms() {
    assert_eq!(rank_correlation(&[1.0, 2.0, 3.0], &[-5.0, 0.1, 9.0]), Some(1.0));
    assert_eq!(rank_correlation(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]), Some(-1.0));
    assert_eq!(rank_correlation(&[4.0, 4.0, 4.0], &[3.0, 2.0, 1.0]), Some(0.0));
    assert_eq!(rank_correlation(&[1.0, 2.0, 3.0], &[7.0, 7.0, 7.0]), None);
    // Without ties, 1 − 6 Σ d² / (n (n² − 1)): d² sums to 4 + 1 + 1 + 0 + 4.
    let found =
        rank_correlation(&[1.0, 2.0, 3.0, 4.0, 5.0], &[3.0, 1.0, 2.0, 4.0, 5.0]).expect("an order");
    assert!((found - (1.0 - 6.0 * 6.0 / 120.0)).abs() < 1e-15, "{found}");
    // With a tie: ranks 1.5, 1.5, 3 against 1, 2, 3 give √3/2.
    let found = rank_correlation(&[0.0, 0.0, 1.0], &[1.0, 2.0, 3.0]).expect("an order");
    assert!((found - 0.75_f64.sqrt()).abs() < 1e-15, "{found}");
}

/// The definition: the mean over all subsets of size n, ties sharing.
fn best_of_n_naive(predicted: &[f64], golden: &[f64], n: usize) -> f64 {
    let (mut sum, mut subsets) = (0.0, 0.0);
    for subset in 0_u32..1 << predicted.len() {
        if subset.count_ones() as usize != n {
            continue;
        }
        let members = || (0..predicted.len()).filter(|i| subset >> i & 1 == 1);
        let best = members().map(|i| predicted[i]).fold(f64::MIN, f64::max);
        let tied: Vec<usize> = members().filter(|i| predicted[*i] == best).collect();
        sum += tied.iter().map(|i| golden[*i]).sum::<f64>() / tied.len() as f64;
        subsets += 1.0;
    }
    sum / subsets
}

proptest! {
    #[test]
    fn best_of_n_is_the_mean_over_all_subsets(
        replies in prop::collection::vec((-3_i8..3, -10.0_f64..10.0), 1..9),
    ) {
        let predicted: Vec<f64> = replies.iter().map(|(p, _)| f64::from(*p)).collect();
        let golden: Vec<f64> = replies.iter().map(|(_, g)| *g).collect();
        for n in 1..=replies.len() {
            let found = best_of_n(&predicted, &golden, n, &mut vec![0; replies.len()]).expect("n");
            let naive = best_of_n_naive(&predicted, &golden, n);
            prop_assert!((found - naive).abs() < 1e-12, "best of {}: {} and {}", n, found, naive);
        }
        let more = best_of_n(&predicted, &golden, replies.len() + 1, &mut vec![0; replies.len()]);
        let refused = matches!(more, Err(Error::Parameter { .. }));
        prop_assert!(refused);
    }
}

#[test]
fn agreement_counts_ties_of_the_model_as_halves_and_golden_ties_not_at_all() {
    let mut agreement = Agreement::default();
    agreement.add(&[1.0, 2.0, 2.0], &[0.0, 1.0, 3.0]).expect("lengths");
    agreement.add(&[1.0, 2.0], &[5.0, 5.0]).expect("lengths");
    assert_eq!(agreement, Agreement { pairs: 3, agreed: 2.5 });
    assert_eq!(agreement.accuracy(), Some(2.5 / 3.0));
    assert_eq!(Agreement::default().accuracy(), None);
}
