//! Scores of an in-prompt pool: the items of some prompts are whitened together, and each item
//! meets the later ones of its prompt.
//!
//! Why it is fast: a strip of a few items meets the later ones from registers, and the scores of a
//! block, whose pairs follow each other, are offered in one run.

use super::{Criterion, Scan};
use crate::arith::Real;
use crate::fisher::block_weights;
use crate::kernel::panel::{
    DISTANCE_ROWS, Items, fill_panel, panel_stride, squared_distances, whiten_panel,
};
use crate::parallel::{Executor, split_at};
use crate::pool::{BlockSize, Prompts};
use crate::topk::TopK;

/// Prompts whose items are whitened together, so that they stay in cache. Not part of the
/// contract: items do not meet.
pub(super) const BLOCK: usize = 25;

/// Numbers that [`scan`] works in.
pub(super) fn memory_len(order: usize, block: BlockSize) -> usize {
    let panel = order.saturating_mul(panel_stride(block.items));
    panel.saturating_add(block.pairs).saturating_add(block.replies.saturating_mul(DISTANCE_ROWS))
}

/// Scores the pairs of one block of prompts and offers them.
pub(super) fn scan<T: Real, D: AsRef<[T]>, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    prompts: Prompts<'_>,
    block: usize,
    memory: &mut [T],
    best: &mut TopK<'_, T>,
) {
    let (first, end) = (block * BLOCK, ((block + 1) * BLOCK).min(prompts.len()));
    if first >= end {
        return;
    }
    let (start, stop) = prompts.items_of(first, end);
    let stride = panel_stride(stop - start);
    let (panel, memory) = split_at(memory, scan.criterion.order() * stride);
    let pairs = prompts.first_pair(end) - prompts.first_pair(first);
    let (weights, strip) = split_at(memory, usize::try_from(pairs).unwrap_or(usize::MAX));
    let level = scan.executor.level();
    if let Criterion::Leverage(factor, weighting) = scan.criterion {
        fill_panel(scan.pool.features().range(start, stop), stride, panel);
        whiten_panel(level, scan.whitener, factor.order(), stride, panel);
        let (pool, range) = ((scan.pool, prompts), (first, end));
        block_weights(scan.executor, pool, scan.rewards, weighting, range, weights);
    }
    let mut rest = &mut *weights;
    for prompt in first..end {
        let (own, last) = prompts.items_of(prompt, prompt + 1);
        for from in (own..last).step_by(DISTANCE_ROWS) {
            // Each row meets the items after the first row's, and passes over those before its own.
            let (rows, width) = (DISTANCE_ROWS.min(last - from), last - from - 1);
            let (strip, _) = split_at(strip, rows * width);
            if let Criterion::Leverage(..) = scan.criterion {
                let items = Items { panel, first: from - start };
                let others = Items { panel, first: from - start + 1 };
                squared_distances(level, stride, items, others, width, strip);
            }
            for row in 0..rows {
                let (scores, after) = split_at(rest, width.saturating_sub(row));
                rest = after;
                if let Criterion::Leverage(..) = scan.criterion {
                    // The memory of a weight is that of its score.
                    let distances = strip.get(row * width + row..).unwrap_or_default();
                    scan.weigh(distances, scores);
                } else {
                    scan.margins(from + row, from + row + 1, scores);
                }
            }
        }
    }
    scan.offer(prompts.first_pair(first), weights, best);
}
