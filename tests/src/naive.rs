//! Kernels as the numeric contract defines them: one operation after the other, in its order, in the
//! type itself. A kernel must equal these to the bit, whatever its lanes and tiles.

use pairpick_core::arith::Real;

/// C ← C + A·B, every matrix column-major but B, which is a function of row and column.
pub fn gemm<T: Real>(
    a: &[T],
    b: impl Fn(usize, usize) -> T,
    c: &mut [T],
    rows: usize,
    inner: usize,
) {
    for (j, column) in c.chunks_mut(rows).enumerate() {
        for (i, sum) in column.iter_mut().enumerate() {
            for t in 0..inner {
                *sum += a[t * rows + i] * b(t, j);
            }
        }
    }
}

/// Σ_i a_i b_i.
#[must_use]
pub fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    let mut sum = T::ZERO;
    for (a, b) in a.iter().zip(b) {
        sum += *a * *b;
    }
    sum
}

/// Forward substitution by the packed factor, one item.
pub fn whiten<T: Real>(factor: &[T], order: usize, item: &mut [T]) {
    let entry = |i: usize, j: usize| factor[j * order + i - j * (j + 1) / 2];
    for i in 0..order {
        let mut value = item[i];
        for (j, solved) in item.iter().enumerate().take(i) {
            value -= entry(i, j) * *solved;
        }
        item[i] = value * (T::ONE / entry(i, i));
    }
}

/// Σ_i (u_i − v_i)².
#[must_use]
pub fn distance<T: Real>(u: &[T], v: &[T]) -> T {
    let mut sum = T::ZERO;
    for (u, v) in u.iter().zip(v) {
        let difference = *u - *v;
        sum += difference * difference;
    }
    sum
}

/// A parameter with its gradient and moments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamState<T> {
    /// θ.
    pub parameter: T,
    /// g.
    pub gradient: T,
    /// m.
    pub first: T,
    /// v.
    pub second: T,
}

/// A step of Adam with learning rate `rate`, decay `decay`, where β₁ᵗ and β₂ᵗ are `powers`.
pub fn adam<T: Real>(state: &mut AdamState<T>, rate: f64, decay: f64, powers: (f64, f64)) {
    let rounded = T::from_f64;
    let AdamState { parameter, gradient, first, second } = state;
    *first = *first * rounded(0.9) + *gradient * rounded(1.0 - 0.9);
    *second = *second * rounded(0.999) + *gradient * *gradient * rounded(1.0 - 0.999);
    let root = rounded(libm::sqrt(1.0 - powers.1));
    let scale = second.sqrt_of() / root + rounded(1e-8);
    let step = *first / scale * rounded(rate / (1.0 - powers.0));
    *parameter = *parameter * rounded(1.0 - rate * decay) - step;
}
