//! Scores of all pairs that a pool offers, and the best k of them.
//!
//! The gradient of the log-determinant with respect to a pair's selection weight, at weight 1 for
//! the whole pool, is the leverage w dᵀM⁻¹d (equations 8–10 of Shen, Sun and Ton, 2025). With
//! M = LLᵀ and whitened items u = L⁻¹φ it is w ‖u_a − u_b‖²: one substitution an item, then H
//! multiplications a pair. The squared differences are summed in ascending feature order, never by
//! a Gram matrix, which cancels.
//!
//! How the pairs are gone through is a file a kind of pool; scores are never stored but those of the
//! best.
//!
//! # Shared out
//!
//! A walk has [parts](Ranking::parts), which threads share out, and machines can: [`best_in`] gives
//! the best pairs of any range of them, which [`topk::merge`](crate::topk::merge) ranks together.
//! Ranks are a total order, so how parts are shared out never shows.

mod bounded;
mod cross_prompt;
mod gumbel;
mod in_prompt;
mod item_blocks;
mod listed;
mod margins;
mod scan;
mod stored;
mod workspace;

pub use self::gumbel::gumbel;
pub use self::stored::Stored;
pub(crate) use self::stored::{LeverageRows, PairScore, Rows, TraceDrop};
pub(crate) use self::stored::{copy_features, not_negative};
pub use self::workspace::ScoreWorkspaceLen;

use core::ops::Range;

use self::scan::{Scan, Share};
use crate::arith::{Real, sum};
use crate::error::{Error, check_range, check_shape};
use crate::fisher::Weighting;
use crate::linalg::Cholesky;
use crate::memory::{SCARCE, smaller};
use crate::parallel::{Executor, for_chunks, split_at, workers};
use crate::pool::{Pairs, PickedPairs, Pool, SHORT_BLOCK};
use crate::topk::{Scored, TopK, merge};

/// What a pair is scored by.
#[derive(Debug)]
pub enum Criterion<'a, T, D> {
    /// How close the margin |r_a − r_b| is to 0: its negative. The same order as the entropy of
    /// the answer (equation 5), without its rounding.
    Entropy,
    /// The margin |r_a − r_b| (equation 6).
    MaxDiff,
    /// w dᵀM⁻¹d, with the factor of M.
    Leverage(&'a Cholesky<T, D>, Weighting<'a, T>),
    /// What the columns of a sequential design say.
    Stored(Stored<'a, T>, Weighting<'a, T>),
}

impl<T: Copy, D> Clone for Criterion<'_, T, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Copy, D> Copy for Criterion<'_, T, D> {}

impl<'a, T: Real, D: AsRef<[T]>> Criterion<'a, T, D> {
    /// Rows of the panels that pairs are scored from: none for the scores that use rewards alone.
    fn rows(&self) -> usize {
        match self {
            Self::Leverage(factor, _) => factor.order(),
            Self::Stored(stored, _) => stored.rows(),
            Self::Entropy | Self::MaxDiff => 0,
        }
    }

    /// The weights of the pairs, for the scores that have any.
    fn weighting(&self) -> Option<Weighting<'a, T>> {
        match self {
            Self::Leverage(_, weighting) | Self::Stored(_, weighting) => Some(*weighting),
            Self::Entropy | Self::MaxDiff => None,
        }
    }
}

/// What the pairs of a pool are ranked by.
#[derive(Debug)]
pub struct Ranking<'a, T, D> {
    pool: &'a Pool<'a>,
    rewards: &'a [T],
    criterion: Criterion<'a, T, D>,
    /// The seed of the noise by which pairs are drawn in proportion to their scores.
    noise: Option<u64>,
    /// What the batch holds already, where it caps how often it touches a place.
    picked: Option<&'a PickedPairs<'a>>,
}

impl<T: Copy, D> Clone for Ranking<'_, T, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Copy, D> Copy for Ranking<'_, T, D> {}

impl<'a, T: Real, D> Ranking<'a, T, D> {
    /// All pairs that a pool offers, by a criterion; a reward an item.
    #[must_use]
    pub const fn new(pool: &'a Pool<'a>, rewards: &'a [T], criterion: Criterion<'a, T, D>) -> Self {
        Self { pool, rewards, criterion, noise: None, picked: None }
    }

    /// The same pairs, drawn without replacement in proportion to their scores, which must not be
    /// negative: [`gumbel()`] noise of this seed on the logarithms of the scores. The scores of a
    /// batch are then right to rounding.
    #[must_use]
    pub const fn drawn(self, seed: u64) -> Self {
        Self { noise: Some(seed), ..self }
    }

    /// Those of the pairs that a batch may still pick.
    pub(crate) const fn beside(self, picked: &'a PickedPairs<'a>) -> Self {
        Self { picked: Some(picked), ..self }
    }

    /// Parts of the walk over the pairs, which threads and machines share out: blocks of prompts, slices
    /// of long ones, two blocks of items, or blocks of places in a list.
    #[must_use]
    pub fn parts(&self) -> usize {
        match self.pool.pairs() {
            Pairs::InPrompt(prompts) => {
                in_prompt::parts(self.pool.size(), prompts.len(), self.block())
            }
            Pairs::CrossPrompt(_) => match self.criterion {
                Criterion::Entropy | Criterion::MaxDiff if !self.is_drawn() => 1,
                _ => cross_prompt::block_pairs(self.pool.features().len()),
            },
            Pairs::Listed(pairs) => pairs.len().div_ceil(sum::PAIRS),
        }
    }

    const fn is_drawn(&self) -> bool {
        self.noise.is_some()
    }

    /// How the pairs of all items are gone through.
    fn walk(&self) -> Walk {
        let all = matches!(self.pool.pairs(), Pairs::CrossPrompt(_));
        match self.criterion {
            _ if !all || self.is_drawn() => Walk::Exhaustive,
            Criterion::Entropy | Criterion::MaxDiff => Walk::Sorted,
            Criterion::Stored(Stored { drop: Some(_), .. }, _) => Walk::Exhaustive,
            Criterion::Leverage(_, weighting) | Criterion::Stored(_, weighting) => {
                match weighting {
                    Weighting::Averaged(_) => Walk::Exhaustive,
                    Weighting::Bernoulli | Weighting::Unit => Walk::Bounded,
                }
            }
        }
    }

    fn workspace_len(&self) -> ScoreWorkspaceLen
    where
        T: Real,
        D: AsRef<[T]>,
    {
        let (pool, bounded) = (self.pool.size(), self.walk() == Walk::Bounded);
        match self.criterion {
            Criterion::Leverage(..) if bounded => ScoreWorkspaceLen::new(&pool),
            Criterion::Leverage(..) => ScoreWorkspaceLen::exhaustive(&pool),
            Criterion::Stored(Stored { drop: Some(_), .. }, _) => {
                ScoreWorkspaceLen::drops(self.criterion.rows(), &pool)
            }
            Criterion::Stored(..) => {
                ScoreWorkspaceLen::stored(self.criterion.rows(), &pool, bounded)
            }
            Criterion::Entropy | Criterion::MaxDiff => {
                ScoreWorkspaceLen::margins(&pool, self.is_drawn())
            }
        }
    }

    /// Prompts that are scored together, so that their items stay in cache. Not part of the contract:
    /// prompts share nothing.
    const fn block(&self) -> usize {
        match self.criterion {
            Criterion::Stored(..) => SHORT_BLOCK,
            _ if SCARCE => SHORT_BLOCK,
            _ => sum::PROMPTS,
        }
    }

    /// Turns what pairs were ranked by into their scores: of those drawn, which [`best_in`] gives with
    /// the noise that draws them.
    pub fn restore_scores(&self, kept: &mut [Scored<T>]) {
        let Some(seed) = self.noise else {
            return;
        };
        for drawn in kept {
            drawn.score = gumbel::score_of(seed, drawn.pair, drawn.score);
        }
    }
}

/// How the pairs of a pool are gone through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Walk {
    /// Each of them.
    Exhaustive,
    /// Those that bounds do not exclude, of all pairs of all items.
    Bounded,
    /// By sorted rewards.
    Sorted,
}

/// Fills `batch` with the pairs that rank first, in their order. `heaps` holds the candidates that
/// [`ScoreWorkspaceLen::heaps`] says.
///
/// # Errors
/// [`Error::Batch`] if the pool offers fewer pairs; [`Error::Shape`] where the rewards do not have
/// a value an item or the factor another order than the features; [`Error::Workspace`];
/// [`Error::NonFinite`] with the pair whose score is no finite number.
pub fn best_pairs<T: Real, E: Executor, D: AsRef<[T]> + Sync>(
    executor: &E,
    ranking: &Ranking<'_, T, D>,
    workspace: &mut [T],
    heaps: &mut [Scored<T>],
    batch: &mut [Scored<T>],
) -> Result<(), Error> {
    let (requested, available) = (batch.len() as u64, ranking.pool.available());
    if requested == 0 {
        return Ok(());
    }
    if requested > available {
        return Err(Error::Batch { requested, available });
    }
    let kept = best_in(executor, ranking, 0..ranking.parts(), workspace, heaps, batch)?;
    ranking.restore_scores(kept);
    Ok(())
}

/// Fills `best` with the pairs of some parts of the walk that rank first, in their order, and gives
/// as many as there are. [Merged](crate::topk::merge) with those of all other parts, each as many as
/// the batch has places, they are the batch of [`best_pairs`]: to the bit, however parts are shared
/// out. Memory is as for [`best_pairs`].
///
/// # Errors
/// [`Error::Index`] for a part that there is not ([`Ranking::parts`]); otherwise as [`best_pairs`].
pub fn best_in<'a, T: Real, E: Executor, D: AsRef<[T]> + Sync>(
    executor: &E,
    ranking: &Ranking<'_, T, D>,
    parts: Range<usize>,
    workspace: &mut [T],
    heaps: &mut [Scored<T>],
    best: &'a mut [Scored<T>],
) -> Result<&'a mut [Scored<T>], Error> {
    check_range("part of a ranking", &parts, ranking.parts())?;
    let kept = gather(executor, ranking, parts, workspace, heaps, best)?.finish();
    check_finite(kept)?;
    Ok(kept)
}

/// Fails with [`Error::NonFinite`] if a pair has a score that is no finite number.
pub(crate) fn check_finite<T: Real>(kept: &[Scored<T>]) -> Result<(), Error> {
    match kept.iter().find(|kept| !kept.score.is_finite_number()) {
        Some(kept) => {
            let index = usize::try_from(kept.pair).unwrap_or(usize::MAX);
            Err(Error::NonFinite { what: "scores", index })
        }
        None => Ok(()),
    }
}

/// The pairs of some parts that rank first, as many as there are slots.
///
/// # Errors
/// As [`best_in`], but that a score may be no number: [`check_finite`].
pub(crate) fn gather<'a, T: Real, E: Executor, D: AsRef<[T]> + Sync>(
    executor: &E,
    ranking: &Ranking<'_, T, D>,
    parts: Range<usize>,
    workspace: &mut [T],
    heaps: &mut [Scored<T>],
    slots: &'a mut [Scored<T>],
) -> Result<TopK<'a, T>, Error> {
    let Ranking { pool, rewards, criterion, .. } = *ranking;
    check_shape("rewards", pool.features().len(), rewards.len())?;
    if let Criterion::Leverage(factor, _) = criterion {
        check_shape("order of the factor", pool.features().rows(), factor.order())?;
    }
    let len = ranking.workspace_len();
    let (required, found) = (len.shared.saturating_add(len.each), workspace.len());
    let (shared, workspace) = split_at(workspace, len.shared);
    if shared.len() < len.shared || workspace.is_empty() {
        return Err(Error::Workspace { what: "scores", required, found });
    }
    let (required, found) = (len.items, heaps.len());
    let (order, heaps) = split_at(heaps, len.items);
    if order.len() < len.items {
        return Err(Error::Workspace { what: "heaps", required, found });
    }
    let mut best = TopK::new(slots);
    if ranking.walk() == Walk::Sorted {
        if !parts.is_empty() {
            let scan = Scan::new(executor, ranking, 1, shared, workspace, &mut []);
            margins::scan(&scan, order, &mut best);
        }
        return Ok(best);
    }
    let fits = workers("scores", len.each, executor.threads(), workspace.len())?.get();
    // One worker needs no heap of its own.
    let fits = smaller(fits, heaps.len() / best.places().max(1));
    if fits <= 1 {
        let scan = Scan::new(executor, ranking, 1, shared, workspace, order);
        scan.best(Share { first: parts.start, end: parts.end, step: 1 }, workspace, &mut best);
        return Ok(best);
    }
    let slots = best.into_slots();
    let (heaps, _) = split_at(heaps, fits * slots.len());
    // A slot that no pair fills is marked by a pair number beyond the pool.
    heaps.fill(Scored { score: -T::INFINITY, pair: u64::MAX });
    let scan = Scan::new(executor, ranking, fits, shared, workspace, order);
    let each = workspace.len() / fits;
    for_chunks(executor, heaps, slots.len(), workspace, each, &|number, heap, workspace| {
        let first = parts.start.saturating_add(number);
        let share = Share { first, end: parts.end, step: fits };
        scan.best(share, workspace, &mut TopK::new(heap));
    });
    Ok(merge(heaps.iter().copied().filter(|found| found.pair != u64::MAX), slots))
}
