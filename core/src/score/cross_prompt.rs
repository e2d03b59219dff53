//! Scores of all pairs of all items: each item is whitened once, and blocks of [`sum::ITEMS`] items
//! are paired, every two of them and each with itself. No score is kept but those of the best.
//!
//! So pairs are gone through that no bound excludes: drawn in proportion to their scores, with averaged
//! weights, or by the drop of a trace. The others are looked at by `bounded`.
//!
//! Why it is fast: a strip of a few items and a vector of others are in registers, and pairs of blocks
//! are shared out evenly over the threads.

use super::scan::Scan;
use crate::arith::{Real, sum};
use crate::kernel::panel::{DISTANCE_ROWS, Grid, Panel};
use crate::parallel::{Executor, for_chunks, split_at};
use crate::pool::{ItemPair, Pairs, pairs_of};
use crate::topk::TopK;
use crate::whiten::{block_stride, panels_len};

/// Numbers that the whitened items take.
pub(super) const fn whitened_len(order: usize, items: usize) -> usize {
    panels_len(order, items)
}

/// Numbers that [`scan`] works in.
pub(super) const fn workspace_len(items: usize) -> usize {
    let block = sum::longest(sum::ITEMS, items);
    4 * DISTANCE_ROWS * block
}

/// Pairs of blocks, each with itself among them.
pub(super) fn block_pairs(items: usize) -> usize {
    let blocks = items.div_ceil(sum::ITEMS) as u64;
    usize::try_from(pairs_of(blocks).saturating_add(blocks)).unwrap_or(usize::MAX)
}

/// Whitens all items, a panel a block.
pub(super) fn whiten<T: Real, D: AsRef<[T]> + Sync, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    whitened: &mut [T],
) {
    let stride = block_stride(scan.ranking.rewards.len());
    let len = scan.ranking.criterion.rows().saturating_mul(stride);
    for_chunks(scan.executor, whitened, len, &mut [(); 0], 0, &|block, panel, _| {
        let first = block * sum::ITEMS;
        scan.fill(first..first + sum::ITEMS, stride, panel);
    });
}

/// Scores the pairs of two blocks of items, or of one with itself, and offers them.
pub(super) fn scan<T: Real, D: AsRef<[T]>, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    block_pair: usize,
    workspace: &mut [T],
    best: &mut TopK<'_, T>,
) {
    let items = scan.ranking.rewards.len();
    let Some((own, other)) = blocks_of(items.div_ceil(sum::ITEMS), block_pair) else {
        return;
    };
    let block = sum::longest(sum::ITEMS, items);
    let (weights, workspace) = split_at(workspace, DISTANCE_ROWS * block);
    let (scores, workspace) = split_at(workspace, DISTANCE_ROWS * block);
    let (own, other) = (Block::new(scan, own), Block::new(scan, other));
    for from in (0..own.len).step_by(DISTANCE_ROWS) {
        let rows = DISTANCE_ROWS.min(own.len - from);
        // In a block with itself, an item is paired with the later ones.
        let to = if own.first == other.first { from + 1 } else { 0 };
        let width = other.len.saturating_sub(to);
        let (scores, _) = split_at(scores, rows * width);
        let weighting = scan.ranking.criterion.weighting();
        if let Some(weighting) = weighting {
            let (weights, _) = split_at(weights, rows * width);
            let rows = own.first + from..own.first + from + rows;
            let columns = other.first + to..other.first + other.len;
            weighting.between(scan.executor, scan.ranking.rewards, rows, columns, weights);
            let (rows, columns) = (own.panel.from(from), other.panel.from(to));
            scan.score_grid(Grid { rows, columns, width }, weights, scores, workspace);
        }
        for (row, scores) in scores.chunks_exact_mut(width.max(1)).enumerate() {
            let a = own.first + from + row;
            let b = other.first + to;
            if weighting.is_none() {
                scan.margins(a, b, scores);
            }
            offer_later(scan, a, b, scores, best);
        }
    }
}

/// Offers the pairs of item `a` with those of the items from `b` on that come after it.
pub(super) fn offer_later<T: Real, D: AsRef<[T]>, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    a: usize,
    b: usize,
    scores: &mut [T],
    best: &mut TopK<'_, T>,
) {
    let skipped = (a + 1).saturating_sub(b).min(scores.len());
    let (_, scores) = split_at(scores, skipped);
    let (Ok(a), Ok(b)) = (u32::try_from(a), u32::try_from(b + skipped)) else {
        return;
    };
    if let Some(pair) = scan.ranking.pool.pairs().pair_number(a, b) {
        scan.offer(pair, scores, best);
    }
}

/// A block of items: what their pairs are scored from.
#[derive(Clone, Copy)]
struct Block<'a, T> {
    first: usize,
    len: usize,
    panel: Panel<'a, T>,
}

impl<'a, T: Real> Block<'a, T> {
    fn new<D: AsRef<[T]>, E: Executor>(scan: &Scan<'a, T, D, E>, number: usize) -> Self {
        let rewards = scan.ranking.rewards;
        let (first, stride) = (number * sum::ITEMS, block_stride(rewards.len()));
        let len = rewards.len().saturating_sub(first).min(sum::ITEMS);
        let size = scan.ranking.criterion.rows().saturating_mul(stride);
        let values = scan.whitened.get(number * size..(number + 1) * size).unwrap_or_default();
        let panel = Panel { values, stride };
        Self { first, len, panel }
    }
}

/// The two blocks of a pair of blocks: (0, 0), (0, 1), …, (1, 1), ….
fn blocks_of(blocks: usize, block_pair: usize) -> Option<(usize, usize)> {
    // The pairs of one block more, the second of each brought back by one.
    let pairs = Pairs::CrossPrompt(u32::try_from(blocks + 1).ok()?);
    let ItemPair { a, b } = pairs.items_of_pair(block_pair as u64)?;
    Some((a as usize, b as usize - 1))
}
