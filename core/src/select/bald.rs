//! `bald`: the pairs whose single answer tells most about the last layer (Houlsby, Huszár,
//! Ghahramani and Lengyel, 2011): the mutual information of answer and parameters over
//! [`posterior_samples`](super::Options::posterior_samples) draws of the posterior N(β, P⁻¹).
//!
//! Each pair is scored by itself, so a batch may ask the same thing many times; `batchbald` counts
//! what the pairs before tell. Reads `posterior_samples` of the options. A pool of all cross-prompt
//! pairs is refused: list those to choose from.

use super::information::{self, Scan};
use super::{Options, Problem, Selection, Sizes, Workspace, WorkspaceLen};
use crate::arith::Real;
use crate::error::Error;
use crate::parallel::Executor;
use crate::rng::Stream;
use crate::topk::{Scored, TopK};

/// Fills `batch`. The score is I(y; θ) = h(mean p) − mean h(p) in nats, p the answer's probability
/// under each draw.
///
/// # Errors
/// As [`super::Strategy::select`]; [`Error::AllPairs`]; [`Error::Parameter`] for fewer than two draws
/// and [`Error::TooLarge`] for too many.
pub(super) fn select<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    let (parts, summary) = information::prepare(problem, workspace, 1, rng)?;
    let Problem { executor, pool, options, .. } = *problem;
    let scan = Scan { executor, pool, draws: parts.draws, samples: options.posterior_samples };
    scan.score(&parts.configurations, &[], parts.scores, parts.workspace)?;
    let mut best = TopK::new(batch);
    for (pair, score) in (0..).zip(&*parts.scores) {
        if *score > -T::INFINITY {
            best.offer(Scored { score: *score, pair });
        }
    }
    best.finish();
    Ok(summary)
}

/// Memory for a score a pair and one joint answer, the empty one.
pub(super) const fn workspace_len<T: Real>(
    sizes: &Sizes,
    options: &Options<'_, T>,
) -> WorkspaceLen {
    information::workspace_len(sizes, options.posterior_samples, 1)
}
