//! The weights that a strategy's options ask for, over its pool: at its rewards, or averaged over the
//! posterior of the last layer, for which the pool's items are whitened by P once.

use super::{Options, Problem, Sizes, Weights};
use crate::arith::Real;
use crate::error::{Error, check_shape};
use crate::fisher::Weighting;
use crate::linalg::packed_len;
use crate::parallel::{Executor, split_at};
use crate::pool::PoolSize;
use crate::whiten::{Whitened, whitened_len};

/// Numbers that [`weighting`] takes of its workspace: none for weights at the rewards.
pub(super) const fn weighting_len<T: Real>(sizes: &Sizes, options: &Options<'_, T>) -> usize {
    match options.weights() {
        Weights::PlugIn | Weights::Constant => 0,
        Weights::Averaged => {
            let PoolSize { order, items, .. } = sizes.pool;
            packed_len(order).saturating_add(whitened_len(order, items))
        }
    }
}

/// The weights of the pool's pairs, and the rest of the workspace.
///
/// # Errors
/// [`Error::Workspace`] below [`weighting_len`]; [`Error::NotPositiveDefinite`] where P has no
/// factor in this precision; [`Error::Shape`] where the past is of another order than the features.
pub(super) fn weighting<'a, T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: &'a mut [T],
) -> Result<(Weighting<'a, T>, &'a mut [T]), Error> {
    let Problem { executor, pool, posterior, options } = *problem;
    if options.weights() != Weights::Averaged {
        return Ok((Weighting::Bernoulli, workspace));
    }
    let (features, order) = (pool.features(), pool.features().rows());
    check_shape("order of the past Fisher matrix", order, posterior.past.order())?;
    let (matrix, workspace) = split_at(workspace, packed_len(order));
    let (whitened, workspace) = split_at(workspace, whitened_len(order, features.len()));
    let whitened = Whitened::new(executor, &posterior.factor(matrix)?, features, whitened)?;
    Ok((Weighting::Averaged(whitened), workspace))
}
