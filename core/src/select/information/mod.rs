//! What `bald` and `batchbald` share: the last layer drawn from its posterior, joint answers to the
//! pairs picked so far, and what each further answer would tell.
//!
//! θ_s = β + L⁻ᵀε_s, P = LLᵀ, are K draws ([`draws`]). Given a draw, answers are independent. A
//! configuration is a joint answer ŷ to the pairs picked ([`configurations`]); it weighs the draws
//! by W_ŷs ∝ p(ŷ|θ_s). The next answer y to a pair then has the probability q_ŷ = Σ_s W_ŷs p(y|θ_s),
//! and tells
//!
//! > I(y; θ | ŷ) = h(q_ŷ) − Σ_s W_ŷs h(p(y|θ_s)),
//!
//! h being the entropy of an answer: what the joint entropy gains by the pair, less the entropy
//! that a known θ would leave. Its mean over configurations is the pair's score ([`scan`]). With
//! no pair picked it is BALD's score.

mod configurations;
mod draws;
mod noise;
mod scan;

pub(super) use self::configurations::Configurations;
pub(super) use self::noise::is_noise;
pub(super) use self::scan::{Answers, Scan};

use super::{Problem, Selection, Sizes, Workspace, WorkspaceLen, posterior};
use crate::arith::Real;
use crate::error::{Error, check_shape};
use crate::linalg::{condition_workspace_len, packed_len};
use crate::memory::larger;
use crate::parallel::{Executor, split_at};
use crate::pool::enumerable_pairs;
use crate::rng::Stream;

/// The most draws of the last layer.
pub const MAX_SAMPLES: usize = 4096;

/// The most joint answers that an entropy is estimated by.
pub const MAX_CONFIGURATIONS: usize = 65_536;

/// What a selection works with.
pub(super) struct Parts<'a, T> {
    /// The draws, a column of H weights each.
    pub(super) draws: &'a mut [T],
    /// For joint answers.
    pub(super) configurations: Configurations<'a, T>,
    /// A score a pair.
    pub(super) scores: &'a mut [T],
    /// For the scan's workers.
    pub(super) workspace: &'a mut [T],
}

/// Numbers for so many joint answers at most, beside the scores of all pairs.
pub(super) const fn workspace_len(
    sizes: &Sizes,
    samples: usize,
    configurations: usize,
) -> WorkspaceLen {
    let order = sizes.pool.order;
    let scan = sizes.workers().saturating_mul(scan::workspace_len(order, samples));
    let factor = packed_len(order).saturating_add(condition_workspace_len(order));
    let numbers = order
        .saturating_mul(samples)
        .saturating_add(configurations::workspace_len(samples, configurations))
        .saturating_add(sizes.pool.count())
        .saturating_add(larger(scan, factor));
    WorkspaceLen { numbers, heaps: 0, ranks: 0 }
}

/// Checks the problem, divides the memory and draws the last layer.
pub(super) fn prepare<'a, T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'a, T>,
    configurations: usize,
    rng: &mut Stream,
) -> Result<(Parts<'a, T>, Selection), Error> {
    let samples = problem.options.posterior_samples;
    let pairs = check(problem)?;
    let order = problem.pool.features().rows();
    let required = workspace_len(&Sizes::of(problem.pool, 0, 1), samples, configurations).numbers;
    let found = workspace.numbers.len();
    if found < required {
        return Err(Error::Workspace { what: "information", required, found });
    }
    let (draws, numbers) = split_at(workspace.numbers, order.saturating_mul(samples));
    let (joint, numbers) =
        split_at(numbers, configurations::workspace_len(samples, configurations));
    let (scores, workspace) = split_at(numbers, pairs);
    let (matrix, condition) = split_at(workspace, packed_len(order));
    let (condition, _) = split_at(condition, condition_workspace_len(order));
    let posterior = problem.posterior;
    check_shape("order of the past Fisher matrix", order, posterior.past.order())?;
    let factor = posterior.factor(matrix)?;
    let summary = posterior::factor_summary(&factor, condition)?;
    draws::draw(posterior.head, &factor, rng, draws)?;
    let configurations = Configurations::new(samples, configurations, joint);
    Ok((Parts { draws, configurations, scores, workspace }, summary))
}

/// The pairs of a pool that can be gone through, by a number of draws that can be worked with.
pub(super) fn check<T: Real, E>(problem: &Problem<'_, T, E>) -> Result<usize, Error> {
    let samples = problem.options.posterior_samples;
    if samples < 2 {
        return Err(Error::Parameter { what: "posterior samples must be at least 2" });
    }
    if samples > MAX_SAMPLES {
        let what = "posterior samples";
        return Err(Error::TooLarge { what, limit: MAX_SAMPLES, found: samples });
    }
    enumerable_pairs(problem.pool)
}
