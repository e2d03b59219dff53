//! A binary heap in a slice, and the sort it gives: what rankings stand on. In place, never worse
//! than O(n log n), and without the panic that the standard sort keeps for a faulty order.

use core::cmp::Ordering;

/// Moves the element at `parent` down to its place.
pub(crate) fn sift_down<T>(
    heap: &mut [T],
    mut parent: usize,
    compare: &impl Fn(&T, &T) -> Ordering,
) {
    loop {
        let (left, right) = (2 * parent + 1, 2 * parent + 2);
        if left >= heap.len() {
            return;
        }
        let greater =
            if right < heap.len() && less(heap, left, right, compare) { right } else { left };
        if !less(heap, parent, greater, compare) {
            return;
        }
        swap(heap, parent, greater);
        parent = greater;
    }
}

/// Sorts a heap in ascending order.
fn sort_heap<T>(heap: &mut [T], compare: &impl Fn(&T, &T) -> Ordering) {
    let mut rest = heap;
    while let [_, .., _] = rest {
        let last = rest.len() - 1;
        swap(rest, 0, last);
        let (head, _) = crate::parallel::split_at(rest, last);
        sift_down(head, 0, compare);
        rest = head;
    }
}

/// Sorts in ascending order. Not stable: let `compare` never call two elements equal.
pub(crate) fn sort<T>(values: &mut [T], compare: &impl Fn(&T, &T) -> Ordering) {
    make_heap(values, compare);
    sort_heap(values, compare);
}

/// Makes a heap of values in any order.
pub(crate) fn make_heap<T>(values: &mut [T], compare: &impl Fn(&T, &T) -> Ordering) {
    for parent in (0..values.len() / 2).rev() {
        sift_down(values, parent, compare);
    }
}

fn less<T>(heap: &[T], a: usize, b: usize, compare: &impl Fn(&T, &T) -> Ordering) -> bool {
    match (heap.get(a), heap.get(b)) {
        (Some(a), Some(b)) => compare(a, b).is_lt(),
        _ => false,
    }
}

fn swap<T>(heap: &mut [T], a: usize, b: usize) {
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
