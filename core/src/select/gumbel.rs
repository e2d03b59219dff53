//! Draws without replacement in proportion to weights, as a ranking: the k largest of ln w + G,
//! G a Gumbel deviate a pair, are distributed as k pairs drawn one after the other, each in
//! proportion to its weight among those left (Yellott, 1977; Efraimidis and Spirakis, 2006, have
//! the same as exponential keys).
//!
//! A pair's deviate is a function of its number and one draw of the stream: neither threads nor the
//! pairs beside it enter.

use crate::arith::{Real, ln};
use crate::rng::{Stream, mix};

/// The deviates of one ranking.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gumbel {
    key: u64,
}

impl Gumbel {
    /// Keyed by the stream's next bits.
    pub(super) fn new(rng: &mut Stream) -> Self {
        Self { key: rng.bits() }
    }

    /// The deviate of a pair, −ln(−ln u): computed in `f64` and rounded, so that either type sees
    /// the same draws. u is the middle of one of 2⁵² intervals, never 0 and never 1.
    pub(super) fn deviate<T: Real>(self, pair: u64) -> T {
        // The outputs of SplitMix64, of which any can be computed by itself.
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let bits = mix(self.key.wrapping_add(pair.wrapping_mul(STEP)));
        let uniform = (f64::from_u64(bits >> 12) + 0.5) / f64::from_u64(1 << 52);
        T::from_f64(-ln(-ln(uniform)))
    }
}
