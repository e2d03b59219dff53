//! What pairpick costs, beside what the machine could do and what others cost.
//!
//! - [`peak`]: the physical limits, measured;
//! - [`work`]: ours: selections, matrix products, training iterations, at the paper's shapes;
//! - [`peer`]: theirs, each a process that is asked for one measurement at a time;
//! - [`sample`]: medians and spreads, taken in turns;
//! - [`contest`], [`strategies`]: the comparisons, whose rows are [`rows`];
//! - [`learnt`]: features that selections are made from, and [`all_pairs`] of many items;
//! - [`scaling`]: how cost grows, drawn by [`plot`];
//! - [`saturating`]: the paper's example by the authors' loss;
//! - [`learning`]: how well models learn from what strategies pick, ours and [`rivals`].

use fearless_simd::Level;
use pairpick_core::rng::Stream;

pub mod all_pairs;
pub mod contest;
pub mod learning;
pub mod learnt;
pub mod peak;
pub mod peer;
pub mod plot;
pub mod rivals;
pub mod rows;
pub mod sample;
pub mod saturating;
pub mod scaling;
pub mod strategies;
pub mod work;

/// Numbers uniform on (−1, 1).
#[must_use]
pub fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut stream = Stream::new(seed, "bench", 0);
    (0..count).map(|_| 2.0 * stream.uniform::<f32>() - 1.0).collect()
}

/// The instruction sets of this machine, by name.
#[must_use]
pub fn levels() -> Vec<(&'static str, Level)> {
    let mut levels = vec![("baseline", Level::baseline())];
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        let best = Level::new();
        levels.extend(best.as_avx2().map(|avx2| ("v3", Level::Avx2(avx2))));
        levels.extend(best.as_avx512().map(|avx512| ("v4", Level::Avx512(avx512))));
    }
    levels
}
