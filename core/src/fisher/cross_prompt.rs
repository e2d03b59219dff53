//! The Fisher information of all pairs of all items: one graph Laplacian over the pool,
//! Δ(Deg − W)Δᵀ, tile by tile of W and never a row a pair.
//!
//! The origin is the mean item, δ_a = φ_a − φ̄, so that a common offset does not cancel. For each
//! item a: its degree Σ_b w_ab and s_a = Σ_b w_ab δ_b, each summed in ascending b, [`sum::ITEMS`]
//! items a block, the block sums folded in order; g_a = deg_a · δ_a − s_a. Entry (i, j) adds
//! (δ_a)_i · (g_a)_j for each item in order, [`sum::ITEMS`] items a block. Labelled pairs and an
//! item with itself have weight 0.
//!
//! So pools are summed that `boxes` does not serve: small ones, nearly exhausted ones, and those with
//! averaged weights, each of which is a pair's own. A tile of weights stays in cache between its
//! making and its use.

use core::ops::Range;

use super::Weighting;
use super::blocks::{BlockColumns, BlockLen};
use crate::arith::{Real, sum};
use crate::columns::Columns;
use crate::kernel::axpy::{add_scaled, subtract_origin};
use crate::kernel::gemm::{Gemm, Part, Right, gemm};
use crate::parallel::{Executor, split_at};
use crate::pool::{ItemPair, Pool};

/// Items whose weights with a block of others are made at a time. Not part of the contract: items
/// share nothing.
const TILE: usize = 64;

/// Numbers that [`centre`] writes.
pub(super) const fn centre_len(order: usize) -> usize {
    order.saturating_mul(2)
}

/// Of a block of so many items at most; see [`Tile`] for what it works in.
pub(super) const fn block_len(order: usize, items: usize) -> BlockLen {
    let block = sum::longest(sum::ITEMS, items);
    let tile = sum::longest(TILE, block);
    let columns = order.saturating_mul(block + tile);
    let numbers = block + (block + 1) * tile;
    BlockLen { order, columns: block, workspace: columns.saturating_add(numbers) }
}

/// The mean item, summed in ascending order, [`sum::ITEMS`] items a block.
pub(super) fn centre<'a, T: Real>(features: Columns<'_, f32>, workspace: &'a mut [T]) -> &'a [T] {
    let (total, block) = split_at(workspace, features.rows());
    total.fill(T::ZERO);
    let mut first = 0;
    while first < features.len() {
        block.fill(T::ZERO);
        for item in features.range(first, first + sum::ITEMS).iter() {
            for (sum, value) in block.iter_mut().zip(item) {
                *sum += T::from_real(*value);
            }
        }
        add_scaled(total, T::ONE, block);
        first += sum::ITEMS;
    }
    let count = T::from_u64(features.len() as u64);
    for sum in &mut *total {
        *sum /= count;
    }
    total
}

/// The pairs of all items, by their differences from the mean item.
#[derive(Clone, Copy)]
pub(super) struct AllPairs<'a, T> {
    pub(super) pool: &'a Pool<'a>,
    pub(super) centre: &'a [T],
    pub(super) rewards: &'a [T],
    pub(super) weighting: Weighting<'a, T>,
}

impl<T: Real> AllPairs<'_, T> {
    /// δ_a and g_a of each item of a block.
    pub(super) fn fill<E: Executor>(
        self,
        executor: &E,
        block: usize,
        columns: &mut BlockColumns<'_, T>,
    ) -> usize {
        let features = self.pool.features();
        let order = features.rows();
        let first = block.saturating_mul(sum::ITEMS);
        let items = features.range(first, first.saturating_add(sum::ITEMS));
        let (left, _) = split_at(columns.left, order * items.len());
        let (right, _) = split_at(columns.right, order * items.len());
        let (degrees, workspace) = split_at(columns.workspace, items.len());
        subtract_origin(executor.level(), items.as_slice(), self.centre, left);
        right.fill(T::ZERO);
        degrees.fill(T::ZERO);
        let mut tile = Tile::new(self, workspace);
        for others in (0..features.len()).step_by(sum::ITEMS) {
            tile.take_others(executor, others);
            let sums = right.chunks_mut((order * TILE).max(1)).zip(degrees.chunks_mut(TILE));
            for (own, (sums, degrees)) in (first..).step_by(TILE).zip(sums) {
                tile.add_to(executor, own, sums, degrees);
            }
        }
        let differences = left.chunks_exact(order.max(1));
        let sums = right.chunks_exact_mut(order.max(1));
        for ((sum, difference), degree) in sums.zip(differences).zip(&*degrees) {
            for (sum, difference) in sum.iter_mut().zip(difference) {
                *sum = *degree * *difference - *sum;
            }
        }
        items.len()
    }
}

/// A block of other items, and its weights with up to [`TILE`] items.
struct Tile<'a, T> {
    pairs: AllPairs<'a, T>,
    others: Range<usize>,
    /// δ_b, an item a column.
    differences: &'a mut [T],
    /// w_ab, a row for each other item b.
    weights: &'a mut [T],
    /// Σ_b w_ab δ_b over the block.
    sums: &'a mut [T],
    /// Σ_b w_ab over the block.
    degrees: &'a mut [T],
}

impl<'a, T: Real> Tile<'a, T> {
    fn new(pairs: AllPairs<'a, T>, workspace: &'a mut [T]) -> Self {
        let features = pairs.pool.features();
        let block = sum::longest(sum::ITEMS, features.len());
        let tile = sum::longest(TILE, block);
        let (differences, workspace) = split_at(workspace, features.rows() * block);
        let (weights, workspace) = split_at(workspace, block * tile);
        let (sums, degrees) = split_at(workspace, features.rows() * tile);
        Self { pairs, others: 0..0, differences, weights, sums, degrees }
    }

    /// Goes to the block of others that begins at this item.
    fn take_others<E: Executor>(&mut self, executor: &E, first: usize) {
        let AllPairs { pool, centre, .. } = self.pairs;
        let items = pool.features().range(first, first.saturating_add(sum::ITEMS));
        self.others = first..first + items.len();
        subtract_origin(executor.level(), items.as_slice(), centre, self.differences);
    }

    /// Adds this block's sums to those of the items from `own` on, as many as there are degrees.
    fn add_to<E: Executor>(&mut self, executor: &E, own: usize, sums: &mut [T], degrees: &mut [T]) {
        let AllPairs { pool, rewards, weighting, .. } = self.pairs;
        let (others, width) = (self.others.clone(), degrees.len());
        let count = others.end - others.start;
        let (weights, _) = split_at(self.weights, count * width);
        weighting.between(executor, rewards, others.clone(), own..own + width, weights);
        clear_absent(pool, others, own..own + width, weights);
        let (block, _) = split_at(self.degrees, width);
        block.fill(T::ZERO);
        for row in weights.chunks_exact(width.max(1)) {
            add_scaled(block, T::ONE, row);
        }
        add_scaled(degrees, T::ONE, block);
        let order = pool.features().rows();
        let (block, _) = split_at(self.sums, order * width);
        let a = self.differences.get(..order * count).unwrap_or_default();
        let b = Right::Rows { values: weights, stride: width, first: 0 };
        let (rows, inner) = (order, count);
        gemm(executor.level(), Gemm { a, b, c: &mut *block, rows, inner, part: Part::Full });
        add_scaled(sums, T::ONE, block);
    }
}

/// Sets to 0 the weights of items with themselves and of labelled pairs; `rows` and `columns` are the
/// items whose weights these are.
pub(super) fn clear_absent<T: Real>(
    pool: &Pool<'_>,
    rows: Range<usize>,
    columns: Range<usize>,
    weights: &mut [T],
) {
    let mut clear = |row: usize, column: usize| {
        let (place, at) = (row.wrapping_sub(rows.start), column.wrapping_sub(columns.start));
        if place < rows.len()
            && at < columns.len()
            && let Some(weight) = weights.get_mut(place * columns.len() + at)
        {
            *weight = T::ZERO;
        }
    };
    for item in columns.clone() {
        clear(item, item);
    }
    for items in [&rows, &columns] {
        for pair in pool.labelled_from(items.start, items.end) {
            if let Some(ItemPair { a, b }) = pool.pairs().items_of_pair(*pair) {
                clear(a as usize, b as usize);
                clear(b as usize, a as usize);
            }
        }
    }
}
