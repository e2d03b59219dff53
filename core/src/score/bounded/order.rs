//! The items in the order in which a walk by bounds takes them.

use super::bounds::most;
use super::frame::fill_frame;
use super::{Criterion, Scan, workspace_len};
use crate::arith::{Real, sum};
use crate::fisher::Weighting;
use crate::kernel::panel::{Panel, project_panel};
use crate::kernel::reach::{Coordinates, Frame, fill_coordinates};
use crate::parallel::{Executor, for_chunks, split_at};
use crate::topk::{Scored, rank};
use crate::whiten::block_stride;

/// Weights at this distance of rewards are a hundredth of the largest.
const FAR: f64 = 6.0;

/// What [`fill_order`] found.
#[derive(Clone, Copy, Default)]
pub(in crate::score) struct Order<'a, T> {
    /// The items as a walk takes them.
    pub(in crate::score) items: &'a [Scored<T>],
    /// Whether the items stand in the order of their rewards.
    pub(in crate::score) by_reward: bool,
    /// The axes, from their centre.
    pub(in crate::score) frame: Frame<'a, T>,
    /// The largest distance in each block, and what rounding may have taken.
    pub(in crate::score) reaches: &'a [T],
}

/// Writes the items in descending distance from the frame's centre, picks subtracted, and where these are stored
/// those of a block by where they are along the first axis; or, where it says so, in the order of their rewards.
pub(in crate::score) fn fill_order<'a, T: Real, D: AsRef<[T]> + Sync, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    workers: usize,
    order: &'a mut [Scored<T>],
    shared: &'a mut [T],
    workspace: &mut [T],
) -> Order<'a, T> {
    let (rows, items) = (scan.ranking.criterion.rows(), order.len());
    let stride = block_stride(items);
    let (reaches, frame) = split_at(shared, items.div_ceil(sum::ITEMS));
    let (columns, panel) = split_at(workspace, rows * sum::longest(sum::ITEMS, items));
    let frame = fill_frame(scan, frame, columns, panel);
    let blocks = items.div_ceil(sum::ITEMS).div_ceil(workers.max(1));
    let share = blocks * sum::ITEMS;
    let each = workspace_len(rows, items);
    let rounding = scan.sums_rounding() * T::TWO;
    for_chunks(scan.executor, order, share, workspace, each, &|worker, order, workspace| {
        let longest = sum::longest(sum::ITEMS, items);
        let (columns, workspace) = split_at(workspace, rows * longest);
        let (panel, numbers) = split_at(workspace, rows * stride);
        let parts = order.chunks_mut(sum::ITEMS);
        for (first, part) in (worker * share..).step_by(sum::ITEMS).zip(parts) {
            scan.fill_block(first..first + part.len(), columns, panel);
            let items = Panel { values: &*panel, stride }.from(0);
            let (distances, rests) = split_at(numbers, part.len());
            let (rests, _) = split_at(rests, part.len());
            let out = Coordinates { distances, along: [], rests: &mut *rests };
            fill_coordinates(scan.executor.level(), items, frame.centre_alone(), rounding, out);
            for ((slot, distance), item) in part.iter_mut().zip(rests).zip(first as u64..) {
                *slot = Scored { score: *distance, pair: item };
            }
        }
    });
    let by_reward = is_spread(scan, order);
    if by_reward {
        let reward = |item: &Scored<T>| scan.reward(item.pair);
        crate::sort::sort(order, &|a, b| reward(a).order(reward(b)).then(a.pair.cmp(&b.pair)));
    } else {
        crate::sort::sort(order, &rank);
    }
    for (reach, block) in reaches.iter_mut().zip(order.chunks(sum::ITEMS)) {
        *reach = block.iter().fold(T::ZERO, |reach, item| most(reach, item.score));
    }
    // Worth a copy of each item, and not that all are whitened once more.
    if !by_reward && matches!(scan.ranking.criterion, Criterion::Stored(..)) {
        for_chunks(scan.executor, order, share, workspace, each, &|_, order, workspace| {
            sort_blocks(scan, &frame, order, workspace);
        });
    }
    Order { items: order, by_reward, frame, reaches }
}

/// The numbers of ordered items.
pub(super) fn numbers<T>(items: &[Scored<T>]) -> impl Iterator<Item = usize> {
    items.iter().map(|item| usize::try_from(item.pair).unwrap_or(usize::MAX))
}

/// Sorts the items of each block by where they are along the first axis.
fn sort_blocks<T: Real, D: AsRef<[T]> + Sync, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    frame: &Frame<'_, T>,
    order: &mut [Scored<T>],
    workspace: &mut [T],
) {
    let (rows, items) = (scan.ranking.criterion.rows(), scan.ranking.pool.features().len());
    let (longest, stride) = (sum::longest(sum::ITEMS, items), block_stride(items));
    let (columns, workspace) = split_at(workspace, rows * longest);
    let (panel, along) = split_at(workspace, rows * stride);
    let (along, _) = split_at(along, longest);
    for block in order.chunks_mut(sum::ITEMS) {
        scan.fill_block(numbers(block), columns, panel);
        let (along, _) = split_at(along, block.len());
        let items = Panel { values: &*panel, stride }.from(0);
        project_panel(scan.executor.level(), items, frame.axes[0], along);
        for (item, along) in block.iter_mut().zip(along) {
            item.score = *along;
        }
        crate::sort::sort(block, &rank);
    }
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
    // Bounds know nothing of micromath's exponential.
    let exact = !E::PROFILE.differs::<T>();
    exact && weighted && order.iter().filter(is_far).count() > order.len() / 2
}
