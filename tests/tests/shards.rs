//! One selection in three processes: each sums its own blocks of the Fisher information, then ranks
//! the pairs of its own parts, and leaves what it found in files. What is merged has the bits of
//! one process.

use std::env;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use fearless_simd::Level;
use pairpick::memory::Selector;
use pairpick_core::arith::Real;
use pairpick_core::fisher::{
    Weighting, add_pool, block_count, block_sums, fold, pool_items_len, pool_workspace_len,
};
use pairpick_core::head::{rewards, rewards_workspace_len};
use pairpick_core::linalg::{Cholesky, Packed, packed_len};
use pairpick_core::parallel::Executor;
use pairpick_core::rng::Stream;
use pairpick_core::score::{Criterion, Ranking, ScoreWorkspaceLen, best_in};
use pairpick_core::select::{Options, Problem, Strategy};
use pairpick_core::topk::{Scored, merge};
use pairpick_tests::kind::KINDS;
use pairpick_tests::small::Small;
use pairpick_tests::threads::Threads;

const SHARDS: usize = 3;
const ORDER: usize = 11;
const BATCH: usize = 40;

/// What a process is told: its stage, its number and the folder of the files.
const TASK: &str = "PAIRPICK_SHARD";

/// Pools of several blocks each.
fn pools() -> [Small; 3] {
    KINDS.map(|kind| Small::new(kind, (240, 7), ORDER, 3))
}

/// Which of so many parts a shard has.
fn share(parts: usize, shard: usize) -> Range<usize> {
    parts * shard / SHARDS..parts * (shard + 1) / SHARDS
}

/// What a shard left of a stage, in words of 64 bits, little-endian.
struct Left<'a> {
    folder: &'a Path,
    stage: &'a str,
    shard: usize,
}

impl Left<'_> {
    fn path<T: Real>(&self, pool: &Small) -> PathBuf {
        self.folder.join(format!("{} {:?} {} {}", self.stage, pool.kind, T::NAME, self.shard))
    }

    fn write<T: Real>(&self, pool: &Small, words: impl Iterator<Item = u64>) {
        let bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
        fs::write(self.path::<T>(pool), bytes).expect("a file");
    }

    fn read<T: Real>(&self, pool: &Small) -> Vec<u64> {
        let bytes = fs::read(self.path::<T>(pool)).expect("what a shard left");
        let (words, rest) = bytes.as_chunks();
        assert!(rest.is_empty(), "whole words");
        words.iter().map(|word| u64::from_le_bytes(*word)).collect()
    }
}

/// A number as a word, in f64, which holds those of f32 exactly.
fn word<T: Real>(number: T) -> u64 {
    number.to_f64().to_bits()
}

fn number<T: Real>(word: u64) -> T {
    T::from_f64(f64::from_bits(word))
}

fn rewards_of<T: Real, E: Executor>(problem: &Problem<'_, T, E>) -> Vec<T> {
    let features = problem.pool.features();
    let mut values = vec![T::ZERO; features.len()];
    let mut workspace = vec![T::ZERO; rewards_workspace_len(ORDER)];
    rewards(problem.executor, features, problem.posterior.head, &mut values, &mut workspace)
        .expect("rewards");
    values
}

/// Sums the blocks of a shard's share.
fn sum<T: Real>(pool: &Small, executor: &impl Executor, left: &Left<'_>) {
    pool.with::<T, _, _>(executor, &Options::DEFAULT, |problem| {
        let (pool_of, values) = (problem.pool, rewards_of(problem));
        let blocks = share(block_count(pool_of), left.shard);
        assert!(!blocks.is_empty());
        let mut sums = vec![T::ZERO; blocks.len() * packed_len(ORDER)];
        let mut workspace = vec![T::ZERO; pool_workspace_len(&pool_of.size(), 2)];
        let mut items = vec![Scored::default(); pool_items_len(&pool_of.size())];
        let (sums, weighting) = (&mut sums, Weighting::Bernoulli);
        block_sums(executor, pool_of, &values, weighting, blocks, sums, &mut workspace, &mut items)
            .expect("sums");
        left.write::<T>(pool, sums.iter().copied().map(word));
    });
}

/// The matrix of the whole pool, from what the shards left.
fn merged<T: Real>(pool: &Small, folder: &Path) -> Packed<T, Vec<T>> {
    let mut matrix = Packed::new(ORDER, vec![T::ZERO; packed_len(ORDER)]).expect("order");
    for shard in 0..SHARDS {
        let sums = Left { folder, stage: "sum", shard }.read::<T>(pool);
        let sums: Vec<T> = sums.into_iter().map(number).collect();
        fold(&sums, &mut matrix).expect("matrices");
    }
    matrix
}

/// A ranking by leverage, as `dopt` ranks, and the same pairs drawn.
fn rankings<T: Real, E: Executor, R>(
    problem: &Problem<'_, T, E>,
    mut matrix: Packed<T, Vec<T>>,
    run: impl FnOnce([Ranking<'_, T, Vec<T>>; 2]) -> R,
) -> R {
    matrix.add_diagonal(problem.posterior.prior_precision);
    let factor = Cholesky::factor(matrix).expect("a factor");
    let values = rewards_of(problem);
    let criterion = Criterion::Leverage(&factor, Weighting::Bernoulli);
    let ranking = Ranking::new(problem.pool, &values, criterion);
    run([ranking, ranking.drawn(stream().bits())])
}

fn stream() -> Stream {
    Stream::new(5, "shards", 1)
}

/// Ranks the pairs of a shard's share.
fn rank<T: Real>(pool: &Small, executor: &impl Executor, left: &Left<'_>) {
    pool.with::<T, _, _>(executor, &Options::DEFAULT, |problem| {
        let threads = executor.threads();
        let size = problem.pool.size();
        let lens = [ScoreWorkspaceLen::new(&size), ScoreWorkspaceLen::exhaustive(&size)];
        let most = |len: [usize; 2]| len.into_iter().max().unwrap_or(0);
        let mut workspace = vec![T::ZERO; most(lens.map(|len| len.numbers(threads)))];
        let mut heaps = vec![Scored::default(); most(lens.map(|len| len.heaps(threads, BATCH)))];
        let mut words = Vec::new();
        rankings(problem, merged(pool, left.folder), |rankings| {
            for ranking in rankings {
                let (parts, mut best) = (ranking.parts(), [Scored::default(); BATCH]);
                let parts = share(parts, left.shard);
                assert!(!parts.is_empty());
                let best =
                    best_in(executor, &ranking, parts, &mut workspace, &mut heaps, &mut best)
                        .expect("a share of the pairs");
                words.push(best.len() as u64);
                words.extend(best.iter().flat_map(|found| [found.pair, word(found.score)]));
            }
        });
        left.write::<T>(pool, words.into_iter());
    });
}

/// The batch of each ranking, from what the shards left.
fn batches<T: Real>(
    pool: &Small,
    folder: &Path,
    rankings: [Ranking<'_, T, Vec<T>>; 2],
) -> [Vec<Scored<T>>; 2] {
    // The last shard first: in what order they come does not matter.
    let mut left: Vec<_> = (0..SHARDS)
        .rev()
        .map(|shard| Left { folder, stage: "rank", shard }.read::<T>(pool).into_iter())
        .collect();
    rankings.map(|ranking| {
        let mut found = Vec::new();
        for words in &mut left {
            for _ in 0..words.next().expect("a count") {
                let mut next = || words.next().expect("a word");
                found.push(Scored { pair: next(), score: number(next()) });
            }
        }
        let mut batch = vec![Scored::default(); BATCH];
        ranking.restore_scores(merge(found, &mut batch).finish());
        batch
    })
}

/// The share of one process, of every pool in both precisions. Shards compute each in its own way.
#[test]
fn a_shard() {
    let Ok(task) = env::var(TASK) else {
        return;
    };
    let mut told = task.splitn(3, ' ');
    let mut next = || told.next().expect("a stage, a number and a folder");
    let (stage, shard, folder) = (next(), next().parse().expect("a number"), next());
    let left = &Left { folder: folder.as_ref(), stage, shard };
    let level = if shard == 0 { Level::baseline() } else { Level::new() };
    let executor = &Threads { level, threads: 1 + 2 * shard };
    for pool in pools() {
        if stage == "sum" {
            sum::<f32>(&pool, executor, left);
            sum::<f64>(&pool, executor, left);
        } else {
            rank::<f32>(&pool, executor, left);
            rank::<f64>(&pool, executor, left);
        }
    }
}

/// Has every shard go through a stage, in processes of their own.
fn run(stage: &str, folder: &Path) {
    let this = env::current_exe().expect("this program");
    let shards: Vec<_> = (0..SHARDS)
        .map(|shard| {
            let task = format!("{stage} {shard} {}", folder.display());
            Command::new(&this).args(["--exact", "a_shard"]).env(TASK, task).spawn()
        })
        .collect();
    for shard in shards {
        assert!(shard.expect("a process").wait().expect("its end").success(), "{stage}");
    }
}

fn check<T: Real>(pool: &Small, folder: &Path) {
    let context = format!("{:?} {}", pool.kind, T::NAME);
    let executor = &Threads::default();
    let bits = |numbers: &[T]| numbers.iter().copied().map(word).collect::<Vec<_>>();
    pool.with::<T, _, _>(executor, &Options::DEFAULT, |problem| {
        let (pool_of, values) = (problem.pool, rewards_of(problem));
        let mut whole = Packed::new(ORDER, vec![T::ZERO; packed_len(ORDER)]).expect("order");
        let mut workspace = vec![T::ZERO; pool_workspace_len(&pool_of.size(), 1)];
        let mut items = vec![Scored::default(); pool_items_len(&pool_of.size())];
        let weighting = Weighting::Bernoulli;
        add_pool(executor, pool_of, &values, weighting, &mut whole, &mut workspace, &mut items)
            .expect("sum");
        assert_eq!(bits(merged(pool, folder).as_slice()), bits(whole.as_slice()), "{context}");
        rankings(problem, whole, |rankings| {
            let batches = batches(pool, folder, rankings);
            for (sampled, batch) in [false, true].into_iter().zip(batches) {
                let options = &Options { sampled, ..Options::DEFAULT };
                let problem = Problem { options, ..*problem };
                let mut selector = Selector::default();
                let alone = selector.select(Strategy::Dopt, &problem, BATCH, &mut stream());
                let alone = alone.expect("a batch").pairs;
                let told = |batch: &[Scored<T>]| -> Vec<_> {
                    batch.iter().map(|picked| (picked.pair, word(picked.score))).collect()
                };
                assert_eq!(told(&batch), told(alone), "{context}, sampled: {sampled}");
            }
        });
    });
}

#[test]
fn three_processes_have_the_bits_of_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    run("sum", folder);
    run("rank", folder);
    for pool in pools() {
        check::<f32>(&pool, folder);
        check::<f64>(&pool, folder);
    }
}
