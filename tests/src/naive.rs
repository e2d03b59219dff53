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

/// Σ_i (u_i − v_i)² over the first `added` places, less the same over the others.
#[must_use]
pub fn distance<T: Real>(added: usize, u: &[T], v: &[T]) -> T {
    let mut sum = T::ZERO;
    for (place, (u, v)) in u.iter().zip(v).enumerate() {
        let difference = *u - *v;
        let square = difference * difference;
        sum = if place < added { sum + square } else { sum - square };
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

/// The lower triangle of the Fisher sum over every two items, as the contract orders it: the mean
/// item as origin, degrees and neighbours in blocks of 256 items, items in blocks of 256.
#[must_use]
pub fn cross_prompt_fisher<T: Real>(
    items: &[Vec<T>],
    weight: &dyn Fn(usize, usize) -> T,
) -> Vec<T> {
    const BLOCK: usize = 256;
    let order = items[0].len();
    let mut centre = vec![T::ZERO; order];
    for block in items.chunks(BLOCK) {
        let mut sum = vec![T::ZERO; order];
        block.iter().for_each(|item| add(&mut sum, item));
        add(&mut centre, &sum);
    }
    let count = T::from_u64(items.len() as u64);
    let centred: Vec<Vec<T>> = items
        .iter()
        .map(|item| item.iter().zip(&centre).map(|(x, sum)| *x - *sum / count).collect())
        .collect();
    let mut fisher = vec![T::ZERO; order * (order + 1) / 2];
    for (number, block) in centred.chunks(BLOCK).enumerate() {
        let mut sum = vec![T::ZERO; fisher.len()];
        for (place, own) in block.iter().enumerate() {
            let (mut degree, mut neighbours) = (T::ZERO, vec![T::ZERO; order]);
            for (first, others) in (0..).step_by(BLOCK).zip(centred.chunks(BLOCK)) {
                let (mut block_degree, mut block_sum) = (T::ZERO, vec![T::ZERO; order]);
                for (b, other) in (first..).zip(others) {
                    let w = weight(number * BLOCK + place, b);
                    block_degree += w;
                    for (sum, x) in block_sum.iter_mut().zip(other) {
                        *sum += *x * w;
                    }
                }
                degree += block_degree;
                add(&mut neighbours, &block_sum);
            }
            let gradient: Vec<T> =
                own.iter().zip(&neighbours).map(|(x, sum)| degree * *x - *sum).collect();
            let entries = (0..order).flat_map(|j| (j..order).map(move |i| (i, j)));
            for (sum, (i, j)) in sum.iter_mut().zip(entries) {
                *sum += own[i] * gradient[j];
            }
        }
        add(&mut fisher, &sum);
    }
    fisher
}

fn add<T: Real>(sum: &mut [T], terms: &[T]) {
    for (sum, term) in sum.iter_mut().zip(terms) {
        *sum += *term;
    }
}
