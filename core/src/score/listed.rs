//! Scores of listed pairs: each item is whitened once and stays a column, and each pair is the
//! squared distance of two columns.

use super::{Criterion, Scan};
use crate::arith::{Real, sum};
use crate::kernel::panel::{fill_panel, panel_stride, whiten_panel};
use crate::linalg::Columns;
use crate::parallel::{Executor, for_chunks, split_at};
use crate::topk::TopK;

/// Numbers that the whitened items take.
pub(super) const fn whitened_len(order: usize, items: usize) -> usize {
    order.saturating_mul(items)
}

/// Numbers that [`whiten`] and [`scan`] work in.
pub(super) const fn memory_len(order: usize) -> usize {
    let panel = order.saturating_mul(panel_stride(sum::ITEMS));
    if panel < 2 * sum::PAIRS { 2 * sum::PAIRS } else { panel }
}

/// Whitens all items, an item a column, `share` blocks of them a worker.
pub(super) fn whiten<T: Real, D: AsRef<[T]> + Sync, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    workers: usize,
    whitened: &mut [T],
    memory: &mut [T],
) {
    let order = scan.criterion.order();
    let features = scan.pool.features();
    let stride = panel_stride(sum::ITEMS);
    let blocks = features.len().div_ceil(sum::ITEMS).div_ceil(workers.max(1));
    let share = blocks * sum::ITEMS;
    let each = memory_len(order);
    for_chunks(scan.executor, whitened, share * order, memory, each, &|worker, whitened, panel| {
        let (panel, _) = split_at(panel, order * stride);
        let parts = whitened.chunks_mut((sum::ITEMS * order).max(1));
        for (first, columns) in (worker * share..).step_by(sum::ITEMS).zip(parts) {
            fill_panel(features.range(first, first + sum::ITEMS), stride, panel);
            whiten_panel(scan.executor.level(), scan.whitener, order, stride, panel);
            for (place, column) in columns.chunks_exact_mut(order.max(1)).enumerate() {
                for (value, row) in column.iter_mut().zip(panel.chunks_exact(stride.max(1))) {
                    *value = row.get(place).copied().unwrap_or(T::ZERO);
                }
            }
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
    if let Criterion::Leverage(factor, weighting) = scan.criterion {
        weighting.apply(scan.executor, weights);
        let items = scan.pool.features().len();
        if let Ok(whitened) = Columns::new(whitened, factor.order(), items) {
            for (score, (a, b)) in scores.iter_mut().zip(pairs) {
                *score =
                    squared_distance(whitened.column(*a as usize), whitened.column(*b as usize));
            }
        }
        scan.weigh(weights, scores);
    } else {
        for (score, margin) in scores.iter_mut().zip(&*weights) {
            *score = scan.of_margin(*margin);
        }
    }
    scan.offer(first as u64, scores, best);
}

/// Σ_i (u_i − v_i)², in ascending feature order.
fn squared_distance<T: Real>(u: &[T], v: &[T]) -> T {
    let mut sum = T::ZERO;
    for (u, v) in u.iter().zip(v) {
        let difference = *v - *u;
        sum += difference * difference;
    }
    sum
}
