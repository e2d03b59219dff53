//! The items in the order in which a walk by bounds takes them.

use super::{Scan, workspace_len};
use crate::arith::{Real, sum};
use crate::fisher::Weighting;
use crate::kernel::axpy::add_scaled;
use crate::kernel::panel::{Grid, Panel};
use crate::memory::smaller;
use crate::parallel::{Executor, for_chunks, split_at};
use crate::topk::{Scored, rank};
use crate::whiten::block_stride;

/// Weights at this distance of rewards are a hundredth of the largest.
const FAR: f64 = 6.0;

/// Writes the items in descending distance from the mean one; or, where it says so, in the order of
/// their rewards.
pub(in crate::score) fn fill_order<T: Real, D: AsRef<[T]> + Sync, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    workers: usize,
    order: &mut [Scored<T>],
    shared: &mut [T],
    workspace: &mut [T],
) -> bool {
    let (rows, items) = (scan.ranking.criterion.rows(), order.len());
    let stride = block_stride(items);
    let (column, centre) = split_at(shared, rows);
    let (centre, _) = split_at(centre, rows * stride);
    let (columns, _) = split_at(workspace, rows * sum::longest(sum::ITEMS, items));
    fill_mean(scan, items, columns, column);
    scan.fill_columns(column, stride, centre);
    let blocks = items.div_ceil(sum::ITEMS).div_ceil(workers.max(1));
    let share = blocks * sum::ITEMS;
    let each = workspace_len(rows, items);
    let centre = Panel { values: &*centre, stride };
    for_chunks(scan.executor, order, share, workspace, each, &|worker, order, workspace| {
        let (columns, workspace) = split_at(workspace, rows * sum::longest(sum::ITEMS, items));
        let (panel, distances) = split_at(workspace, rows * stride);
        let (distances, _) = split_at(distances, sum::longest(sum::ITEMS, items));
        let parts = order.chunks_mut(sum::ITEMS);
        for (first, part) in (worker * share..).step_by(sum::ITEMS).zip(parts) {
            let (columns, _) = split_at(columns, rows * part.len());
            let (distances, _) = split_at(distances, part.len());
            scan.gather(first..first + part.len(), columns);
            scan.fill_columns(columns, stride, panel);
            let columns = Panel { values: &*panel, stride }.from(0);
            let grid = Grid { rows: centre.from(0), columns, width: part.len() };
            scan.distances(grid, distances);
            for ((slot, distance), item) in part.iter_mut().zip(&*distances).zip(first as u64..) {
                *slot = Scored { score: distance.sqrt_of(), pair: item };
            }
        }
    });
    let by_reward = is_spread(scan, order);
    if by_reward {
        let reward = |item: &Scored<T>| scan.reward(item.pair);
        crate::heap::sort(order, &|a, b| reward(a).order(reward(b)).then(a.pair.cmp(&b.pair)));
    } else {
        crate::heap::sort(order, &rank);
    }
    by_reward
}

/// Whether most weights are small: whether most rewards are further than [`FAR`] from that of the item
/// in the middle.
fn is_spread<T: Real, D: AsRef<[T]> + Sync, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    order: &[Scored<T>],
) -> bool {
    let mut middle = order.first().copied().unwrap_or_default();
    for item in order {
        if item.score < middle.score {
            middle = *item;
        }
    }
    let (centre, far) = (scan.reward(middle.pair), T::from_f64(FAR));
    let is_far = |item: &&Scored<T>| far < (scan.reward(item.pair) - centre).magnitude();
    let weighted = matches!(scan.ranking.criterion.weighting(), Some(Weighting::Bernoulli));
    weighted && order.iter().filter(is_far).count() > order.len() / 2
}

/// The mean of the columns that items are scored from, block by block.
fn fill_mean<T: Real, D: AsRef<[T]> + Sync, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    items: usize,
    columns: &mut [T],
    mean: &mut [T],
) {
    mean.fill(T::ZERO);
    for first in (0..items).step_by(sum::ITEMS) {
        let end = smaller(first + sum::ITEMS, items);
        let (columns, _) = split_at(columns, mean.len() * (end - first));
        scan.gather(first..end, columns);
        for column in columns.chunks_exact(mean.len().max(1)) {
            add_scaled(mean, T::ONE, column);
        }
    }
    let count = T::from_u64(items as u64);
    for sum in mean {
        *sum /= count;
    }
}
