//! Inputs from seeded streams of the core's own, so that a failure can be repeated.

use pairpick_core::rng::Stream;

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
