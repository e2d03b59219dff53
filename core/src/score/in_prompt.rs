//! Scores of an in-prompt pool: the items of some prompts are whitened together, and each item is
//! paired with the later ones of its prompt. Where prompts are long, each is gone through by itself, a
//! block of [`sum::ITEMS`] items with itself and with each later one, in memory that does not grow with
//! it.
//!
//! Why it is fast: a strip of a few items and the later ones stay in registers, and the scores of a
//! block, whose pairs follow each other, are offered in one run.

use core::ops::Range;

use super::Criterion;
use super::item_blocks::{ItemBlock, blocks_len, score_blocks};
use super::scan::{Scan, weigh};
use crate::arith::{Real, sum};
use crate::fisher::PromptPairs;
use crate::kernel::panel::{DISTANCE_ROWS, Grid, Items, Panel, panel_stride, squared_distances};
use crate::memory::larger;
use crate::parallel::{Executor, split_at};
use crate::pool::{BlockSize, LONG, PoolSize, Prompts};
use crate::topk::TopK;

/// Parts of a long prompt, which threads share out: its blocks are dealt out to them in turn.
const SLICES: usize = 16;

/// Numbers that [`scan`] works in.
pub(super) const fn workspace_len(order: usize, block: BlockSize) -> usize {
    if !block.is_long() {
        let panel = order.saturating_mul(panel_stride(block.items));
        let distances = block.replies.saturating_mul(DISTANCE_ROWS);
        return panel.saturating_add(block.pairs).saturating_add(distances);
    }
    let panels = order.saturating_mul(panel_stride(sum::ITEMS)).saturating_mul(2);
    let blocks = panels.saturating_add(blocks_len(sum::ITEMS));
    larger(blocks, workspace_len(order, BlockSize::LONGEST))
}

/// Parts of the walk over the pairs of so many prompts, of which `block` are scored together.
pub(super) fn parts(size: PoolSize, prompts: usize, block: usize) -> usize {
    match size.has_long_prompts() {
        true => prompts.saturating_mul(SLICES),
        false => prompts.div_ceil(block),
    }
}

/// Scores the pairs of one part and offers them.
pub(super) fn scan<T: Real, D: AsRef<[T]>, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    prompts: Prompts<'_>,
    part: usize,
    workspace: &mut [T],
    best: &mut TopK<'_, T>,
) {
    if !scan.ranking.pool.size().has_long_prompts() {
        let size = scan.ranking.block();
        let (first, end) = (part * size, ((part + 1) * size).min(prompts.len()));
        return scan_prompts(scan, prompts, first..end, workspace, best);
    }
    let (prompt, slice) = (part / SLICES, part % SLICES);
    let (start, stop) = prompts.items_of(prompt, prompt + 1);
    if stop - start > LONG {
        scan_blocks(scan, start..stop, slice, workspace, best);
    } else if slice == 0 {
        scan_prompts(scan, prompts, prompt..prompt + 1, workspace, best);
    }
}

/// Scores the pairs of one slice of a long prompt's items.
fn scan_blocks<T: Real, D: AsRef<[T]>, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    items: Range<usize>,
    slice: usize,
    workspace: &mut [T],
    best: &mut TopK<'_, T>,
) {
    let stride = panel_stride(sum::ITEMS);
    let (own_panel, workspace) = split_at(workspace, scan.ranking.criterion.rows() * stride);
    let (other_panel, workspace) = split_at(workspace, scan.ranking.criterion.rows() * stride);
    let end_of = |first: usize| items.end.min(first.saturating_add(sum::ITEMS));
    let first = items.start.saturating_add(slice * sum::ITEMS);
    for own in (first..items.end).step_by(SLICES * sum::ITEMS) {
        scan.fill(own..end_of(own), stride, own_panel);
        for other in (own..items.end).step_by(sum::ITEMS) {
            scan.fill(other..end_of(other), stride, other_panel);
            let own = ItemBlock {
                panel: Panel { values: own_panel, stride },
                first: own,
                end: end_of(own),
            };
            let other = ItemBlock {
                panel: Panel { values: other_panel, stride },
                first: other,
                end: end_of(other),
            };
            score_blocks(scan, own, other, workspace, best);
        }
    }
}

/// Scores the pairs of some prompts together and offers them.
fn scan_prompts<T: Real, D: AsRef<[T]>, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    prompts: Prompts<'_>,
    range: Range<usize>,
    workspace: &mut [T],
    best: &mut TopK<'_, T>,
) {
    let Range { start: first, end } = range;
    if first >= end {
        return;
    }
    let (start, stop) = prompts.items_of(first, end);
    let stride = panel_stride(stop - start);
    let (panel, workspace) = split_at(workspace, scan.ranking.criterion.rows() * stride);
    let pairs = prompts.first_pair(end) - prompts.first_pair(first);
    let (weights, workspace) = split_at(workspace, usize::try_from(pairs).unwrap_or(usize::MAX));
    if let Some(weighting) = scan.ranking.criterion.weighting() {
        scan.fill(start..stop, stride, panel);
        let (pool, rewards) = (scan.ranking.pool, scan.ranking.rewards);
        let pairs = PromptPairs { pool, prompts, rewards, weighting };
        pairs.weights(scan.executor, first..end, weights);
    }
    let whitened = Whitened { panel: Panel { values: panel, stride }, start };
    let mut rest = &mut *weights;
    for prompt in first..end {
        let (own, last) = prompts.items_of(prompt, prompt + 1);
        // The last item is paired with no later one.
        for from in (own..last.saturating_sub(1)).step_by(DISTANCE_ROWS) {
            let strip = Strip { from, rows: DISTANCE_ROWS.min(last - 1 - from), last };
            rest = score_strip(scan, whitened, strip, rest, workspace);
        }
    }
    scan.offer(prompts.first_pair(first), weights, best);
}

/// The whitened items from `start` on.
#[derive(Clone, Copy)]
struct Whitened<'a, T> {
    panel: Panel<'a, T>,
    start: usize,
}

impl<'a, T> Whitened<'a, T> {
    fn from(self, item: usize) -> Items<'a, T> {
        self.panel.from(item - self.start)
    }
}

/// So many items of a prompt that ends at item `last`.
#[derive(Clone, Copy)]
struct Strip {
    from: usize,
    rows: usize,
    last: usize,
}

/// Scores the items of a strip with the later ones, in the memory of their weights, and gives the
/// weights that are left.
fn score_strip<'a, T: Real, D: AsRef<[T]>, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    whitened: Whitened<'_, T>,
    strip: Strip,
    weights: &'a mut [T],
    workspace: &mut [T],
) -> &'a mut [T] {
    let Strip { from, rows, last } = strip;
    let grid = |item: usize, width: usize| Grid {
        rows: whitened.from(item),
        columns: whitened.from(item + 1),
        width,
    };
    let leverage = matches!(scan.ranking.criterion, Criterion::Leverage(..));
    // Each row is paired with the items after the first row's, and passes over those before its own.
    let width = last - from - 1;
    let (distances, workspace) = split_at(workspace, if leverage { rows * width } else { 0 });
    if leverage {
        squared_distances(scan.executor.level(), grid(from, width), distances);
    }
    let mut rest = weights;
    for row in 0..rows {
        let (scores, after) = split_at(rest, width.saturating_sub(row));
        rest = after;
        let item = from + row;
        match scan.ranking.criterion {
            // The memory of a weight is that of its score.
            Criterion::Leverage(..) => {
                weigh(distances.get(row * width + row..).unwrap_or_default(), scores);
            }
            Criterion::Stored(..) => {
                let (own, workspace) = split_at(workspace, scores.len());
                scan.score_grid(grid(item, own.len()), scores, own, workspace);
                for (score, own) in scores.iter_mut().zip(own) {
                    *score = *own;
                }
            }
            Criterion::Entropy | Criterion::MaxDiff => scan.margins(item, item + 1, scores),
        }
    }
    rest
}
