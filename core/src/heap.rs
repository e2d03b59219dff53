//! A binary heap in a slice: what rankings stand on. In place, and never worse than O(n log n).

use core::cmp::Ordering;

/// Moves the element at `parent` down to its place.
pub(crate) fn sift_down<T: Copy>(
    heap: &mut [T],
    mut parent: usize,
    compare: &impl Fn(&T, &T) -> Ordering,
) {
    let Some(own) = heap.get(parent).copied() else {
        return;
    };
    loop {
        let left = 2 * parent + 1;
        let (place, child) = match heap.get(left..) {
            // Which of two is greater nobody can foretell: no branch.
            Some([one, two, ..]) => {
                let second = compare(one, two).is_lt();
                (left + usize::from(second), if second { *two } else { *one })
            }
            Some([one]) => (left, *one),
            _ => break,
        };
        if !compare(&own, &child).is_lt() {
            break;
        }
        if let Some(slot) = heap.get_mut(parent) {
            *slot = child;
        }
        parent = place;
    }
    if let Some(slot) = heap.get_mut(parent) {
        *slot = own;
    }
}

/// Sorts a heap in ascending order.
pub(crate) fn sort_heap<T: Copy>(heap: &mut [T], compare: &impl Fn(&T, &T) -> Ordering) {
    let mut rest = heap;
    while let [_, .., _] = rest {
        let last = rest.len() - 1;
        swap(rest, 0, last);
        let (head, _) = crate::parallel::split_at(rest, last);
        sift_down(head, 0, compare);
        rest = head;
    }
}

/// Makes a heap of values in any order.
pub(crate) fn make_heap<T: Copy>(values: &mut [T], compare: &impl Fn(&T, &T) -> Ordering) {
    for parent in (0..values.len() / 2).rev() {
        sift_down(values, parent, compare);
    }
}

/// Swaps two elements, where there are both.
#[inline]
pub(crate) fn swap<T>(heap: &mut [T], a: usize, b: usize) {
    if a < heap.len() && b < heap.len() {
        heap.swap(a, b);
    }
}

/// Moves the last value to the front, the others one place on.
pub(crate) fn rotate_right<T: Copy>(values: &mut [T]) {
    let Some(mut carried) = values.last().copied() else {
        return;
    };
    for value in values {
        core::mem::swap(value, &mut carried);
    }
}

/// Moves the first value to the end, the others one place back.
pub(crate) fn rotate_left<T: Copy>(values: &mut [T]) {
    let Some(mut carried) = values.first().copied() else {
        return;
    };
    for value in values.iter_mut().rev() {
        core::mem::swap(value, &mut carried);
    }
}
