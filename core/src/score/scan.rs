//! One walk over the pairs of a pool: what its parts share, and how each fills its panels, scores its pairs
//! and offers them.

use core::ops::Range;

use super::{Criterion, Ranking, Walk, bounded, cross_prompt, gumbel, in_prompt, listed};
use crate::arith::Real;
use crate::columns::Columns;
use crate::kernel::panel::{Grid, fill_panel, squared_distances};
use crate::parallel::{Executor, split_at};
use crate::pool::Pairs;
use crate::topk::{Scored, TopK};
use crate::whiten::{fill_whitened, fill_whitener, whiten_columns, whitener_len};

/// A worker's share of the parts of a walk: each `step`-th from `first` on, before `end`.
#[derive(Clone, Copy)]
pub(super) struct Share {
    pub first: usize,
    pub end: usize,
    pub step: usize,
}

/// One walk over the pairs of a pool.
pub(super) struct Scan<'a, T, D, E> {
    pub executor: &'a E,
    pub ranking: Ranking<'a, T, D>,
    pub whitener: &'a [T],
    /// The items that more than one part of the walk needs, whitened.
    pub whitened: &'a [T],
    /// The items in the order in which a bounded walk looks at them.
    pub order: bounded::Order<'a, T>,
}

impl<'a, T: Real, D: AsRef<[T]> + Sync, E: Executor> Scan<'a, T, D, E> {
    /// Whitens what all parts share, by so many workers.
    pub(super) fn new(
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
    pub(super) fn best(&self, share: Share, workspace: &mut [T], best: &mut TopK<'_, T>) {
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
    pub(super) fn fill(&self, items: Range<usize>, stride: usize, panel: &mut [T]) {
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
    pub(super) fn score_grid(
        &self,
        grid: Grid<'_, T>,
        weights: &[T],
        scores: &mut [T],
        workspace: &mut [T],
    ) {
        let level = self.executor.level();
        if let Criterion::Stored(stored, _) = &self.ranking.criterion {
            stored.score_grid(level, grid, weights, scores, workspace);
        } else {
            squared_distances(level, grid, scores);
            weigh(weights, scores);
        }
    }

    /// Turns the columns that items are scored from into a panel.
    pub(super) fn fill_columns(&self, columns: &[T], stride: usize, panel: &mut [T]) {
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
    pub(super) fn leverages(&self, grid: Grid<'_, T>, out: &mut [T]) {
        let level = self.executor.level();
        match &self.ranking.criterion {
            Criterion::Stored(stored, _) => stored.leverages(level, grid, out),
            _ => squared_distances(level, grid, out),
        }
    }

    /// The rows whose squares are added.
    pub(super) fn added_rows(&self) -> usize {
        match &self.ranking.criterion {
            Criterion::Stored(stored, _) => stored.leverage.added,
            criterion => criterion.rows(),
        }
    }

    /// The score of a margin, for the criteria that need nothing else.
    pub(super) fn of_margin(&self, margin: T) -> T {
        match self.ranking.criterion {
            // 0 − |m| rather than −|m|: no negative zero may be a key.
            Criterion::Entropy => T::ZERO - margin.magnitude(),
            _ => margin.magnitude(),
        }
    }

    /// The scores of item `a` with the items from `b` on, from their margins.
    pub(super) fn margins(&self, a: usize, b: usize, scores: &mut [T]) {
        let rewards = self.ranking.rewards;
        let reward = rewards.get(a).copied().unwrap_or(T::ZERO);
        let others = rewards.get(b..).unwrap_or_default();
        for (score, other) in scores.iter_mut().zip(others) {
            *score = self.of_margin(reward - *other);
        }
    }

    /// Offers consecutive pairs from number `first` on, but for those that have a label.
    pub(super) fn offer(&self, first: u64, scores: &mut [T], best: &mut TopK<'_, T>) {
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
pub(super) fn weigh<T: Real>(weights: &[T], scores: &mut [T]) {
    for (score, weight) in scores.iter_mut().zip(weights) {
        *score = *weight * *score;
    }
}
