//! Scores of all pairs that a pool offers, and the best k of them.
//!
//! The gradient of the log-determinant with respect to a pair's selection weight, at weight 1 for
//! the whole pool, is the leverage w dᵀM⁻¹d (equations 8–10 of Shen, Sun and Ton, 2025). With
//! M = LLᵀ and whitened items u = L⁻¹φ it is w ‖u_a − u_b‖²: one substitution an item, then H
//! multiplications a pair. The squared differences are summed in ascending feature order, never by
//! a Gram matrix, which cancels.
//!
//! How the pairs are walked is a file a kind of pool; scores are never stored but those of the best.

mod cross_prompt;
mod gumbel;
mod in_prompt;
mod listed;
mod stored;

pub use self::gumbel::gumbel;
pub use self::stored::Stored;
pub(crate) use self::stored::{TraceDrop, copy_features};
use crate::arith::{Level, Real, sum};
use crate::error::{Error, check_shape};
use crate::fisher::{Form, Weighting};
use crate::kernel::panel::{Items, fill_whitened, fill_whitener, squared_distances, whitener_len};
use crate::linalg::Cholesky;
use crate::memory::larger;
use crate::parallel::{Executor, for_chunks, split_at, workers};
use crate::pool::{Pairs, PairsSize, PickedPairs, Pool, PoolSize, SHORT_BLOCK};
use crate::topk::{Scored, TopK};
use crate::whiten::whiten_columns;

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

impl<T: Real, D: AsRef<[T]>> Criterion<'_, T, D> {
    /// Rows of the panels that pairs are scored from: none for the scores that use rewards alone.
    fn rows(&self) -> usize {
        match self {
            Self::Leverage(factor, _) => factor.order(),
            Self::Stored(stored, _) => stored.rows(),
            Self::Entropy | Self::MaxDiff => 0,
        }
    }

    /// The weights of the pairs, for the scores that have any.
    fn weighting(&self) -> Option<Weighting<'_, T>> {
        match self {
            Self::Leverage(_, weighting) | Self::Stored(_, weighting) => Some(*weighting),
            Self::Entropy | Self::MaxDiff => None,
        }
    }

    fn memory(&self, pool: &PoolSize) -> ScoreMemory {
        match self {
            Self::Leverage(..) => ScoreMemory::new(pool),
            Self::Stored(..) => ScoreMemory::stored(self.rows(), pool),
            Self::Entropy | Self::MaxDiff => ScoreMemory::margins(pool),
        }
    }
}

/// Sizes of the working memories of [`best_pairs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScoreMemory {
    /// Numbers shared by all workers.
    pub shared: usize,
    /// Numbers a worker needs; a multiple lets more threads work.
    pub each: usize,
}

impl ScoreMemory {
    /// For leverages in a pool.
    #[must_use]
    pub const fn new(pool: &PoolSize) -> Self {
        let PoolSize { order, items, pairs } = *pool;
        let (whitened, each) = match pairs {
            PairsSize::InPrompt { block, .. } => (0, in_prompt::memory_len(order, block)),
            PairsSize::CrossPrompt => {
                (cross_prompt::whitened_len(order, items), cross_prompt::memory_len(items))
            }
            PairsSize::Listed(_) => {
                (listed::whitened_len(order, items), listed::memory_len(order, items))
            }
        };
        Self { shared: whitener_len(order).saturating_add(whitened), each }
    }

    /// Numbers for so many workers.
    #[must_use]
    pub const fn numbers(self, workers: usize) -> usize {
        workers.saturating_mul(self.each).saturating_add(self.shared)
    }

    /// The same, a worker having at least so many numbers.
    pub(crate) const fn at_least(self, each: usize) -> Self {
        Self { each: larger(self.each, each), ..self }
    }

    /// For scores that are made of rewards alone.
    pub(crate) const fn margins(pool: &PoolSize) -> Self {
        Self::new(&PoolSize { order: 0, ..*pool })
    }

    /// For pairs that are scored from so many rows of [`Stored`] columns.
    pub(crate) const fn stored(rows: usize, pool: &PoolSize) -> Self {
        // No panel of listed items: columns are there already.
        let Self { each, .. } = Self::margins(pool);
        match pool.pairs {
            PairsSize::InPrompt { short_block, .. } => {
                Self { shared: 0, each: in_prompt::memory_len(rows, short_block) }
            }
            PairsSize::CrossPrompt => {
                Self { shared: cross_prompt::whitened_len(rows, pool.items), each }
            }
            PairsSize::Listed(_) => Self { shared: 0, each },
        }
    }
}

/// How scores become a ranking.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ranking<'a> {
    /// The seed of the noise by which pairs are drawn in proportion to their scores.
    pub(crate) noise: Option<u64>,
    /// What the batch holds already, where it caps how often it touches a place.
    pub(crate) picked: Option<&'a PickedPairs<'a>>,
}

/// Fills `batch` with the best pairs of the pool, best first. `heaps` holds a batch a worker.
///
/// # Errors
/// [`Error::Batch`] if the pool offers fewer pairs; [`Error::Shape`] where `rewards` does not have
/// a value an item or the factor another order than the features; [`Error::Workspace`];
/// [`Error::NonFinite`] with the pair whose score is no finite number.
pub fn best_pairs<T: Real, E: Executor, D: AsRef<[T]> + Sync>(
    executor: &E,
    pool: &Pool<'_>,
    rewards: &[T],
    criterion: Criterion<'_, T, D>,
    workspace: &mut [T],
    heaps: &mut [Scored<T>],
    batch: &mut [Scored<T>],
) -> Result<(), Error> {
    ranked_pairs(executor, pool, rewards, (criterion, None), workspace, heaps, batch)
}

/// Fills `batch` with pairs drawn without replacement in proportion to their scores, which must not
/// be negative, in the order in which they are drawn: [`gumbel()`] noise of this seed on the
/// logarithms of the scores. Memory is as for [`best_pairs`]; the scores told are right to rounding.
///
/// # Errors
/// As [`best_pairs`].
pub fn drawn_pairs<T: Real, E: Executor, D: AsRef<[T]> + Sync>(
    executor: &E,
    pool: &Pool<'_>,
    rewards: &[T],
    (criterion, seed): (Criterion<'_, T, D>, u64),
    workspace: &mut [T],
    heaps: &mut [Scored<T>],
    batch: &mut [Scored<T>],
) -> Result<(), Error> {
    ranked_pairs(executor, pool, rewards, (criterion, Some(seed)), workspace, heaps, batch)
}

/// The pairs that rank first, by their scores or, with a seed, by those with noise.
fn ranked_pairs<T: Real, E: Executor, D: AsRef<[T]> + Sync>(
    executor: &E,
    pool: &Pool<'_>,
    rewards: &[T],
    (criterion, noise): (Criterion<'_, T, D>, Option<u64>),
    workspace: &mut [T],
    heaps: &mut [Scored<T>],
    batch: &mut [Scored<T>],
) -> Result<(), Error> {
    let requested = batch.len() as u64;
    if requested == 0 {
        return Ok(());
    }
    if requested > pool.available() {
        return Err(Error::Batch { requested, available: pool.available() });
    }
    let (by, memory) = ((criterion, Ranking { noise, picked: None }), (workspace, heaps));
    let kept = gather(executor, pool, rewards, by, memory, batch)?.finish();
    check_finite(kept)?;
    restore_scores(noise, kept);
    Ok(())
}

/// Turns what pairs were ranked by into their scores.
pub(crate) fn restore_scores<T: Real>(noise: Option<u64>, kept: &mut [Scored<T>]) {
    let Some(seed) = noise else {
        return;
    };
    for drawn in kept {
        drawn.score = gumbel::score_of(seed, drawn.pair, drawn.score);
    }
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

/// The best pairs of the pool that a batch may still take, as many as there are slots.
///
/// # Errors
/// As [`best_pairs`], but that a score may be no number: [`check_finite`].
pub(crate) fn gather<'a, T: Real, E: Executor, D: AsRef<[T]> + Sync>(
    executor: &E,
    pool: &Pool<'_>,
    rewards: &[T],
    (criterion, ranking): (Criterion<'_, T, D>, Ranking<'_>),
    (workspace, heaps): (&mut [T], &mut [Scored<T>]),
    slots: &'a mut [Scored<T>],
) -> Result<TopK<'a, T>, Error> {
    check_shape("rewards", pool.features().len(), rewards.len())?;
    if let Criterion::Leverage(factor, _) = criterion {
        check_shape("order of the factor", pool.features().rows(), factor.order())?;
    }
    let memory = criterion.memory(&pool.size());
    let found = workspace.len();
    let (shared, workspace) = split_at(workspace, memory.shared);
    if shared.len() < memory.shared || workspace.is_empty() {
        let required = memory.shared.saturating_add(memory.each);
        return Err(Error::Workspace { what: "scores", required, found });
    }
    let (whitener, whitened) = match criterion {
        Criterion::Leverage(factor, _) => {
            let (whitener, whitened) = split_at(shared, whitener_len(factor.order()));
            fill_whitener(factor.as_slice(), factor.order(), whitener);
            (whitener, whitened)
        }
        _ => (<&mut [T]>::default(), shared),
    };
    let fits = workers("scores", memory.each, executor.threads(), workspace.len())?;
    let scan = Scan { pool, rewards, criterion, ranking, whitener: &*whitener, executor };
    if fits.get() == 1 {
        scan.whiten(1, whitened, workspace);
        let (whitened, form) = (&*whitened, scan.form());
        let mut best = TopK::new(slots);
        for part in 0..scan.parts() {
            scan.part((whitened, form), part, workspace, &mut best);
        }
        return Ok(best);
    }
    let fits = workers("heaps", slots.len(), fits.get(), heaps.len())?.get();
    let (heaps, _) = split_at(heaps, fits * slots.len());
    // A slot that no pair fills is marked by a pair number beyond the pool.
    heaps.fill(Scored { score: -T::INFINITY, pair: u64::MAX });
    scan.whiten(fits, whitened, workspace);
    let (whitened, form) = (&*whitened, scan.form());
    let share = scan.parts().div_ceil(fits);
    for_chunks(executor, heaps, slots.len(), workspace, memory.each, &|number, heap, memory| {
        let mut best = TopK::new(heap);
        for part in number * share..((number + 1) * share).min(scan.parts()) {
            scan.part((whitened, form), part, memory, &mut best);
        }
    });
    let mut best = TopK::new(slots);
    for candidate in heaps.iter().filter(|candidate| candidate.pair != u64::MAX) {
        best.offer(*candidate);
    }
    Ok(best)
}

/// One walk over the pairs of a pool.
struct Scan<'a, T, D, E> {
    pool: &'a Pool<'a>,
    rewards: &'a [T],
    criterion: Criterion<'a, T, D>,
    ranking: Ranking<'a>,
    whitener: &'a [T],
    executor: &'a E,
}

impl<T: Real, D: AsRef<[T]> + Sync, E: Executor> Scan<'_, T, D, E> {
    /// Whitens the items that more than one part of the walk needs.
    fn whiten(&self, workers: usize, whitened: &mut [T], memory: &mut [T]) {
        if self.criterion.rows() == 0 {
            return;
        }
        match (self.pool.pairs(), &self.criterion) {
            (Pairs::CrossPrompt(_), _) => cross_prompt::whiten(self, whitened),
            (Pairs::Listed(_), Criterion::Leverage(factor, _)) => {
                let (features, order) = (self.pool.features(), factor.order());
                let whitening = (self.whitener, order);
                whiten_columns(self.executor, features, whitening, workers, whitened, memory);
            }
            _ => {}
        }
    }

    /// How the weights of a cross-prompt pool are computed.
    fn form(&self) -> Form<'_, T> {
        match (self.pool.pairs(), self.criterion.weighting()) {
            (Pairs::CrossPrompt(_), Some(weighting)) => Form::of(weighting, self.rewards),
            _ => Form::Unit,
        }
    }

    /// Parts of the walk, which threads share out.
    fn parts(&self) -> usize {
        match self.pool.pairs() {
            Pairs::InPrompt(prompts) => prompts.len().div_ceil(self.block()),
            Pairs::CrossPrompt(_) => cross_prompt::block_pairs(self.rewards.len()),
            Pairs::Listed(pairs) => pairs.len().div_ceil(sum::PAIRS),
        }
    }

    /// Scores the pairs of one part and offers them.
    fn part(
        &self,
        (whitened, form): (&[T], Form<'_, T>),
        part: usize,
        memory: &mut [T],
        best: &mut TopK<'_, T>,
    ) {
        match self.pool.pairs() {
            Pairs::InPrompt(prompts) => in_prompt::scan(self, prompts, part, memory, best),
            Pairs::CrossPrompt(_) => {
                cross_prompt::scan(self, (whitened, form), part, memory, best);
            }
            Pairs::Listed(pairs) => listed::scan(self, (whitened, pairs), part, memory, best),
        }
    }
}

impl<T: Real, D: AsRef<[T]>, E: Executor> Scan<'_, T, D, E> {
    /// Prompts that are scored together, so that their items stay in cache. Not part of the contract:
    /// prompts do not meet.
    fn block(&self) -> usize {
        match self.criterion {
            Criterion::Stored(..) => SHORT_BLOCK,
            _ => sum::PROMPTS,
        }
    }

    /// Fills a panel with what the items `first..end` are scored by.
    fn fill(&self, (first, end): (usize, usize), stride: usize, panel: &mut [T]) {
        match &self.criterion {
            Criterion::Leverage(..) => {
                let items = self.pool.features().range(first, end);
                fill_whitened(self.executor.level(), items, self.whitener, stride, panel);
            }
            Criterion::Stored(stored, _) => {
                let end = end.min(self.pool.features().len());
                stored.fill(self.executor.level(), (first, end), stride, panel);
            }
            Criterion::Entropy | Criterion::MaxDiff => {}
        }
    }

    /// The scores of some items of a panel with `width` others, row after row; `spare` holds as
    /// many numbers as `scores`, twice.
    fn score_panel(
        &self,
        stride: usize,
        (items, others, width): (Items<'_, T>, Items<'_, T>, usize),
        weights: &[T],
        scores: &mut [T],
        spare: &mut [T],
    ) {
        let level: Level = self.executor.level();
        if let Criterion::Stored(stored, _) = &self.criterion {
            let panels = (items, others, width);
            stored.score_panel((level, stride), panels, weights, scores, spare);
        } else {
            squared_distances(level, (stride, usize::MAX), items, others, width, scores);
            self.weigh(weights, scores);
        }
    }

    /// The score of a margin, for the criteria that need nothing else.
    fn of_margin(&self, margin: T) -> T {
        match self.criterion {
            // 0 − |m| rather than −|m|: no negative zero may be a key.
            Criterion::Entropy => T::ZERO - margin.magnitude(),
            _ => margin.magnitude(),
        }
    }

    /// The scores of item `a` with the items from `b` on, from their margins.
    fn margins(&self, a: usize, b: usize, scores: &mut [T]) {
        let reward = self.rewards.get(a).copied().unwrap_or(T::ZERO);
        let others = self.rewards.get(b..).unwrap_or_default();
        for (score, other) in scores.iter_mut().zip(others) {
            *score = self.of_margin(reward - *other);
        }
    }

    /// Turns squared distances into scores.
    fn weigh(&self, weights: &[T], scores: &mut [T]) {
        for (score, weight) in scores.iter_mut().zip(weights) {
            *score = *weight * *score;
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
        for labelled in self.pool.labelled_in(first, end) {
            let before = usize::try_from(labelled.saturating_sub(number)).unwrap_or(usize::MAX);
            let (run, after) = rest.split_at_checked(before).unwrap_or((rest, &[]));
            self.offer_allowed(number, run, best);
            rest = after.split_first().map_or(&[], |(_, after)| after);
            number = labelled.saturating_add(1);
        }
        self.offer_allowed(number, rest, best);
    }

    /// Offers consecutive pairs from number `first` on, but for those that the batch may not take.
    fn offer_allowed(&self, first: u64, scores: &[T], best: &mut TopK<'_, T>) {
        match self.ranking.picked {
            Some(picked) => best.offer_allowed(first, scores, |pair| picked.allows(pair)),
            None => best.offer_run(first, scores),
        }
    }
}
