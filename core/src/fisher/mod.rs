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
use crate::pool::{ItemPair, Pair, Pairs, PairsSize, Pool, PoolSize, check_pairs};
use crate::whiten::Whitened;

use self::averaged::average;
pub use self::averaged::averaged_variance;
use self::blocks::{BlockColumns, BlockLen, add_blocks};
use self::cross_prompt::AllPairs;
pub(crate) use self::in_prompt::PromptPairs;
use self::pairs::PairList;
pub(crate) use self::weights::{Form, ItemFactors, factors_len};

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
}

/// Numbers that [`add_pool`] needs to work in, for one thread; a multiple lets more threads work.
#[must_use]
pub const fn pool_workspace_len(pool: &PoolSize) -> usize {
    let centre = match pool.pairs {
        PairsSize::CrossPrompt => cross_prompt::centre_len(pool.order),
        PairsSize::InPrompt { .. } | PairsSize::Listed(_) => 0,
    };
    pool_block_len(pool).workspace_len().saturating_add(centre)
}

const fn pool_block_len(pool: &PoolSize) -> BlockLen {
    match pool.pairs {
        PairsSize::InPrompt { block, .. } => in_prompt::block_len(pool.order, block),
        PairsSize::CrossPrompt => cross_prompt::block_len(pool.order, pool.items),
        PairsSize::Listed(pairs) => pairs::block_len(pool.order, pairs),
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
            let pairs = PromptPairs { pool, prompts, rewards, weighting };
            let fill =
                |block: usize, columns: BlockColumns<'_, T>| pairs.fill(executor, block, columns);
            let blocks = prompts.len().div_ceil(sum::PROMPTS);
            add_blocks(executor, blocks, len, fisher, workspace, &fill)
        }
        Pairs::CrossPrompt(_) => {
            let (centre, workspace) = split_at(workspace, cross_prompt::centre_len(len.order));
            let centre = cross_prompt::centre(features, centre);
            let pairs = AllPairs { pool, centre, rewards, form: Form::of(weighting, rewards) };
            let fill =
                |block: usize, columns: BlockColumns<'_, T>| pairs.fill(executor, block, columns);
            let blocks = features.len().div_ceil(sum::ITEMS);
            add_blocks(executor, blocks, len, fisher, workspace, &fill)
        }
        Pairs::Listed(pairs) => {
            let list = PairList { features, pairs, left_out: pool.labelled(), rewards, weighting };
            add_list(executor, list, fisher, workspace)
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
    add_list(executor, list, fisher, workspace)
}

fn add_list<T: Real, E: Executor, D: AsRef<[T]> + AsMut<[T]>>(
    executor: &E,
    list: PairList<'_, T, impl Pair>,
    fisher: &mut Packed<T, D>,
    workspace: &mut [T],
) -> Result<(), Error> {
    let fill = |block: usize, columns: BlockColumns<'_, T>| list.fill(executor, block, columns);
    let blocks = list.pairs.len().div_ceil(sum::PAIRS);
    let block = pairs::block_len(list.features.rows(), list.pairs.len());
    add_blocks(executor, blocks, block, fisher, workspace, &fill)
}
