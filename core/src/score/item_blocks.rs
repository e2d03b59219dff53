//! The pairs of two blocks of items, or of one with itself, scored a strip of a few items at a time.

use super::scan::Scan;
use crate::arith::Real;
use crate::kernel::panel::{DISTANCE_ROWS, Grid, Panel};
use crate::parallel::{Executor, split_at};
use crate::topk::TopK;

/// A block of items, and what their pairs are scored from.
#[derive(Clone, Copy)]
pub(super) struct ItemBlock<'a, T> {
    pub panel: Panel<'a, T>,
    pub first: usize,
    pub end: usize,
}

/// Numbers that [`score_blocks`] works in, for blocks of at most so many items.
pub(super) const fn blocks_len(items: usize) -> usize {
    (4 * DISTANCE_ROWS).saturating_mul(items)
}

/// Scores the pairs of two blocks of items, or of one with itself, and offers them.
pub(super) fn score_blocks<T: Real, D: AsRef<[T]>, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    own: ItemBlock<'_, T>,
    other: ItemBlock<'_, T>,
    workspace: &mut [T],
    best: &mut TopK<'_, T>,
) {
    let strip = DISTANCE_ROWS.saturating_mul(other.end.saturating_sub(other.first));
    let (weights, workspace) = split_at(workspace, strip);
    let (scores, workspace) = split_at(workspace, strip);
    for from in (own.first..own.end).step_by(DISTANCE_ROWS) {
        let end = own.end.min(from + DISTANCE_ROWS);
        // In a block with itself, an item is paired with the later ones.
        let to = other.first.max(from + 1);
        let width = other.end.saturating_sub(to);
        let (scores, _) = split_at(scores, (end - from) * width);
        let weighting = scan.ranking.criterion.weighting();
        if let Some(weighting) = weighting {
            let (weights, _) = split_at(weights, (end - from) * width);
            let (rows, columns) = (from..end, to..other.end);
            weighting.between(scan.executor, scan.ranking.rewards, rows, columns, weights);
            let rows = own.panel.from(from - own.first);
            let columns = other.panel.from(to - other.first);
            scan.score_grid(Grid { rows, columns, width }, weights, scores, workspace);
        }
        for (a, scores) in (from..).zip(scores.chunks_exact_mut(width.max(1))) {
            if weighting.is_none() {
                scan.margins(a, to, scores);
            }
            offer_later(scan, a, to, scores, best);
        }
    }
}

/// Offers the pairs of item `a` with those of the items from `b` on that come after it.
fn offer_later<T: Real, D: AsRef<[T]>, E: Executor>(
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
