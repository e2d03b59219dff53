//! The best of all pairs of all items, without a look at most of them.
//!
//! A score is at most w (a + b)², a and b being how far two whitened items are from a centre, picks
//! subtracted; and where items differ along a few axes most, hardly more than the squared difference along
//! these ([`kernel::reach`](crate::kernel::reach)). Items are taken in descending distance,
//! [`sum::ITEMS`] a block, those of a block, once picks are stored, as they lie along the first axis, and every two
//! blocks are paired, those of the largest distances first; where most rewards are far apart, in the order of
//! rewards, those of the largest w first. What cannot reach the worst of the best pairs so far is passed
//! over: a row of blocks, a group of items, a pair. The others are scored as every pair is, by the direct
//! sum of squared differences.
//!
//! *Exact.* A bound holds as computed: it is lifted by what rounding may do, and
//! only what lies strictly below is passed over. So the best pairs and the bits of their scores are
//! those of a walk over all, whoever has seen which pair before.
//!
//! Why it is fast: outliers come first, and trained features have few of them. Where bounds pass
//! nothing over, blocks are scored by the strips of a walk over all pairs.

mod blocks;
mod bounds;
mod frame;
mod order;
mod walk;

pub(super) use self::blocks::kept_len;
use self::blocks::{Blocks, Place, needed_len};
pub(super) use self::order::{Order, fill_order};
use self::walk::Walk;
use super::scan::{Scan, Share};
use super::{Criterion, Ranking};
use crate::arith::{Real, sum};
use crate::kernel::panel::DISTANCE_ROWS;
use crate::parallel::{Executor, split_at};
use crate::topk::{Scored, TopK};
use crate::whiten::block_stride;

/// Numbers that all workers share: a centre and axes, and how far each block reaches.
pub(super) const fn shared_len(rows: usize, items: usize) -> usize {
    rows.saturating_mul(frame::COLUMNS).saturating_add(items.div_ceil(sum::ITEMS))
}

/// Numbers that a worker needs: to measure the items' distances, and then to walk.
pub(super) const fn workspace_len(rows: usize, items: usize) -> usize {
    let scores = DISTANCE_ROWS * sum::longest(sum::ITEMS, items);
    needed_len(rows, items).saturating_add(scores)
}

/// Scores the pairs of blocks that are a worker's share, as far as they can enter, and offers them.
pub(super) fn scan<T: Real, D: AsRef<[T]> + Sync, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    share: Share,
    workspace: &mut [T],
    best: &mut TopK<'_, T>,
) {
    let (rows, items) = (scan.ranking.criterion.rows(), scan.order.items.len());
    let (scores, workspace) = split_at(workspace, DISTANCE_ROWS * sum::longest(sum::ITEMS, items));
    let mut kept = Blocks::new(rows, items, workspace);
    let walk = Walk::new(scan);
    let blocks = items.div_ceil(sum::ITEMS);
    let mut part = 0;
    for own in 0..blocks {
        let after = part + (blocks - own);
        let (mut part_of, mut is_filled) = (part, false);
        part = after;
        if !scan.order.by_reward && walk.is_below(own, own, best) {
            return;
        }
        if after <= share.first {
            continue;
        }
        for other in own..blocks {
            let number = part_of;
            part_of += 1;
            if number >= share.end {
                return;
            }
            if number < share.first || !(number - share.first).is_multiple_of(share.step.max(1)) {
                continue;
            }
            if walk.is_below(own, other, best) {
                break;
            }
            if !is_filled {
                kept.prepare(&walk, own, Place::First);
                is_filled = true;
            }
            if other != own {
                kept.prepare(&walk, other, Place::Second);
            }
            let first = kept.block(&walk, own, Place::First);
            let second = match other == own {
                true => first,
                false => kept.block(&walk, other, Place::Second),
            };
            walk.score_blocks(first, second, scores, best);
        }
    }
}

impl<T: Real, D: AsRef<[T]>, E: Executor> Scan<'_, T, D, E> {
    /// What rounding may take from a sum over the rows, as a share of it.
    fn sums_rounding(&self) -> T {
        T::EPSILON * T::from_u64(8 * self.ranking.criterion.rows() as u64 + 32)
    }

    pub(super) fn reward(&self, item: u64) -> T {
        let item = usize::try_from(item).unwrap_or(usize::MAX);
        self.ranking.rewards.get(item).copied().unwrap_or(T::ZERO)
    }

    /// Turns what some items are scored from into a panel; `columns` is memory for as many of them.
    fn fill_block(&self, items: impl Iterator<Item = usize>, columns: &mut [T], panel: &mut [T]) {
        // Exact for all that come here, and without the assertion of `len`.
        let (count, _) = items.size_hint();
        let (columns, _) = split_at(columns, self.ranking.criterion.rows() * count);
        self.gather(items, columns);
        self.fill_columns(columns, block_stride(self.ranking.pool.features().len()), panel);
    }

    /// Copies what items are scored from, a column each.
    fn gather(&self, items: impl IntoIterator<Item = usize>, columns: &mut [T]) {
        let columns = columns.chunks_exact_mut(self.ranking.criterion.rows().max(1));
        for (item, column) in items.into_iter().zip(columns) {
            match &self.ranking.criterion {
                Criterion::Stored(stored, _) => stored.copy_column(item, column),
                _ => {
                    for (slot, value) in
                        column.iter_mut().zip(self.ranking.pool.features().column(item))
                    {
                        *slot = T::from_real(*value);
                    }
                }
            }
        }
    }

    /// Offers the pair of two items, unless it has a label or the batch may not pick it.
    pub(super) fn offer_items(&self, a: u64, b: u64, score: T, best: &mut TopK<'_, T>) {
        let Ranking { pool, picked, .. } = &self.ranking;
        let (first, second) = if a < b { (a, b) } else { (b, a) };
        let (Ok(first), Ok(second)) = (u32::try_from(first), u32::try_from(second)) else {
            return;
        };
        if let Some(pair) = pool.pairs().pair_number(first, second)
            && pool.labelled().binary_search(&pair).is_err()
            && picked.is_none_or(|picked| picked.allows(pair))
        {
            best.offer(Scored { score, pair });
        }
    }
}
