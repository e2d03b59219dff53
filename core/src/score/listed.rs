//! Scores of listed pairs: each item is whitened once and stays a column, and each pair is the
//! squared distance of two columns.

use super::stored::squared_distance;
use super::{Criterion, Scan};
use crate::arith::{Real, sum};
use crate::kernel::panel::{fill_columns, fill_whitened, panel_stride};
use crate::linalg::Columns;
use crate::parallel::{Executor, for_chunks, split_at};
use crate::topk::TopK;

/// Numbers that the whitened items take.
pub(super) const fn whitened_len(order: usize, items: usize) -> usize {
    order.saturating_mul(items)
}

/// Numbers that [`whiten_columns`] works in.
pub(crate) const fn whiten_memory_len(order: usize, items: usize) -> usize {
    order.saturating_mul(panel_stride(block_len(items)))
}

/// Numbers that [`whiten_columns`] and [`scan`] work in.
pub(super) const fn memory_len(order: usize, items: usize) -> usize {
    let panel = whiten_memory_len(order, items);
    if panel < 2 * sum::PAIRS { 2 * sum::PAIRS } else { panel }
}

/// Items that are whitened together. Not part of the contract: items do not meet.
const fn block_len(items: usize) -> usize {
    if items < sum::ITEMS { items } else { sum::ITEMS }
}

/// Whitens all items, an item a column, whose first rows it fills: columns may be longer than the
/// items. Blocks of items are shared out over `workers`.
pub(crate) fn whiten_columns<T: Real, E: Executor>(
    executor: &E,
    features: Columns<'_, f32>,
    (whitener, height): (&[T], usize),
    workers: usize,
    columns: &mut [T],
    memory: &mut [T],
) {
    let order = features.rows();
    let stride = panel_stride(block_len(features.len()));
    let blocks = features.len().div_ceil(sum::ITEMS).div_ceil(workers.max(1));
    let share = blocks * sum::ITEMS;
    let each = whiten_memory_len(order, features.len());
    for_chunks(executor, columns, share * height, memory, each, &|worker, columns, panel| {
        let (panel, _) = split_at(panel, order * stride);
        let parts = columns.chunks_mut((sum::ITEMS * height).max(1));
        for (first, columns) in (worker * share..).step_by(sum::ITEMS).zip(parts) {
            let items = features.range(first, first + sum::ITEMS);
            fill_whitened(executor.level(), items, whitener, stride, panel);
            fill_columns(executor.level(), (&*panel, stride), height, columns);
        }
    });
}

/// Scores one block of pairs and offers them.
pub(super) fn scan<T: Real, D: AsRef<[T]>, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    (whitened, pairs): (&[T], &[(u32, u32)]),
    block: usize,
    memory: &mut [T],
    best: &mut TopK<'_, T>,
) {
    let first = block.saturating_mul(sum::PAIRS);
    let pairs = pairs.get(first..).unwrap_or_default();
    let pairs = pairs.get(..sum::PAIRS).unwrap_or(pairs);
    let (weights, scores) = split_at(memory, sum::PAIRS);
    let (weights, _) = split_at(weights, pairs.len());
    let (scores, _) = split_at(scores, pairs.len());
    let reward = |item: u32| scan.rewards.get(item as usize).copied().unwrap_or(T::ZERO);
    for (margin, (a, b)) in weights.iter_mut().zip(pairs) {
        *margin = reward(*a) - reward(*b);
    }
    if let Some(weighting) = scan.criterion.weighting() {
        let items = pairs.iter().map(|(a, b)| (*a as usize, *b as usize));
        weighting.apply(scan.executor, items, weights);
    }
    match &scan.criterion {
        Criterion::Leverage(factor, _) => {
            let items = scan.pool.features().len();
            if let Ok(whitened) = Columns::new(whitened, factor.order(), items) {
                for (score, (a, b)) in scores.iter_mut().zip(pairs) {
                    let (a, b) = (whitened.column(*a as usize), whitened.column(*b as usize));
                    *score = squared_distance(usize::MAX, a, b);
                }
            }
            scan.weigh(weights, scores);
        }
        Criterion::Stored(stored, _) => {
            for ((score, pair), weight) in scores.iter_mut().zip(pairs).zip(&*weights) {
                *score = stored.score_pair(*pair, *weight).0;
            }
        }
        Criterion::Entropy | Criterion::MaxDiff => {
            for (score, margin) in scores.iter_mut().zip(&*weights) {
                *score = scan.of_margin(*margin);
            }
        }
    }
    scan.offer(first as u64, scores, best);
}
