//! The best of all pairs by bounds, and by sorted rewards: the same pairs and the same bits as a walk
//! over each of them, which is that of a list of all pairs.

use fearless_simd::Level;
use pairpick::memory::Selector;
use pairpick_core::arith::Real;
use pairpick_core::columns::Columns;
use pairpick_core::fisher::Weighting;
use pairpick_core::head::Covariates;
use pairpick_core::linalg::{Cholesky, Packed, packed_len};
use pairpick_core::parallel::Executor;
use pairpick_core::pool::{ItemPair, Pool, PoolSize};
use pairpick_core::rng::Stream;
use pairpick_core::score::{Criterion, Ranking, ScoreWorkspaceLen, best_pairs};
use pairpick_core::select::{Options, Posterior, Problem, Strategy};
use pairpick_core::topk::Scored;
use pairpick_tests::oracle;
use pairpick_tests::threads::Threads;

/// Items, rewards and labels.
struct Items {
    name: &'static str,
    order: usize,
    features: Vec<f32>,
    rewards: Vec<f64>,
    labelled: Vec<u64>,
}

/// What is lent to a ranking.
#[derive(Clone, Copy, Debug)]
enum Memory {
    /// As much as all threads are of use with.
    OfAll,
    /// What all threads need, and nothing to keep.
    Least,
    /// That of one thread, and no heaps.
    OfOneThread,
}

impl Memory {
    fn threads(self, executor: &impl Executor) -> usize {
        match self {
            Self::OfAll | Self::Least => executor.threads(),
            Self::OfOneThread => 1,
        }
    }
}

/// A uniform number of [−½, ½).
fn centred(rng: &mut Stream) -> f64 {
    rng.uniform::<f64>() - 0.5
}

impl Items {
    fn new(
        name: &'static str,
        items: usize,
        order: usize,
        reward: impl Fn(usize, f64) -> f64,
    ) -> Self {
        let mut rng = Stream::new(11, name, 1);
        let mut features = Vec::new();
        let mut rewards = Vec::new();
        for item in 0..items {
            // One in twenty lies far out, by as much as its number says.
            let scale = if item % 20 == 3 { 1.0 + (item % 97) as f64 } else { 1.0 };
            features.extend((0..order).map(|_| (scale * centred(&mut rng)) as f32));
            rewards.push(reward(item, centred(&mut rng)));
        }
        let pairs = (items * (items - 1) / 2) as u64;
        let labelled = (0..pairs).filter(|pair| pair % 11 == 5).collect();
        Self { name, order, features, rewards, labelled }
    }

    fn len(&self) -> usize {
        self.rewards.len()
    }

    /// What ranks first by each criterion, in a pool of all pairs, or of a list of them.
    fn best<T: Real>(
        &self,
        executor: &impl Executor,
        pool: &Pool<'_>,
        (batch, memory): (usize, Memory),
    ) -> Vec<Result<Vec<Scored<T>>, pairpick_core::Error>> {
        let rewards: Vec<T> = self.rewards.iter().map(|reward| T::from_f64(*reward)).collect();
        let mut matrix =
            Packed::new(self.order, vec![T::ZERO; packed_len(self.order)]).expect("order");
        for (place, entry) in matrix.as_mut_slice().iter_mut().enumerate() {
            *entry = T::from_f64(0.1 / (1.0 + place as f64));
        }
        matrix.add_diagonal(T::from_f64(2.0));
        let factor = &Cholesky::factor(matrix).expect("a factor");
        let criteria = [
            Criterion::Leverage(factor, Weighting::Bernoulli),
            Criterion::Leverage(factor, Weighting::Unit),
            Criterion::Entropy,
            Criterion::MaxDiff,
        ];
        criteria
            .map(|criterion| {
                let ranking = Ranking::new(pool, &rewards, criterion);
                let len = ScoreWorkspaceLen::new(&pool.size());
                let threads = memory.threads(executor);
                let len = match memory {
                    Memory::Least => ScoreWorkspaceLen { pooled: 0, ..len },
                    Memory::OfOneThread | Memory::OfAll => len,
                };
                let mut numbers = vec![T::from_f64(f64::NAN); len.numbers(threads)];
                let mut heaps = vec![Scored::default(); len.heaps(threads, batch)];
                let mut best = vec![Scored::default(); batch];
                best_pairs(executor, &ranking, &mut numbers, &mut heaps, &mut best).map(|()| best)
            })
            .into()
    }

    fn check<T: Real>(&self) {
        let columns = Columns::new(&self.features, self.order, self.len()).expect("features");
        let pairs: Vec<ItemPair> = oracle::pairs(&[0, self.len() as u32]);
        let all = Pool::cross_prompt(columns, &self.labelled).expect("a pool");
        let listed = Pool::listed(columns, &pairs, &self.labelled).expect("a pool");
        assert_eq!(all.size(), PoolSize::cross_prompt(self.order, self.len()));
        for threads in [1, 3] {
            let executor = &Threads { level: Level::new(), threads };
            for (batch, memory) in [
                (1, Memory::OfAll),
                (7, Memory::Least),
                (300, Memory::OfAll),
                (7, Memory::OfOneThread),
            ] {
                let found = self.best::<T>(executor, &all, (batch, memory));
                let expected = self.best::<T>(executor, &listed, (batch, Memory::OfAll));
                // Rewards alone are sorted, and what is no number has no place among them.
                let finite = self.rewards.iter().all(|reward| reward.is_finite());
                let criteria = if finite { found.len() } else { 2 };
                let found = found.iter().zip(&expected).take(criteria);
                for (criterion, (found, expected)) in found.enumerate() {
                    let what = format!("{} {} {threads} {batch} {criterion}", self.name, T::NAME);
                    match (found, expected) {
                        (Ok(found), Ok(expected)) => {
                            for (place, (found, expected)) in found.iter().zip(expected).enumerate()
                            {
                                assert_eq!(found.pair, expected.pair, "{what}, place {place}");
                                let (found, expected) = (found.score.bits(), expected.score.bits());
                                assert_eq!(found, expected, "{what}, place {place}");
                            }
                        }
                        (found, expected) => {
                            assert_eq!(found.is_err(), expected.is_err(), "{what}")
                        }
                    }
                }
            }
        }
    }
}

fn check(items: &Items) {
    items.check::<f32>();
    items.check::<f64>();
}

#[test]
fn bounds_exclude_no_pair_that_ranks_first() {
    check(&Items::new("near", 700, 9, |_, noise| 4.0 * noise));
    // Six blocks, of which workers keep some.
    check(&Items::new("many", 1_300, 3, |_, noise| 4.0 * noise));
    check(&Items::new("far", 700, 9, |_, noise| 900.0 * noise));
    check(&Items::new("equal", 300, 5, |_, _| 0.25));
    check(&Items::new("three values", 300, 5, |item, _| (item % 3) as f64 * 1.5));
    check(&Items::new("two clusters", 400, 5, |item, noise| {
        (if item % 2 == 0 { 1e8 } else { -1e8 }) + 40.0 * noise
    }));
    check(&Items::new("an outlier", 400, 5, |item, noise| if item == 7 { 1e30 } else { noise }));
    check(&Items::new("no number", 600, 5, |item, noise| if item == 7 { f64::NAN } else { noise }));
    check(&Items::new(
        "two infinite",
        600,
        5,
        |item, noise| {
            if item % 400 == 7 { f64::INFINITY } else { noise }
        },
    ));
    check(&Items::new("few", 26, 3, |_, noise| noise));
    let mut same = Items::new("the same item", 300, 4, |_, noise| noise);
    same.features.fill(0.5);
    check(&same);
    let mut huge = Items::new("huge features", 300, 4, |_, noise| noise);
    huge.features.iter_mut().for_each(|value| *value *= 5e36);
    check(&huge);
}

/// Items on two opposite points: every bound is the score itself, and as many pairs as the batch has
/// places tie with the worst of it, most of them beyond the first block.
#[test]
fn a_bound_that_is_reached_excludes_nothing() {
    let mut opposite = Items::new("opposite", 600, 3, |_, _| 0.5);
    opposite.labelled.clear();
    for (item, feature) in opposite.features.chunks_mut(3).enumerate() {
        let sign = if item.is_multiple_of(2) { 1.0 } else { -1.0 };
        feature.copy_from_slice(&[sign, -0.5 * sign, 0.25 * sign]);
    }
    check(&opposite);
}

impl Items {
    /// What is picked pair by pair, by a head whose rewards spread so far.
    fn grown<T: Real>(
        &self,
        executor: &Threads,
        pool: &Pool<'_>,
        (strategy, spread): (Strategy, f32),
        batch: usize,
    ) -> Vec<Scored<T>> {
        let mut head = vec![0.0; self.order];
        head[0] = spread;
        let past = vec![T::ZERO; packed_len(self.order)];
        let posterior = &Posterior {
            head: &head,
            prior_precision: T::ONE,
            covariates: Covariates::NONE,
            jitter: T::ZERO,
            past: Packed::new(self.order, past.as_slice()).expect("order"),
        };
        let problem = Problem { executor, pool, posterior, options: &Options::default() };
        let mut selector = Selector::default();
        let picked = selector.select(strategy, &problem, batch, &mut Stream::new(1, "bounded", 0));
        picked.expect("a batch").pairs.to_vec()
    }

    fn check_grown<T: Real>(&self, batch: usize) {
        let columns = Columns::new(&self.features, self.order, self.len()).expect("features");
        let pairs: Vec<ItemPair> = oracle::pairs(&[0, self.len() as u32]);
        let all = Pool::cross_prompt(columns, &self.labelled).expect("a pool");
        let listed = Pool::listed(columns, &pairs, &self.labelled).expect("a pool");
        for asked in [
            (Strategy::GreedyDopt, 0.02),
            (Strategy::GreedyDopt, 0.0),
            (Strategy::GreedyDopt, 30.0),
            (Strategy::Exchange, 0.02),
        ] {
            let threads = |threads| Threads { level: Level::new(), threads };
            let expected = self.grown::<T>(&threads(1), &listed, asked, batch);
            for found in [1, 3].map(|count| self.grown::<T>(&threads(count), &all, asked, batch)) {
                assert_eq!(found.len(), expected.len());
                for (place, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    let what = format!("{} {} {asked:?}, place {place}", self.name, T::NAME);
                    assert_eq!(found.pair, expected.pair, "{what}");
                    assert_eq!(found.score.bits(), expected.score.bits(), "{what}");
                }
            }
        }
    }
}

/// After some picks, what they have taken is subtracted from every bound: from most of what there was,
/// where all items lie along one direction.
#[test]
fn pairs_picked_one_by_one_are_those_of_a_list() {
    let scattered = Items::new("scattered", 600, 7, |_, _| 0.0);
    let mut along = Items::new("along one direction", 500, 6, |_, _| 0.0);
    for feature in along.features.chunks_mut(6) {
        let far = 0.5 * feature[0];
        feature.iter_mut().for_each(|value| *value = 0.05 * *value + far);
    }
    // What picks take from items is rounded by how far these are from 0.
    let mut rng = Stream::new(5, "far from 0", 0);
    let mut away = Items::new("far from 0", 300, 4, |_, _| 0.0);
    for feature in away.features.chunks_mut(4) {
        let far = 1e5 + 600.0 * centred(&mut rng);
        for (value, share) in feature.iter_mut().zip([0.9, 0.55, 0.37, 0.21]) {
            *value = (far * share + 2.0 * centred(&mut rng)) as f32;
        }
    }
    // The mean cancels, and its own rounding is a share of what it is summed from.
    let mut clusters = Items::new("two opposite clusters", 400, 4, |_, _| 0.0);
    for (item, feature) in clusters.features.chunks_mut(4).enumerate() {
        let side = match item % 10 {
            3 => 0.0,
            _ if item < 200 => 3000.0,
            _ => -3000.0,
        };
        feature[0] += side;
    }
    for (items, batch) in [(scattered, 150), (along, 150), (away, 20), (clusters, 40)] {
        items.check_grown::<f32>(batch);
        items.check_grown::<f64>(batch);
    }
}
