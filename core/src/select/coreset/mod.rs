//! `coreset`: pairs drawn in proportion to a bound on how much the posterior could miss each
//! (Huggins, Campbell and Broderick, *Coresets for Scalable Bayesian Logistic Regression*, 2016).
//!
//! A pair is the vector z = ±(φ_a − φ_b), signed by the predicted preference (r_a ≥ r_b; of equal
//! rewards the item of lower number first), so that which of the two is called the first does not
//! matter. The vectors are clustered ([`clusters`](super::Options::clusters) of them, by k-means++
//! and Lloyd's iterations), and the sensitivity of each pair over parameters of norm at most R
//! ([`radius`](super::Options::radius)) is bounded by (lemma 3.1)
//!
//! > m_n = N / (1 + Σ_i |G_i⁽⁻ⁿ⁾| e^(−R ‖Z̄_i⁽⁻ⁿ⁾ − z_n‖)),
//!
//! over clusters G_i without the pair itself, of mean Z̄_i. Pairs are drawn without replacement,
//! each in proportion to m_n among those left: the paper draws with replacement and weighs what is
//! drawn often, but a pair is asked about once. A pool of all cross-prompt pairs is refused: list
//! those to choose from.

mod clusters;

use self::clusters::Clusters;
use super::{Options, Problem, Selection, Sizes, Workspace, WorkspaceLen, posterior};
use crate::arith::{self, Real};
use crate::error::Error;
use crate::head::rewards_workspace_len;
use crate::memory::larger;
use crate::parallel::Executor;
use crate::pool::{PoolSize, enumerable_pairs};
use crate::rng::Stream;
use crate::score::gumbel;
use crate::topk::{Scored, TopK};

/// The most clusters.
pub const MAX_CLUSTERS: usize = 4096;

/// Fills `batch`. The score is the key that orders the draw, ln m_n plus a Gumbel deviate.
///
/// # Errors
/// As [`super::Strategy::select`]; [`Error::AllPairs`]; [`Error::Parameter`] for no cluster, more than
/// the pool has pairs, or a radius that is negative or no number; [`Error::TooLarge`] for more than
/// [`MAX_CLUSTERS`].
pub(super) fn select<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    let Problem { executor, pool, options, .. } = *problem;
    let pairs = check(problem)?;
    let required = numbers(&Sizes::of(pool, batch.len(), 1), options.clusters);
    let found = workspace.numbers.len();
    if found < required {
        return Err(Error::Workspace { what: "coreset", required, found });
    }
    let (rewards, numbers) = posterior::pool_rewards(problem, workspace.numbers)?;
    let mut clusters = Clusters::new(executor, pool, rewards, pairs, options.clusters, numbers);
    clusters.seed(rng)?;
    clusters.converge()?;
    let bounds = clusters.sensitivities(options.radius)?;
    let seed = rng.bits();
    let mut best = TopK::new(batch);
    for (pair, bound) in (0..).zip(bounds).filter(|(_, bound)| *bound > T::ZERO) {
        best.offer(Scored { score: arith::ln(bound) + gumbel::<T>(seed, pair), pair });
    }
    best.finish();
    Ok(Selection::default())
}

/// Memory for rewards, clusters, and three numbers a pair.
pub(super) const fn workspace_len<T: Real>(
    sizes: &Sizes,
    options: &Options<'_, T>,
) -> WorkspaceLen {
    WorkspaceLen { numbers: numbers(sizes, options.clusters), heaps: 0, ranks: 0 }
}

const fn numbers(sizes: &Sizes, count: usize) -> usize {
    let PoolSize { order, items, .. } = sizes.pool;
    let rewards = sizes.workers().saturating_mul(rewards_workspace_len(order));
    let clusters = clusters::workspace_len(order, sizes.pool.count(), count, sizes.workers());
    items.saturating_add(larger(rewards, clusters))
}

/// The pairs of a pool that can be gone through, by options that can be worked with.
pub(super) fn check<T: Real, E>(problem: &Problem<'_, T, E>) -> Result<usize, Error> {
    let pairs = enumerable_pairs(problem.pool)?;
    let Options { clusters, radius, .. } = *problem.options;
    if clusters == 0 || clusters as u64 > problem.pool.available() {
        let what = "clusters must be at least 1 and at most the pairs of the pool";
        return Err(Error::Parameter { what });
    }
    if clusters > MAX_CLUSTERS {
        let (what, limit) = ("clusters", MAX_CLUSTERS);
        return Err(Error::TooLarge { what, limit, found: clusters });
    }
    if !(radius >= T::ZERO && radius.is_finite_number()) {
        return Err(Error::Parameter { what: "radius must be a finite number, not negative" });
    }
    Ok(pairs)
}
