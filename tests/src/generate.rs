//! Inputs from seeded streams of the core's own, so that a failure can be repeated.

use pairpick_core::arith::Real;
use pairpick_core::linalg::Packed;
use pairpick_core::rng::Stream;

use crate::oracle;

/// Numbers uniform on (−1, 1).
#[must_use]
pub fn numbers(count: usize, seed: u64) -> Vec<f64> {
    let mut stream = Stream::new(seed, "test", 0);
    (0..count).map(|_| 2.0 * stream.uniform::<f64>() - 1.0).collect()
}

/// The same, rounded to f32.
#[must_use]
pub fn numbers_f32(count: usize, seed: u64) -> Vec<f32> {
    numbers(count, seed).into_iter().map(|value| value as f32).collect()
}

/// A random in-prompt pool: prompt starts (prompts of 1 to `most` replies, some with none),
/// features, and a head.
#[must_use]
pub fn pool(prompts: usize, most: u64, order: usize, seed: u64) -> (Vec<u32>, Vec<f32>, Vec<f32>) {
    let mut stream = Stream::new(seed, "pool of a test", 0);
    let mut starts = vec![0_u32];
    for _ in 0..prompts {
        let replies = u32::try_from(stream.below(most + 1)).expect("small");
        starts.push(starts.last().expect("not empty") + replies);
    }
    let items = *starts.last().expect("not empty") as usize;
    (starts, numbers_f32(items * order, seed + 1), numbers_f32(order, seed + 2))
}

/// A well-conditioned symmetric matrix AAᵀ + order·I, packed, of this scale.
///
/// # Panics
/// If the order is 0 or beyond what the core supports.
#[must_use]
pub fn positive<T: Real>(order: usize, seed: u64, scale: f64) -> Packed<T, Vec<T>> {
    let a = numbers(order * order, seed);
    let mut entries = Vec::new();
    for j in 0..order {
        for i in j..order {
            let dot = oracle::dot(&a[i * order..][..order], &a[j * order..][..order]);
            let diagonal = if i == j { order as f64 } else { 0.0 };
            entries.push(T::from_f64(scale * (dot + diagonal)));
        }
    }
    Packed::new(order, entries).expect("order")
}

/// The same matrix in f64.
///
/// # Panics
/// Never: the order stays.
#[must_use]
pub fn widened<T: Real>(matrix: &Packed<T, Vec<T>>) -> Packed<f64, Vec<f64>> {
    let entries = matrix.as_slice().iter().map(|entry| entry.to_f64()).collect();
    Packed::new(matrix.order(), entries).expect("order")
}
