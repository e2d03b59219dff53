//! The Fisher information of an in-prompt pool: a weighted sum over all pairs of a prompt is a
//! graph Laplacian over its items, ΔLΔᵀ with L = Deg − W.
//!
//! With the prompt's first item as origin, δ_a = φ_a − φ_0, column g_a = Σ_{b ≥ 1} L_ab δ_b in
//! ascending b, and entry (i, j) adds (δ_a)_i · (g_a)_j for each item in order, [`sum::PROMPTS`]
//! prompts a block. Its cost follows items, not pairs. Labelled pairs have weight 0.
//!
//! Why it is fast: the g_a of a prompt are a matrix product of its own, and so is the block's sum.

use core::ops::Range;

use super::blocks::{BlockColumns, BlockLen, RUN};
use super::{Weighting, long_prompt};
use crate::arith::{Real, sum};
use crate::kernel::axpy::{fill_differences, subtract_origin};
use crate::kernel::gemm::{Gemm, Part, Right, gemm};
use crate::memory::{larger, smaller};
use crate::parallel::{Executor, split_at};
use crate::pool::{BlockSize, LONG, Pool, Prompts, pairs_of};

/// Of the largest block; it works in the weights of its pairs and the Laplacian of a prompt. Where
/// prompts are long, they are added one by one.
pub(super) const fn block_len(order: usize, block: BlockSize) -> BlockLen {
    if block.is_long() {
        let BlockLen { workspace, .. } = block_len(order, BlockSize::LONGEST);
        let workspace = larger(workspace, long_prompt::workspace_len(order));
        return BlockLen { order, columns: LONG, workspace };
    }
    let columns = smaller(block.items, larger(RUN, block.replies));
    // Of prompts that have so many items together.
    let pairs = smaller(block.pairs, columns.saturating_mul(block.replies) / 2);
    let workspace = pairs.saturating_add(block.replies.saturating_mul(block.replies));
    BlockLen { order, columns, workspace }
}

/// The pairs of an in-prompt pool.
#[derive(Clone, Copy)]
pub(crate) struct PromptPairs<'a, T> {
    pub(crate) pool: &'a Pool<'a>,
    pub(crate) prompts: Prompts<'a>,
    pub(crate) rewards: &'a [T],
    pub(crate) weighting: Weighting<'a, T>,
}

impl<T: Real> PromptPairs<'_, T> {
    /// δ_a and g_a of every item but the first of each prompt of a block.
    pub(super) fn fill<E: Executor>(
        self,
        executor: &E,
        block: usize,
        columns: &mut BlockColumns<'_, T>,
    ) -> usize {
        let (mut first, end) = (block * sum::PROMPTS, (block + 1) * sum::PROMPTS);
        let end = end.min(self.prompts.len());
        loop {
            let next = self.run_from(first..end, columns.room());
            let (start, stop) = self.prompts.items_of(first, next);
            if next == first + 1 && stop - start > LONG {
                self.add_long(executor, start..stop, columns);
                if next >= end {
                    return 0;
                }
            } else {
                let count = self.fill_prompts(executor, first..next, columns);
                if next >= end {
                    return count;
                }
                columns.add(count);
            }
            first = next;
        }
    }

    /// Where a run of prompts ends that have no more items together, or are one.
    fn run_from(self, prompts: Range<usize>, room: usize) -> usize {
        let (start, _) = self.prompts.items_of(prompts.start, prompts.start);
        let fits = |next: &usize| {
            let (_, stop) = self.prompts.items_of(prompts.start, *next);
            stop - start <= room
        };
        let further = (prompts.start + 2..=prompts.end).take_while(fits).last();
        further.unwrap_or(prompts.end.min(prompts.start + 1))
    }

    fn fill_prompts<E: Executor>(
        self,
        executor: &E,
        range: Range<usize>,
        columns: &mut BlockColumns<'_, T>,
    ) -> usize {
        let Self { pool, prompts, .. } = self;
        let order = pool.features().rows();
        let Range { start: first, end } = range;
        let pairs = prompts.first_pair(end) - prompts.first_pair(first);
        let (weights, laplacian) =
            split_at(columns.workspace, usize::try_from(pairs).unwrap_or(usize::MAX));
        self.weights(executor, first..end, weights);
        let mut weights = &*weights;
        let (mut left, mut right) = (&mut *columns.left, &mut *columns.right);
        let mut count = 0;
        for prompt in first..end.min(prompts.len()) {
            let (start, stop) = prompts.items_of(prompt, prompt + 1);
            let replies = stop - start;
            let pairs = usize::try_from(pairs_of(replies as u64)).unwrap_or(0);
            let (own, rest) = weights.split_at_checked(pairs).unwrap_or_default();
            weights = rest;
            let (laplacian, _) = split_at(laplacian, replies * replies);
            fill_laplacian(own, replies, laplacian);
            let others = replies.saturating_sub(1);
            let (differences, rest) = split_at(left, order * others);
            left = rest;
            let (gradients, rest) = split_at(right, order * others);
            right = rest;
            let origin = pool.features().column(start);
            let items = pool.features().range(start + 1, stop);
            subtract_origin(executor.level(), items.as_slice(), origin, differences);
            // L is symmetric: its rows are its columns.
            let values = laplacian.get(replies..).unwrap_or_default();
            let product = Gemm {
                a: differences,
                b: Right::Rows { values, stride: replies, first: 1 },
                c: gradients,
                rows: order,
                inner: others,
                part: Part::Full,
            };
            gemm(executor.level(), product);
            count += others;
        }
        count
    }

    /// The weights of all pairs of some prompts, in pair order; 0 for labelled pairs.
    pub(crate) fn weights<E: Executor>(self, executor: &E, range: Range<usize>, weights: &mut [T]) {
        let Self { pool, prompts, rewards, weighting } = self;
        let mut slots = &mut *weights;
        for prompt in range.start..range.end.min(prompts.len()) {
            let (start, stop) = prompts.items_of(prompt, prompt + 1);
            let values = rewards.get(start..).unwrap_or_default();
            let pairs = usize::try_from(pairs_of((stop - start) as u64)).unwrap_or(0);
            fill_differences(executor.level(), values, stop - start, slots);
            slots = slots.get_mut(pairs..).unwrap_or_default();
        }
        let (first, end) = (prompts.first_pair(range.start), prompts.first_pair(range.end));
        weighting.apply(executor, pool.pairs().items_from(first), weights);
        for pair in pool.labelled_in(first, end) {
            let place = usize::try_from(*pair - first).unwrap_or(usize::MAX);
            if let Some(weight) = weights.get_mut(place) {
                *weight = T::ZERO;
            }
        }
    }
}

/// L = Deg − W of one prompt from its pair weights, row by row, but for the first row and the first column,
/// which nothing reads; each degree is summed in ascending order.
fn fill_laplacian<T: Real>(weights: &[T], replies: usize, laplacian: &mut [T]) {
    // In the place of the first row, what degrees have come to.
    let (degrees, mut rest) = split_at(laplacian, replies);
    let (first, mut weights) =
        weights.split_at_checked(replies.saturating_sub(1)).unwrap_or_default();
    for (degree, weight) in degrees.iter_mut().skip(1).zip(first) {
        *degree = *weight;
    }
    for a in 1..replies {
        let (row, below) = split_at(rest, replies);
        rest = below;
        let (own, others) = weights.split_at_checked(replies - a - 1).unwrap_or_default();
        weights = others;
        let (_, degrees) = split_at(degrees, a);
        let Some((degree, degrees)) = degrees.split_first_mut() else {
            return;
        };
        let mut sum = *degree;
        // Each row lends its weights to the column below its diagonal.
        let later = row.iter_mut().skip(a + 1).zip(rest.chunks_exact_mut(replies)).zip(degrees);
        for (((entry, mirrored), degree), weight) in later.zip(own) {
            *entry = -*weight;
            if let Some(mirrored) = mirrored.get_mut(a) {
                *mirrored = -*weight;
            }
            *degree += *weight;
            sum += *weight;
        }
        if let Some(diagonal) = row.get_mut(a) {
            *diagonal = sum;
        }
    }
}
