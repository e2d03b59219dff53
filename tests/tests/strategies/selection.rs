//! Fisher sums, pools and strategies against naive definitions, over random pools with prompts of
//! unequal sizes, any number of threads, and every instruction set.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use pairpick::memory::Selector;
use pairpick_core::Error;
use pairpick_core::arith::{Real, bernoulli_variance};
use pairpick_core::columns::Columns;
use pairpick_core::fisher::{
    Weighting, add_pairs, add_pool, pairs_workspace_len, pool_items_len, pool_workspace_len,
};
use pairpick_core::head::{Covariates, rewards, rewards_workspace_len};
use pairpick_core::linalg::{Packed, packed_len};
use pairpick_core::parallel::Executor;
use pairpick_core::pool::{Distinct, ItemPair, Pairs, Pool, Prompts};
use pairpick_core::rng::Stream;
use pairpick_core::select::{Options, Posterior, Problem, Sizes, Strategy};
use pairpick_core::topk::{Scored, TopK};
use pairpick_tests::generate;
use pairpick_tests::kind::{KINDS, Kind};
use pairpick_tests::levels::available;
use pairpick_tests::naive;
use pairpick_tests::oracle;
use pairpick_tests::threads::Threads;
use proptest::prelude::*;

/// Everything that makes a pool, owned.
struct Fixture {
    kind: Kind,
    order: usize,
    starts: Vec<u32>,
    features: Vec<f32>,
    head: Vec<f32>,
    /// The items of every pair, by its number.
    pairs: Vec<ItemPair>,
    labelled: Vec<u64>,
}

impl Fixture {
    fn new(kind: Kind, prompts: usize, most: u64, order: usize, seed: u64) -> Self {
        let (starts, features, head) = generate::pool(prompts, most, order, seed);
        let items = *starts.last().expect("not empty");
        let all = [0, items];
        let pairs = match kind {
            Kind::InPrompt => oracle::pairs(&starts),
            Kind::CrossPrompt => oracle::pairs(&all),
            // Every third pair, in both orientations and no order.
            Kind::Listed => {
                let third = oracle::pairs(&all).into_iter().step_by(3).enumerate();
                let turned = |pair: ItemPair| ItemPair { a: pair.b, b: pair.a };
                let mut pairs: Vec<_> =
                    third.map(|(i, pair)| if i % 2 == 0 { pair } else { turned(pair) }).collect();
                Stream::new(seed, "list", 0).shuffle(&mut pairs);
                pairs
            }
        };
        let labelled = (0..pairs.len() as u64).filter(|pair| pair % 7 == 3).collect();
        Self { kind, order, starts, features, head, pairs, labelled }
    }

    fn with<R>(&self, run: impl FnOnce(&Pool<'_>) -> R) -> R {
        let mut first_pairs = vec![0; self.starts.len()];
        let prompts = Prompts::new(&self.starts, &mut first_pairs).expect("prompts");
        let items = Columns::new(&self.features, self.order, prompts.items()).expect("features");
        let pool = self.kind.pool(items, prompts, &self.pairs, &self.labelled);
        run(&pool.and_then(|pool| pool.with_prompts(&self.starts)).expect("a pool"))
    }

    fn pool_fisher<T: Real>(
        &self,
        executor: &impl Executor,
        weighting: Weighting<'_, T>,
    ) -> Vec<T> {
        self.with(|pool| {
            let threads = executor.threads();
            let len = threads * rewards_workspace_len(self.order);
            let len = pool_workspace_len(&pool.size(), threads).max(len);
            let mut memory = vec![T::ZERO; len];
            let mut items = vec![Scored::default(); pool_items_len(&pool.size())];
            let mut values = vec![T::ZERO; pool.features().len()];
            rewards(executor, pool.features(), &self.head, &mut values, &mut memory)
                .expect("rewards");
            let mut fisher =
                Packed::new(self.order, vec![T::ZERO; packed_len(self.order)]).expect("order");
            add_pool(executor, pool, &values, weighting, &mut fisher, &mut memory, &mut items)
                .expect("fits");
            fisher.into_inner()
        })
    }

    /// Pairs on offer and their items.
    fn offered(&self) -> Vec<(u64, ItemPair)> {
        let pairs = (0..).zip(self.pairs.iter().copied());
        pairs.filter(|(pair, _)| self.labelled.binary_search(pair).is_err()).collect()
    }

    fn select<T: Real>(
        &self,
        executor: &impl Executor,
        strategy: Strategy,
        batch: usize,
    ) -> Result<Vec<Scored<T>>, Error> {
        self.with(|pool| {
            let target = generate::positive::<T>(self.order, 3, 1.0);
            let options = Options {
                target: Some(Packed::new(self.order, target.as_slice())?),
                distinct: Some(Distinct::Unlimited),
                ..options()
            };
            let past: Vec<T> = (0..packed_len(self.order)).map(|_| T::ZERO).collect();
            let posterior = Posterior {
                head: &self.head,
                prior_precision: T::from_f64(0.01),
                covariates: Covariates::NONE,
                jitter: T::ZERO,
                past: Packed::new(self.order, past.as_slice())?,
            };
            let (mut selector, mut rng) = (Selector::default(), Stream::new(5, "test", 1));
            let problem = Problem { executor, pool, posterior: &posterior, options: &options };
            Ok(selector.select(strategy, &problem, batch, &mut rng)?.pairs.to_vec())
        })
    }
}

/// Few draws and clusters: enough to tell bits apart.
fn options<T: Real>() -> Options<'static, T> {
    Options { posterior_samples: 9, configurations: 40, clusters: 4, ..Options::default() }
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()))
}

#[test]
fn the_forms_of_every_pool_agree_with_the_pair_form_and_the_definition() {
    for kind in KINDS {
        for (prompts, most, order) in [(1, 2, 3), (30, 4, 5), (60, 10, 16), (110, 7, 61)] {
            forms_agree(kind, prompts, most, order);
        }
    }
}

fn forms_agree(kind: Kind, prompts: usize, most: u64, order: usize) {
    let fixture = Fixture::new(kind, prompts, most, order, prompts as u64);
    let offered: Vec<ItemPair> = fixture.offered().into_iter().map(|(_, items)| items).collect();
    let items = fixture.starts.last().copied().expect("not empty");
    let values: Vec<f64> = (0..items)
        .map(|item| oracle::reward(order, &fixture.features, &fixture.head, item))
        .collect();
    for weighting in [Weighting::Bernoulli, Weighting::Unit] {
        let weights: Vec<f64> = offered
            .iter()
            .map(|pair| match weighting {
                Weighting::Bernoulli => {
                    oracle::variance(values[pair.a as usize] - values[pair.b as usize])
                }
                _ => 1.0,
            })
            .collect();
        let naive = oracle::fisher(order, &fixture.features, &offered, &weights);
        let pool = fixture.pool_fisher::<f64>(&Threads::default(), weighting);
        let mut pairs = Packed::new(order, vec![0.0; packed_len(order)]).expect("order");
        let mut memory = vec![0.0; pairs_workspace_len(order)];
        let columns = Columns::new(&fixture.features, order, items as usize).expect("features");
        let executor = Threads::default();
        add_pairs(&executor, columns, &offered, &values, weighting, &mut pairs, &mut memory)
            .expect("fits");
        let scale = largest(&naive);
        for i in 0..order {
            for j in 0..=i {
                let place = j * order + i - j * (j + 1) / 2;
                let (a, b) = (pool[place], pairs.entry(i, j).expect("inside"));
                let c = naive[i * order + j];
                assert!((a - b).abs() <= 1e-12 * scale, "({i}, {j}): {a} and {b}");
                assert!((b - c).abs() <= 1e-12 * scale, "({i}, {j}): {b}, naive {c}");
            }
        }
    }
}

#[test]
fn fisher_sums_have_the_same_bits_at_every_level_and_thread_count() {
    for kind in KINDS {
        let fixture = Fixture::new(kind, 130, 9, 33, 11);
        let reference = fixture.pool_fisher::<f32>(&Threads::default(), Weighting::Bernoulli);
        for (name, level) in available() {
            for threads in [1, 2, 3, 7] {
                let executor = Threads { level, threads };
                let fisher = fixture.pool_fisher::<f32>(&executor, Weighting::Bernoulli);
                assert_eq!(fisher, reference, "{kind:?}, {name}, {threads} threads");
            }
        }
    }
}

#[test]
fn the_leverage_strategies_follow_their_definition() {
    for kind in KINDS {
        leverage_follows_its_definition(kind);
    }
}

fn leverage_follows_its_definition(kind: Kind) {
    let order = 8;
    let fixture = Fixture::new(kind, 40, 6, order, 3);
    let offered = fixture.offered();
    let reward = |item| oracle::reward(order, &fixture.features, &fixture.head, item);
    for (strategy, bernoulli) in
        [(Strategy::Dopt, true), (Strategy::PaDopt, true), (Strategy::Design, false)]
    {
        let pairs: Vec<ItemPair> = offered.iter().map(|(_, items)| *items).collect();
        let weights: Vec<f64> = pairs
            .iter()
            .map(|pair| match bernoulli {
                true => oracle::variance(reward(pair.a) - reward(pair.b)),
                false => 1.0,
            })
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
        let chosen = fixture.select::<f64>(&Threads::default(), strategy, 50).expect("factors");
        for (found, (score, pair)) in chosen.iter().zip(&expected) {
            assert_eq!(found.pair, *pair, "{kind:?} {}", strategy.name());
            assert!((found.score - score).abs() <= 1e-10 * score, "{}", strategy.name());
        }
    }
}

/// Every strategy on every kind of pool that it takes.
fn everywhere() -> impl Iterator<Item = (Kind, Strategy)> {
    let all = KINDS.into_iter().flat_map(|kind| Strategy::ALL.map(|strategy| (kind, strategy)));
    all.filter(|(kind, strategy)| *kind != Kind::CrossPrompt || strategy.facts().all_pairs)
}

#[test]
fn a_strategy_that_goes_through_its_pairs_refuses_all_cross_prompt_ones() {
    let fixture = Fixture::new(Kind::CrossPrompt, 25, 6, 4, 21);
    let refusing = Strategy::ALL.into_iter().filter(|one| !one.facts().all_pairs);
    assert_eq!(refusing.clone().count(), 3);
    for strategy in refusing {
        let refused = fixture.select::<f64>(&Threads::default(), strategy, 5);
        assert_eq!(refused, Err(Error::AllPairs), "{}", strategy.name());
    }
}

#[test]
fn every_strategy_gives_the_same_batch_at_every_level_and_thread_count() {
    for (kind, strategy) in everywhere() {
        let fixture = Fixture::new(kind, 90, 11, 20, 8);
        let reference = fixture.select::<f32>(&Threads::default(), strategy, 40).expect("a batch");
        for (name, level) in available() {
            for threads in [1, 2, 3, 7] {
                let executor = Threads { level, threads };
                let batch = fixture.select::<f32>(&executor, strategy, 40).expect("a batch");
                assert_eq!(
                    batch,
                    reference,
                    "{kind:?} {} {name} {threads} threads",
                    strategy.name()
                );
            }
        }
    }
}

#[test]
fn a_batch_never_repeats_a_pair_or_takes_a_labelled_one() {
    for (kind, strategy) in everywhere() {
        let fixture = Fixture::new(kind, 25, 6, 4, 21);
        let available = fixture.offered().len();
        let all = fixture.select::<f64>(&Threads::default(), strategy, available).expect("all");
        let mut pairs: Vec<u64> = all.iter().map(|scored| scored.pair).collect();
        pairs.sort_unstable();
        let offered: Vec<u64> = fixture.offered().into_iter().map(|(pair, _)| pair).collect();
        assert_eq!(pairs, offered, "{}", strategy.name());
        let more = fixture.select::<f64>(&Threads::default(), strategy, available + 1);
        let (requested, available) = (available as u64 + 1, available as u64);
        assert_eq!(more, Err(Error::Batch { requested, available }), "{}", strategy.name());
    }
}

#[test]
fn pair_numbers_and_items_are_inverse() {
    for kind in KINDS {
        let fixture = Fixture::new(kind, 60, 9, 1, 2);
        fixture.with(|pool| {
            let pairs = pool.pairs();
            assert_eq!(pairs.len(), fixture.pairs.len() as u64);
            for (number, pair) in (0..).zip(fixture.pairs.iter().copied()) {
                assert_eq!(pairs.items_of_pair(number), Some(pair));
                let ItemPair { a, b } = pair;
                if kind != Kind::Listed {
                    assert_eq!(pairs.pair_number(a, b), Some(number));
                    assert_eq!(pairs.pair_number(b, a), None);
                }
            }
            assert_eq!(pairs.items_of_pair(pairs.len()), None);
            let last = u32::try_from(pool.features().len()).expect("small");
            assert_eq!(pairs.pair_number(0, last), None);
        });
    }
}

/// 2³² − 1 items: the numbers fill 63 bits, and nothing on the way overflows.
#[test]
fn pair_numbers_of_the_largest_pool() {
    let items = u32::MAX;
    let pairs = Pairs::CrossPrompt(items);
    let last = pairs.len() - 1;
    assert_eq!(pairs.len(), 9_223_372_030_412_324_865);
    assert_eq!(pairs.items_of_pair(last), Some((items - 2, items - 1).into()));
    assert_eq!(pairs.pair_number(items - 2, items - 1), Some(last));
    for number in [0, 1, 4_294_967_293, 4_294_967_294, 1 << 40, last / 2, last - 1] {
        let ItemPair { a, b } = pairs.items_of_pair(number).expect("a pair");
        assert_eq!(pairs.pair_number(a, b), Some(number));
    }
    assert_eq!(pairs.items_of_pair(last + 1), None);
}

proptest! {
    #[test]
    fn top_k_is_the_front_of_the_sorted_list(
        scores in prop::collection::vec(-3_i8..3, 0..200),
        k in 0_usize..50,
        run in 1_usize..90,
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
        let mut by_runs = vec![Scored::default(); k];
        let mut runs = TopK::new(&mut by_runs);
        let scores: Vec<f32> = expected.iter().map(|scored| scored.score).collect();
        for (first, run) in (0..).step_by(run).zip(scores.chunks(run)) {
            runs.offer_run(first, run);
        }
        expected.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.pair.cmp(&b.pair)));
        expected.truncate(k);
        prop_assert_eq!(&*best.finish(), expected.as_slice());
        prop_assert_eq!(&*runs.finish(), expected.as_slice());
    }
}

/// Of fewer pairs than places nothing is known before they are sorted: in order, in reverse, all alike,
/// three values, rising and falling, mixed; and an order that makes each middle of three the last but one
/// (Musser, 1997).
#[test]
fn a_ranking_is_sorted_whatever_came_first() {
    for len in [0_u64, 1, 2, 3, 15, 16, 17, 33, 100, 1_000, 4_096] {
        let half = len / 2;
        let killer = |at: u64| match at {
            _ if half <= at => 2 * (at - half + 1),
            _ if at.is_multiple_of(2) => at + 1,
            _ => half + at,
        };
        let orders: [&dyn Fn(u64) -> u64; 7] = [
            &|at| at,
            &|at| len - at,
            &|_| 0,
            &|at| at % 3,
            &|at| at.min(len - at),
            &|at| at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40,
            &killer,
        ];
        for order in orders {
            let scored = |pair| Scored { score: order(pair) as f64, pair };
            let mut slots = vec![Scored::default(); len as usize + 1];
            let mut best = TopK::new(&mut slots);
            (0..len).for_each(|pair| best.offer(scored(pair)));
            let mut expected: Vec<Scored<f64>> = (0..len).map(scored).collect();
            expected.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.pair.cmp(&b.pair)));
            assert_eq!(&*best.finish(), expected.as_slice());
        }
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

/// Nothing is allocated but this workspace, whatever the strategy and the kind of pool.
#[test]
fn a_selection_of_500_from_5_000_items_works_in_less_than_32_mib() {
    let starts: Vec<u32> = (0..=500).map(|prompt| 10 * prompt).collect();
    let mut first_pairs = vec![0; starts.len()];
    let prompts = Prompts::new(&starts, &mut first_pairs).expect("prompts");
    let features = vec![0.0; 64 * prompts.items()];
    let columns = Columns::new(&features, 64, prompts.items()).expect("shape");
    let list: Vec<ItemPair> =
        (0..20_000).map(|pair| ItemPair { a: pair % 5000, b: pair * 7 % 5000 }).collect();
    let pools = [
        (Pool::in_prompt(columns, prompts, &[]), 22_500),
        (Pool::cross_prompt(columns, &[]), 12_497_500),
        (Pool::listed(columns, &list, &[]), 20_000),
    ];
    for (pool, pairs) in pools {
        let pool = pool.expect("a pool");
        assert_eq!(pool.available(), pairs);
        for (threads, strategy) in [1, 2, 8, 16]
            .into_iter()
            .flat_map(|threads| Strategy::ALL.map(|strategy| (threads, strategy)))
        {
            let options = Options::<f64>::default();
            let len = strategy.workspace_len(&Sizes::of(&pool, 500, threads), &options);
            let bytes = size_of::<f64>() * len.numbers
                + size_of::<Scored<f64>>() * (len.heaps + 500)
                + size_of::<u64>() * (len.ranks + starts.len());
            let name = strategy.name();
            if pairs > 1_000_000 && !strategy.facts().all_pairs {
                continue;
            }
            println!("{name}, {pairs} pairs, {threads} threads: {bytes} bytes");
            assert!(bytes < 32 << 20, "{name}, {pairs} pairs, {threads} threads: {bytes} bytes");
        }
    }
}

#[test]
fn cross_prompt_weights_are_right_however_far_rewards_are_apart() {
    fn check<T: Real>(range: f64, tolerance: f64) {
        for (offset, range) in [(0.0, range), (180.0, range), (0.0, range * 1.01), (-7.0, 1.0)] {
            let rewards: Vec<T> = [0.0, 1.0, 0.25 * range, 0.25 * range + 1.0, range - 0.5, range]
                .map(|reward| T::from_f64(offset + reward))
                .to_vec();
            // One feature a pair of items tells the weights apart: item i is the i-th unit vector.
            let order = rewards.len();
            let mut features = vec![0.0; order * order];
            features.iter_mut().step_by(order + 1).for_each(|value| *value = 1.0);
            let columns = Columns::new(&features, order, order).expect("shape");
            let pool = Pool::cross_prompt(columns, &[]).expect("a pool");
            let mut memory = vec![T::ZERO; pool_workspace_len(&pool.size(), 1)];
            let mut fisher = Packed::new(order, vec![T::ZERO; packed_len(order)]).expect("order");
            let executor = Threads::default();
            let weighting = Weighting::Bernoulli;
            add_pool(&executor, &pool, &rewards, weighting, &mut fisher, &mut memory, &mut [])
                .expect("fits");
            for a in 0..order {
                for b in a + 1..order {
                    let truth = oracle::variance(rewards[a].to_f64() - rewards[b].to_f64());
                    let found = -fisher.entry(a, b).expect("inside").to_f64();
                    assert!(
                        (found - truth).abs() <= tolerance,
                        "{} offset {offset} range {range} ({a}, {b}): {found}, not {truth}",
                        T::NAME,
                    );
                }
            }
        }
    }
    check::<f32>(80.0, 1e-6);
    check::<f64>(600.0, 1e-14);
}

/// Bit by bit, with several blocks of items.
#[test]
fn the_cross_prompt_sum_is_that_of_the_contract() {
    fn check<T: Real>(scale: f64) {
        let fixture = Fixture::new(Kind::CrossPrompt, 130, 9, 5, 4);
        fixture.with(|pool| {
            let items: Vec<Vec<T>> = pool
                .features()
                .iter()
                .map(|item| item.iter().map(|x| T::from_real(*x)).collect())
                .collect();
            assert!(items.len() > 512, "three blocks");
            let rewards: Vec<T> = items.iter().map(|item| item[0] * T::from_f64(scale)).collect();
            let weight = |a: usize, b: usize| {
                let labelled = pool.pairs().pair_number(a.min(b) as u32, a.max(b) as u32);
                if a == b || labelled.is_some_and(|pair| pool.labelled().contains(&pair)) {
                    return T::ZERO;
                }
                bernoulli_variance(rewards[a] - rewards[b])
            };
            let expected = naive::cross_prompt_fisher(&items, &weight);
            let executor = Threads { level: available()[1].1, threads: 3 };
            let mut memory = vec![T::ZERO; pool_workspace_len(&pool.size(), 3)];
            let mut fisher = Packed::new(5, vec![T::ZERO; packed_len(5)]).expect("order");
            let weighting = Weighting::Bernoulli;
            add_pool(&executor, pool, &rewards, weighting, &mut fisher, &mut memory, &mut [])
                .expect("fits");
            assert_eq!(fisher.as_slice(), expected, "{} times {scale}", T::NAME);
        });
    }
    check::<f32>(3.0);
    check::<f32>(300.0);
    check::<f64>(3.0);
    check::<f64>(3000.0);
}
