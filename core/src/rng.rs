//! Random numbers: one named stream for each purpose and round, and the few distributions drawn.
//!
//! The generator is Xoshiro256++ (Blackman and Vigna, 2019), seeded through SplitMix64 from the
//! run's seed, the FNV-1a of the stream's name, and the round. No stream is continued across
//! rounds, so a resumed run needs no generator state. The distributions are documented algorithms
//! of our own on those bits, since a library's may change between versions.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::arith::{Real, ln};
use crate::digest::of_name;
use crate::error::Error;

/// The random numbers of one purpose in one round.
#[derive(Clone, Debug)]
pub struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The stream of `name` (such as `"pool"`) in `round` of the run seeded by `seed`.
    #[must_use]
    pub fn new(seed: u64, name: &str, round: u64) -> Self {
        // Each part passes through a full SplitMix64 before the next is mixed in, so that
        // (seed, round) = (1, 2) and (2, 1) share nothing.
        let key = mix(mix(mix(seed) ^ of_name(name)) ^ round);
        Self(Xoshiro256PlusPlus::seed_from_u64(key))
    }

    /// 64 uniform bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform on [0, 1): the upper 53 bits (24 in `f32`), scaled. Never 1.
    pub fn uniform<T: Real>(&mut self) -> T {
        let significand = T::SIGNIFICAND_BITS + 1;
        let scale = T::ONE / T::from_u64(1_u64.wrapping_shl(significand));
        T::from_u64(self.bits().wrapping_shr(64 - significand)) * scale
    }

    /// Uniform on 0..`bound`, without bias (Lemire, 2019: multiply, reject the short interval);
    /// 0 where `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        let Some(threshold) = bound.wrapping_neg().checked_rem(bound) else {
            return 0;
        };
        loop {
            let product = u128::from(self.bits()) * u128::from(bound);
            #[allow(clippy::cast_possible_truncation, reason = "the two halves of the product")]
            let (high, low) = ((product >> 64) as u64, product as u64);
            if low >= threshold {
                return high;
            }
        }
    }

    /// Normal with mean 0 and variance 1 (Marsaglia's polar method, 1964, of which one deviate is
    /// used): computed in `f64` and rounded, so that either type sees the same draws.
    pub fn normal<T: Real>(&mut self) -> T {
        loop {
            let x = 2.0 * self.uniform::<f64>() - 1.0;
            let y = 2.0 * self.uniform::<f64>() - 1.0;
            let square = x * x + y * y;
            if 0.0 < square && square < 1.0 {
                return T::from_f64(x * (-2.0 * ln(square) / square).sqrt_of());
            }
        }
    }

    /// Shuffles in place (Fisher–Yates, from the end).
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for end in (1..values.len()).rev() {
            let other = usize::try_from(self.below(end as u64 + 1)).unwrap_or(0);
            if other < values.len() && end < values.len() {
                values.swap(other, end);
            }
        }
    }

    /// Draws `chosen.len()` distinct numbers of 0..`count`, every subset equally likely, in
    /// ascending order (Floyd's algorithm: one draw a number, no memory beyond the result).
    ///
    /// # Errors
    /// [`Error::Batch`] if more are asked for than there are.
    pub fn sample(&mut self, count: u64, chosen: &mut [u64]) -> Result<(), Error> {
        let requested = chosen.len() as u64;
        let Some(first) = count.checked_sub(requested) else {
            return Err(Error::Batch { requested, available: count });
        };
        for (filled, last) in (first..count).enumerate() {
            let drawn = self.below(last + 1);
            let Some((so_far, _)) = chosen.split_at_checked(filled) else {
                continue;
            };
            let (value, place) = match so_far.binary_search(&drawn) {
                Ok(_) => (last, filled),
                Err(place) => (drawn, place),
            };
            if let Some(tail @ [_, ..]) = chosen.get_mut(place..=filled) {
                tail.rotate_right(1);
                if let Some(slot) = tail.first_mut() {
                    *slot = value;
                }
            }
        }
        Ok(())
    }
}

/// What SplitMix64 adds to its state before each output.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// Output number `index`, from 0, of SplitMix64 from the state `seed`.
pub(crate) fn split_mix(seed: u64, index: u64) -> u64 {
    mix(seed.wrapping_add(index.wrapping_mul(GAMMA)))
}

/// The SplitMix64 finaliser (Steele, Lea, Flood, 2014).
fn mix(value: u64) -> u64 {
    let z = value.wrapping_add(GAMMA);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
