//! GELU, x Φ(x) with Φ the normal distribution (the form with erf, not the one with tanh), and its
//! derivative Φ(x) + x φ(x): the activation of the trunk.
//!
//! **Method.** With z = |x|, `Φ(−z) = e^(−z²/2) m(z)` as in [`erf`](mod@super::erf); above 0 its
//! complement. Likewise the derivative is `e^(−z²/2) (m(z) − z/√2π)` below 0 and its complement
//! above, so the two share the exponential and m.
//!
//! **Range.** All of the type. **Coefficients.** Those of [`erf`](mod@super::erf) and
//! [`exp`](mod@super::exp).
//!
//! **Bound.** GELU_BOUND
//!
//! **Special values.** NaN ↦ NaN; GELU: −∞ ↦ −0, +∞ ↦ +∞, ±0 ↦ ±0; derivative: −∞ ↦ −0, +∞ ↦ 1,
//! ½ at 0.

use fearless_simd::SimdFloatElement;

use super::{
    Real,
    erf::{lifted_gaussian, mills},
};
use crate::kernel::elementwise::Function;
use crate::kernel::lanes::{Lanes, Simd};

/// What GELU needs to know of a scalar type.
pub trait Constants: SimdFloatElement {
    /// Where x Φ(x) and all its factors round to 0 on the negative side.
    const GELU_VANISHES: Self;
    /// 1/√2π.
    const NORMAL_PEAK: Self;
}

impl Constants for f32 {
    const GELU_VANISHES: Self = -14.5;
    const NORMAL_PEAK: Self = 0.398_942_3;
}

impl Constants for f64 {
    const GELU_VANISHES: Self = -39.0;
    const NORMAL_PEAK: Self = 0.398_942_280_401_432_7;
}

/// x Φ(x).
pub struct Gelu;

impl Function for Gelu {
    #[inline(always)]
    fn lanes<S: Simd, T: Real>(x: Lanes<S, T>) -> Lanes<S, T> {
        Parts::of(x).value()
    }
}

/// Φ(x) + x φ(x), the derivative of [`Gelu`].
pub struct Derivative;

impl Function for Derivative {
    #[inline(always)]
    fn lanes<S: Simd, T: Real>(x: Lanes<S, T>) -> Lanes<S, T> {
        Parts::of(x).derivative()
    }
}

/// GELU and its derivative, for little more than the price of one; the bits are those of [`Gelu`]
/// and [`Derivative`].
#[inline(always)]
pub fn with_derivative<S: Simd, T: Real>(x: Lanes<S, T>) -> (Lanes<S, T>, Lanes<S, T>) {
    let parts = Parts::of(x);
    (parts.value(), parts.derivative())
}

/// What value and derivative have in common.
struct Parts<S: Simd, T: Real> {
    /// The argument, but no further below 0 than where all is 0: −∞ · 0 would be NaN.
    x: Lanes<S, T>,
    /// |x|, no larger than that either.
    z: Lanes<S, T>,
    /// `e^(−z²/2)`, lifted out of the subnormal numbers.
    gaussian: Lanes<S, T>,
    /// `m(z)`.
    mills: Lanes<S, T>,
}

impl<S: Simd, T: Real> Parts<S, T> {
    #[inline(always)]
    fn of(x: Lanes<S, T>) -> Self {
        let bottom = x.filled(T::GELU_VANISHES);
        let x = x.lt(bottom).select(bottom, x);
        let z = (-bottom).lt(x).select(bottom, x).abs();
        Self {
            x,
            z,
            gaussian: lifted_gaussian(z, T::HALF),
            mills: mills(z),
        }
    }

    #[inline(always)]
    fn value(&self) -> Lanes<S, T> {
        let tail = self.gaussian * self.mills;
        let below = (self.x * tail).times(T::UNLIFT);
        let above = self.x * (self.x.filled(T::ONE) - tail.times(T::UNLIFT));
        self.x.lt(self.x.filled(T::ZERO)).select(below, above)
    }

    #[inline(always)]
    fn derivative(&self) -> Lanes<S, T> {
        let below = (self.gaussian * (self.mills - self.z.times(T::NORMAL_PEAK))).times(T::UNLIFT);
        let above = self.x.filled(T::ONE) - below;
        self.x.lt(self.x.filled(T::ZERO)).select(below, above)
    }
}
