//! The Fisher information of all pairs of all items at the cost of items: Σ_a δ_a g_aᵀ with
//! g_a = deg_a δ_a − s_a, as in `cross_prompt`, but deg_a = Σ_b w_ab and s_a = Σ_b w_ab δ_b, which
//! depend on an item's reward alone, are interpolated.
//!
//! w = σ′(r_a − r_b) is smooth: its nearest singularities are at ±iπ. Rewards are cut into boxes
//! ([`segment`]), and in a box a function of the reward is the polynomial through its values at
//! Chebyshev nodes ([`chebyshev`](crate::arith::chebyshev)). So the items of a box are sums at its nodes
//! (moments), boxes tell each other sums of those ([`exchange`]), and each item reads its own off the
//! polynomial. It is the method of fast summation of Greengard and Rokhlin (1987), in one dimension, with
//! the interpolation of Fong and Darve (2009).
//!
//! A box's mean is the origin of its δ; a block's δ are from the middle box's mean. An item with itself
//! stands in degree and sum alike, and cancels. Labelled pairs are subtracted one by one. Error against
//! the pair form, relative to the largest entry: below 10⁻¹³ in f64, 10⁻⁶ in f32.

mod exchange;
mod segment;

use core::ops::Range;

use self::exchange::{Exchange, WIDTH, exchange_len};
use self::segment::{Segment, segment_len};
use super::Weighting;
use super::blocks::{BlockColumns, BlockLen};
use super::pairs::Labelled;
use crate::arith::chebyshev::{MOST_NODES, fill_polynomials, node_count};
use crate::arith::{Level, Real, sum};
use crate::kernel::axpy::{add_scaled, subtract_origin};
use crate::kernel::gemm::{Gemm, Part, Right, gemm};
use crate::memory::smaller;
use crate::parallel::{Executor, for_chunks, split_at};
use crate::pool::{ItemPair, Pool};
use crate::topk::{Scored, ascending};

/// Fewer items are summed pair by pair.
pub(super) const LEAST_ITEMS: usize = 1024;

/// Numbers that [`Boxes::new`] keeps.
pub(super) const fn boxes_len(order: usize, items: usize) -> usize {
    exchange_len(order).saturating_add(segment_len(order, items)).saturating_add(order)
}

/// Of a block of items.
pub(super) const fn block_len(order: usize, items: usize) -> BlockLen {
    let block = sum::longest(sum::SORTED_ITEMS, items);
    let rows = order.saturating_add(1).saturating_add(MOST_NODES);
    // A worker that sums moments has a block's columns, its polynomials and their sums.
    let moments = order.saturating_add(1).saturating_mul(MOST_NODES);
    BlockLen {
        order,
        columns: block,
        workspace: rows.saturating_mul(block).saturating_add(moments),
    }
}

/// Whether the sum is one over items: for enough of them, of finite rewards, where no item has labels
/// with more than a quarter of the others. `counts` has a place an item.
pub(super) fn serves<T: Real>(
    pool: &Pool<'_>,
    rewards: &[T],
    weighting: Weighting<'_, T>,
    counts: &mut [Scored<T>],
) -> bool {
    let items = rewards.len();
    if !matches!(weighting, Weighting::Bernoulli) || items < LEAST_ITEMS {
        return false;
    }
    counts.fill(Scored::default());
    for pair in pool.labelled() {
        let ItemPair { a, b } = pool.pairs().items_of_pair(*pair).unwrap_or_default();
        for item in [a, b] {
            if let Some(count) = counts.get_mut(item as usize) {
                count.pair += 1;
            }
        }
    }
    let few = |count: &Scored<T>| count.pair <= items as u64 / 4;
    let finite = rewards.iter().all(|reward| (*reward * T::HALF).is_finite_number());
    finite && counts.iter().all(few)
}

/// The sum over items, block by block.
pub(super) struct Boxes<'a, T> {
    labelled: Labelled<'a, T>,
    /// Items by ascending reward.
    items: &'a [Scored<T>],
    origin: &'a mut [T],
    exchange: Exchange<'a, T>,
    segment: Segment<'a, T>,
}

impl<'a, T: Real> Boxes<'a, T> {
    /// Sorts the items. The memory that is left comes back.
    pub(super) fn new(
        pool: &'a Pool<'a>,
        rewards: &'a [T],
        weighting: Weighting<'a, T>,
        items: &'a mut [Scored<T>],
        workspace: &'a mut [T],
    ) -> (Self, &'a mut [T]) {
        for ((slot, reward), item) in items.iter_mut().zip(rewards).zip(0..) {
            *slot = Scored { score: *reward, pair: item };
        }
        crate::sort::sort(items, &ascending);
        let order = pool.features().rows();
        let (origin, workspace) = split_at(workspace, order);
        let (exchange, workspace) = Exchange::new(order, workspace);
        let (segment, workspace) = Segment::new(order, items, workspace);
        let labelled = Labelled { pool, rewards, weighting };
        let boxes = Self { labelled, items, origin, exchange, segment };
        let middle = items.len() / 2;
        let (block, _) = split_at(workspace, order);
        boxes.fill_mean(middle..smaller(middle + sum::SORTED_ITEMS, items.len()), block);
        for (slot, value) in boxes.origin.iter_mut().zip(&*block) {
            *slot = *value;
        }
        (boxes, workspace)
    }

    /// Makes what the blocks from this one on need, and says up to which it serves.
    pub(super) fn prepare<E: Executor>(
        &mut self,
        executor: &E,
        block: usize,
        workspace: &mut [T],
    ) -> usize {
        let blocks = self.items.len().div_ceil(sum::SORTED_ITEMS);
        while self.segment.blocks().end <= smaller(block, blocks.saturating_sub(1)) {
            self.segment.advance();
        }
        if block >= blocks {
            return usize::MAX;
        }
        for number in 0..self.segment.held() {
            self.fill_moments(executor, number, workspace);
        }
        self.exchange.fill_potentials(executor, &mut self.segment);
        let end = self.segment.blocks().end;
        if end == blocks { usize::MAX } else { end }
    }

    /// The mean of the items at some places.
    fn fill_mean(&self, places: Range<usize>, mean: &mut [T]) {
        mean.fill(T::ZERO);
        let count = T::from_u64((places.end - places.start) as u64);
        for item in self.items.get(places).unwrap_or_default() {
            for (sum, value) in mean.iter_mut().zip(self.features(item)) {
                *sum += T::from_real(*value);
            }
        }
        for sum in mean {
            *sum /= count;
        }
    }

    fn features(&self, item: &Scored<T>) -> &'a [f32] {
        self.labelled.pool.features().column(usize::try_from(item.pair).unwrap_or(usize::MAX))
    }

    /// The mean of a box, and the sums over its items at its nodes: [`sum::SORTED_ITEMS`] items a block from
    /// the box's first on, folded in order.
    fn fill_moments<E: Executor>(&mut self, executor: &E, number: usize, workspace: &mut [T]) {
        let (order, nodes) = (self.segment.order(), node_count::<T>());
        let places = self.segment.places(number);
        let (mean, workspace) = split_at(workspace, order);
        self.fill_mean(places.clone(), mean);
        for (slot, value) in self.segment.centre_mut(number).iter_mut().zip(&*mean) {
            *slot = *value;
        }
        self.segment.moments_mut(number).fill(T::ZERO);
        let sums = order.saturating_add(1) * nodes;
        let each = (order + 2 + nodes) * sum::SORTED_ITEMS;
        let threads = executor.threads().max(1);
        let wave = (workspace.len() / (sums + each).max(1)).min(threads).max(1);
        let (partial, workspace) = split_at(workspace, wave * sums);
        let mut first = places.start;
        while first < places.end {
            let blocks = (places.end - first).div_ceil(sum::SORTED_ITEMS).min(wave);
            let (partial, _) = split_at(partial, blocks * sums);
            let this = &*self;
            for_chunks(executor, partial, sums, workspace, each, &|block, out, workspace| {
                let first = first + block * sum::SORTED_ITEMS;
                let places = first..smaller(first + sum::SORTED_ITEMS, places.end);
                this.sum_moments(executor.level(), number, places, out, workspace);
            });
            for partial in partial.chunks_exact(sums.max(1)) {
                add_scaled(self.segment.moments_mut(number), T::ONE, partial);
            }
            first += blocks * sum::SORTED_ITEMS;
        }
        self.exchange.sum_at_nodes(executor, self.segment.moments_mut(number));
    }

    /// The sums of δ and 1 over some items of a box, each times every polynomial at its reward.
    fn sum_moments(
        &self,
        level: Level,
        number: usize,
        places: Range<usize>,
        out: &mut [T],
        workspace: &mut [T],
    ) {
        let (order, nodes) = (self.segment.order(), node_count::<T>());
        let items = self.items.get(places).unwrap_or_default();
        let (columns, workspace) = split_at(workspace, order.saturating_add(1) * items.len());
        let (values, workspace) = split_at(workspace, nodes * items.len());
        let (places, _) = split_at(workspace, items.len());
        let centre = self.segment.centre(number);
        for (column, item) in columns.chunks_exact_mut(order.saturating_add(1)).zip(items) {
            if let Some((one, difference)) = column.split_last_mut() {
                subtract_origin(level, self.features(item), centre, difference);
                *one = T::ONE;
            }
        }
        self.fill_values(level, number, items, places, values);
        let (a, b, c) = (&*columns, Right::Columns(values), out);
        let (rows, inner, part) = (order.saturating_add(1), items.len(), Part::Full);
        gemm(level, Gemm { a, b, c, rows, inner, part });
    }

    /// The polynomials at the rewards of a box's items: a row for each.
    fn fill_values(
        &self,
        level: Level,
        number: usize,
        items: &[Scored<T>],
        places: &mut [T],
        values: &mut [T],
    ) {
        let (start, scale) = (self.segment.start(number), T::from_f64(2.0 / WIDTH));
        for (place, item) in places.iter_mut().zip(items) {
            *place = (item.score - start) * scale - T::ONE;
        }
        fill_polynomials(level, places, values);
    }

    /// δ_a and g_a of each item of a block; of the blocks after them d and −w·d of each labelled pair.
    pub(super) fn fill<E: Executor>(
        &self,
        executor: &E,
        block: usize,
        columns: &mut BlockColumns<'_, T>,
    ) -> usize {
        let blocks = self.items.len().div_ceil(sum::SORTED_ITEMS);
        if let Some(block) = block.checked_sub(blocks) {
            return self.labelled.fill(executor, block, columns);
        }
        let order = self.segment.order();
        let first = block * sum::SORTED_ITEMS;
        let end = smaller(first + sum::SORTED_ITEMS, self.items.len());
        let items = self.items.get(first..end).unwrap_or_default();
        let left = columns.left.chunks_exact_mut(order.max(1));
        for (left, item) in left.zip(items) {
            subtract_origin(executor.level(), self.features(item), self.origin, left);
        }
        let (mut rest, mut right) = (items, &mut *columns.right);
        while let Some(item) = rest.first() {
            let number = self.segment.box_of(item.score);
            let place = end - rest.len();
            let run = smaller(self.segment.end_of(number) - place, rest.len()).max(1);
            let (items, after) = rest.split_at_checked(run).unwrap_or((rest, &[]));
            let (own, others) = split_at(right, order * items.len());
            self.fill_laplacian(executor.level(), number, items, own, columns.workspace);
            (rest, right) = (after, others);
        }
        items.len()
    }

    /// g_a of some items of a box.
    fn fill_laplacian(
        &self,
        level: Level,
        number: usize,
        items: &[Scored<T>],
        out: &mut [T],
        workspace: &mut [T],
    ) {
        let (order, nodes) = (self.segment.order(), node_count::<T>());
        let (values, workspace) = split_at(workspace, nodes * items.len());
        let (sums, _) = split_at(workspace, order.saturating_add(1) * items.len());
        let (places, _) = split_at(sums, items.len());
        self.fill_values(level, number, items, places, values);
        let b = Right::Rows { values, stride: items.len(), first: 0 };
        let (a, c, inner) = (self.segment.potentials(number), &mut *sums, nodes);
        gemm(level, Gemm { a, b, c, rows: order.saturating_add(1), inner, part: Part::Full });
        let centre = self.segment.centre(number);
        let columns =
            out.chunks_exact_mut(order.max(1)).zip(sums.chunks_exact(order.saturating_add(1)));
        for ((out, sums), item) in columns.zip(items) {
            subtract_origin(level, self.features(item), centre, out);
            let Some((degree, sums)) = sums.split_last() else {
                return;
            };
            for (value, sum) in out.iter_mut().zip(sums) {
                *value = *degree * *value - *sum;
            }
        }
    }
}
