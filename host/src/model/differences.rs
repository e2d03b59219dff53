//! [`Groups`]: the items whose differences a reward model is asked about, in groups: responses to a
//! prompt. What needs no label is learnt from these differences.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use pairpick_core::Error as Core;
use pairpick_core::columns::Columns;
use pairpick_core::fisher::{Weighting, add_pool, pool_items_len, pool_workspace_len};
use pairpick_core::linalg::{Packed, packed_len};
use pairpick_core::parallel::Executor;
use pairpick_core::pool::{Pool, Prompts, pairs_of};
use pairpick_core::rng::Stream;
use pairpick_core::topk::Scored;
use pairpick_core::trunk::nystrom::fit::squares_within;

use super::Context;
use crate::error::{Error, Result};
use crate::parallel::Threads;

/// Items of a block, but for groups that have more.
const BLOCK: usize = 2048;

/// Rows of a group where nothing tells which belong together.
const ROWS: usize = 1024;

/// The most rows that are dealt into such groups.
const MOST_ROWS: u64 = 1 << 16;

/// Groups of two items or more.
#[derive(Debug, Default)]
pub(super) struct Groups(Vec<Vec<u64>>);

impl Groups {
    /// The responses to each prompt; of rows without prompts the listed pairs, or where none are
    /// listed rows in random order.
    pub(super) fn of(context: Context<'_>) -> Result<Self> {
        let embeddings = context.embeddings;
        if embeddings.has_prompts() {
            let all = (0..embeddings.prompts() as u64).map(|prompt| embeddings.items_of(prompt));
            let groups: Vec<Vec<u64>> = all.map(Iterator::collect).collect();
            let groups: Vec<_> = groups.into_iter().filter(|group| group.len() > 1).collect();
            if !groups.is_empty() {
                return Ok(Self(groups));
            }
        }
        match context.listed {
            Some(pairs) => Ok(Self(pairs.iter().map(|(a, b)| vec![*a, *b]).collect())),
            None => Self::of_rows(context),
        }
    }

    fn of_rows(context: Context<'_>) -> Result<Self> {
        let items = context.embeddings.items();
        let mut rows = vec![0; items.min(MOST_ROWS) as usize];
        let mut rng = Stream::new(context.settings.seed, "rows", 0);
        rng.sample(items, &mut rows).map_err(Error::core("drawing rows"))?;
        rng.shuffle(&mut rows);
        let groups = rows.chunks(ROWS).filter(|group| group.len() > 1);
        Ok(Self(groups.map(<[u64]>::to_vec).collect()))
    }

    /// As many groups as bring so many items, drawn at random, in their order; all, if there are no
    /// more.
    pub(super) fn sample(&self, seed: u64, items: usize) -> Vec<&[u64]> {
        let mut order: Vec<usize> = (0..self.0.len()).collect();
        Stream::new(seed, "metric", 0).shuffle(&mut order);
        let mut taken = 0_usize;
        let mut chosen: Vec<usize> = order
            .into_iter()
            .take_while(|place| {
                let is_wanted = taken < items;
                taken = taken.saturating_add(self.0[*place].len());
                is_wanted
            })
            .collect();
        chosen.sort_unstable();
        chosen.into_iter().map(|place| self.0[place].as_slice()).collect()
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<&[u64]> {
        self.0.iter().map(Vec::as_slice).collect()
    }
}

/// Consecutive groups.
pub(super) struct Block {
    /// Their items, group after group.
    pub(super) items: Vec<u64>,
    /// Where each begins among these, and where the last one ends.
    pub(super) starts: Vec<u32>,
}

impl Block {
    /// Pairs within the groups.
    pub(super) fn pairs(&self) -> u64 {
        let sizes = self.starts.iter().zip(self.starts.iter().skip(1));
        let pairs = sizes.map(|(start, end)| pairs_of(u64::from(end.saturating_sub(*start))));
        pairs.fold(0, u64::saturating_add)
    }
}

/// Groups in blocks, so that no more than a part of the file is in memory.
pub(super) fn blocks(groups: &[&[u64]]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for group in groups {
        let fits = |block: &Block| block.items.len().saturating_add(group.len()) <= BLOCK;
        if !blocks.last().is_some_and(fits) {
            blocks.push(Block { items: Vec::new(), starts: vec![0] });
        }
        if let Some(block) = blocks.last_mut() {
            block.items.extend_from_slice(group);
            block.starts.push(block.items.len() as u32);
        }
    }
    blocks
}

/// Adds ddᵀ of all pairs within groups, whose features are the columns.
pub(super) fn add_within(
    threads: &Threads,
    features: Columns<'_, f32>,
    starts: &[u32],
    sum: &mut Packed<f64, Vec<f64>>,
) -> Result<()> {
    let context = || Error::core("differences within prompts");
    let mut first_pairs = vec![0; starts.len()];
    let prompts = Prompts::new(starts, &mut first_pairs).map_err(context())?;
    let pool = Pool::in_prompt(features, prompts, &[]).map_err(context())?;
    add_differences(threads, &pool, sum).map_err(context())
}

/// Adds ddᵀ of all pairs that a pool offers.
pub(crate) fn add_differences<T: pairpick_core::arith::Real>(
    threads: &Threads,
    pool: &Pool<'_>,
    sum: &mut Packed<T, Vec<T>>,
) -> Result<(), Core> {
    let (size, blocks) = (pool.size(), threads.threads().saturating_mul(4));
    let mut workspace = vec![T::ZERO; pool_workspace_len(&size, blocks)];
    let mut items = vec![Scored::default(); pool_items_len(&size)];
    let rewards = vec![T::ZERO; pool.features().len()];
    let (unit, workspace) = (Weighting::Unit, &mut workspace);
    add_pool(threads, pool, &rewards, unit, sum, workspace, &mut items)
}

/// Σ ‖φ − φ̄‖² over the items of groups of two or more, and their number.
pub(crate) struct Squares {
    sum: f64,
    items: u64,
    mean: Vec<f64>,
}

impl Squares {
    pub(crate) fn new(order: usize) -> Self {
        Self { sum: 0.0, items: 0, mean: vec![0.0; order] }
    }

    /// Adds those of groups that begin at these columns, and where the last one ends.
    pub(crate) fn add(&mut self, features: Columns<'_, f32>, starts: &[u32]) -> Result<()> {
        let groups = starts.iter().zip(starts.iter().skip(1));
        for (start, end) in groups.filter(|(start, end)| end.saturating_sub(**start) > 1) {
            let group = features.range(*start as usize, *end as usize);
            self.sum += squares_within(group, &mut self.mean).map_err(Error::core("features"))?;
            self.items = self.items.saturating_add(group.len() as u64);
        }
        Ok(())
    }

    /// The mean of ‖φ − φ̄‖², where features differ.
    pub(crate) fn mean_where_they_differ(&self) -> Option<f64> {
        Some(self.sum / self.items as f64).filter(|mean| *mean > 0.0)
    }

    /// The same, which refuses features that do not.
    pub(super) fn mean(&self) -> Result<f64> {
        let what = "embeddings within prompts must differ";
        let same = || Error::core("features")(Core::Parameter { what });
        self.mean_where_they_differ().ok_or_else(same)
    }
}

/// How far features lie apart within groups.
pub(super) struct Spread {
    /// Σ ddᵀ over pairs.
    sum: Packed<f64, Vec<f64>>,
    pairs: u64,
    /// Of the first features.
    squares: Squares,
    first: usize,
}

impl Spread {
    /// Of nothing yet: of so many features, and how far the first of these lie from their means.
    pub(super) fn new(features: usize, first: usize) -> Result<Self> {
        let sum = Packed::new(features, vec![0.0; packed_len(features)]);
        let sum = sum.map_err(Error::core("differences within prompts"))?;
        Ok(Self { sum, pairs: 0, squares: Squares::new(first), first })
    }

    /// Adds a block, whose features these are, item after item.
    pub(super) fn add(&mut self, threads: &Threads, features: &[f32], block: &Block) -> Result<()> {
        let (items, height) = (block.items.len(), self.sum.order());
        let columns = |values, rows| Columns::new(values, rows, items);
        let all = columns(features, height).map_err(Error::core("features"))?;
        add_within(threads, all, &block.starts, &mut self.sum)?;
        self.pairs = self.pairs.saturating_add(block.pairs());
        if self.first == height {
            return self.squares.add(all, &block.starts);
        }
        let rows = features.chunks_exact(height);
        let first: Vec<f32> = rows.flat_map(|row| row.iter().take(self.first).copied()).collect();
        let first = columns(&first, self.first).map_err(Error::core("features"))?;
        self.squares.add(first, &block.starts)
    }

    /// The mean of ‖φ − φ̄‖², φ the first features, where they differ.
    pub(super) fn mean_square(&self) -> Result<f64> {
        self.squares.mean()
    }

    /// The mean of ddᵀ over pairs: its lower triangle.
    pub(super) fn moment(&self) -> Vec<f64> {
        let pairs = self.pairs as f64;
        self.sum.as_slice().iter().map(|entry| entry / pairs).collect()
    }
}

/// The mean of rows of this length.
pub(super) fn mean_of(rows: &[f32], height: usize) -> Vec<f64> {
    let mut sum = vec![0.0; height];
    for row in rows.chunks_exact(height) {
        sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    let count = rows.len() as f64 / height as f64;
    sum.into_iter().map(|sum| sum / count).collect()
}
