//! Fisher information of the last layer: Σ w_ab (φ_a − φ_b)(φ_a − φ_b)ᵀ, w = p(1 − p),
//! p = σ(r_a − r_b) (equation 3 of Shen, Sun and Ton, 2025).
//!
//! Each kind of pool has a canonical form with bits of its own (the numeric contract, 3), described
//! in its file: `in_prompt` and `cross_prompt`, graph Laplacians over items, and `pairs`, one outer
//! product a pair, for lists and for the labelled pairs of the past. Block sums are folded into the
//! result in ascending order.

pub mod averaged;
mod blocks;
mod cross_prompt;
mod in_prompt;
mod pairs;
mod weights;

use crate::arith::bernoulli::Variance;
use crate::arith::{Real, micro, sum};
use crate::columns::Columns;
use crate::error::{Error, check_shape};
use crate::linalg::Packed;
use crate::parallel::{Executor, map_by, split_at};
use crate::pool::{Pair, Pairs, PairsSize, Pool, PoolSize, check_pairs};
use crate::whiten::Whitened;

use self::averaged::average;
pub use self::averaged::averaged_variance;
use self::blocks::{BlockColumns, BlockLen, add_blocks};
pub(crate) use self::in_prompt::block_weights;
use self::pairs::List;
pub(crate) use self::weights::{Form, factors_len};

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
    /// Replaces margins r_a − r_b by weights, given the items (a, b) of each.
    pub(crate) fn apply<E: Executor>(
        self,
        executor: &E,
        pairs: impl Iterator<Item = (usize, usize)>,
        margins: &mut [T],
    ) {
        match self {
            Self::Bernoulli => map_by::<Variance, micro::Variance, T, E>(executor, margins),
            Self::Unit => margins.fill(T::ONE),
            Self::Averaged(whitened) => average(executor.level(), whitened, pairs, margins),
        }
    }
}

/// Numbers that [`add_pool`] needs to work in, for one thread; a multiple lets more threads work.
#[must_use]
pub const fn pool_workspace_len(pool: &PoolSize) -> usize {
    let centre = match pool.pairs {
        PairsSize::CrossPrompt => cross_prompt::centre_len(pool.order),
        PairsSize::InPrompt { .. } | PairsSize::Listed(_) => 0,
    };
    pool_block_len(pool).numbers().saturating_add(centre)
}

const fn pool_block_len(pool: &PoolSize) -> BlockLen {
    let order = pool.order;
    match pool.pairs {
        PairsSize::InPrompt { block, .. } => {
            BlockLen { order, columns: block.items, scratch: in_prompt::scratch_len(block) }
        }
        PairsSize::CrossPrompt => {
            let columns = sum::longest(sum::ITEMS, pool.items);
            BlockLen { order, columns, scratch: cross_prompt::scratch_len(order, columns) }
        }
        PairsSize::Listed(pairs) => list_block_len(order, pairs),
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
    list_block_len(order, pairs).numbers()
}

const fn list_block_len(order: usize, pairs: usize) -> BlockLen {
    let block = sum::longest(sum::PAIRS, pairs);
    BlockLen { order, columns: block, scratch: block }
}

/// Adds the Fisher information of all pairs that a pool offers.
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
) -> Result<(), Error> {
    let (features, len) = (pool.features(), pool_block_len(&pool.size()));
    check_shape("rewards", features.len(), rewards.len())?;
    match pool.pairs() {
        Pairs::InPrompt(prompts) => {
            let fill = |block: usize, columns: BlockColumns<'_, T>| {
                in_prompt::fill(executor, (pool, prompts), rewards, weighting, block, columns)
            };
            let blocks = prompts.len().div_ceil(sum::PROMPTS);
            add_blocks(executor, len, blocks, fisher, workspace, &fill)
        }
        Pairs::CrossPrompt(_) => {
            let (centre, workspace) = split_at(workspace, cross_prompt::centre_len(len.order));
            let centre = cross_prompt::centre(features, centre);
            let form = Form::of(weighting, rewards);
            let fill = |block: usize, columns: BlockColumns<'_, T>| {
                cross_prompt::fill(executor, (pool, centre), rewards, form, block, columns)
            };
            let blocks = features.len().div_ceil(sum::ITEMS);
            add_blocks(executor, len, blocks, fisher, workspace, &fill)
        }
        Pairs::Listed(pairs) => {
            let list = List { pairs, left_out: pool.labelled() };
            add_list(executor, (features, list), rewards, weighting, fisher, workspace)
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
    let list = List { pairs, left_out: &[] };
    add_list(executor, (features, list), rewards, weighting, fisher, workspace)
}

fn add_list<T: Real, E: Executor, D: AsRef<[T]> + AsMut<[T]>>(
    executor: &E,
    (features, list): (Columns<'_, f32>, List<'_, impl Pair>),
    rewards: &[T],
    weighting: Weighting<'_, T>,
    fisher: &mut Packed<T, D>,
    workspace: &mut [T],
) -> Result<(), Error> {
    let fill = |block: usize, columns: BlockColumns<'_, T>| {
        pairs::fill(executor, (features, list), rewards, weighting, block, columns)
    };
    let blocks = list.pairs.len().div_ceil(sum::PAIRS);
    let len = list_block_len(features.rows(), list.pairs.len());
    add_blocks(executor, len, blocks, fisher, workspace, &fill)
}
