//! `robust-v-opt`: [`greedy_v_opt`] for features that do not explain the reward fully, and for
//! batches chosen before there is a label. Where the options leave these open, a misfit κ of 10, a
//! start of precision 3 whatever the λ that the last layer is fitted with, weights of ¼, so that no
//! answer changes the design, and a batch spread [evenly](Distinct::Even) over the prompts.
//!
//! A pair far out has a large v-opt score because it tells much about the weights; where the model
//! is wrong it tells less. κ‖d‖² is the variance of what the features miss, growing as the distance
//! does.

use super::{Problem, Selection, Weights, Workspace, greedy_v_opt};
use crate::arith::Real;
use crate::error::Error;
use crate::parallel::Executor;
use crate::pool::Distinct;
use crate::rng::Stream;
use crate::topk::Scored;

/// κ where the options leave it open.
pub(super) const MISFIT: f64 = 10.0;

/// The caps on a batch where the options leave them open.
pub(super) const DISTINCT: Distinct = Distinct::Even(0);

/// λ of the start where the options leave it open.
pub(super) const PRIOR_PRECISION: f64 = 3.0;

/// The weights where the options leave them open.
pub(super) const WEIGHTS: Weights = Weights::Constant;

/// Fills `batch`, in the order of picking. The score is that of `greedy-v-opt`.
///
/// # Errors
/// As [`super::Strategy::select`].
pub(super) fn select<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    greedy_v_opt::select(problem, workspace, rng, batch)
}
