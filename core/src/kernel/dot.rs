//! The product of two vectors, which is one sum and so has no lanes.

use crate::arith::Real;
use crate::columns::Columns;

/// Items that [`dots`] takes at once, so that no sum waits for the one before.
const ITEMS: usize = 4;

/// Σ_i a_i b_i over the shorter of the two, in ascending order.
#[inline]
pub(crate) fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    let mut sum = T::ZERO;
    for (a, b) in a.iter().zip(b) {
        sum += *a * *b;
    }
    sum
}

/// The product of each item with `weights`, in ascending order, where there are no lanes to turn
/// items for.
pub(crate) fn dots<F: Real, T: Real>(items: Columns<'_, F>, weights: &[T], out: &mut [T]) {
    let height = items.rows().max(1);
    let groups = items.as_slice().chunks(height.saturating_mul(ITEMS));
    for (group, out) in groups.zip(out.chunks_mut(ITEMS)) {
        let mut columns = group.chunks_exact(height);
        let one = columns.next().unwrap_or_default();
        // The first item stands in for those that are not there.
        let [two, three, four] = [(); 3].map(|()| columns.next().unwrap_or(one));
        let mut sums = [T::ZERO; ITEMS];
        let features = one.iter().zip(two).zip(three.iter().zip(four));
        for (((one, two), (three, four)), weight) in features.zip(weights) {
            for (sum, value) in sums.iter_mut().zip([one, two, three, four]) {
                *sum += T::from_real(*value) * *weight;
            }
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = sum;
        }
    }
}
