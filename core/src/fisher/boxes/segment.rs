//! Boxes of rewards, and which of them are looked at together.
//!
//! Items stand in the order of their rewards. A box begins at the least reward that no box before
//! it covers, and covers [`WIDTH`]: so boxes have items, and their starts are further apart than their
//! width. A segment is the blocks of items that at most [`BOXES`] boxes cover, with up to [`MARGIN`] more
//! boxes on either side, beyond which weights are below ε: memory depends on shapes alone.

use core::ops::Range;

use super::exchange::WIDTH;
use crate::arith::chebyshev::{MOST_NODES, node_count};
use crate::arith::{Real, sum};
use crate::memory::smaller;
use crate::parallel::split_at;
use crate::topk::Scored;

/// Boxes of a segment at most: as many as a block of items can lie in.
const BOXES: usize = sum::SORTED_ITEMS;

/// Further boxes on either side: σ′ at ten widths is below ε.
const MARGIN: usize = 11;

/// Boxes that are held at once, of so many items.
const fn most_boxes(items: usize) -> usize {
    smaller(items, BOXES + 2 * MARGIN)
}

/// Numbers that [`Segment::new`] needs.
pub(super) const fn segment_len(order: usize, items: usize) -> usize {
    let sums = order.saturating_add(1).saturating_mul(2 * MOST_NODES);
    most_boxes(items).saturating_mul(sums.saturating_add(order).saturating_add(1))
}

/// Boxes held, and the blocks of items that the wanted ones cover.
pub(super) struct Segment<'a, T> {
    order: usize,
    /// Items by ascending reward.
    items: &'a [Scored<T>],
    starts: &'a mut [T],
    centres: &'a mut [T],
    moments: &'a mut [T],
    potentials: &'a mut [T],
    held: usize,
    wanted: Range<usize>,
    blocks: Range<usize>,
}

impl<'a, T: Real> Segment<'a, T> {
    /// None yet, and the memory that is left.
    pub(super) fn new(
        order: usize,
        items: &'a [Scored<T>],
        workspace: &'a mut [T],
    ) -> (Self, &'a mut [T]) {
        let most = most_boxes(items.len());
        let sums = most * order.saturating_add(1) * node_count::<T>();
        let (starts, workspace) = split_at(workspace, most);
        let (centres, workspace) = split_at(workspace, most * order);
        let (moments, workspace) = split_at(workspace, sums);
        let (potentials, workspace) = split_at(workspace, sums);
        let (held, wanted, blocks) = (0, 0..0, 0..0);
        let segment =
            Self { order, items, starts, centres, moments, potentials, held, wanted, blocks };
        (segment, workspace)
    }

    /// Goes to the next blocks.
    pub(super) fn advance(&mut self) {
        let first = self.blocks.end.saturating_mul(sum::SORTED_ITEMS);
        let Some(item) = self.items.get(first).copied() else {
            return;
        };
        if self.held == 0 {
            self.hold(0);
        }
        let own = self.box_of(item.score);
        let dropped = own.saturating_sub(MARGIN);
        self.drop_first(dropped);
        let own = own - dropped;
        while self.held < own + BOXES && self.end_of(self.held - 1) < self.items.len() {
            self.hold(self.end_of(self.held - 1));
        }
        let last = smaller(own + BOXES, self.held) - 1;
        let end = self.end_of(last);
        let whole = end >= self.items.len();
        let blocks = if whole { end.div_ceil(sum::SORTED_ITEMS) } else { end / sum::SORTED_ITEMS };
        self.blocks = self.blocks.end..blocks;
        let last = smaller(blocks * sum::SORTED_ITEMS, self.items.len()).saturating_sub(1);
        let last = self.items.get(last).map_or(own, |item| self.box_of(item.score));
        self.wanted = own..last + 1;
        let margin = last + 1 + MARGIN;
        while self.held < margin && self.end_of(self.held - 1) < self.items.len() {
            self.hold(self.end_of(self.held - 1));
        }
        self.held = smaller(self.held, margin);
    }

    /// Holds the first boxes no longer.
    fn drop_first(&mut self, dropped: usize) {
        // The standard library's `copy_within` keeps a panic.
        for place in dropped..self.held {
            let start = self.start(place);
            if let Some(slot) = self.starts.get_mut(place.saturating_sub(dropped)) {
                *slot = start;
            }
        }
        self.held = self.held.saturating_sub(dropped);
    }

    /// Holds one more box, which begins with the item at this place.
    fn hold(&mut self, place: usize) {
        let start = self.items.get(place).map_or(T::ZERO, |item| item.score);
        if let Some(slot) = self.starts.get_mut(self.held) {
            *slot = start;
            self.held += 1;
        }
    }

    /// The box held that covers a reward.
    pub(super) fn box_of(&self, reward: T) -> usize {
        let starts = self.starts.get(..self.held).unwrap_or_default();
        starts.partition_point(|start| start.order(reward).is_le()).saturating_sub(1)
    }

    /// The place behind a box's last item.
    pub(super) fn end_of(&self, number: usize) -> usize {
        let (start, width) = (self.start(number), T::from_f64(WIDTH));
        self.items.partition_point(|item| item.score - start <= width)
    }

    /// The places of a box's items.
    pub(super) fn places(&self, number: usize) -> Range<usize> {
        let start = self.start(number);
        let first = self.items.partition_point(|item| item.score.order(start).is_lt());
        first..self.end_of(number)
    }

    pub(super) fn order(&self) -> usize {
        self.order
    }

    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// The boxes whose items the blocks have.
    pub(super) fn wanted(&self) -> Range<usize> {
        self.wanted.clone()
    }

    /// The blocks of items.
    pub(super) fn blocks(&self) -> Range<usize> {
        self.blocks.clone()
    }

    pub(super) fn start(&self, number: usize) -> T {
        self.starts.get(number).copied().unwrap_or(T::ZERO)
    }

    /// The mean of a box's items.
    pub(super) fn centre(&self, number: usize) -> &[T] {
        self.centres.get(number * self.order..(number + 1) * self.order).unwrap_or_default()
    }

    pub(super) fn centre_mut(&mut self, number: usize) -> &mut [T] {
        self.centres.get_mut(number * self.order..(number + 1) * self.order).unwrap_or_default()
    }

    fn sums(&self, number: usize) -> Range<usize> {
        let len = self.order.saturating_add(1) * node_count::<T>();
        number * len..(number + 1) * len
    }

    /// The sums over a box's items: δ and, below it, 1, for each node.
    pub(super) fn moments(&self, number: usize) -> &[T] {
        self.moments.get(self.sums(number)).unwrap_or_default()
    }

    pub(super) fn moments_mut(&mut self, number: usize) -> &mut [T] {
        self.moments.get_mut(self.sums(number)).unwrap_or_default()
    }

    /// The sums over all items as seen from a box: Σ w δ and, below it, Σ w, for each polynomial.
    pub(super) fn potentials(&self, number: usize) -> &[T] {
        self.potentials.get(self.sums(number)).unwrap_or_default()
    }

    pub(super) fn potentials_mut(&mut self, number: usize) -> &mut [T] {
        self.potentials.get_mut(self.sums(number)).unwrap_or_default()
    }
}
