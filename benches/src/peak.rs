//! The most floating-point operations that one core does in a second: from registers alone, a
//! multiplication and an addition a step, as two operations (the numeric contract has no other) or
//! fused.
//!
//! A step waits for the one before it in its chain, so there must be chains enough to fill the
//! pipelines, and no more than there are registers: the fastest of several numbers of chains is
//! the peak.

use std::hint::black_box;
use std::time::Instant;

use fearless_simd::{Level, Simd, SimdBase, SimdFloat, dispatch};
use pairpick_core::arith::Real;
use serde::Serialize;

const STEPS: usize = 20_000;
const REPEATS: usize = 15;

/// Operations a second, in units of 10⁹, of one core.
#[derive(Clone, Debug, Serialize)]
pub struct Peak {
    /// The instruction set.
    pub level: &'static str,
    /// The numbers.
    pub scalar: &'static str,
    /// Multiplications and additions apart.
    pub apart: f64,
    /// Fused; `None` where the instruction set has no such operation.
    pub fused: Option<f64>,
}

impl Peak {
    /// What the contract leaves of the machine: its peak apart over its peak fused, or 1.
    #[must_use]
    pub fn share_apart(&self) -> f64 {
        match self.fused {
            Some(fused) if fused > self.apart => self.apart / fused,
            _ => 1.0,
        }
    }
}

/// The peaks of each instruction set of this machine.
#[must_use]
pub fn all() -> Vec<Peak> {
    let levels = crate::levels().into_iter();
    levels.flat_map(|(name, level)| [of::<f32>(name, level), of::<f64>(name, level)]).collect()
}

fn of<T: Real>(name: &'static str, level: Level) -> Peak {
    let fuses = name != "baseline";
    let fused = fuses.then(|| best(|| dispatch!(level, simd => rate::<_, T, true>(simd))));
    let apart = best(|| dispatch!(level, simd => rate::<_, T, false>(simd)));
    Peak { level: name, scalar: T::NAME, apart, fused }
}

/// The fastest of several measurements: nothing makes a processor faster than it is.
fn best(measure: impl Fn() -> f64) -> f64 {
    fastest((0..REPEATS).map(|_| measure()))
}

fn fastest(rates: impl IntoIterator<Item = f64>) -> f64 {
    rates.into_iter().fold(0.0, |best, rate| if rate > best { rate } else { best })
}

#[inline(always)]
fn rate<S: Simd, T: Real, const FUSED: bool>(simd: S) -> f64 {
    fastest([
        chains::<S, T, FUSED, 8>(simd),
        chains::<S, T, FUSED, 12>(simd),
        chains::<S, T, FUSED, 13>(simd),
        chains::<S, T, FUSED, 14>(simd),
        chains::<S, T, FUSED, 24>(simd),
    ])
}

/// Operations a second, in units of 10⁹, of so many chains x ← x · a + b.
#[inline(always)]
#[expect(clippy::disallowed_methods, reason = "the fused peak is what is measured")]
fn chains<S: Simd, T: Real, const FUSED: bool, const CHAINS: usize>(simd: S) -> f64 {
    // x stays near b / (1 − a): no subnormals, which would be slow.
    let factor = T::Native::<S>::splat(simd, black_box(T::HALF));
    let addend = T::Native::<S>::splat(simd, black_box(T::ONE));
    let mut values = [T::Native::<S>::splat(simd, black_box(T::ONE)); CHAINS];
    let began = Instant::now();
    for _ in 0..STEPS {
        for value in &mut values {
            *value = if FUSED { value.mul_add(factor, addend) } else { *value * factor + addend };
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    black_box(values.map(|value| value.as_slice().first().copied()));
    let operations = 2 * STEPS * CHAINS * T::Native::<S>::LEN;
    operations as f64 / seconds / 1e9
}
