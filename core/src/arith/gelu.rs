//! GELU, x Φ(x) with Φ the normal distribution (the form with erf, not the one with tanh), and its
//! derivative Φ(x) + x φ(x): the activation of the trunk.
//!
//! **Method.** With z = |x|, `Φ(−z) = e^(−z²/2) m(z)` as in [`erf`](mod@super::erf), and
//! `x Φ(x) = ramp(x) − z Φ(−z)` with ramp(x) the larger of x and 0: no case for the sign, no
//! cancellation below 0, and above it one rounding fewer than in x (1 − Φ(−x)). The derivative is
//! `e^(−z²/2) (m(z) − z/√2π)` below 0 and 1 less that above, so the two share the exponential and m.
//!
//! **Range.** All of the type. **Coefficients.** Those of [`erf`](mod@super::erf) and
//! [`exp`](mod@super::exp).
//!
//! **Bound.** GELU: 4 ulp from 0 up; below 0 an absolute 2⁻²³ (2⁻⁵²), and relative to the result,
//! however small, 10 ulp. Derivative: 4 ulp from 0 up; below 0, where it crosses 0, an absolute
//! 2·2⁻²³ (2·2⁻⁵²).
//!
//! **Special values.** NaN ↦ NaN; GELU: −∞ ↦ 0, +∞ ↦ +∞, ±0 ↦ +0; derivative: −∞ ↦ −0, +∞ ↦ 1,
//! ½ at 0.

use super::{
    Real,
    erf::{lifted_gaussian, mills},
};
use crate::arith::elementwise::Function;
use crate::arith::lanes::{Element, Lanes, Simd};

/// What GELU needs to know of a scalar type.
pub trait Constants: Element {
    /// From here on z Φ(−z) and z φ(z) round to 0.
    const GELU_ENDS: Self;
    /// 1/√2π.
    const NORMAL_PEAK: Self;
}

impl Constants for f32 {
    const GELU_ENDS: Self = 15.0;
    const NORMAL_PEAK: Self = 0.398_942_3;
}

impl Constants for f64 {
    const GELU_ENDS: Self = 39.0;
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
    /// The argument.
    x: Lanes<S, T>,
    /// |x|, but no larger than where the tail is 0: 0 · ∞ would be NaN.
    z: Lanes<S, T>,
    /// `e^(−z²/2)`, lifted out of the subnormal numbers.
    gaussian: Lanes<S, T>,
    /// `m(z)`.
    mills: Lanes<S, T>,
}

impl<S: Simd, T: Real> Parts<S, T> {
    #[inline(always)]
    fn of(x: Lanes<S, T>) -> Self {
        let end = x.filled(T::GELU_ENDS);
        let z = x.abs();
        let z = end.lt(z).select(end, z);
        Self { x, z, gaussian: lifted_gaussian(z, T::HALF), mills: mills(z) }
    }

    #[inline(always)]
    fn value(&self) -> Lanes<S, T> {
        let zero = self.x.filled(T::ZERO);
        // NaN fails the comparison, and comes back through the second term.
        let ramp = zero.lt(self.x).select(self.x, zero);
        ramp - (self.z * (self.gaussian * self.mills)).times(T::UNLIFT)
    }

    #[inline(always)]
    fn derivative(&self) -> Lanes<S, T> {
        let zero = self.x.filled(T::ZERO);
        let below = (self.gaussian * (self.mills - self.z.times(T::NORMAL_PEAK))).times(T::UNLIFT);
        let above = (-below).plus(T::ONE);
        self.x.lt(zero).select(below, above)
    }
}
