//! Scores of an in-prompt pool: the items of some prompts are whitened together, and each item
//! meets the later ones of its prompt.

use super::Scan;
use crate::arith::Real;
use crate::fisher::block_weights;
use crate::kernel::panel::{Items, panel_stride};
use crate::parallel::{Executor, split_at};
use crate::pool::{BlockSize, Prompts};
use crate::topk::TopK;

/// Prompts whose items are whitened together, so that they stay in cache. Not part of the
/// contract: items do not meet.
pub(super) const BLOCK: usize = 25;

/// The same for the longer columns of a sequential design.
pub(super) const STORED_BLOCK: usize = 8;

/// Numbers that [`scan`] works in.
pub(super) fn memory_len(order: usize, block: BlockSize) -> usize {
    let panel = order.saturating_mul(panel_stride(block.items));
    panel.saturating_add(block.pairs).saturating_add(block.replies.saturating_mul(3))
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
    let (weights, row) = split_at(memory, usize::try_from(pairs).unwrap_or(usize::MAX));
    let weighting = scan.criterion.weighting();
    if let Some(weighting) = weighting {
        scan.fill((start, stop), stride, panel);
        let (pool, range) = ((scan.pool, prompts), (first, end));
        block_weights(scan.executor, pool, scan.rewards, weighting, range, weights);
    }
    let mut weights = &*weights;
    for prompt in first..end {
        let (own, last) = prompts.items_of(prompt, prompt + 1);
        let mut pair = prompts.first_pair(prompt);
        for a in own..last {
            let (row, spare) = split_at(row, last - a - 1);
            let (own_weights, rest) = weights.split_at_checked(row.len()).unwrap_or_default();
            weights = rest;
            if weighting.is_some() {
                let item = Items { panel, first: a - start };
                let others = Items { panel, first: a - start + 1 };
                scan.score_panel(stride, (item, others, row.len()), own_weights, row, spare);
            } else {
                scan.margins(a, a + 1, row);
            }
            scan.offer(pair, row, best);
            pair += row.len() as u64;
        }
    }
}
