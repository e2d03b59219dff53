//! Scores of all pairs of all items: each item is whitened once, and blocks of [`sum::ITEMS`] items
//! are paired, every two of them and each with itself. No score is kept but those of the best.
//!
//! So pairs are gone through that no bound excludes: drawn in proportion to their scores, with averaged
//! weights, or by the drop of a trace. The others are looked at by `bounded`.
//!
//! Why it is fast: a strip of a few items and a vector of others are in registers, and pairs of blocks
//! are shared out evenly over the threads.

use super::item_blocks::{ItemBlock, blocks_len, score_blocks};
use super::scan::Scan;
use crate::arith::{Real, sum};
use crate::kernel::panel::Panel;
use crate::parallel::{Executor, for_chunks};
use crate::pool::{ItemPair, Pairs, pairs_of};
use crate::topk::TopK;
use crate::whiten::{block_stride, panels_len};

/// Numbers that the whitened items take.
pub(super) const fn whitened_len(order: usize, items: usize) -> usize {
    panels_len(order, items)
}

/// Numbers that [`scan`] works in.
pub(super) const fn workspace_len(items: usize) -> usize {
    blocks_len(sum::longest(sum::ITEMS, items))
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
    if let Some((own, other)) = blocks_of(items.div_ceil(sum::ITEMS), block_pair) {
        score_blocks(scan, whitened(scan, own), whitened(scan, other), workspace, best);
    }
}

/// A block of the whitened items.
fn whitened<'a, T: Real, D: AsRef<[T]>, E: Executor>(
    scan: &Scan<'a, T, D, E>,
    number: usize,
) -> ItemBlock<'a, T> {
    let items = scan.ranking.rewards.len();
    let (first, stride) = (number * sum::ITEMS, block_stride(items));
    let size = scan.ranking.criterion.rows().saturating_mul(stride);
    let values = scan.whitened.get(number * size..(number + 1) * size).unwrap_or_default();
    let end = items.min(first.saturating_add(sum::ITEMS));
    ItemBlock { panel: Panel { values, stride }, first, end }
}

/// The two blocks of a pair of blocks: (0, 0), (0, 1), …, (1, 1), ….
fn blocks_of(blocks: usize, block_pair: usize) -> Option<(usize, usize)> {
    // The pairs of one block more, the second of each brought back by one.
    let pairs = Pairs::CrossPrompt(u32::try_from(blocks + 1).ok()?);
    let ItemPair { a, b } = pairs.items_of_pair(block_pair as u64)?;
    Some((a as usize, b as usize - 1))
}
