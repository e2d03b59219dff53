//! Swaps: a pair of the design goes, the best pair outside comes, as long as log det M grows
//! (Fedorov, 1972; each pair of the batch in turn, the best exchange for it).
//!
//! Without pair i the leverage of another is v + w_i (dᵀM⁻¹d_i)²/(1 − q_i), q = w v, so leaving it
//! out is one more row of each item's column. The swap gains ln(1 + q_j) − ln(1 + q_i) under the
//! matrix without i. By Cauchy and Schwarz no pair j with q_j ≤ q_i under M itself can gain, which
//! passes most of the batch over.

use super::{Goal, Search, fill_start};
use crate::arith::{Real, ln};
use crate::error::Error;
use crate::heap::sort;
use crate::parallel::Executor;
use crate::pool::Distinct;
use crate::score::check_finite;
use crate::select::{Problem, Selection, Workspace};
use crate::topk::{Scored, rank};

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
    for _ in 0..SWEEPS {
        if !search.sweep(batch)? {
            break;
        }
    }
    search.score_without(batch)?;
    sort(batch, &rank);
    Ok(search.selection)
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
            let leverage = self.score_of(self.pair(scored.pair)).leverage;
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
        fill_start(self.problem, self.state.information())?;
        for scored in batch {
            let pair = self.pair(scored.pair);
            self.state.add_information(pair);
        }
        let factor = self.state.refactor(self.problem.executor, self.numbers)?;
        let start = T::from_f64(self.selection.log_det.unwrap_or(0.0));
        let gained = factor.log_det() - start;
        let bound = match self.problem.options.distinct() {
            Distinct::Unlimited => self.first()?.map(|best| best.score),
            Distinct::PerItem(_) | Distinct::PerPrompt(_) => None,
        };
        Ok((gained, bound))
    }

    /// The best pair to take in the place of one, `rest` being 1 − its w v.
    fn best_without(&mut self, pair: u64, rest: T) -> Result<Option<Scored<T>>, Error> {
        let weighed = self.pair(pair);
        self.state.leave_out(self.problem.executor, weighed, rest);
        self.picked.remove(pair);
        let best = self.first();
        self.picked.insert(pair);
        self.state.put_back();
        best
    }

    /// The best pair that may be picked, by a walk over all.
    fn first(&mut self) -> Result<Option<Scored<T>>, Error> {
        let best = self.best(1)?.finish();
        check_finite(best)?;
        Ok(best.first().copied())
    }

    /// Scores each pair by w v under the matrix of the others.
    fn score_without(&mut self, batch: &mut [Scored<T>]) -> Result<(), Error> {
        let least = T::from_f64(LEAST_REST) * T::EPSILON;
        self.restart(batch)?;
        for scored in &mut *batch {
            let leverage = self.score_of(self.pair(scored.pair)).leverage;
            let rest = T::ONE - leverage;
            scored.score = if rest < least { T::INFINITY } else { leverage / rest };
        }
        for place in 0..batch.len() {
            let essential = batch.get(place).filter(|scored| scored.score == T::INFINITY);
            let Some(pair) = essential.map(|scored| scored.pair) else {
                continue;
            };
            self.factor_others(batch, pair)?;
            let score = self.score_of(self.pair(pair)).leverage;
            if let Some(scored) = batch.get_mut(place) {
                scored.score = score;
            }
        }
        check_finite(batch)
    }

    /// Factors the matrix of a batch without one of its pairs.
    fn factor_others(&mut self, batch: &[Scored<T>], pair: u64) -> Result<(), Error> {
        fill_start(self.problem, self.state.information())?;
        for scored in batch.iter().filter(|scored| scored.pair != pair) {
            let pair = self.pair(scored.pair);
            self.state.add_information(pair);
        }
        self.state.refactor(self.problem.executor, self.numbers)?;
        Ok(())
    }
}
