//! Swaps: a pair of the design goes, the best pair outside comes, as long as log det M grows
//! (Fedorov, 1972; each pair of the batch in turn, the best exchange for it).
//!
//! Without pair i the leverage of another is v + w_i (dᵀM⁻¹d_i)²/(1 − q_i), q = w v, so leaving it
//! out is one more row of each item's column. The swap gains ln(1 + q_j) − ln(1 + q_i) under the
//! matrix without i. By Cauchy and Schwarz no pair j with q_j ≤ q_i under M itself can gain, which
//! passes most of the batch over.

use core::mem;

use super::growing::{Factored, Growing};
use super::kept::{Kept, Row, keeps_pairs, kept_len};
use super::scores::{Scores, WeighedPair};
use super::{Goal, Search};
use crate::arith::{Real, ln};
use crate::columns::Columns;
use crate::error::Error;
use crate::parallel::{Executor, split_at};
use crate::pool::{Distinct, Pool, PoolSize};
use crate::score::check_finite;
use crate::select::{Problem, Selection, Workspace};
use crate::sort::sort;
use crate::topk::{Scored, rank};
use crate::whiten::{Whitened, panels_len, whiten_panels};

/// Times that all pairs of the batch are tried, at most.
const SWEEPS: usize = 20;

/// A swap counts if it gains more than this share of what the batch gains.
const LEAST_SHARE: f64 = 1e-12;

/// Or than this multiple of ε, where that is more: what rounding alone may seem to gain.
const ROUNDING: f64 = 64.0;

/// Below this multiple of ε, 1 − w v says too little of what a pair of the batch brings.
const LEAST_REST: f64 = 8192.0;

/// Fills `batch` greedily, then swaps.
pub(in crate::select) fn select<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    let mut search = Search::new(problem, Goal::LogDet, workspace, batch.len())?;
    search.fill(batch)?;
    search.keep_pairs()?;
    for _ in 0..SWEEPS {
        if !search.sweep(batch)? {
            break;
        }
    }
    search.score_without(batch)?;
    sort(batch, &rank);
    Ok(search.state.growing().selection())
}

impl<T: Real, E: Executor> Search<'_, T, E> {
    /// Tries each pair of the batch once, and says whether any was swapped.
    fn sweep(&mut self, batch: &mut [Scored<T>]) -> Result<bool, Error> {
        let mut swapped = false;
        let rounding = ROUNDING * T::EPSILON.to_f64();
        let share = if LEAST_SHARE < rounding { rounding } else { LEAST_SHARE };
        let (mut gained, mut bound) = self.restart(batch)?;
        for place in 0..batch.len() {
            let Some(scored) = batch.get(place).copied() else {
                break;
            };
            let leverage = self.leverage(scored.pair);
            let rest = T::ONE - leverage;
            if rest <= T::ZERO || bound.is_some_and(|bound| bound <= leverage) {
                continue;
            }
            let own = ln(T::ONE + leverage / rest);
            let Some(better) = self.best_without(scored.pair, rest)? else {
                continue;
            };
            let gain = ln(T::ONE + better.score) - own;
            if T::from_f64(share) * gained < gain {
                self.replace(batch, place, better);
                let (now, next) = self.restart(batch)?;
                // 1 − w v of a pair that M hangs on is mostly rounding: what is gained says more.
                if gained < now {
                    (gained, bound, swapped) = (now, next, true);
                } else {
                    self.replace(batch, place, scored);
                    self.restart(batch)?;
                }
            }
        }
        Ok(swapped)
    }

    /// Puts another pair into a place of the batch.
    fn replace(&mut self, batch: &mut [Scored<T>], place: usize, by: Scored<T>) {
        if let Some(slot) = batch.get_mut(place) {
            self.picked.remove(slot.pair);
            self.picked.insert(by.pair);
            *slot = by;
        }
    }

    /// Factors the matrix of a batch from scratch. Gives what it gains over the start, and the
    /// largest leverage outside it, a bound on what a swap can bring where no cap decides.
    fn restart(&mut self, batch: &[Scored<T>]) -> Result<(T, Option<T>), Error> {
        self.state.growing().restart(self.problem)?;
        for scored in batch {
            let pair = self.pair(scored.pair);
            self.state.growing().add_information(pair);
        }
        let log_det = self.refactor()?;
        let start = T::from_f64(self.state.growing().selection().log_det.unwrap_or(0.0));
        let gained = log_det - start;
        let bound = match self.problem.options.distinct() {
            Distinct::Unlimited => self.first()?.map(|best| best.score),
            _ => None,
        };
        Ok((gained, bound))
    }

    /// The best pair to take in the place of one, `rest` being 1 − its w v.
    fn best_without(&mut self, pair: u64, rest: T) -> Result<Option<Scored<T>>, Error> {
        let (executor, weighed) = (self.problem.executor, self.pair(pair));
        match &mut self.sweeps {
            Some(sweeps) => sweeps.leave_out(executor, self.state.growing(), weighed, rest),
            None => self.state.leave_out(executor, weighed, rest),
        }
        self.picked.remove(pair);
        let best = self.first();
        self.picked.insert(pair);
        self.state.put_back();
        best
    }

    /// The best pair that may be picked, by a walk over all.
    fn first(&mut self) -> Result<Option<Scored<T>>, Error> {
        if let Some(sweeps) = &mut self.sweeps {
            let (slots, _) = split_at(self.slots, self.problem.executor.threads().max(1));
            return sweeps.kept.best_with(self.problem.executor, &self.picked, slots);
        }
        let best = self.best(1)?.finish();
        check_finite(best)?;
        Ok(best.first().copied())
    }

    /// Scores each pair by w v under the matrix of the others.
    fn score_without(&mut self, batch: &mut [Scored<T>]) -> Result<(), Error> {
        let least = T::from_f64(LEAST_REST) * T::EPSILON;
        self.restart(batch)?;
        for scored in &mut *batch {
            let leverage = self.leverage(scored.pair);
            let rest = T::ONE - leverage;
            scored.score = if rest < least { T::INFINITY } else { leverage / rest };
        }
        for place in 0..batch.len() {
            let essential = batch.get(place).filter(|scored| scored.score == T::INFINITY);
            let Some(pair) = essential.map(|scored| scored.pair) else {
                continue;
            };
            self.factor_others(batch, pair)?;
            let score = self.leverage(pair);
            if let Some(scored) = batch.get_mut(place) {
                scored.score = score;
            }
        }
        check_finite(batch)
    }

    /// Factors the matrix of a batch without one of its pairs.
    fn factor_others(&mut self, batch: &[Scored<T>], pair: u64) -> Result<(), Error> {
        self.state.growing().restart(self.problem)?;
        for scored in batch.iter().filter(|scored| scored.pair != pair) {
            let pair = self.pair(scored.pair);
            self.state.growing().add_information(pair);
        }
        self.refactor()?;
        Ok(())
    }

    /// Factors M anew, and gives log det M.
    fn refactor(&mut self) -> Result<T, Error> {
        let Problem { executor, pool, .. } = *self.problem;
        match &mut self.sweeps {
            Some(sweeps) => sweeps.refactor(executor, pool.features(), self.state.growing()),
            None => Ok(self.state.refactor(executor, self.numbers)?.log_det()),
        }
    }

    /// w v of a pair.
    fn leverage(&mut self, pair: u64) -> T {
        match &self.sweeps {
            Some(sweeps) => sweeps.kept.leverage(pair),
            None => self.score_of(self.pair(pair)).leverage,
        }
    }

    /// Keeps the numbers of all pairs from here on, if there are few enough.
    fn keep_pairs(&mut self) -> Result<(), Error> {
        let Problem { executor, pool, .. } = *self.problem;
        if keeps_pairs(&pool.size()) {
            let (ranks, numbers) = (mem::take(&mut self.ranks), mem::take(&mut self.numbers));
            self.sweeps = Some(Sweeps::new(executor, pool, &self.scores, ranks, numbers)?);
        }
        Ok(())
    }
}

/// Numbers that [`Sweeps`] take.
pub(super) const fn sweeps_len(pool: &PoolSize) -> usize {
    if keeps_pairs(pool) {
        kept_len(pool, true).saturating_add(panels_len(pool.order, pool.items))
    } else {
        0
    }
}

/// The numbers of all pairs, and the whitened items.
pub(super) struct Sweeps<'a, T> {
    kept: Kept<'a, T>,
    whitened: &'a mut [T],
}

impl<'a, T: Real> Sweeps<'a, T> {
    fn new<E: Executor>(
        executor: &E,
        pool: &Pool<'a>,
        scores: &Scores<'_, T>,
        ranks: &'a mut [u64],
        numbers: &'a mut [T],
    ) -> Result<Self, Error> {
        let (required, found) = (sweeps_len(&pool.size()), numbers.len());
        if found < required {
            return Err(Error::Workspace { what: "sweeps", required, found });
        }
        let (kept, numbers) = Kept::new(executor, pool, scores, true, ranks, numbers)?;
        let (whitened, _) =
            split_at(numbers, panels_len(pool.features().rows(), pool.features().len()));
        Ok(Self { kept, whitened })
    }

    /// Factors M, computes the numbers of all pairs anew, and gives log det M.
    fn refactor<E: Executor>(
        &mut self,
        executor: &E,
        features: Columns<'_, f32>,
        growing: &mut Growing<'_, T>,
    ) -> Result<T, Error> {
        let Factored { factor, whitener } = growing.refactor()?;
        whiten_panels(executor, features, whitener, self.whitened);
        let items = Whitened::of(self.whitened, features.rows(), features.len());
        self.kept.fill(executor, Row::Leverage, items, T::ONE);
        self.kept.projections.fill(T::ZERO);
        Ok(factor.log_det())
    }

    /// Scores from here on as if a pair of the design were not in it: see [`State::leave_out`].
    ///
    /// [`State::leave_out`]: super::State::leave_out
    fn leave_out<E: Executor>(
        &mut self,
        executor: &E,
        growing: &mut Growing<'_, T>,
        pair: WeighedPair<T>,
        rest: T,
    ) {
        let Self { kept, whitened } = self;
        let items = Whitened::of(whitened, growing.order(), kept.projections.len());
        let (a, b) = (pair.items.a as usize, pair.items.b as usize);
        let difference = items.column(a).zip(items.column(b)).map(|(a, b)| a - b);
        growing.leave_out((pair.weight / rest).sqrt_of(), difference);
        kept.project(executor, items, growing.last());
    }
}
