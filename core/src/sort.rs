//! Sorting in place, without the panic that the standard sort keeps for a faulty order: quicksort by the
//! middle one of three, short runs by insertion, and by a heap where pivots divide badly, so that it is never
//! worse than O(n log n) (Musser, *Introspective Sorting and Selection Algorithms*, 1997).

use core::cmp::Ordering;

use crate::heap::{make_heap, sort_heap, swap};
use crate::parallel::split_at;

/// So many are sorted by insertion.
const SHORT: usize = 16;

/// Sorts in ascending order. Not stable: let `compare` never call two elements equal.
pub(crate) fn sort<T: Copy>(values: &mut [T], compare: &impl Fn(&T, &T) -> Ordering) {
    let depth = 2 * values.len().checked_ilog2().unwrap_or(0);
    sort_part(values, depth, compare);
}

fn sort_part<T: Copy>(values: &mut [T], depth: u32, compare: &impl Fn(&T, &T) -> Ordering) {
    let (mut rest, mut depth) = (values, depth);
    while rest.len() > SHORT {
        if depth == 0 {
            make_heap(rest, compare);
            return sort_heap(rest, compare);
        }
        depth -= 1;
        let place = partition(rest, compare);
        let (low, high) = split_at(rest, place);
        let (_, high) = split_at(high, 1);
        // The shorter part by a call, so that calls are never deeper than the logarithm of the length.
        let (short, long) = if low.len() < high.len() { (low, high) } else { (high, low) };
        sort_part(short, depth, compare);
        rest = long;
    }
    sort_short(rest, compare);
}

/// Puts what is less than a pivot before it and the others behind, and says where it stands then.
fn partition<T: Copy>(values: &mut [T], compare: &impl Fn(&T, &T) -> Ordering) -> usize {
    let last = values.len().saturating_sub(1);
    let middle = middle_of_three(values, [0, last / 2, last], compare);
    swap(values, middle, last);
    let mut place = 0;
    let Some(pivot) = values.last().copied() else {
        return place;
    };
    // Every element is swapped, the larger ones in vain: no branch has to guess.
    for at in 0..last {
        let is_less = values.get(at).is_some_and(|value| compare(value, &pivot).is_lt());
        swap(values, at, place);
        place += usize::from(is_less);
    }
    swap(values, place, last);
    place
}

/// Of three places the one whose element is neither the least nor the largest.
fn middle_of_three<T>(
    values: &[T],
    [a, b, c]: [usize; 3],
    compare: &impl Fn(&T, &T) -> Ordering,
) -> usize {
    let is_less = |a: usize, b: usize| match (values.get(a), values.get(b)) {
        (Some(a), Some(b)) => compare(a, b).is_lt(),
        _ => false,
    };
    let (low, high) = if is_less(a, b) { (a, b) } else { (b, a) };
    if is_less(c, low) {
        low
    } else if is_less(c, high) {
        c
    } else {
        high
    }
}

fn sort_short<T: Copy>(values: &mut [T], compare: &impl Fn(&T, &T) -> Ordering) {
    for end in 1..values.len() {
        let (sorted, rest) = split_at(values, end);
        let Some(value) = rest.first_mut() else {
            return;
        };
        let inserted = *value;
        let mut free = value;
        for slot in sorted.iter_mut().rev() {
            if !compare(&inserted, slot).is_lt() {
                break;
            }
            *free = *slot;
            free = slot;
        }
        *free = inserted;
    }
}
