//! Scores of all pairs of all items: each item is whitened once, and blocks of
//! [`sum::ITEMS`] items meet, every two of them and each with itself. No score is kept but those of
//! the best.
//!
//! Why it is fast: a strip of a few items meets a block of others from registers, with no
//! exponential a pair, and blocks are shared out evenly over the threads.

use super::Scan;
use crate::arith::{Real, sum};
use crate::fisher::{Form, factors_len};
use crate::kernel::panel::{DISTANCE_ROWS, Items};
use crate::kernel::weights::Factors;
use crate::parallel::{Executor, for_chunks, split_at};
use crate::pool::pairs_of;
use crate::topk::TopK;
use crate::whiten::{block_stride, panels_len};

/// Numbers that the whitened items take.
pub(super) const fn whitened_len(order: usize, items: usize) -> usize {
    panels_len(order, items)
}

/// Numbers that [`scan`] works in.
pub(super) const fn workspace_len(items: usize) -> usize {
    let block = sum::longest(sum::ITEMS, items);
    2 * factors_len(block) + 4 * DISTANCE_ROWS * block
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
    let stride = block_stride(scan.pool.features().len());
    let len = scan.criterion.rows().saturating_mul(stride);
    for_chunks(scan.executor, whitened, len, &mut [(); 0], 0, &|block, panel, _| {
        let first = block * sum::ITEMS;
        scan.fill((first, first + sum::ITEMS), stride, panel);
    });
}

/// Scores the pairs of two blocks of items, or of one with itself, and offers them.
pub(super) fn scan<T: Real, D: AsRef<[T]>, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    (whitened, form): (&[T], Form<'_, T>),
    block_pair: usize,
    workspace: &mut [T],
    best: &mut TopK<'_, T>,
) {
    let items = scan.pool.features().len();
    let Some((own, other)) = blocks_of(items.div_ceil(sum::ITEMS), block_pair) else {
        return;
    };
    let stride = block_stride(items);
    let block = sum::longest(sum::ITEMS, items);
    let (own_factors, workspace) = split_at(workspace, factors_len(block));
    let (other_factors, workspace) = split_at(workspace, factors_len(block));
    let (weights, workspace) = split_at(workspace, DISTANCE_ROWS * block);
    let (scores, workspace) = split_at(workspace, DISTANCE_ROWS * block);
    let (own, other) = (Block::new(own, items), Block::new(other, items));
    let weighted = scan.criterion.weighting().is_some();
    let own_factors = own.factors(scan, form, own_factors);
    let other_factors = other.factors(scan, form, other_factors);
    let panel = |block: Block| {
        let len = scan.criterion.rows().saturating_mul(stride);
        whitened.get(block.number * len..(block.number + 1) * len).unwrap_or_default()
    };
    for from in (0..own.len).step_by(DISTANCE_ROWS) {
        let rows = DISTANCE_ROWS.min(own.len - from);
        // In a block with itself, an item meets the later ones.
        let to = if own.number == other.number { from + 1 } else { 0 };
        let width = other.len.saturating_sub(to);
        let (scores, _) = split_at(scores, rows * width);
        if weighted {
            let (weights, _) = split_at(weights, rows * width);
            let columns = other_factors.range(to, other.len);
            let factors = (own_factors.range(from, from + rows), columns);
            form.weights(scan.executor, factors, (own.first + from, other.first + to), weights);
            let (own_items, others) = (
                Items { panel: panel(own), first: from },
                Items { panel: panel(other), first: to },
            );
            let panels = (own_items, others, width);
            scan.score_panel(stride, panels, weights, scores, workspace);
        }
        for (row, scores) in scores.chunks_exact_mut(width.max(1)).enumerate() {
            let a = own.first + from + row;
            let b = other.first + to;
            if !weighted {
                scan.margins(a, b, scores);
            }
            let skipped = (a + 1).saturating_sub(b).min(scores.len());
            let (_, scores) = split_at(scores, skipped);
            let (Ok(a), Ok(b)) = (u32::try_from(a), u32::try_from(b + skipped)) else {
                return;
            };
            if let Some(pair) = scan.pool.pairs().pair_number(a, b) {
                scan.offer(pair, scores, best);
            }
        }
    }
}

/// A block of items.
#[derive(Clone, Copy)]
struct Block {
    number: usize,
    first: usize,
    len: usize,
}

impl Block {
    fn new(number: usize, items: usize) -> Self {
        let first = number * sum::ITEMS;
        Self { number, first, len: items.saturating_sub(first).min(sum::ITEMS) }
    }

    fn factors<'a, T: Real, D: AsRef<[T]>, E: Executor>(
        self,
        scan: &Scan<'_, T, D, E>,
        form: Form<'_, T>,
        workspace: &'a mut [T],
    ) -> Factors<'a, T> {
        let (workspace, _) = split_at(workspace, factors_len(self.len));
        let rewards = scan.rewards.get(self.first..self.first + self.len).unwrap_or_default();
        form.factors(scan.executor, rewards, workspace);
        Factors::of(workspace)
    }
}

/// The two blocks of a pair of blocks: (0, 0), (0, 1), …, (1, 1), ….
fn blocks_of(blocks: usize, block_pair: usize) -> Option<(usize, usize)> {
    // The pairs of one block more, the second of each brought back by one.
    let pairs = crate::pool::Pairs::CrossPrompt(u32::try_from(blocks + 1).ok()?);
    let (own, other) = pairs.items_of_pair(block_pair as u64)?;
    Some((own as usize, other as usize - 1))
}
