//! Fisher information of the last layer: Σ w_ab (φ_a − φ_b)(φ_a − φ_b)ᵀ, w = p(1 − p),
//! p = σ(r_a − r_b) (equation 3 of Shen, Sun and Ton, 2025).
//!
//! Each kind of pool has a canonical form with bits of its own (the numeric contract, 3), described
//! in its file: `in_prompt`, a graph Laplacian a prompt; `boxes`, all pairs of many items at the cost of
//! items, and `uniform`, the same where every pair counts alike; `cross_prompt`, those of few items pair by
//! pair; and `pairs`, one outer product a pair, for lists and for the labelled pairs of the past. Block
//! sums are folded into the result in ascending order.
//!
//! # Shared out
//!
//! A block is what one thread sums at a time, or one machine: [`block_sums`] gives those of any
//! range of a pool's blocks, and [`fold`] adds them. The sums of a shard's blocks are handed over
//! one by one: folded with each other first, they would round otherwise than in one go.

pub mod averaged;
mod blocks;
mod boxes;
mod cross_prompt;
mod in_prompt;
mod long_prompt;
mod pairs;
mod uniform;

use core::ops::Range;

use crate::arith::bernoulli::Variance;
use crate::arith::{Real, micro, sum};
use crate::columns::Columns;
use crate::error::{Error, check_range, check_shape};
use crate::linalg::{Packed, packed_len};
use crate::memory::larger;
use crate::parallel::{Executor, map_by, split_at};
use crate::pool::{ItemPair, Pair, Pairs, PairsSize, Pool, PoolSize, check_pairs};
use crate::topk::Scored;
use crate::whiten::Whitened;

use self::averaged::average;
pub use self::averaged::averaged_variance;
pub use self::blocks::fold;
use self::blocks::{BlockColumns, BlockLen, add_blocks, sum_blocks};
use self::boxes::{Boxes, LEAST_ITEMS};
use self::cross_prompt::AllPairs;
pub(crate) use self::in_prompt::PromptPairs;
use self::pairs::{Labelled, PairList};
use self::uniform::UniformPairs;

/// How much a pair counts.
#[derive(Clone, Copy, Debug)]
pub enum Weighting<'a, T> {
    /// w = p(1 − p) = e/(1 + e)², e = exp(−|r_a − r_b|): the variance of its answer.
    Bernoulli,
    /// w = 1: the design alone, without a model (equation 7).
    Unit,
    /// The mean of p(1 − p) over the posterior of the last layer, from the items whitened by its
    /// precision P ([`averaged`]).
    Averaged(Whitened<'a, T>),
}

impl<T: Real> Weighting<'_, T> {
    /// Replaces margins r_a − r_b by weights, given the items of each.
    pub(crate) fn apply<E: Executor>(
        self,
        executor: &E,
        pairs: impl Iterator<Item = ItemPair>,
        margins: &mut [T],
    ) {
        match self {
            Self::Bernoulli => map_by::<Variance, micro::Variance, T, E>(executor, margins),
            Self::Unit => margins.fill(T::ONE),
            Self::Averaged(whitened) => average(executor.level(), whitened, pairs, margins),
        }
    }

    /// The weight of each item of `rows` with each of `columns`, row after row, by these rewards.
    pub(crate) fn between<E: Executor>(
        self,
        executor: &E,
        rewards: &[T],
        rows: Range<usize>,
        columns: Range<usize>,
        out: &mut [T],
    ) {
        let width = columns.end.saturating_sub(columns.start);
        if let Self::Averaged(whitened) = self
            && whitened.is_block(&rows)
            && whitened.is_block(&columns)
        {
            return averaged::between(executor.level(), whitened, rewards, rows, columns, out);
        }
        let others = rewards.get(columns.clone()).unwrap_or_default();
        let own = rewards.get(rows.clone()).unwrap_or_default();
        for (row, out) in own.iter().zip(out.chunks_exact_mut(width.max(1))) {
            for (slot, other) in out.iter_mut().zip(others) {
                *slot = *row - *other;
            }
        }
        // Items are numbered in 32 bits.
        let item = |item: usize| u32::try_from(item).unwrap_or(u32::MAX);
        let columns = item(columns.start)..item(columns.end);
        let pairs = (item(rows.start)..item(rows.end))
            .flat_map(|a| columns.clone().map(move |b| ItemPair { a, b }));
        self.apply(executor, pairs, out);
    }
}

/// Numbers that [`add_pool`] needs to work in, with room for so many blocks at once, at least one:
/// threads sum a block each.
#[must_use]
pub const fn pool_workspace_len(pool: &PoolSize, blocks: usize) -> usize {
    let PoolSize { order, items, pairs } = *pool;
    let shared = match pairs {
        PairsSize::CrossPrompt if items < LEAST_ITEMS => cross_prompt::centre_len(order),
        PairsSize::CrossPrompt => larger(all_pairs_len(order), boxes::boxes_len(order, items)),
        PairsSize::InPrompt { .. } | PairsSize::Listed(_) => 0,
    };
    let each = pool_block_len(pool).workspace_len();
    larger(blocks, 1).saturating_mul(each).saturating_add(shared)
}

/// Places for items that [`add_pool`] needs: of a pool of all pairs, whose items it sorts by reward.
#[must_use]
pub const fn pool_items_len(pool: &PoolSize) -> usize {
    match pool.pairs {
        PairsSize::CrossPrompt if pool.items >= LEAST_ITEMS => pool.items,
        _ => 0,
    }
}

const fn all_pairs_len(order: usize) -> usize {
    cross_prompt::centre_len(order).saturating_add(uniform::total_len(order))
}

const fn pool_block_len(pool: &PoolSize) -> BlockLen {
    let PoolSize { order, items, pairs } = *pool;
    match pairs {
        PairsSize::InPrompt { block, .. } => in_prompt::block_len(order, block),
        PairsSize::CrossPrompt => {
            let pairs = cross_prompt::block_len(order, items);
            if items < LEAST_ITEMS { pairs } else { pairs.max(boxes::block_len(order, items)) }
        }
        PairsSize::Listed(pairs) => pairs::block_len(order, pairs),
    }
}

/// Numbers that [`add_pairs`] needs to work in, for one thread and however many pairs; a multiple
/// lets more threads work.
#[must_use]
pub const fn pairs_workspace_len(order: usize) -> usize {
    list_workspace_len(order, sum::PAIRS)
}

/// [`pairs_workspace_len`] for so many pairs, of which few need less.
pub(crate) const fn list_workspace_len(order: usize, pairs: usize) -> usize {
    pairs::block_len(order, pairs).workspace_len()
}

/// Adds the Fisher information of all pairs that a pool offers: [`fold`] of the [`block_sums`] of all
/// its blocks, as many at a time as the workspace holds. `items` has [`pool_items_len`] places.
///
/// # Errors
/// [`Error::Shape`] where `rewards` does not have a value for each item or `fisher` not the order
/// of the features; [`Error::Workspace`].
pub fn add_pool<T: Real, E: Executor, D: AsRef<[T]> + AsMut<[T]>>(
    executor: &E,
    pool: &Pool<'_>,
    rewards: &[T],
    weighting: Weighting<'_, T>,
    fisher: &mut Packed<T, D>,
    workspace: &mut [T],
    items: &mut [Scored<T>],
) -> Result<(), Error> {
    let block = pool_block_len(&pool.size());
    let (mut pairs, workspace) =
        PoolPairs::new(executor, pool, rewards, weighting, workspace, items)?;
    let (mut next, end) = (0, block_count(pool));
    while next < end {
        check_workspace(block, workspace)?;
        let to = pairs.prepare(executor, next, workspace).min(end);
        let fill = |block: usize, columns: &mut BlockColumns<'_, T>| {
            pairs.fill(executor, next + block, columns)
        };
        add_blocks(executor, to - next, block, fisher, workspace, &fill)?;
        next = to;
    }
    Ok(())
}

/// How many blocks the sum over a pool has: [`sum::PROMPTS`] prompts, [`sum::ITEMS`] items and then
/// [`sum::PAIRS`] labelled ones of all cross-prompt pairs, or [`sum::PAIRS`] places of a list each.
#[must_use]
pub fn block_count(pool: &Pool<'_>) -> usize {
    match pool.pairs() {
        Pairs::InPrompt(prompts) => prompts.len().div_ceil(sum::PROMPTS),
        Pairs::CrossPrompt(_) => {
            let items = pool.features().len();
            if items < LEAST_ITEMS {
                return items.div_ceil(sum::ITEMS);
            }
            items.div_ceil(sum::SORTED_ITEMS) + pool.labelled().len().div_ceil(sum::PAIRS)
        }
        Pairs::Listed(pairs) => pairs.len().div_ceil(sum::PAIRS),
    }
}

/// Writes the sums of some blocks of a pool, a packed matrix each, to be [folded](fold) with those
/// of the others. [`pool_workspace_len`] and [`pool_items_len`] size the memory here too.
///
/// # Errors
/// [`Error::Index`] for a block that there is not ([`block_count`]); [`Error::Shape`] where
/// `rewards` does not have a value for each item or `sums` a matrix for each block;
/// [`Error::Workspace`].
#[allow(clippy::too_many_arguments, reason = "what is summed, where to, and three memories")]
pub fn block_sums<T: Real, E: Executor>(
    executor: &E,
    pool: &Pool<'_>,
    rewards: &[T],
    weighting: Weighting<'_, T>,
    blocks: Range<usize>,
    sums: &mut [T],
    workspace: &mut [T],
    items: &mut [Scored<T>],
) -> Result<(), Error> {
    check_range("block of a Fisher sum", &blocks, block_count(pool))?;
    let block = pool_block_len(&pool.size());
    let matrix = packed_len(block.order);
    let expected = (blocks.end - blocks.start).saturating_mul(matrix);
    check_shape("sums of blocks", expected, sums.len())?;
    let (mut pairs, workspace) =
        PoolPairs::new(executor, pool, rewards, weighting, workspace, items)?;
    let (mut next, mut rest) = (blocks.start, sums);
    while next < blocks.end {
        check_workspace(block, workspace)?;
        let to = pairs.prepare(executor, next, workspace).min(blocks.end);
        let (sums, others) = split_at(rest, (to - next) * matrix);
        let fill =
            |block: usize, columns: &mut BlockColumns<'_, T>| pairs.fill(executor, block, columns);
        sum_blocks(executor, next, block, sums, workspace, &fill)?;
        (next, rest) = (to, others);
    }
    Ok(())
}

fn check_workspace<T>(block: BlockLen, workspace: &[T]) -> Result<(), Error> {
    let (required, found) = (block.workspace_len(), workspace.len());
    if found < required {
        return Err(Error::Workspace { what: "Fisher sum", required, found });
    }
    Ok(())
}

/// What the blocks of a pool's sum are made of.
#[allow(clippy::large_enum_variant, reason = "one a sum, which nobody copies")]
enum PoolPairs<'a, T> {
    InPrompt(PromptPairs<'a, T>),
    CrossPrompt(AllPairs<'a, T>),
    Uniform(UniformPairs<'a, T>),
    Boxes(Boxes<'a, T>),
    Listed(PairList<'a, T, ItemPair>),
}

impl<'a, T: Real> PoolPairs<'a, T> {
    /// The pairs, and the workspace that is left for the blocks.
    fn new<E: Executor>(
        executor: &E,
        pool: &'a Pool<'a>,
        rewards: &'a [T],
        weighting: Weighting<'a, T>,
        workspace: &'a mut [T],
        items: &'a mut [Scored<T>],
    ) -> Result<(Self, &'a mut [T]), Error> {
        let features = pool.features();
        check_shape("rewards", features.len(), rewards.len())?;
        let size = pool.size();
        let (required, found) = (pool_items_len(&size), items.len());
        let (items, _) = split_at(items, required);
        if found < required {
            return Err(Error::Workspace { what: "items", required, found });
        }
        let (required, found) = (pool_workspace_len(&size, 1), workspace.len());
        if found < required {
            return Err(Error::Workspace { what: "Fisher sum", required, found });
        }
        Ok(match pool.pairs() {
            Pairs::InPrompt(prompts) => {
                let pairs = PromptPairs { pool, prompts, rewards, weighting };
                (Self::InPrompt(pairs), workspace)
            }
            Pairs::CrossPrompt(_) if boxes::serves(pool, rewards, weighting, items) => {
                let (boxes, workspace) = Boxes::new(pool, rewards, weighting, items, workspace);
                (Self::Boxes(boxes), workspace)
            }
            Pairs::CrossPrompt(_) => {
                let (centre, workspace) =
                    split_at(workspace, cross_prompt::centre_len(features.rows()));
                let centre = cross_prompt::centre(features, centre);
                if let Weighting::Unit = weighting
                    && features.len() >= LEAST_ITEMS
                {
                    let (total, workspace) =
                        split_at(workspace, uniform::total_len(features.rows()));
                    let labelled = Labelled { pool, rewards, weighting };
                    let pairs = UniformPairs::new(executor, labelled, centre, total);
                    return Ok((Self::Uniform(pairs), workspace));
                }
                (Self::CrossPrompt(AllPairs { pool, centre, rewards, weighting }), workspace)
            }
            Pairs::Listed(pairs) => {
                let left_out = pool.labelled();
                let list = PairList { features, pairs, left_out, rewards, weighting };
                (Self::Listed(list), workspace)
            }
        })
    }

    /// Makes what the blocks from this one on need, and says up to which it serves.
    fn prepare<E: Executor>(&mut self, executor: &E, block: usize, workspace: &mut [T]) -> usize {
        match self {
            Self::Boxes(boxes) => boxes.prepare(executor, block, workspace),
            _ => usize::MAX,
        }
    }

    fn fill<E: Executor>(
        &self,
        executor: &E,
        block: usize,
        columns: &mut BlockColumns<'_, T>,
    ) -> usize {
        match self {
            Self::InPrompt(pairs) => pairs.fill(executor, block, columns),
            Self::CrossPrompt(pairs) => pairs.fill(executor, block, columns),
            Self::Uniform(pairs) => pairs.fill(executor, block, columns),
            Self::Boxes(pairs) => pairs.fill(executor, block, columns),
            Self::Listed(pairs) => pairs.fill(executor, block, columns),
        }
    }
}

/// Adds the Fisher information of listed pairs of items: of the labelled ones, for the past.
///
/// # Errors
/// As [`add_pool`]; [`Error::Index`] for a pair that names an item that does not exist.
pub fn add_pairs<T: Real, E: Executor, D: AsRef<[T]> + AsMut<[T]>>(
    executor: &E,
    features: Columns<'_, f32>,
    pairs: &[impl Pair],
    rewards: &[T],
    weighting: Weighting<'_, T>,
    fisher: &mut Packed<T, D>,
    workspace: &mut [T],
) -> Result<(), Error> {
    check_shape("rewards", features.len(), rewards.len())?;
    check_pairs(pairs, features.len())?;
    let list = PairList { features, pairs, left_out: &[], rewards, weighting };
    let fill =
        |block: usize, columns: &mut BlockColumns<'_, T>| list.fill(executor, block, columns);
    let blocks = pairs.len().div_ceil(sum::PAIRS);
    let block = pairs::block_len(features.rows(), pairs.len());
    add_blocks(executor, blocks, block, fisher, workspace, &fill)
}
