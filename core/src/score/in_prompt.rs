//! Scores of an in-prompt pool: the items of some prompts are whitened together, and each item
//! meets the later ones of its prompt.
//!
//! Why it is fast: a strip of a few items meets the later ones from registers, and the scores of a
//! block, whose pairs follow each other, are offered in one run.

use super::{Criterion, Scan};
use crate::arith::Real;
use crate::fisher::block_weights;
use crate::kernel::panel::{DISTANCE_ROWS, Items, panel_stride, squared_distances};
use crate::parallel::{Executor, split_at};
use crate::pool::{BlockSize, Prompts};
use crate::topk::TopK;

/// Numbers that [`scan`] works in.
pub(super) const fn memory_len(order: usize, block: BlockSize) -> usize {
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
    let size = scan.block();
    let (first, end) = (block * size, ((block + 1) * size).min(prompts.len()));
    if first >= end {
        return;
    }
    let (start, stop) = prompts.items_of(first, end);
    let stride = panel_stride(stop - start);
    let (panel, memory) = split_at(memory, scan.criterion.rows() * stride);
    let pairs = prompts.first_pair(end) - prompts.first_pair(first);
    let (weights, memory) = split_at(memory, usize::try_from(pairs).unwrap_or(usize::MAX));
    if let Some(weighting) = scan.criterion.weighting() {
        scan.fill((start, stop), stride, panel);
        let (pool, range) = ((scan.pool, prompts), (first, end));
        block_weights(scan.executor, pool, scan.rewards, weighting, range, weights);
    }
    let mut rest = &mut *weights;
    for prompt in first..end {
        let (own, last) = prompts.items_of(prompt, prompt + 1);
        // The last item meets no later one.
        for from in (own..last.saturating_sub(1)).step_by(DISTANCE_ROWS) {
            let rows = (from, DISTANCE_ROWS.min(last - 1 - from), last);
            rest = strip(scan, (start, rows), (stride, panel), rest, memory);
        }
    }
    scan.offer(prompts.first_pair(first), weights, best);
}

/// Scores some items of a prompt that ends at item `last` with the later ones, in the memory of
/// their weights, and gives the weights that are left.
fn strip<'a, T: Real, D: AsRef<[T]>, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    (start, (from, rows, last)): (usize, (usize, usize, usize)),
    (stride, panel): (usize, &[T]),
    weights: &'a mut [T],
    memory: &mut [T],
) -> &'a mut [T] {
    let at = |item: usize| Items { panel, first: item - start };
    let leverage = matches!(scan.criterion, Criterion::Leverage(..));
    // Each row meets the items after the first row's, and passes over those before its own.
    let width = last - from - 1;
    let (distances, memory) = split_at(memory, if leverage { rows * width } else { 0 });
    if leverage {
        let (level, all) = (scan.executor.level(), (stride, usize::MAX));
        squared_distances(level, all, at(from), at(from + 1), width, distances);
    }
    let mut rest = weights;
    for row in 0..rows {
        let (scores, after) = split_at(rest, width.saturating_sub(row));
        rest = after;
        let item = from + row;
        match scan.criterion {
            // The memory of a weight is that of its score.
            Criterion::Leverage(..) => {
                scan.weigh(distances.get(row * width + row..).unwrap_or_default(), scores);
            }
            Criterion::Stored(..) => {
                let (own, spare) = split_at(memory, scores.len());
                let panels = (at(item), at(item + 1), own.len());
                scan.score_panel(stride, panels, scores, own, spare);
                for (score, own) in scores.iter_mut().zip(own) {
                    *score = *own;
                }
            }
            Criterion::Entropy | Criterion::MaxDiff => scan.margins(item, item + 1, scores),
        }
    }
    rest
}
