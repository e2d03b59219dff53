//! The Laplacian of a prompt that is too long to hold its weights: tile by tile of W, as across
//! prompts, in memory that does not grow with the prompt.
//!
//! Every sum is that of `in_prompt`, in its order: the tiles of an item follow each other in ascending
//! b, and go on from what those before have come to. An item's degree stands among the terms of its
//! g_a, so a first walk over its weights sums the degree, and a second one makes them again.

use core::ops::Range;

use super::blocks::BlockColumns;
use super::cross_prompt::clear_absent;
use super::in_prompt::PromptPairs;
use crate::arith::{Real, sum};
use crate::kernel::axpy::{add_scaled, subtract_origin};
use crate::kernel::gemm::{Gemm, Part, Right, add_gemm};
use crate::parallel::{Executor, split_at};

/// Items whose weights with a block of others are made at a time.
const TILE: usize = 64;

/// Numbers that [`PromptPairs::add_long`] works in.
pub(super) const fn workspace_len(order: usize) -> usize {
    order.saturating_mul(sum::ITEMS).saturating_add((sum::ITEMS + 1) * TILE)
}

impl<T: Real> PromptPairs<'_, T> {
    /// Adds δ_a and g_a of every item but the first of a prompt to a block's sum.
    pub(super) fn add_long<E: Executor>(
        self,
        executor: &E,
        items: Range<usize>,
        columns: &mut BlockColumns<'_, T>,
    ) {
        let (features, level) = (self.pool.features(), executor.level());
        let order = features.rows();
        let origin = features.column(items.start);
        for first in (items.start + 1..items.end).step_by(TILE) {
            let own = first..items.end.min(first + TILE);
            let width = own.end - own.start;
            let (degrees, workspace) = split_at(columns.workspace, width);
            let (weights, differences) = split_at(workspace, sum::ITEMS * TILE);
            let (left, _) = split_at(columns.left, order * width);
            let (right, _) = split_at(columns.right, order * width);
            let own_items = features.range(own.start, own.end);
            subtract_origin(level, own_items.as_slice(), origin, left);
            degrees.fill(T::ZERO);
            for others in blocks(items.start, items.end) {
                for row in
                    self.tile(executor, others, own.clone(), weights).chunks_exact(width.max(1))
                {
                    add_scaled(degrees, T::ONE, row);
                }
            }
            right.fill(T::ZERO);
            for others in blocks(items.start + 1, items.end) {
                let inner = others.end - others.start;
                let (differences, _) = split_at(differences, order * inner);
                let items = features.range(others.start, others.end);
                subtract_origin(level, items.as_slice(), origin, differences);
                let laplacian = self.tile(executor, others.clone(), own.clone(), weights);
                for (b, row) in others.zip(laplacian.chunks_exact_mut(width.max(1))) {
                    for ((a, entry), degree) in own.clone().zip(row).zip(&*degrees) {
                        *entry = if a == b { *degree } else { -*entry };
                    }
                }
                let b = Right::Rows { values: &*laplacian, stride: width, first: 0 };
                let (c, rows, part) = (&mut *right, order, Part::Full);
                add_gemm(level, Gemm { a: &*differences, b, c, rows, inner, part });
            }
            columns.add(width);
        }
    }

    /// The weights of some items with others, a row for each other; 0 of an item with itself and of
    /// labelled pairs.
    fn tile<'a, E: Executor>(
        self,
        executor: &E,
        others: Range<usize>,
        own: Range<usize>,
        weights: &'a mut [T],
    ) -> &'a mut [T] {
        let (weights, _) = split_at(weights, (others.end - others.start) * (own.end - own.start));
        self.weighting.between(executor, self.rewards, others.clone(), own.clone(), weights);
        clear_absent(self.pool, others, own, weights);
        weights
    }
}

/// The items of a range, a block of [`sum::ITEMS`] at a time.
fn blocks(start: usize, end: usize) -> impl Iterator<Item = Range<usize>> {
    (start..end).step_by(sum::ITEMS).map(move |first| first..end.min(first + sum::ITEMS))
}
