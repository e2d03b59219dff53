//! [`Groups`]: the items whose differences a reward model is asked about, in groups: responses to a
//! prompt. What needs no label is learnt from these differences.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use pairpick_core::columns::Columns;
use pairpick_core::fisher::{Weighting, add_pool, pool_items_len, pool_workspace_len};
use pairpick_core::linalg::Packed;
use pairpick_core::parallel::Executor;
use pairpick_core::pool::{Pool, Prompts, pairs_of};
use pairpick_core::rng::Stream;
use pairpick_core::topk::Scored;

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
) -> Result<(), pairpick_core::Error> {
    let (size, blocks) = (pool.size(), threads.threads().saturating_mul(4));
    let mut workspace = vec![T::ZERO; pool_workspace_len(&size, blocks)];
    let mut items = vec![Scored::default(); pool_items_len(&size)];
    let rewards = vec![T::ZERO; pool.features().len()];
    let (unit, workspace) = (Weighting::Unit, &mut workspace);
    add_pool(threads, pool, &rewards, unit, sum, workspace, &mut items)
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
