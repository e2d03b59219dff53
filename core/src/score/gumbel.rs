//! Drawing in proportion to scores, by noise on their logarithms.
//!
//! The k pairs with the largest ln(score) + G, each G a Gumbel variable of its own, are k pairs drawn
//! one after the other without replacement, each time in proportion to the scores that are left
//! (Yellott, 1977; Kool, van Hoof and Welling, 2019). The noise of a pair is a function of a seed
//! and its number alone, so that it does not matter who walks over the pairs, or in what order.

use crate::arith::elementwise::map;
use crate::arith::ln::Ln;
use crate::arith::log1p::Log1p;
use crate::arith::{self, Level, Real};
use crate::parallel::split_at;
use crate::rng::split_mix;

/// G = −ln(−ln(1 − v)) with v uniform on (0, 1): of 64 bits, output number `index` of SplitMix64
/// from the state `seed`. Where G is large v is small, and has all digits of its type.
#[must_use]
pub fn gumbel<T: Real>(seed: u64, index: u64) -> T {
    -arith::ln(-arith::log1p(-uniform::<T>(seed, index)))
}

/// Uniform on (0, 1), neither end included.
fn uniform<T: Real>(seed: u64, index: u64) -> T {
    // 2⁻³² twice, since 2⁶⁴ does not fit an integer.
    let half = T::ONE / T::from_u64(1 << 32);
    let value = T::from_u64(split_mix(seed, index) | 1) * half * half;
    if value < T::ONE { value } else { T::ONE - T::EPSILON * T::HALF }
}

/// Replaces scores by ln(score) + G, those of consecutive pairs from number `first` on. A score of
/// 0 becomes the least number there is: such a pair is drawn when no other is left.
pub(super) fn perturb<T: Real>(level: Level, seed: u64, first: u64, scores: &mut [T]) {
    const GROUP: usize = 64;
    let mut noise = [T::ZERO; GROUP];
    for (number, scores) in (first..).step_by(GROUP).zip(scores.chunks_mut(GROUP)) {
        let (noise, _) = split_at(&mut noise, scores.len());
        for (pair, noise) in (number..).zip(&mut *noise) {
            *noise = -uniform::<T>(seed, pair);
        }
        map::<Log1p, T>(level, noise);
        noise.iter_mut().for_each(|noise| *noise = -*noise);
        map::<Ln, T>(level, noise);
        map::<Ln, T>(level, scores);
        for (score, noise) in scores.iter_mut().zip(&*noise) {
            *score = if *score == -T::INFINITY { -T::MAX } else { *score - *noise };
        }
    }
}

/// The score that a key came from, to rounding.
pub(super) fn score_of<T: Real>(seed: u64, pair: u64, key: T) -> T {
    arith::exp(key - gumbel::<T>(seed, pair))
}
