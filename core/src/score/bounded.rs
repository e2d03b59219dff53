//! The best of all pairs of all items, without a look at most of them.
//!
//! A score is at most w (ρ_a + ρ_b)², ρ being a whitened item's distance from the mean one. Items are
//! taken in descending ρ, [`sum::ITEMS`] a block, and every two blocks are paired, those of the
//! largest ρ first. What cannot reach the worst of the best pairs so far is passed over: a row of
//! blocks, a row of items, a group of pairs. The others are scored as every pair is, by the direct
//! sum of squared differences.
//!
//! *Exact.* A bound holds as computed: it is lifted by [`SLACK`] roundings and those of H terms, and
//! only what lies strictly below is passed over. So the best pairs and the bits of their scores are
//! those of a walk over all, whoever has seen which pair before.
//!
//! Why it is fast: outliers come first, and trained features have few of them. Where bounds pass
//! nothing over, blocks are scored by the strips of a walk over all pairs.

use super::{Criterion, Ranking, Scan, Share};
use crate::arith::elementwise::map;
use crate::arith::exp::Exp;
use crate::arith::{Real, sum};
use crate::fisher::Weighting;
use crate::kernel::axpy::add_scaled;
use crate::kernel::panel::{DISTANCE_ROWS, Grid, Panel};
use crate::kernel::reach::{Bounds, REACH_GROUP, reaching};
use crate::memory::{larger, smaller};
use crate::parallel::{Executor, for_chunks, split_at};
use crate::topk::{Scored, TopK, rank};
use crate::whiten::block_stride;

/// Roundings that a bound allows for: those of the exponentials of far rewards are most of them.
const SLACK: u64 = 2048;

/// Numbers of the panels that a worker keeps. Not part of the contract.
const KEPT: usize = 1 << 16;

/// Numbers that [`centre`] writes, a column, and a panel of one item.
pub(super) const fn shared_len(rows: usize, items: usize) -> usize {
    rows.saturating_mul(block_stride(items).saturating_add(1))
}

/// Numbers that a worker needs: to measure the items' distances, and then to walk.
pub(super) const fn workspace_len(rows: usize, items: usize) -> usize {
    let block = sum::longest(sum::ITEMS, items);
    let panels = Panels::<()>::count(rows, items).saturating_add(2);
    let panels = panels.saturating_mul(rows.saturating_mul(block_stride(items)));
    let columns = rows.saturating_mul(block);
    panels.saturating_add(columns).saturating_add((6 + DISTANCE_ROWS) * block)
}

/// Writes the items in descending distance from the mean one.
pub(super) fn fill_order<T: Real, D: AsRef<[T]> + Sync, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    workers: usize,
    order: &mut [Scored<T>],
    shared: &mut [T],
    workspace: &mut [T],
) {
    let (rows, items) = (scan.ranking.criterion.rows(), order.len());
    let stride = block_stride(items);
    let (column, centre) = split_at(shared, rows);
    let (centre, _) = split_at(centre, rows * stride);
    let (columns, _) = split_at(workspace, rows * sum::longest(sum::ITEMS, items));
    fill_mean(scan, items, columns, column);
    scan.fill_columns(column, stride, centre);
    let blocks = items.div_ceil(sum::ITEMS).div_ceil(workers.max(1));
    let share = blocks * sum::ITEMS;
    let each = workspace_len(rows, items);
    let centre = Panel { values: &*centre, stride };
    for_chunks(scan.executor, order, share, workspace, each, &|worker, order, workspace| {
        let (columns, workspace) = split_at(workspace, rows * sum::longest(sum::ITEMS, items));
        let (panel, distances) = split_at(workspace, rows * stride);
        let (distances, _) = split_at(distances, sum::longest(sum::ITEMS, items));
        let parts = order.chunks_mut(sum::ITEMS);
        for (first, part) in (worker * share..).step_by(sum::ITEMS).zip(parts) {
            let (columns, _) = split_at(columns, rows * part.len());
            let (distances, _) = split_at(distances, part.len());
            scan.gather(first..first + part.len(), columns);
            scan.fill_columns(columns, stride, panel);
            let columns = Panel { values: &*panel, stride }.from(0);
            let grid = Grid { rows: centre.from(0), columns, width: part.len() };
            scan.distances(grid, distances);
            for ((slot, distance), item) in part.iter_mut().zip(&*distances).zip(first as u64..) {
                *slot = Scored { score: distance.sqrt_of(), pair: item };
            }
        }
    });
    crate::heap::sort(order, &rank);
}

/// The mean of the columns that items are scored from, block by block.
fn fill_mean<T: Real, D: AsRef<[T]> + Sync, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    items: usize,
    columns: &mut [T],
    mean: &mut [T],
) {
    mean.fill(T::ZERO);
    for first in (0..items).step_by(sum::ITEMS) {
        let end = smaller(first + sum::ITEMS, items);
        let (columns, _) = split_at(columns, mean.len() * (end - first));
        scan.gather(first..end, columns);
        for column in columns.chunks_exact(mean.len().max(1)) {
            add_scaled(mean, T::ONE, column);
        }
    }
    let count = T::from_u64(items as u64);
    for sum in mean {
        *sum /= count;
    }
}

/// Scores the pairs of blocks that are a worker's share, as far as they can enter, and offers them.
pub(super) fn scan<T: Real, D: AsRef<[T]> + Sync, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    share: Share,
    workspace: &mut [T],
    best: &mut TopK<'_, T>,
) {
    let (rows, items) = (scan.ranking.criterion.rows(), scan.order.len());
    let block = sum::longest(sum::ITEMS, items);
    let panel = rows * block_stride(items);
    let (columns, workspace) = split_at(workspace, rows * block);
    let (own_bounds, workspace) = split_at(workspace, 3 * block);
    let (other_bounds, workspace) = split_at(workspace, 3 * block);
    let (scores, workspace) = split_at(workspace, DISTANCE_ROWS * block);
    let (own_panel, workspace) = split_at(workspace, panel);
    let (other_panel, workspace) = split_at(workspace, panel);
    let kept = Panels::<T>::count(rows, items);
    let mut panels = Panels { values: split_at(workspace, kept * panel).0, filled: 0, columns };
    let walk = Walk::new(scan);
    let blocks = items.div_ceil(sum::ITEMS);
    let mut part = 0;
    for own in 0..blocks {
        let after = part + (blocks - own);
        let (mut part_of, mut is_filled) = (part, false);
        part = after;
        if walk.is_below(own, own, best) {
            return;
        }
        if after <= share.first {
            continue;
        }
        for other in own..blocks {
            let number = part_of;
            part_of += 1;
            if number >= share.end {
                return;
            }
            if number < share.first || !(number - share.first).is_multiple_of(share.step.max(1)) {
                continue;
            }
            if walk.is_below(own, other, best) {
                break;
            }
            if !is_filled {
                panels.prepare(&walk, own, own_panel);
                walk.fill_bounds(own, own_bounds);
                is_filled = true;
            }
            panels.prepare(&walk, other, other_panel);
            walk.fill_bounds(other, other_bounds);
            let own = walk.block(own, panels.of(&walk, own, own_panel), own_bounds);
            let other = walk.block(other, panels.of(&walk, other, other_panel), other_bounds);
            walk.score_blocks(own, other, scores, best);
        }
    }
}

/// Whitened items of the first blocks, filled as they are needed: those that most parts look at.
struct Panels<'w, T> {
    values: &'w mut [T],
    filled: usize,
    /// The columns of a block's items.
    columns: &'w mut [T],
}

impl<T> Panels<'_, T> {
    /// How many blocks are kept.
    const fn count(rows: usize, items: usize) -> usize {
        let panel = larger(rows.saturating_mul(block_stride(items)), 1);
        smaller(KEPT / panel, items.div_ceil(sum::ITEMS))
    }
}

impl<T: Real> Panels<'_, T> {
    /// Makes sure that the block's items are whitened: among those kept, or in `spare`.
    fn prepare<D: AsRef<[T]> + Sync, E: Executor>(
        &mut self,
        walk: &Walk<'_, T, D, E>,
        block: usize,
        spare: &mut [T],
    ) {
        let len = walk.panel_len();
        if block >= self.values.len().checked_div(len).unwrap_or(0) {
            return walk.whiten(block, self.columns, spare);
        }
        while self.filled <= block {
            let (_, panel) = split_at(self.values, self.filled * len);
            walk.whiten(self.filled, self.columns, split_at(panel, len).0);
            self.filled += 1;
        }
    }

    fn of<'p, D: AsRef<[T]> + Sync, E: Executor>(
        &'p self,
        walk: &Walk<'_, T, D, E>,
        block: usize,
        spare: &'p [T],
    ) -> &'p [T] {
        let len = walk.panel_len();
        self.values.get(block * len..(block + 1) * len).unwrap_or(spare)
    }
}

/// The items in their order, and what bounds their pairs' scores.
struct Walk<'a, T, D, E> {
    scan: &'a Scan<'a, T, D, E>,
    order: &'a [Scored<T>],
    /// The reward whose factors h and g are 1.
    centre: T,
    /// What the square root of a score is lowered by before bounds are held against it; 0 where none
    /// may be.
    lowered: T,
    /// No weight is larger, as computed.
    largest_weight: T,
}

/// A block of items: what their pairs are scored from, and what bounds the scores.
#[derive(Clone, Copy)]
struct Block<'w, T> {
    items: &'w [Scored<T>],
    panel: Panel<'w, T>,
    bounds: Bounds<'w, T>,
}

impl<'a, T: Real, D: AsRef<[T]> + Sync, E: Executor> Walk<'a, T, D, E> {
    fn new(scan: &'a Scan<'a, T, D, E>) -> Self {
        let order = scan.order;
        // The item in the middle has a reward that outliers do not move.
        let centre = order.last().map_or(T::ZERO, |item| scan.reward(item.pair));
        let slack = T::EPSILON * T::from_u64(SLACK + scan.ranking.criterion.rows() as u64);
        let unit = matches!(scan.ranking.criterion.weighting(), Some(Weighting::Unit));
        // Both factors of a pair of weight 1 are 1 as well, and their sum of products 2.
        let lowered = (T::ONE - slack) * if unit { T::HALF } else { T::ONE };
        let largest = order.first().map_or(T::ZERO, |item| item.score);
        // Beyond, a score may be infinite that is bounded by a finite number.
        let finite = largest < T::MAX.sqrt_of() * T::HALF * T::HALF;
        let lowered = if finite { lowered } else { T::ZERO };
        let quarter = T::HALF * T::HALF;
        let largest_weight = if unit { T::ONE } else { quarter * (T::ONE + slack) };
        Self { scan, order, centre, lowered, largest_weight }
    }

    fn panel_len(&self) -> usize {
        self.scan.ranking.criterion.rows() * block_stride(self.order.len())
    }

    fn items(&self, block: usize) -> &'a [Scored<T>] {
        let (first, len) = (block * sum::ITEMS, self.order.len());
        self.order.get(first..smaller(first + sum::ITEMS, len)).unwrap_or_default()
    }

    /// What ρ_a + ρ_b is held against where 1/√w is 1.
    fn root(&self, best: &TopK<'_, T>) -> T {
        match best.worst() {
            Some(worst) if T::MIN_POSITIVE < worst.score && worst.score.is_finite_number() => {
                worst.score.sqrt_of() * self.lowered
            }
            _ => T::ZERO,
        }
    }

    /// Whether no pair of two blocks can enter, or of later ones: no weight is above ¼.
    fn is_below(&self, own: usize, other: usize, best: &TopK<'_, T>) -> bool {
        let first = |block| self.items(block).first().map_or(T::ZERO, |item| item.score);
        first(own) + first(other) < T::TWO * self.root(best)
    }

    fn whiten(&self, block: usize, columns: &mut [T], panel: &mut [T]) {
        let items = self.items(block);
        let (columns, _) = split_at(columns, self.scan.ranking.criterion.rows() * items.len());
        let numbers = items.iter().map(|item| usize::try_from(item.pair).unwrap_or(usize::MAX));
        self.scan.gather(numbers, columns);
        self.scan.fill_columns(columns, block_stride(self.order.len()), panel);
    }

    /// ρ, h and g of a block's items.
    fn fill_bounds(&self, block: usize, bounds: &mut [T]) {
        let (items, executor) = (self.items(block), self.scan.executor);
        let (distances, rest) = split_at(bounds, items.len());
        let (h, rest) = split_at(rest, items.len());
        let (g, _) = split_at(rest, items.len());
        let unit = matches!(self.scan.ranking.criterion.weighting(), Some(Weighting::Unit));
        for ((distance, slot), item) in distances.iter_mut().zip(h.iter_mut()).zip(items) {
            *distance = item.score;
            *slot = (self.scan.reward(item.pair) - self.centre) * T::HALF;
        }
        if unit || E::PROFILE.differs::<T>() {
            // No weight of micromath's exponential is above ¼ either, which is all that is used.
            h.fill(T::ONE);
            g.fill(T::ONE);
            return;
        }
        // e^±limit is a normal number.
        let limit = T::from_f64(if T::SIGNIFICAND_BITS < 52 { 80.0 } else { 700.0 });
        for (h, g) in h.iter_mut().zip(g.iter_mut()) {
            if limit < *h {
                *h = limit;
            }
            if *h < -limit {
                *h = -limit;
            }
            *g = -*h;
        }
        map::<Exp, T>(executor.level(), h);
        map::<Exp, T>(executor.level(), g);
    }

    fn block<'w>(&self, block: usize, panel: &'w [T], bounds: &'w [T]) -> Block<'w, T>
    where
        'a: 'w,
    {
        let items = self.items(block);
        let (distances, rest) = bounds.split_at_checked(items.len()).unwrap_or_default();
        let (h, rest) = rest.split_at_checked(items.len()).unwrap_or_default();
        let g = rest.get(..items.len()).unwrap_or_default();
        let panel = Panel { values: panel, stride: block_stride(self.order.len()) };
        Block { items, panel, bounds: Bounds { distances, h, g } }
    }

    /// Scores the pairs of two blocks that can enter; of one with itself, each pair once.
    fn score_blocks(
        &self,
        own: Block<'_, T>,
        other: Block<'_, T>,
        scores: &mut [T],
        best: &mut TopK<'_, T>,
    ) {
        const GROUPS: usize = sum::ITEMS.div_ceil(REACH_GROUP);
        let itself = core::ptr::eq(own.items, other.items);
        for from in (0..own.items.len()).step_by(DISTANCE_ROWS) {
            let root = self.root(best);
            let rows = smaller(DISTANCE_ROWS, own.items.len() - from);
            // In a block with itself, an item is paired with the later ones.
            let to = if itself { from + 1 } else { 0 };
            let others = other.items.get(to..).unwrap_or_default();
            let distance = |block: Block<'_, T>, at: usize| {
                block.bounds.distances.get(at).copied().unwrap_or(T::ZERO)
            };
            if distance(own, from) + distance(other, to) < T::TWO * root {
                return;
            }
            let groups = others.len().div_ceil(REACH_GROUP);
            let mut reached = [false; DISTANCE_ROWS * GROUPS];
            let (reached, _) = reached.split_at_mut_checked(rows * groups).unwrap_or_default();
            let level = self.scan.executor.level();
            let columns = other.bounds.range(to, to + others.len());
            reaching(level, root, own.bounds.range(from, from + rows), columns, reached);
            let strip = Strip { own, from, rows, other, to };
            let many = reached.iter().filter(|reached| **reached).count() * 2 > reached.len();
            if many {
                self.score_strip(strip, others.len(), scores, best);
                continue;
            }
            for (row, reached) in reached.chunks_exact(groups.max(1)).enumerate() {
                for (group, _) in reached.iter().enumerate().filter(|(_, reached)| **reached) {
                    let to = to + group * REACH_GROUP;
                    let width = smaller(REACH_GROUP, other.items.len() - to);
                    let strip = Strip { from: from + row, rows: 1, to, ..strip };
                    self.score_strip(strip, width, scores, best);
                }
            }
        }
    }

    /// Scores some items with `width` others, and offers what can enter.
    fn score_strip(
        &self,
        strip: Strip<'_, T>,
        width: usize,
        scores: &mut [T],
        best: &mut TopK<'_, T>,
    ) {
        let Strip { own, from, rows, other, to } = strip;
        let (scores, _) = split_at(scores, rows * width);
        let grid = Grid { rows: own.panel.from(from), columns: other.panel.from(to), width };
        self.scan.leverages(grid, scores);
        let itself = core::ptr::eq(own.items, other.items);
        for (row, scores) in (from..).zip(scores.chunks_exact_mut(width.max(1))) {
            let Some(item) = own.items.get(row) else {
                return;
            };
            // In a block with itself, an item is paired with the later ones.
            let skipped = if itself { smaller((row + 1).saturating_sub(to), width) } else { 0 };
            let (_, scores) = split_at(scores, skipped);
            let others = other.items.get(to + skipped..).unwrap_or_default();
            for (others, scores) in others.chunks(REACH_GROUP).zip(scores.chunks_mut(REACH_GROUP)) {
                self.offer(*item, others, scores, best);
            }
        }
    }

    /// Weighs the squared distances of an item with others, and offers those that can enter.
    fn offer(
        &self,
        item: Scored<T>,
        others: &[Scored<T>],
        scores: &mut [T],
        best: &mut TopK<'_, T>,
    ) {
        let scan = self.scan;
        if best.all_below(scores.iter().map(|distance| *distance * self.largest_weight)) {
            return;
        }
        let mut weights = [T::ZERO; REACH_GROUP];
        let (weights, _) = split_at(&mut weights, scores.len());
        let reward = scan.reward(item.pair);
        for (margin, other) in weights.iter_mut().zip(others) {
            *margin = reward - scan.reward(other.pair);
        }
        if let Some(weighting) = scan.ranking.criterion.weighting() {
            weighting.apply(scan.executor, core::iter::empty(), weights);
        }
        for ((other, distance), weight) in others.iter().zip(scores).zip(&*weights) {
            let score = *weight * *distance;
            if !best.is_below(score) {
                scan.offer_items(item.pair, other.pair, score, best);
            }
        }
    }
}

/// Some items of a block with others.
#[derive(Clone, Copy)]
struct Strip<'w, T> {
    own: Block<'w, T>,
    from: usize,
    rows: usize,
    other: Block<'w, T>,
    to: usize,
}

impl<T: Real, D: AsRef<[T]>, E: Executor> Scan<'_, T, D, E> {
    pub(super) fn reward(&self, item: u64) -> T {
        let item = usize::try_from(item).unwrap_or(usize::MAX);
        self.ranking.rewards.get(item).copied().unwrap_or(T::ZERO)
    }

    /// Copies what items are scored from, a column each.
    fn gather(&self, items: impl IntoIterator<Item = usize>, columns: &mut [T]) {
        let columns = columns.chunks_exact_mut(self.ranking.criterion.rows().max(1));
        for (item, column) in items.into_iter().zip(columns) {
            match &self.ranking.criterion {
                Criterion::Stored(stored, _) => stored.copy_column(item, column),
                _ => {
                    for (slot, value) in
                        column.iter_mut().zip(self.ranking.pool.features().column(item))
                    {
                        *slot = T::from_real(*value);
                    }
                }
            }
        }
    }

    /// Offers the pair of two items, unless it has a label or the batch may not pick it.
    pub(super) fn offer_items(&self, a: u64, b: u64, score: T, best: &mut TopK<'_, T>) {
        let Ranking { pool, picked, .. } = &self.ranking;
        let (first, second) = if a < b { (a, b) } else { (b, a) };
        let (Ok(first), Ok(second)) = (u32::try_from(first), u32::try_from(second)) else {
            return;
        };
        if let Some(pair) = pool.pairs().pair_number(first, second)
            && pool.labelled().binary_search(&pair).is_err()
            && picked.is_none_or(|picked| picked.allows(pair))
        {
            best.offer(Scored { score, pair });
        }
    }
}
