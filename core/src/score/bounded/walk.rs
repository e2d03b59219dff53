//! Two blocks of items: which of their pairs can enter, and their scores.

use core::iter::empty;

use super::Scan;
use super::bounds::{BlockBounds, fill_groups, item_rows, most};
use super::frame::length;
use super::order::{Order, numbers};
use crate::arith::elementwise::map;
use crate::arith::exp::Exp;
use crate::arith::{Real, exp, sum};
use crate::fisher::Weighting;
use crate::kernel::panel::{DISTANCE_ROWS, Grid, Panel};
use crate::kernel::reach::{REACH_GROUP, Threshold, fill_coordinates, reaching};
use crate::memory::smaller;
use crate::parallel::{Executor, split_at};
use crate::topk::{Scored, TopK};
use crate::whiten::block_stride;

/// Roundings that a bound allows for: those of the exponentials of far rewards are most of them.
const SLACK: u64 = 2048;

/// The items in their order, and what bounds their pairs' scores.
pub(super) struct Walk<'a, T, D, E> {
    scan: &'a Scan<'a, T, D, E>,
    /// The largest distance.
    largest: T,
    /// The reward whose factors h and g are 1.
    centre: T,
    /// What the square root of a score is lowered by before bounds are held against it; 0 where none
    /// may be.
    lowered: T,
    /// What rounding may take from the root of a bound, as a share of distances; and from the square of a
    /// rest.
    of_roots: T,
    of_rests: T,
    /// No weight is larger, as computed.
    largest_weight: T,
}

/// A block of items: what their pairs are scored from, and what bounds the scores.
#[derive(Clone, Copy)]
pub(super) struct Block<'w, T> {
    items: &'w [Scored<T>],
    panel: Panel<'w, T>,
    bounds: BlockBounds<'w, T>,
}

impl<'a, T: Real, D: AsRef<[T]> + Sync, E: Executor> Walk<'a, T, D, E> {
    pub(super) fn new(scan: &'a Scan<'a, T, D, E>) -> Self {
        let Order { items: order, by_reward, frame, reaches } = scan.order;
        // An item of the last block, or in the middle, has a reward that outliers do not move.
        let middle = if by_reward { order.get(order.len() / 2) } else { order.last() };
        let centre = middle.map_or(T::ZERO, |item| scan.reward(item.pair));
        let (length, of_sums) = (length(frame), scan.sums_rounding());
        let of_roots = of_sums * length * length;
        let of_rests = of_sums * (T::ONE + length * length);
        let slack = T::EPSILON * T::from_u64(SLACK) + of_roots;
        let unit = matches!(scan.ranking.criterion.weighting(), Some(Weighting::Unit));
        // Both factors of a pair of weight 1 are 1 as well, and their sum of products 2.
        let lowered = (T::ONE - slack) * if unit { T::HALF } else { T::ONE };
        let largest = reaches.iter().fold(T::ZERO, |largest, reach| most(largest, *reach));
        // Beyond, a score may be infinite that is bounded by a finite number.
        let finite = largest < T::MAX.sqrt_of() * T::HALF * T::HALF;
        // A reward that is no finite number makes a score that is none, which is to be seen.
        let finite = finite && scan.ranking.rewards.iter().all(|reward| reward.is_finite_number());
        let lowered = if finite { lowered } else { T::ZERO };
        let quarter = T::HALF * T::HALF;
        let largest_weight = match (finite, unit) {
            (false, _) => T::INFINITY,
            (true, true) => T::ONE,
            (true, false) => quarter * (T::ONE + slack),
        };
        Self { scan, largest, centre, lowered, of_roots, of_rests, largest_weight }
    }

    fn items(&self, block: usize) -> &'a [Scored<T>] {
        let order = self.scan.order.items;
        let (first, len) = (block * sum::ITEMS, order.len());
        order.get(first..smaller(first + sum::ITEMS, len)).unwrap_or_default()
    }

    /// What ρ_a + ρ_b is held against where 1/√w is 1.
    fn root(&self, best: &TopK<'_, T>) -> T {
        match best.worst() {
            // Of a smaller score, squares may have vanished.
            Some(worst)
                if T::MIN_POSITIVE < worst.score * T::EPSILON && worst.score.is_finite_number() =>
            {
                worst.score.sqrt_of() * self.lowered
            }
            _ => T::ZERO,
        }
    }

    /// Whether no pair of two blocks can enter, nor one with a later block in the place of the second:
    /// no weight is above ¼, nor above that of the nearest rewards.
    pub(super) fn is_below(&self, own: usize, other: usize, best: &TopK<'_, T>) -> bool {
        let root = self.root(best);
        if !self.scan.order.by_reward {
            let reaches = self.scan.order.reaches;
            let reach = |block: usize| reaches.get(block).copied().unwrap_or(T::INFINITY);
            return reach(own) + reach(other) < T::TWO * root;
        }
        let first = self.items(other).first();
        let (Some(last), Some(first)) = (self.items(own).last(), first) else {
            return false;
        };
        let gap = self.scan.reward(first.pair) - self.scan.reward(last.pair);
        // 1/√w ≥ e^(gap/2).
        let most = largest_exponent::<T>();
        let gap = if most < gap { most } else { gap };
        self.largest + self.largest < root * exp(gap * T::HALF)
    }

    /// Writes the panel of a block's items, and what bounds their scores.
    pub(super) fn fill_block(&self, block: usize, columns: &mut [T], out: &mut [T]) {
        let items = self.items(block);
        let stride = block_stride(self.scan.order.items.len());
        let (panel, bounds) = split_at(out, self.scan.ranking.criterion.rows() * stride);
        self.scan.fill_block(numbers(items), columns, panel);
        let (out, h, g) = item_rows(items.len(), bounds);
        let panel = Panel { values: &*panel, stride }.from(0);
        let level = self.scan.executor.level();
        fill_coordinates(level, panel, self.scan.order.frame, self.of_rests, out);
        self.fill_factors(items, h, g);
        fill_groups(items.len(), bounds);
    }

    /// h and g of some items.
    fn fill_factors(&self, items: &[Scored<T>], h: &mut [T], g: &mut [T]) {
        let unit = matches!(self.scan.ranking.criterion.weighting(), Some(Weighting::Unit));
        if unit || E::PROFILE.differs::<T>() {
            // No weight of micromath's exponential is above ¼ either, which is all that is used.
            h.fill(T::ONE);
            g.fill(T::ONE);
            return;
        }
        let limit = largest_exponent::<T>();
        for ((h, g), item) in h.iter_mut().zip(g.iter_mut()).zip(items) {
            *h = (self.scan.reward(item.pair) - self.centre) * T::HALF;
            if limit < *h {
                *h = limit;
            }
            if *h < -limit {
                *h = -limit;
            }
            *g = -*h;
        }
        map::<Exp, T>(self.scan.executor.level(), h);
        map::<Exp, T>(self.scan.executor.level(), g);
    }

    /// A block, from what [`fill_block`](Self::fill_block) wrote.
    pub(super) fn block<'w>(&self, block: usize, filled: &'w [T]) -> Block<'w, T>
    where
        'a: 'w,
    {
        let (items, stride) = (self.items(block), block_stride(self.scan.order.items.len()));
        let len = self.scan.ranking.criterion.rows() * stride;
        let (panel, bounds) = filled.split_at_checked(len).unwrap_or_default();
        let panel = Panel { values: panel, stride };
        Block { items, panel, bounds: BlockBounds::of(items.len(), bounds) }
    }

    /// Scores the pairs of two blocks that can enter; of one with itself, each pair once.
    pub(super) fn score_blocks(
        &self,
        own: Block<'_, T>,
        other: Block<'_, T>,
        scores: &mut [T],
        best: &mut TopK<'_, T>,
    ) {
        const GROUPS: usize = sum::ITEMS.div_ceil(REACH_GROUP);
        let itself = core::ptr::eq(own.items, other.items);
        let end = other.items.len();
        for from in (0..own.items.len()).step_by(DISTANCE_ROWS) {
            let root = self.root(best);
            let rows = smaller(DISTANCE_ROWS, own.items.len() - from);
            // In a block with itself, an item is paired with the later ones.
            let first_group = if itself { from / REACH_GROUP } else { 0 };
            let (to, groups) = (first_group * REACH_GROUP, end.div_ceil(REACH_GROUP));
            let mut reached = [false; DISTANCE_ROWS * GROUPS];
            let len = rows * (groups - first_group);
            let (reached, _) = reached.split_at_mut_checked(len).unwrap_or_default();
            let threshold = Threshold { root, rounding: self.of_roots };
            let items = own.bounds.items.range(from, from + rows);
            let others = other.bounds.items.range(to, end);
            let of_groups = other.bounds.groups.range(first_group, groups);
            reaching(self.scan.executor.level(), threshold, items, others, of_groups, reached);
            let strip = Strip { own, from, rows, other, to };
            let many = reached.iter().filter(|reached| **reached).count() * 2 > reached.len();
            if many {
                self.score_strip(strip, end - to, scores, best);
                continue;
            }
            let groups = groups - first_group;
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
            weighting.apply(scan.executor, empty(), weights);
        }
        for ((other, distance), weight) in others.iter().zip(scores).zip(&*weights) {
            let score = *weight * *distance;
            if !best.is_below(score) {
                scan.offer_items(item.pair, other.pair, score, best);
            }
        }
    }
}

/// An exponent x of which eˣ and e⁻ˣ are normal numbers.
fn largest_exponent<T: Real>() -> T {
    T::from_f64(if T::SIGNIFICAND_BITS < f64::SIGNIFICAND_BITS { 80.0 } else { 700.0 })
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
