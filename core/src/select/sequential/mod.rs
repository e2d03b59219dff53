//! What the sequential designs share: pairs picked one by one, each by its score under the matrix
//! of those before it.
//!
//! M_0 = P (λI without the past), M_{t+1} = M_t + w ddᵀ. With P = LLᵀ and whitened items u = L⁻¹φ,
//! each pick leaves one direction v_s = √w S_s x / √(1 + q), x = u_a − u_b, S_s = LᵀM_s⁻¹L, and so
//! dᵀM_t⁻¹d = ‖u_a − u_b‖² − Σ_s (t_a^s − t_b^s)², t^s = v_s · u: a pick costs work on items, not
//! on pairs. After every [`sum::PICKS`] picks the matrix is factored from scratch.
//!
//! *Lazy, and exact.* A leverage can only fall as M grows, also as computed: each step subtracts a
//! square from a running sum, and rounding keeps order. So a score from earlier is a bound. One
//! walk over the pairs gathers the best, up to [`CANDIDATES`]; the best of them is computed anew
//! and stays where it is if its score is still the same, in which case it is picked. No pair
//! outside can beat one that ranks before the worst gathered; when none does any more, the pairs
//! are walked again. Scores of a trace may rise, so there every pick looks at all pairs: at numbers
//! that are kept of each and change by rank one (`rank_one`), or, of more than
//! [`sum::KEPT_PAIRS`] and across prompts, by a walk.

mod exchange;
mod growing;
mod kept;
mod rank_one;
mod scores;
mod state;

pub(super) use self::exchange::select as exchange;
use self::exchange::{Sweeps, sweeps_len};
use self::kept::{items_len, keeps_pairs};
use self::scores::{Scores, WeighedPair};
use self::state::State;
use super::{Options, Problem, Selection, Sizes, Workspace, WorkspaceLen, averaged, posterior};
use crate::arith::{Real, sum};
use crate::error::Error;
use crate::head::rewards_workspace_len;
use crate::heap::{make_heap, sift_down};
use crate::linalg::Packed;
use crate::memory::{larger, smaller};
use crate::parallel::{Executor, split_at};
use crate::pool::{PickedPairs, PoolSize, picked_len};
use crate::score::{Criterion, PairScore, Ranking, ScoreWorkspaceLen, check_finite, gather};
use crate::topk::{Scored, TopK, rank};
use crate::whiten::whiten_workspace_len;

/// Pairs gathered by one walk. Not part of the contract: which pairs are picked does not depend on
/// it.
const CANDIDATES: usize = 2_048;

/// What is greedily sought.
#[derive(Clone, Copy, Debug)]
pub(super) enum Goal<'a, T> {
    /// The largest growth of log det M: w v, v = dᵀM⁻¹d.
    LogDet,
    /// The largest drop of tr(V M⁻¹), V = I if there is none: w g/(1 + w (v + κ‖d‖²)),
    /// g = dᵀM⁻¹VM⁻¹d.
    Trace {
        /// V.
        target: Option<Packed<T, &'a [T]>>,
        /// κ.
        misfit: T,
    },
}

/// Picks between two factorisations, at most.
const fn most_picks(batch: usize) -> usize {
    if batch == 0 {
        1
    } else if batch < sum::PICKS {
        batch
    } else {
        sum::PICKS
    }
}

/// Rows of an item's column: u, t, and for a trace those of g and d.
const fn height(order: usize, batch: usize, log_det: bool) -> usize {
    let rows = order.saturating_add(most_picks(batch));
    if log_det { rows } else { rows.saturating_add(order.saturating_mul(2)) }
}

/// Picks so many pairs that `batch` is full.
pub(super) fn select<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    goal: Goal<'_, T>,
    workspace: Workspace<'_, T>,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    if let Goal::Trace { target, misfit } = goal
        && keeps_pairs(&problem.pool.size())
    {
        return rank_one::select(problem, target, misfit, workspace, batch);
    }
    let mut search = Search::new(problem, goal, workspace, batch.len())?;
    search.fill(batch)?;
    Ok(search.state.growing().selection())
}

/// What a search is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A design by log det M.
    LogDet,
    /// The same, and swaps.
    Exchange,
    /// A design by a trace.
    Trace,
}

/// Memory for a search.
pub(super) const fn workspace_len<T: Real>(
    sizes: &Sizes,
    options: &Options<'_, T>,
    purpose: Purpose,
) -> WorkspaceLen {
    let Sizes { pool, batch, .. } = *sizes;
    let PoolSize { order, items, .. } = pool;
    let log_det = !matches!(purpose, Purpose::Trace);
    if !log_det && keeps_pairs(&pool) {
        return rank_one::workspace_len(sizes, options);
    }
    let height = height(order, batch, log_det);
    let slots = if log_det { candidates(pool.count()) } else { 1 };
    let scores = if log_det {
        ScoreWorkspaceLen::stored(height, &pool, options.is_bounded())
    } else {
        ScoreWorkspaceLen::drops(height, &pool)
    };
    let scores = scores.at_least(whiten_workspace_len(order, items));
    let sweeps = if matches!(purpose, Purpose::Exchange) { sweeps_len(&pool) } else { 0 };
    // Rewards are computed before there is a design.
    let design = averaged::weighting_len(sizes, options)
        .saturating_add(state::workspace_len(order, batch))
        .saturating_add(items.saturating_mul(height))
        .saturating_add(larger(scores.numbers(sizes.workers()), sweeps));
    let rewards = sizes.workers().saturating_mul(rewards_workspace_len(order));
    let numbers = items.saturating_add(larger(design, rewards));
    let written = match purpose {
        Purpose::Exchange if keeps_pairs(&pool) => items_len(&pool),
        _ => 0,
    };
    let ranks =
        picked_len(batch, items, options.distinct()).saturating_add(items).saturating_add(written);
    let heaps = scores.heaps(sizes.workers(), slots).saturating_add(slots);
    WorkspaceLen { numbers, heaps, ranks }
}

const fn candidates(pairs: usize) -> usize {
    larger(smaller(CANDIDATES, pairs), 1)
}

/// A design that grows pair by pair.
pub(super) struct Search<'a, T, E> {
    problem: &'a Problem<'a, T, E>,
    scores: Scores<'a, T>,
    state: State<'a, T>,
    picked: PickedPairs<'a>,
    lazy: bool,
    numbers: &'a mut [T],
    ranks: &'a mut [u64],
    slots: &'a mut [Scored<T>],
    heaps: &'a mut [Scored<T>],
    /// Numbers of the pairs, once pairs are swapped and where they can be kept.
    sweeps: Option<Sweeps<'a, T>>,
}

impl<'a, T: Real, E: Executor> Search<'a, T, E> {
    pub(super) fn new(
        problem: &'a Problem<'a, T, E>,
        goal: Goal<'a, T>,
        workspace: Workspace<'a, T>,
        batch: usize,
    ) -> Result<Self, Error> {
        let pool = problem.pool;
        let lazy = matches!(goal, Goal::LogDet);
        let (picked, stages) =
            PickedPairs::new(pool, problem.options.distinct(), batch, workspace.ranks)?;
        let (rewards, numbers) = posterior::pool_rewards(problem, workspace.numbers)?;
        let (weighting, numbers) = averaged::weighting(problem, numbers)?;
        let scores = Scores::new(weighting, rewards);
        let (stages, ranks) = split_at(stages, pool.features().len());
        let (mut state, numbers) = State::new(problem, batch, goal, stages, numbers)?;
        state.refactor(problem.executor, numbers)?;
        let required = if lazy { candidates(pool.size().count()) } else { 1 };
        let found = workspace.heaps.len();
        if found < required {
            return Err(Error::Workspace { what: "heaps", required, found });
        }
        let (slots, heaps) = split_at(workspace.heaps, required);
        Ok(Self {
            problem,
            scores,
            state,
            picked,
            lazy,
            numbers,
            ranks,
            slots,
            heaps,
            sweeps: None,
        })
    }

    /// Picks greedily until the batch is full.
    pub(super) fn fill(&mut self, batch: &mut [Scored<T>]) -> Result<(), Error> {
        let requested = batch.len() as u64;
        let mut gathered = Gathered::default();
        for slot in batch {
            if self.state.picks() == sum::PICKS {
                self.state.refactor(self.problem.executor, self.numbers)?;
                gathered = Gathered::default();
            }
            if !self.lazy {
                gathered = Gathered::default();
            }
            let Some(best) = self.next(&mut gathered)? else {
                let available = self.picked.len() as u64;
                return Err(Error::Batch { requested, available });
            };
            *slot = best;
            self.take(best.pair)?;
        }
        Ok(())
    }

    /// The best pair that may be picked.
    fn next(&mut self, gathered: &mut Gathered<T>) -> Result<Option<Scored<T>>, Error> {
        loop {
            let (heap, _) = split_at(self.slots, gathered.len);
            let Some(top) = heap.first().copied() else {
                if gathered.complete {
                    return Ok(None);
                }
                self.gather(gathered)?;
                continue;
            };
            check_finite(&[top])?;
            if !self.picked.allows(top.pair) {
                gathered.drop_top(heap);
                continue;
            }
            if gathered.worst.is_some_and(|worst| rank(&worst, &top).is_lt()) {
                self.gather(gathered)?;
                continue;
            }
            let current = self.score_of(self.pair(top.pair)).score;
            if current.bits() == top.score.bits() {
                gathered.drop_top(heap_of(self.slots, gathered.len));
                return Ok(Some(top));
            }
            if let Some(top) = self.slots.first_mut() {
                top.score = current;
            }
            sift_down(heap_of(self.slots, gathered.len), 0, &best_first);
        }
    }

    /// Walks over the pairs.
    fn gather(&mut self, gathered: &mut Gathered<T>) -> Result<(), Error> {
        self.state.project_all(self.problem.executor);
        let best = self.best(usize::MAX)?;
        gathered.worst = best.worst();
        gathered.complete = gathered.worst.is_none();
        let kept = best.kept();
        gathered.len = kept.len();
        make_heap(kept, &best_first);
        if gathered.len == 0 {
            gathered.complete = true;
        }
        Ok(())
    }

    /// The best pairs that may be picked, as many as there are slots for and no more than `most`, by a
    /// walk over all.
    fn best(&mut self, most: usize) -> Result<TopK<'_, T>, Error> {
        let Problem { executor, pool, .. } = *self.problem;
        let criterion = Criterion::<T, &[T]>::Stored(self.state.stored(), self.scores.weighting());
        let ranking = Ranking::new(pool, self.scores.rewards(), criterion).beside(&self.picked);
        let (slots, _) = split_at(self.slots, most);
        gather(executor, &ranking, 0..ranking.parts(), self.numbers, self.heaps, slots)
    }

    /// The items of a pair, and its weight.
    fn pair(&self, pair: u64) -> WeighedPair<T> {
        let items = self.problem.pool.pairs().items_of_pair(pair).unwrap_or_default();
        self.scores.weigh(self.problem.executor, items)
    }

    fn score_of(&mut self, pair: WeighedPair<T>) -> PairScore<T> {
        let level = self.problem.executor.level();
        self.state.project(level, pair.items.a);
        self.state.project(level, pair.items.b);
        self.state.stored().score_pair(pair.items, pair.weight)
    }

    /// Adds a pair to the design.
    fn take(&mut self, pair: u64) -> Result<(), Error> {
        let weighed = self.pair(pair);
        let PairScore { leverage, .. } = self.score_of(weighed);
        self.state.add(self.problem.executor, weighed, leverage)?;
        self.picked.insert(pair);
        Ok(())
    }
}

/// What the last walk over the pairs found: a heap, the best at its root.
#[derive(Default)]
struct Gathered<T> {
    len: usize,
    /// The worst pair found, where there are others: none of those ranked before it.
    worst: Option<Scored<T>>,
    /// Whether all pairs that may be picked were found.
    complete: bool,
}

impl<T: Real> Gathered<T> {
    fn drop_top(&mut self, heap: &mut [Scored<T>]) {
        let Some((last, rest)) = heap.split_last_mut() else {
            return;
        };
        if let Some(top) = rest.first_mut() {
            *top = *last;
        }
        sift_down(rest, 0, &best_first);
        self.len = rest.len();
    }
}

fn heap_of<T>(slots: &mut [T], len: usize) -> &mut [T] {
    split_at(slots, len).0
}

/// The order in which the best pair is the greatest.
fn best_first<T: Real>(a: &Scored<T>, b: &Scored<T>) -> core::cmp::Ordering {
    rank(b, a)
}
