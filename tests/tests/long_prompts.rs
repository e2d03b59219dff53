//! Prompts too long for their pairs to be looked at together: the same bits as those of the definition,
//! in memory that does not follow the square of their length.

use fearless_simd::Level;
use pairpick::memory::Selector;
use pairpick_core::arith::bernoulli_variance;
use pairpick_core::columns::Columns;
use pairpick_core::fisher::{Weighting, add_pool, averaged_variance, pool_workspace_len};
use pairpick_core::head::Covariates;
use pairpick_core::linalg::{Cholesky, Packed, packed_len};
use pairpick_core::parallel::Executor;
use pairpick_core::pool::{ItemPair, Pairs, Pool, PoolSize, Prompts};
use pairpick_core::rng::Stream;
use pairpick_core::score::{Criterion, Ranking, ScoreWorkspaceLen, best_pairs};
use pairpick_core::select::{Options, Posterior, Problem, Sizes, Strategy};
use pairpick_core::topk::Scored;
use pairpick_core::whiten::{Whitened, whitened_len};
use pairpick_tests::generate::{numbers_f32, positive};
use pairpick_tests::threads::Threads;

const ORDER: usize = 5;

/// Two blocks of prompts of the Fisher sum; long and short ones, one of a single reply and one of none.
const REPLIES: [u32; 28] =
    [600, 3, 1, 0, 1025, 20, 512, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 4, 513, 5];

/// The weight of a pair of items.
type Weight<'a> = &'a dyn Fn(usize, usize) -> f64;

struct Long {
    starts: Vec<u32>,
    features: Vec<f32>,
    rewards: Vec<f64>,
    labelled: Vec<u64>,
}

impl Long {
    fn new() -> Self {
        let mut starts = vec![0];
        for replies in REPLIES {
            starts.push(starts[starts.len() - 1] + replies);
        }
        let items = starts[REPLIES.len()] as usize;
        let features = numbers_f32(items * ORDER, 1);
        let rewards =
            numbers_f32(items, 2).into_iter().map(|value| f64::from(4.0 * value)).collect();
        let labelled = (0..900_000).step_by(997).chain([0, 598, 599, 600]).collect::<Vec<u64>>();
        let mut long = Self { starts, features, rewards, labelled };
        long.labelled.sort_unstable();
        long.labelled.dedup();
        long
    }

    fn with<R>(&self, run: impl FnOnce(&Pool<'_>) -> R) -> R {
        let columns = Columns::new(&self.features, ORDER, self.rewards.len()).expect("shape");
        let mut first_pairs = vec![0; self.starts.len()];
        let prompts = Prompts::new(&self.starts, &mut first_pairs).expect("prompts");
        run(&Pool::in_prompt(columns, prompts, &self.labelled).expect("a pool"))
    }

    /// Σ by the numeric contract, entry by entry: `weight` is that of a pair (a, b), a < b.
    fn naive(&self, weight: Weight<'_>) -> Vec<f64> {
        let mut sum = vec![0.0; packed_len(ORDER)];
        for block in self.starts.windows(2).collect::<Vec<_>>().chunks(25) {
            let mut own = vec![0.0; packed_len(ORDER)];
            for prompt in block {
                self.add_naive(prompt[0] as usize, prompt[1] as usize, weight, &mut own);
            }
            sum.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
        }
        sum
    }

    fn add_naive(&self, start: usize, end: usize, weight: Weight<'_>, sum: &mut [f64]) {
        let feature = |item: usize, row: usize| f64::from(self.features[item * ORDER + row]);
        let delta = |item: usize, row: usize| feature(item, row) - feature(start, row);
        let weights = |a: usize| (start..end).map(move |b| (b, weight(a.min(b), a.max(b))));
        for a in (start + 1).min(end)..end {
            let weights: Vec<(usize, f64)> =
                weights(a).map(|(b, w)| (b, if a == b { 0.0 } else { w })).collect();
            let degree = weights.iter().fold(0.0, |degree, (_, w)| degree + w);
            let mut gradient = [0.0; ORDER];
            for (b, w) in weights.into_iter().filter(|(b, _)| *b > start) {
                for (row, gradient) in gradient.iter_mut().enumerate() {
                    *gradient += delta(b, row) * if a == b { degree } else { -w };
                }
            }
            let mut entries = sum.iter_mut();
            for (column, gradient) in gradient.iter().enumerate() {
                for row in column..ORDER {
                    *entries.next().expect("packed") += delta(a, row) * gradient;
                }
            }
        }
    }
}

fn fisher<E: Executor>(
    executor: &E,
    pool: &Pool<'_>,
    rewards: &[f64],
    weighting: Weighting<'_, f64>,
) -> Vec<f64> {
    let mut matrix = Packed::new(ORDER, vec![0.0; packed_len(ORDER)]).expect("order");
    let mut workspace = vec![f64::NAN; pool_workspace_len(&pool.size(), 3)];
    add_pool(executor, pool, rewards, weighting, &mut matrix, &mut workspace, &mut [])
        .expect("a sum");
    matrix.as_slice().to_vec()
}

fn factor() -> Cholesky<f64, Vec<f64>> {
    Cholesky::factor(positive::<f64>(ORDER, 7, 0.5)).expect("positive definite")
}

#[test]
fn fisher_sums_have_the_bits_of_the_definition() {
    let long = Long::new();
    long.with(|pool| {
        let Pairs::InPrompt(prompts) = pool.pairs() else { panic!("prompts") };
        let is_labelled = |a: usize, b: usize| {
            let number = prompts.pair_number(a as u32, b as u32).expect("a pair");
            long.labelled.binary_search(&number).is_ok()
        };
        let margin = |a: usize, b: usize| long.rewards[a] - long.rewards[b];
        let open = |a: usize, b: usize| a != b && !is_labelled(a, b);
        let executor = Threads { level: Level::new(), threads: 1 };
        let mut memory = vec![0.0; whitened_len(ORDER, long.rewards.len())];
        let whitened =
            Whitened::new(&executor, &factor(), pool.features(), &mut memory).expect("whitened");
        let variance = |a: usize, b: usize| {
            let mut variance = [0.0];
            whitened.variances(executor.level(), a, b, &mut variance);
            variance[0]
        };
        let plug_in = |a, b| if open(a, b) { bernoulli_variance(margin(a, b)) } else { 0.0 };
        let unit = |a, b| if open(a, b) { 1.0 } else { 0.0 };
        let averaged = |a, b| match open(a, b) {
            true => averaged_variance(margin(a, b), variance(a, b)),
            false => 0.0,
        };
        let cases: [(Weighting<'_, f64>, Weight<'_>); 3] = [
            (Weighting::Bernoulli, &plug_in),
            (Weighting::Unit, &unit),
            (Weighting::Averaged(whitened), &averaged),
        ];
        for (weighting, weight) in cases {
            let expected = long.naive(weight);
            assert_eq!(
                fisher(&executor, pool, &long.rewards, weighting),
                expected,
                "{weighting:?}"
            );
            let threads = Threads { level: Level::baseline(), threads: 3 };
            assert_eq!(fisher(&threads, pool, &long.rewards, weighting), expected, "{weighting:?}");
        }
    });
}

/// The best pairs of a pool by a criterion, scores and all.
fn best<E: Executor>(
    executor: &E,
    pool: &Pool<'_>,
    rewards: &[f64],
    criterion: Criterion<'_, f64, Vec<f64>>,
    drawn: bool,
) -> Vec<Scored<f64>> {
    const BATCH: usize = 300;
    let ranking = Ranking::new(pool, rewards, criterion);
    let ranking = if drawn { ranking.drawn(5) } else { ranking };
    let threads = executor.threads();
    let mut numbers = vec![f64::NAN; ScoreWorkspaceLen::new(&pool.size()).numbers(threads)];
    let mut heaps = vec![Scored::default(); threads * BATCH];
    let mut batch = vec![Scored::default(); BATCH];
    best_pairs(executor, &ranking, &mut numbers, &mut heaps, &mut batch).expect("a batch");
    batch
}

/// A list of the same pairs has the same numbers and scores.
#[test]
fn scores_have_the_bits_of_a_list_of_the_same_pairs() {
    let (long, factor) = (Long::new(), &factor());
    long.with(|pool| {
        let pairs: Vec<ItemPair> = pool.pairs().items_from(0).collect();
        let list = &Pool::listed(pool.features(), &pairs, &long.labelled).expect("a list");
        let executor = Threads { level: Level::new(), threads: 1 };
        let mut memory = vec![0.0; whitened_len(ORDER, long.rewards.len())];
        let whitened =
            Whitened::new(&executor, factor, pool.features(), &mut memory).expect("whitened");
        let leverage = |weighting| Criterion::Leverage(factor, weighting);
        for (criterion, drawn) in [
            (Criterion::Entropy, false),
            (Criterion::MaxDiff, false),
            (leverage(Weighting::Unit), false),
            (leverage(Weighting::Bernoulli), false),
            (leverage(Weighting::Bernoulli), true),
            (leverage(Weighting::Averaged(whitened)), false),
        ] {
            let expected = best(&executor, list, &long.rewards, criterion, drawn);
            let found = best(&executor, pool, &long.rewards, criterion, drawn);
            assert_eq!(found, expected, "{criterion:?}");
            for threads in [2, 5] {
                let threads = Threads { level: Level::baseline(), threads };
                let found = best(&threads, pool, &long.rewards, criterion, drawn);
                assert_eq!(found, expected, "{criterion:?}");
            }
        }
    });
}

#[test]
fn designs_pick_the_pairs_that_they_pick_of_a_list() {
    let long = Long::new();
    long.with(|pool| {
        let pairs: Vec<ItemPair> = pool.pairs().items_from(0).collect();
        let list = &Pool::listed(pool.features(), &pairs, &long.labelled).expect("a list");
        let list = &list.with_prompts(&long.starts).expect("prompts");
        let (head, past) = (numbers_f32(ORDER, 3), vec![0.0; packed_len(ORDER)]);
        let past = Packed::new(ORDER, past.as_slice()).expect("order");
        let target = positive::<f64>(ORDER, 9, 0.2);
        let target = Packed::new(ORDER, target.as_slice()).expect("order");
        let posterior = &Posterior {
            head: &head,
            prior_precision: 0.5,
            covariates: Covariates::NONE,
            jitter: 0.0,
            past,
        };
        let executor = &Threads { level: Level::new(), threads: 2 };
        for strategy in [Strategy::GreedyDopt, Strategy::GreedyAOpt, Strategy::RobustVOpt] {
            let needs_target = strategy.facts().target;
            let options = &Options { target: needs_target.then_some(target), ..Options::DEFAULT };
            let picked = [pool, list].map(|pool| {
                let problem = Problem { executor, pool, posterior, options };
                let mut rng = Stream::new(1, strategy.name(), 1);
                let batch = Selector::default()
                    .select(strategy, &problem, 6, &mut rng)
                    .map(|batch| batch.pairs.to_vec());
                batch.expect("a batch")
            });
            assert_eq!(picked[0], picked[1], "{strategy:?}");
        }
    });
}

/// Of 65,535 replies to a prompt, whose pairs alone would take 17 GB.
#[test]
fn memory_follows_the_items_and_not_their_pairs() {
    let options = Options::<f64>::DEFAULT;
    for strategy in [
        Strategy::Random,
        Strategy::Entropy,
        Strategy::Dopt,
        Strategy::PaDopt,
        Strategy::AOpt,
        Strategy::GreedyDopt,
        Strategy::RobustVOpt,
    ] {
        for prompts in [1, 3, 100] {
            let bytes = |replies| {
                let pool = PoolSize::uniform(64, prompts, replies);
                let sizes = Sizes { pool, batch: 100, threads: 2 };
                strategy.workspace_len(&sizes, &options).bytes::<f64>()
            };
            // What items take: whitened ones, those of a design and its columns.
            let each = (bytes(65_535) - bytes(32_768)) / (32_767 * prompts);
            assert!(each < 8 * 300, "{strategy:?}: {each} bytes an item");
            assert!(bytes(20_000) < 8 * 300 * 20_000 * prompts + (16 << 20), "{strategy:?}");
        }
    }
}
