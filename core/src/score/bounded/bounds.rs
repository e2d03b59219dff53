//! What bounds the scores of a block's items, and of groups of them, in one piece of memory.

use crate::arith::{Real, sum};
use crate::kernel::reach::{AXES, Bounds, Coordinates, REACH_GROUP};
use crate::parallel::split_at;

/// Numbers of an item: ρ, p, q, h and g.
const OF_ITEM: usize = 4 + AXES;

/// Of a group: the largest of ρ, p and q, the least of p, h and g.
const OF_GROUP: usize = OF_ITEM + AXES;

/// Numbers of a block of so many items.
pub(super) const fn bounds_len(block: usize) -> usize {
    OF_ITEM * block + OF_GROUP * sum::ITEMS.div_ceil(REACH_GROUP)
}

/// The bounds of a block's items.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockBounds<'w, T> {
    pub(super) items: Bounds<'w, T>,
    pub(super) groups: Bounds<'w, T>,
}

impl<'w, T> BlockBounds<'w, T> {
    /// Of so many items, from filled memory.
    pub(super) fn of(items: usize, memory: &'w [T]) -> Self {
        let (memory, groups) = memory.split_at_checked(OF_ITEM * items).unwrap_or_default();
        let row = |number: usize| {
            let first = number.saturating_mul(items);
            memory.get(first..first.saturating_add(items)).unwrap_or_default()
        };
        let along = [row(1), row(2)];
        let items = Bounds {
            distances: row(0),
            low: along,
            high: along,
            rests: row(3),
            h: row(4),
            g: row(5),
        };
        let count = items.distances.len().div_ceil(REACH_GROUP);
        let row = |number: usize| {
            let first = number.saturating_mul(count);
            groups.get(first..first.saturating_add(count)).unwrap_or_default()
        };
        let groups = Bounds {
            distances: row(0),
            low: [row(1), row(2)],
            high: [row(3), row(4)],
            rests: row(5),
            h: row(6),
            g: row(7),
        };
        Self { items, groups }
    }
}

/// Memory for the bounds of so many items, to be filled: where they are, then h, then g.
pub(super) fn item_rows<T>(
    items: usize,
    memory: &mut [T],
) -> (Coordinates<'_, T>, &mut [T], &mut [T]) {
    let (distances, rest) = split_at(memory, items);
    let (first, rest) = split_at(rest, items);
    let (second, rest) = split_at(rest, items);
    let (rests, rest) = split_at(rest, items);
    let (h, rest) = split_at(rest, items);
    let (g, _) = split_at(rest, items);
    (Coordinates { distances, along: [first, second], rests }, h, g)
}

/// Fills the rows of the groups from those of so many items.
pub(super) fn fill_groups<T: Real>(items: usize, memory: &mut [T]) {
    let (memory, groups) = split_at(memory, OF_ITEM * items);
    fill_rows(items, memory, groups, [(0, 0), (1, 3), (2, 4), (3, 5)], most);
    fill_rows(items, memory, groups, [(1, 1), (2, 2), (4, 6), (5, 7)], least);
}

/// Fills rows of the groups, each from a row of the items, with what `pick` picks of a group.
fn fill_rows<T: Real>(
    items: usize,
    memory: &[T],
    groups: &mut [T],
    rows: [(usize, usize); 4],
    pick: impl Fn(T, T) -> T,
) {
    let count = items.div_ceil(REACH_GROUP);
    for (from, to) in rows {
        let first = items.saturating_mul(from);
        let values = memory.get(first..first.saturating_add(items)).unwrap_or_default();
        let (_, out) = split_at(groups, to * count);
        for (slot, group) in out.iter_mut().zip(values.chunks(REACH_GROUP)) {
            let first = group.first().copied().unwrap_or(T::ZERO);
            *slot = group.iter().fold(first, |found, value| pick(found, *value));
        }
    }
}

/// The larger; what is no number stays.
pub(super) fn most<T: Real>(a: T, b: T) -> T {
    if b <= a {
        a
    } else if a < b {
        b
    } else {
        a + b
    }
}

/// The smaller; what is no number stays.
fn least<T: Real>(a: T, b: T) -> T {
    if a <= b {
        a
    } else if b < a {
        b
    } else {
        a + b
    }
}
