//! Fisher sums, pools and strategies against naive definitions, over random pools with prompts of
//! unequal sizes, any number of threads, and every instruction set.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::fisher::{
    Weighting, add_pairs, add_pool, pairs_workspace_len, pool_workspace_len, rewards,
    rewards_workspace_len,
};
use pairpick_core::linalg::{Columns, Packed, packed_len};
use pairpick_core::parallel::{Executor, Sequential};
use pairpick_core::pool::{Pool, Prompts};
use pairpick_core::rng::Stream;
use pairpick_core::select::{Posterior, Strategy, Workspace, workspace_len};
use pairpick_core::topk::{Scored, TopK};
use pairpick_tests::generate;
use pairpick_tests::levels::available;
use pairpick_tests::oracle;
use pairpick_tests::threads::Threads;
use proptest::prelude::*;

/// Everything that makes a pool, owned.
struct Fixture {
    order: usize,
    starts: Vec<u32>,
    features: Vec<f32>,
    head: Vec<f32>,
    labelled: Vec<u64>,
}

impl Fixture {
    fn new(prompts: usize, most: u64, order: usize, seed: u64) -> Self {
        let (starts, features, head) = generate::pool(prompts, most, order, seed);
        let pairs = oracle::pairs(&starts).len() as u64;
        let labelled = (0..pairs).filter(|pair| pair % 7 == 3).collect();
        Self { order, starts, features, head, labelled }
    }

    fn with<R>(&self, run: impl FnOnce(&Pool<'_>) -> R) -> R {
        let mut first_pairs = vec![0; self.starts.len()];
        let prompts = Prompts::new(&self.starts, &mut first_pairs).expect("prompts");
        let items = Columns::new(&self.features, self.order, prompts.items()).expect("features");
        run(&Pool::in_prompt(items, prompts, &self.labelled).expect("a pool"))
    }

    fn pool_fisher<T: Real>(&self, executor: &impl Executor, weighting: Weighting) -> Vec<T> {
        self.with(|pool| {
            let size = pool.prompts().largest_block(25);
            let len = pool_workspace_len(self.order, size).max(rewards_workspace_len(self.order));
            let mut memory = vec![T::ZERO; executor.threads() * len];
            let mut values = vec![T::ZERO; pool.features().len()];
            rewards(executor, pool.features(), &self.head, &mut values, &mut memory)
                .expect("rewards");
            let mut fisher =
                Packed::new(self.order, vec![T::ZERO; packed_len(self.order)]).expect("order");
            add_pool(executor, pool, &values, weighting, &mut fisher, &mut memory).expect("fits");
            fisher.into_inner()
        })
    }

    /// Pairs on offer and their items.
    fn offered(&self) -> Vec<(u64, (u32, u32))> {
        let pairs = (0..).zip(oracle::pairs(&self.starts));
        pairs.filter(|(pair, _)| self.labelled.binary_search(pair).is_err()).collect()
    }

    fn select<T: Real>(
        &self,
        executor: &impl Executor,
        strategy: Strategy,
        batch: usize,
    ) -> Result<Vec<Scored<T>>, Error> {
        self.with(|pool| {
            let len = workspace_len(self.order, pool.prompts(), batch, executor.threads());
            let mut numbers = vec![T::ZERO; len.numbers];
            let (mut heaps, mut ranks) = (vec![Scored::default(); len.heaps], vec![0; len.ranks]);
            let workspace =
                Workspace { numbers: &mut numbers, heaps: &mut heaps, ranks: &mut ranks };
            let past: Vec<T> = (0..packed_len(self.order)).map(|_| T::ZERO).collect();
            let posterior = Posterior {
                head: &self.head,
                prior_precision: T::from_f64(0.01),
                jitter: T::ZERO,
                past: Packed::new(self.order, past.as_slice())?,
            };
            let mut chosen = vec![Scored::default(); batch];
            let mut rng = Stream::new(5, "test", 1);
            strategy.select(executor, pool, &posterior, workspace, &mut rng, &mut chosen)?;
            Ok(chosen)
        })
    }
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()))
}

#[test]
fn the_laplacian_form_agrees_with_the_pair_form_and_the_definition() {
    for (prompts, most, order) in [(1, 2, 3), (30, 4, 5), (60, 10, 16), (55, 7, 61)] {
        let fixture = Fixture::new(prompts, most, order, prompts as u64);
        let offered: Vec<(u32, u32)> =
            fixture.offered().into_iter().map(|(_, items)| items).collect();
        let items = fixture.starts.last().copied().expect("not empty");
        let values: Vec<f64> = (0..items)
            .map(|item| oracle::reward(order, &fixture.features, &fixture.head, item))
            .collect();
        for weighting in [Weighting::Bernoulli, Weighting::Unit] {
            let weights: Vec<f64> = offered
                .iter()
                .map(|(a, b)| match weighting {
                    Weighting::Bernoulli => {
                        oracle::variance(values[*a as usize] - values[*b as usize])
                    }
                    Weighting::Unit => 1.0,
                })
                .collect();
            let naive = oracle::fisher(order, &fixture.features, &offered, &weights);
            let laplacian = fixture.pool_fisher::<f64>(&Sequential::default(), weighting);
            let mut pairs = Packed::new(order, vec![0.0; packed_len(order)]).expect("order");
            let mut memory = vec![0.0; pairs_workspace_len(order)];
            let columns = Columns::new(&fixture.features, order, items as usize).expect("features");
            let executor = Sequential::default();
            add_pairs(&executor, columns, &offered, &values, weighting, &mut pairs, &mut memory)
                .expect("fits");
            let scale = largest(&naive);
            for i in 0..order {
                for j in 0..=i {
                    let place = j * order + i - j * (j + 1) / 2;
                    let (a, b) = (laplacian[place], pairs.entry(i, j).expect("inside"));
                    let c = naive[i * order + j];
                    assert!((a - b).abs() <= 1e-12 * scale, "({i}, {j}): {a} and {b}");
                    assert!((b - c).abs() <= 1e-12 * scale, "({i}, {j}): {b}, naive {c}");
                }
            }
        }
    }
}

#[test]
fn fisher_sums_have_the_same_bits_at_every_level_and_thread_count() {
    let fixture = Fixture::new(130, 9, 33, 11);
    let reference = fixture.pool_fisher::<f32>(&Sequential::default(), Weighting::Bernoulli);
    for (name, level) in available() {
        for threads in [1, 2, 3, 7] {
            let executor = Threads { level, threads };
            let fisher = fixture.pool_fisher::<f32>(&executor, Weighting::Bernoulli);
            assert_eq!(fisher, reference, "{name}, {threads} threads");
        }
    }
}

#[test]
fn the_leverage_strategies_follow_their_definition() {
    let order = 8;
    let fixture = Fixture::new(40, 6, order, 3);
    let offered = fixture.offered();
    let reward = |item| oracle::reward(order, &fixture.features, &fixture.head, item);
    for (strategy, bernoulli) in
        [(Strategy::Dopt, true), (Strategy::PaDopt, true), (Strategy::Design, false)]
    {
        let pairs: Vec<(u32, u32)> = offered.iter().map(|(_, items)| *items).collect();
        let weights: Vec<f64> = pairs
            .iter()
            .map(|(a, b)| if bernoulli { oracle::variance(reward(*a) - reward(*b)) } else { 1.0 })
            .collect();
        let mut matrix = oracle::fisher(order, &fixture.features, &pairs, &weights);
        for i in 0..order {
            matrix[i * order + i] += 0.01;
        }
        let inverse = oracle::inverse(order, &matrix);
        let mut expected: Vec<(f64, u64)> = offered
            .iter()
            .zip(&weights)
            .map(|((pair, items), weight)| {
                let d = oracle::difference(order, &fixture.features, *items);
                let solved: Vec<f64> =
                    inverse.chunks(order).map(|row| oracle::dot(row, &d)).collect();
                (weight * oracle::dot(&d, &solved), *pair)
            })
            .collect();
        expected.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let chosen = fixture.select::<f64>(&Sequential::default(), strategy, 50).expect("factors");
        for (found, (score, pair)) in chosen.iter().zip(&expected) {
            assert_eq!(found.pair, *pair, "{}", strategy.name());
            assert!((found.score - score).abs() <= 1e-10 * score, "{}", strategy.name());
        }
    }
}

#[test]
fn every_strategy_gives_the_same_batch_at_every_level_and_thread_count() {
    let fixture = Fixture::new(90, 11, 20, 8);
    for strategy in Strategy::ALL {
        let reference =
            fixture.select::<f32>(&Sequential::default(), strategy, 40).expect("a batch");
        for (name, level) in available() {
            for threads in [1, 2, 3, 7] {
                let executor = Threads { level, threads };
                let batch = fixture.select::<f32>(&executor, strategy, 40).expect("a batch");
                assert_eq!(batch, reference, "{} {name} {threads} threads", strategy.name());
            }
        }
    }
}

#[test]
fn a_batch_never_repeats_a_pair_or_takes_a_labelled_one() {
    let fixture = Fixture::new(25, 6, 4, 21);
    let available = fixture.offered().len();
    for strategy in Strategy::ALL {
        let all = fixture.select::<f64>(&Sequential::default(), strategy, available).expect("all");
        let mut pairs: Vec<u64> = all.iter().map(|scored| scored.pair).collect();
        pairs.sort_unstable();
        let offered: Vec<u64> = fixture.offered().into_iter().map(|(pair, _)| pair).collect();
        assert_eq!(pairs, offered, "{}", strategy.name());
        let more = fixture.select::<f64>(&Sequential::default(), strategy, available + 1);
        let (requested, available) = (available as u64 + 1, available as u64);
        assert_eq!(more, Err(Error::Batch { requested, available }), "{}", strategy.name());
    }
}

#[test]
fn pair_numbers_and_items_are_inverse() {
    let fixture = Fixture::new(60, 9, 1, 2);
    fixture.with(|pool| {
        let prompts = pool.prompts();
        for (number, (a, b)) in (0..).zip(oracle::pairs(&fixture.starts)) {
            assert_eq!(prompts.items_of_pair(number), Some((a, b)));
            assert_eq!(prompts.pair_number(a, b), Some(number));
            assert_eq!(prompts.pair_number(b, a), None);
        }
        assert_eq!(prompts.items_of_pair(prompts.pairs()), None);
        let last = u32::try_from(prompts.items()).expect("small");
        assert_eq!(prompts.pair_number(0, last), None);
    });
}

proptest! {
    #[test]
    fn top_k_is_the_front_of_the_sorted_list(
        scores in prop::collection::vec(-3_i8..3, 0..200),
        k in 0_usize..50,
    ) {
        let mut expected: Vec<Scored<f32>> = (0..)
            .zip(&scores)
            .map(|(pair, score)| Scored { score: f32::from(*score), pair })
            .collect();
        let mut slots = vec![Scored::default(); k];
        let mut best = TopK::new(&mut slots);
        for scored in expected.iter().rev() {
            best.offer(*scored);
        }
        expected.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.pair.cmp(&b.pair)));
        expected.truncate(k);
        prop_assert_eq!(&*best.finish(), expected.as_slice());
    }
}

#[test]
fn bad_pools_are_errors() {
    let mut pairs = [0; 3];
    assert!(matches!(Prompts::new(&[0], &mut pairs), Err(Error::Empty { .. })));
    assert!(matches!(Prompts::new(&[0, 2], &mut pairs), Err(Error::Shape { .. })));
    assert!(matches!(Prompts::new(&[1, 2, 3], &mut pairs), Err(Error::Parameter { .. })));
    assert!(matches!(Prompts::new(&[0, 3, 2], &mut pairs), Err(Error::Parameter { .. })));
    let prompts = Prompts::new(&[0, 2, 5], &mut pairs).expect("prompts");
    let features = [1.0, 2.0, 3.0, 4.0, f32::NAN];
    let columns = Columns::new(&features, 1, 5).expect("shape");
    let nan = Pool::in_prompt(columns, prompts, &[]).map(|_| ());
    assert_eq!(nan, Err(Error::NonFinite { what: "features", index: 4 }));
    let four = columns.range(0, 4);
    assert!(matches!(Pool::in_prompt(four, prompts, &[]), Err(Error::Shape { .. })));
    let finite = Columns::new(&[0.0; 5], 1, 5).expect("shape");
    assert!(matches!(Pool::in_prompt(finite, prompts, &[4]), Err(Error::Index { .. })));
    assert!(matches!(Pool::in_prompt(finite, prompts, &[1, 1]), Err(Error::Parameter { .. })));
}

#[test]
fn a_selection_of_500_from_22_500_pairs_works_in_less_than_32_mib() {
    let starts: Vec<u32> = (0..=500).map(|prompt| 10 * prompt).collect();
    let mut first_pairs = vec![0; starts.len()];
    let prompts = Prompts::new(&starts, &mut first_pairs).expect("prompts");
    assert_eq!(prompts.pairs(), 22_500);
    // Nothing is allocated but this workspace, whatever the strategy.
    for threads in [1, 2, 8, 16] {
        let len = workspace_len(64, prompts, 500, threads);
        let bytes = size_of::<f64>() * len.numbers
            + size_of::<Scored<f64>>() * (len.heaps + 500)
            + size_of::<u64>() * (len.ranks + starts.len());
        println!("{threads} threads: {bytes} bytes");
        assert!(bytes < 32 << 20, "{threads} threads: {bytes} bytes");
    }
}
