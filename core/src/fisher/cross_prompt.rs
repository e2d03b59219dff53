//! The Fisher information of all pairs of all items: one graph Laplacian over the pool,
//! Δ(Deg − W)Δᵀ, tile by tile of W and never a row a pair.
//!
//! The origin is the mean item, δ_a = φ_a − φ̄, so that a common offset does not cancel. For each
//! item a: its degree Σ_b w_ab and s_a = Σ_b w_ab δ_b, each summed in ascending b, [`sum::ITEMS`]
//! items a block, the block sums folded in order; g_a = deg_a · δ_a − s_a. Entry (i, j) adds
//! (δ_a)_i · (g_a)_j for each item in order, [`sum::ITEMS`] items a block. Labelled pairs and an
//! item with itself have weight 0.
//!
//! Why it is fast: the sum over 12.5 million pairs is two matrix products over 5,000 items, and a
//! tile of weights stays in cache between its making and its use.

use super::blocks::{BlockColumns, BlockLen};
use super::weights::{Form, factors_len};
use crate::arith::{Real, sum};
use crate::columns::Columns;
use crate::kernel::axpy::{add_scaled, subtract_origin};
use crate::kernel::gemm::{Gemm, Part, Right, gemm};
use crate::kernel::weights::Factors;
use crate::parallel::{Executor, split_at};
use crate::pool::Pool;

/// Items whose weights with a block of others are made at a time. Not part of the contract: items
/// do not meet.
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
    let numbers = block + (block + 1) * tile + factors_len(block + tile);
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

/// δ_a and g_a of each item of a block.
pub(super) fn fill<T: Real, E: Executor>(
    executor: &E,
    (pool, centre): (&Pool<'_>, &[T]),
    rewards: &[T],
    form: Form<'_, T>,
    block: usize,
    columns: BlockColumns<'_, T>,
) -> usize {
    let order = pool.features().rows();
    let first = block.saturating_mul(sum::ITEMS);
    let items = pool.features().range(first, first.saturating_add(sum::ITEMS));
    let (left, _) = split_at(columns.left, order * items.len());
    let (right, _) = split_at(columns.right, order * items.len());
    let (degrees, workspace) = split_at(columns.workspace, items.len());
    subtract_origin(executor.level(), items.as_slice(), centre, left);
    right.fill(T::ZERO);
    degrees.fill(T::ZERO);
    let mut tile = Tile::new(pool, rewards, form, workspace);
    for others in (0..pool.features().len()).step_by(sum::ITEMS) {
        tile.take_others(executor, others, centre);
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

/// A block of other items, and its weights with up to [`TILE`] items.
struct Tile<'a, T> {
    pool: &'a Pool<'a>,
    rewards: &'a [T],
    form: Form<'a, T>,
    /// The first of the other items, and how many there are.
    others: (usize, usize),
    /// δ_b, an item a column.
    differences: &'a mut [T],
    /// Of the other items, then of the own ones.
    factors: &'a mut [T],
    /// w_ab, a row for each other item b.
    weights: &'a mut [T],
    /// Σ_b w_ab δ_b over the block.
    sums: &'a mut [T],
    /// Σ_b w_ab over the block.
    degrees: &'a mut [T],
}

impl<'a, T: Real> Tile<'a, T> {
    fn new(
        pool: &'a Pool<'a>,
        rewards: &'a [T],
        form: Form<'a, T>,
        workspace: &'a mut [T],
    ) -> Self {
        let order = pool.features().rows();
        let block = sum::longest(sum::ITEMS, pool.features().len());
        let tile = sum::longest(TILE, block);
        let (differences, workspace) = split_at(workspace, order * block);
        let (factors, workspace) = split_at(workspace, factors_len(block + tile));
        let (weights, workspace) = split_at(workspace, block * tile);
        let (sums, degrees) = split_at(workspace, order * tile);
        Self { pool, rewards, form, others: (0, 0), differences, factors, weights, sums, degrees }
    }

    /// Turns to the block of others that begins at this item.
    fn take_others<E: Executor>(&mut self, executor: &E, first: usize, centre: &[T]) {
        let items = self.pool.features().range(first, first.saturating_add(sum::ITEMS));
        self.others = (first, items.len());
        subtract_origin(executor.level(), items.as_slice(), centre, self.differences);
        let rewards = self.rewards.get(first..first + items.len()).unwrap_or_default();
        self.form.factors(executor, rewards, self.factors);
    }

    /// Adds this block's sums to those of the items from `own` on, as many as there are degrees.
    fn add_to<E: Executor>(&mut self, executor: &E, own: usize, sums: &mut [T], degrees: &mut [T]) {
        let level = executor.level();
        let (first, count) = self.others;
        let width = degrees.len();
        let (others, factors) = split_at(self.factors, factors_len(count));
        let (factors, _) = split_at(factors, factors_len(width));
        let rewards = self.rewards.get(own..own + width).unwrap_or_default();
        self.form.factors(executor, rewards, factors);
        let (weights, _) = split_at(self.weights, count * width);
        let factors = (Factors::of(others), Factors::of(factors));
        self.form.weights(executor, factors, (first, own), weights);
        clear_absent(self.pool, (first, count), (own, width), weights);
        let (block, _) = split_at(self.degrees, width);
        block.fill(T::ZERO);
        for row in weights.chunks_exact(width.max(1)) {
            add_scaled(block, T::ONE, row);
        }
        add_scaled(degrees, T::ONE, block);
        let order = self.pool.features().rows();
        let (block, _) = split_at(self.sums, order * width);
        let a = self.differences.get(..order * count).unwrap_or_default();
        let b = Right::Rows { values: weights, stride: width, first: 0 };
        let (rows, inner) = (order, count);
        gemm(level, Gemm { a, b, c: &mut *block, rows, inner, part: Part::Full });
        add_scaled(sums, T::ONE, block);
    }
}

/// Sets to 0 the weights of items with themselves and of labelled pairs.
fn clear_absent<T: Real>(
    pool: &Pool<'_>,
    (first, count): (usize, usize),
    (own, width): (usize, usize),
    weights: &mut [T],
) {
    let mut clear = |other: usize, item: usize| {
        let (row, column) = (other.wrapping_sub(first), item.wrapping_sub(own));
        if row < count
            && column < width
            && let Some(weight) = weights.get_mut(row * width + column)
        {
            *weight = T::ZERO;
        }
    };
    for item in own..own + width {
        clear(item, item);
    }
    for (from, items) in [(first, count), (own, width)] {
        for pair in pool.labelled_from(from, from + items) {
            if let Some((a, b)) = pool.pairs().items_of_pair(*pair) {
                clear(a as usize, b as usize);
                clear(b as usize, a as usize);
            }
        }
    }
}
