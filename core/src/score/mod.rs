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
mod listed;
mod margins;
mod stored;

pub use self::gumbel::gumbel;
pub use self::stored::Stored;
pub(crate) use self::stored::{LeverageRows, PairScore, Rows, TraceDrop};
pub(crate) use self::stored::{copy_features, not_negative};
use core::ops::Range;

use crate::arith::{Real, sum};
use crate::columns::Columns;
use crate::error::{Error, check_range, check_shape};
use crate::fisher::Weighting;
use crate::kernel::panel::{Grid, fill_panel, squared_distances};
use crate::linalg::Cholesky;
use crate::memory::{SCARCE, larger, smaller};
use crate::parallel::{Executor, for_chunks, split_at, workers};
use crate::pool::{Pairs, PairsSize, PickedPairs, Pool, PoolSize, SHORT_BLOCK};
use crate::topk::{Scored, TopK, merge};
use crate::whiten::{fill_whitened, fill_whitener, whiten_columns, whitener_len};

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

/// Sizes of the working memories of [`best_pairs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScoreWorkspaceLen {
    /// Numbers shared by all workers.
    pub shared: usize,
    /// Numbers a worker needs; a multiple lets more threads work.
    pub each: usize,
    /// Numbers that workers share out, to keep what they would else make again: of use, not needed.
    pub pooled: usize,
    /// Candidates, before those of the heaps: the items in the order in which they are looked at.
    pub items: usize,
}

impl ScoreWorkspaceLen {
    /// For leverages in a pool.
    #[must_use]
    pub const fn new(pool: &PoolSize) -> Self {
        let PoolSize { order, items, pairs } = *pool;
        let whitener = whitener_len(order);
        match pairs {
            PairsSize::InPrompt { block, short_block, .. } => {
                let block = if SCARCE { short_block } else { block };
                Self {
                    shared: whitener,
                    each: in_prompt::workspace_len(order, block),
                    pooled: 0,
                    items: 0,
                }
            }
            PairsSize::CrossPrompt => Self::bounded(order, items).with_shared(whitener),
            PairsSize::Listed(_) => {
                let shared = whitener.saturating_add(listed::whitened_len(order, items));
                Self { shared, each: listed::workspace_len(order, items), pooled: 0, items: 0 }
            }
        }
    }

    /// For leverages that no bound is known of: those drawn in proportion, and those of averaged
    /// weights. All pairs of all items take the whitened items as well.
    #[must_use]
    pub const fn exhaustive(pool: &PoolSize) -> Self {
        let PoolSize { order, items, .. } = *pool;
        match pool.pairs {
            PairsSize::CrossPrompt => {
                let all = Self::all(order, items).with_shared(whitener_len(order));
                all.max(Self::new(pool)).without_pooled()
            }
            _ => Self::new(pool),
        }
    }

    /// Numbers for so many workers.
    #[must_use]
    pub const fn numbers(self, workers: usize) -> usize {
        workers.saturating_mul(self.each).saturating_add(self.shared).saturating_add(self.pooled)
    }

    /// Candidates for a batch of so many pairs by so many workers.
    #[must_use]
    pub const fn heaps(self, workers: usize, batch: usize) -> usize {
        let heaps = if workers > 1 { workers.saturating_mul(batch) } else { 0 };
        heaps.saturating_add(self.items)
    }

    /// The same, a worker having at least so many numbers.
    pub(crate) const fn at_least(self, each: usize) -> Self {
        Self { each: larger(self.each, each), ..self }
    }

    /// What serves either: options may ask for weights that a strategy does not read.
    const fn max(self, other: Self) -> Self {
        Self {
            shared: larger(self.shared, other.shared),
            each: larger(self.each, other.each),
            pooled: larger(self.pooled, other.pooled),
            items: larger(self.items, other.items),
        }
    }

    const fn with_shared(self, shared: usize) -> Self {
        Self { shared: self.shared.saturating_add(shared), ..self }
    }

    /// For a walk that keeps nothing.
    const fn without_pooled(self) -> Self {
        Self { pooled: 0, ..self }
    }

    /// For all pairs of all items, by bounds.
    const fn bounded(rows: usize, items: usize) -> Self {
        let (shared, pooled) = (bounded::shared_len(rows, items), bounded::kept_len(rows, items));
        Self { shared, each: bounded::workspace_len(rows, items), pooled, items }
    }

    /// For all pairs of all items, each of them.
    const fn all(rows: usize, items: usize) -> Self {
        let shared = cross_prompt::whitened_len(rows, items);
        Self { shared, each: cross_prompt::workspace_len(items), pooled: 0, items: 0 }
    }

    /// For scores that are made of rewards alone.
    pub(crate) const fn margins(pool: &PoolSize, drawn: bool) -> Self {
        match pool.pairs {
            PairsSize::CrossPrompt if drawn => Self::all(0, pool.items),
            PairsSize::CrossPrompt => Self { shared: 0, each: 1, pooled: 0, items: pool.items },
            _ => Self::new(&PoolSize { order: 0, ..*pool }),
        }
    }

    /// For drops of a trace from so many rows of [`Stored`] columns, of which no bound is known.
    pub(crate) const fn drops(rows: usize, pool: &PoolSize) -> Self {
        match pool.pairs {
            PairsSize::CrossPrompt => Self::all(rows, pool.items),
            _ => Self::stored(rows, pool, true),
        }
    }

    /// For pairs that are scored from so many rows of [`Stored`] columns; of all pairs of all items, by
    /// bounds or each of them.
    pub(crate) const fn stored(rows: usize, pool: &PoolSize, bounded: bool) -> Self {
        match pool.pairs {
            PairsSize::InPrompt { short_block, .. } => {
                let each = in_prompt::workspace_len(rows, short_block);
                Self { shared: 0, each, pooled: 0, items: 0 }
            }
            PairsSize::CrossPrompt if bounded => Self::bounded(rows, pool.items),
            PairsSize::CrossPrompt => {
                Self::all(rows, pool.items).max(Self::bounded(rows, pool.items)).without_pooled()
            }
            // No panel of listed items: columns are there already.
            PairsSize::Listed(_) => Self { shared: 0, ..Self::margins(pool, false) },
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

/// A worker's share of the parts of a walk: each `step`-th from `first` on, before `end`.
#[derive(Clone, Copy)]
struct Share {
    first: usize,
    end: usize,
    step: usize,
}

/// One walk over the pairs of a pool.
struct Scan<'a, T, D, E> {
    executor: &'a E,
    ranking: Ranking<'a, T, D>,
    whitener: &'a [T],
    /// The items that more than one part of the walk needs, whitened.
    whitened: &'a [T],
    /// The items in the order in which a bounded walk looks at them.
    order: bounded::Order<'a, T>,
}

impl<'a, T: Real, D: AsRef<[T]> + Sync, E: Executor> Scan<'a, T, D, E> {
    /// Whitens what all parts share, by so many workers.
    fn new(
        executor: &'a E,
        ranking: &Ranking<'a, T, D>,
        workers: usize,
        shared: &'a mut [T],
        workspace: &mut [T],
        order: &'a mut [Scored<T>],
    ) -> Self {
        let Ranking { pool, criterion, .. } = *ranking;
        let (whitener, shared) = match criterion {
            Criterion::Leverage(factor, _) => {
                let (whitener, shared) = split_at(shared, whitener_len(factor.order()));
                fill_whitener(factor.as_slice(), factor.order(), whitener);
                (whitener, shared)
            }
            _ => (<&mut [T]>::default(), shared),
        };
        let scan = Self {
            executor,
            ranking: *ranking,
            whitener,
            whitened: &[],
            order: bounded::Order::default(),
        };
        match (ranking.walk(), pool.pairs(), criterion) {
            (Walk::Bounded, ..) => {
                let order = bounded::fill_order(&scan, workers, order, shared, workspace);
                return Self { order, ..scan };
            }
            (_, _, Criterion::Entropy | Criterion::MaxDiff) => {}
            (_, Pairs::CrossPrompt(_), _) => cross_prompt::whiten(&scan, shared),
            (_, Pairs::Listed(_), Criterion::Leverage(factor, _)) => {
                let (features, height) = (pool.features(), factor.order());
                whiten_columns(executor, features, whitener, height, workers, shared, workspace);
            }
            _ => {}
        }
        Self { whitened: shared, ..scan }
    }

    /// Offers the pairs of a worker's parts.
    fn best(&self, share: Share, workspace: &mut [T], best: &mut TopK<'_, T>) {
        match self.ranking.walk() {
            Walk::Bounded => return bounded::scan(self, share, workspace, best),
            Walk::Sorted | Walk::Exhaustive => {}
        }
        for part in (share.first..share.end).step_by(share.step.max(1)) {
            match self.ranking.pool.pairs() {
                Pairs::InPrompt(prompts) => in_prompt::scan(self, prompts, part, workspace, best),
                Pairs::CrossPrompt(_) => cross_prompt::scan(self, part, workspace, best),
                Pairs::Listed(pairs) => listed::scan(self, pairs, part, workspace, best),
            }
        }
    }
}

impl<T: Real, D: AsRef<[T]>, E: Executor> Scan<'_, T, D, E> {
    /// Fills a panel with what some items are scored by.
    fn fill(&self, items: Range<usize>, stride: usize, panel: &mut [T]) {
        let (features, level) = (self.ranking.pool.features(), self.executor.level());
        match &self.ranking.criterion {
            Criterion::Leverage(..) => {
                let items = features.range(items.start, items.end);
                fill_whitened(level, items, self.whitener, stride, panel);
            }
            Criterion::Stored(stored, _) => {
                let items = items.start..items.end.min(features.len());
                stored.fill(level, items, stride, panel);
            }
            Criterion::Entropy | Criterion::MaxDiff => {}
        }
    }

    /// The scores of a grid of items; `workspace` holds as many numbers as `scores`, twice.
    fn score_grid(&self, grid: Grid<'_, T>, weights: &[T], scores: &mut [T], workspace: &mut [T]) {
        let level = self.executor.level();
        if let Criterion::Stored(stored, _) = &self.ranking.criterion {
            stored.score_grid(level, grid, weights, scores, workspace);
        } else {
            squared_distances(level, grid, scores);
            weigh(weights, scores);
        }
    }

    /// Turns the columns that items are scored from into a panel.
    fn fill_columns(&self, columns: &[T], stride: usize, panel: &mut [T]) {
        let (rows, level) = (self.ranking.criterion.rows(), self.executor.level());
        let items = columns.len().checked_div(rows).unwrap_or(0);
        let Ok(columns) = Columns::new(columns, rows, items) else {
            return;
        };
        match &self.ranking.criterion {
            Criterion::Leverage(..) => fill_whitened(level, columns, self.whitener, stride, panel),
            _ => fill_panel(level, columns, stride, panel),
        }
    }

    /// w times these is the score, for the criteria that have a bound.
    fn leverages(&self, grid: Grid<'_, T>, out: &mut [T]) {
        let level = self.executor.level();
        match &self.ranking.criterion {
            Criterion::Stored(stored, _) => stored.leverages(level, grid, out),
            _ => squared_distances(level, grid, out),
        }
    }

    /// The rows whose squares are added.
    fn added_rows(&self) -> usize {
        match &self.ranking.criterion {
            Criterion::Stored(stored, _) => stored.leverage.added,
            criterion => criterion.rows(),
        }
    }

    /// The score of a margin, for the criteria that need nothing else.
    fn of_margin(&self, margin: T) -> T {
        match self.ranking.criterion {
            // 0 − |m| rather than −|m|: no negative zero may be a key.
            Criterion::Entropy => T::ZERO - margin.magnitude(),
            _ => margin.magnitude(),
        }
    }

    /// The scores of item `a` with the items from `b` on, from their margins.
    fn margins(&self, a: usize, b: usize, scores: &mut [T]) {
        let rewards = self.ranking.rewards;
        let reward = rewards.get(a).copied().unwrap_or(T::ZERO);
        let others = rewards.get(b..).unwrap_or_default();
        for (score, other) in scores.iter_mut().zip(others) {
            *score = self.of_margin(reward - *other);
        }
    }

    /// Offers consecutive pairs from number `first` on, but for those that have a label.
    fn offer(&self, first: u64, scores: &mut [T], best: &mut TopK<'_, T>) {
        if let Some(seed) = self.ranking.noise {
            gumbel::perturb(self.executor.level(), seed, first, scores);
        }
        let scores = &*scores;
        let end = first.saturating_add(scores.len() as u64);
        let (mut rest, mut number) = (scores, first);
        for labelled in self.ranking.pool.labelled_in(first, end) {
            let before = usize::try_from(labelled.saturating_sub(number)).unwrap_or(usize::MAX);
            let (run, after) = rest.split_at_checked(before).unwrap_or((rest, &[]));
            self.offer_allowed(number, run, best);
            rest = after.split_first().map_or(&[], |(_, after)| after);
            number = labelled.saturating_add(1);
        }
        self.offer_allowed(number, rest, best);
    }

    /// Offers consecutive pairs from number `first` on, but for those that the batch may not pick.
    fn offer_allowed(&self, first: u64, scores: &[T], best: &mut TopK<'_, T>) {
        match self.ranking.picked {
            Some(picked) => best.offer_allowed(first, scores, |pair| picked.allows(pair)),
            None => best.offer_run(first, scores),
        }
    }
}

/// Turns squared distances into scores.
fn weigh<T: Real>(weights: &[T], scores: &mut [T]) {
    for (score, weight) in scores.iter_mut().zip(weights) {
        *score = *weight * *score;
    }
}
