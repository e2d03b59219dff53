//! The functions of [`Profile::Micro`](crate::profile::Profile::Micro): eˣ as micromath has it, and what is
//! made of it.
//!
//! **Method.** micromath (2.1, `float/exp.rs`) splits x / ln 2 into whole and fraction by its bits,
//! sums four terms of the series of the fraction, and sets the exponent: `+ − × ÷`, comparisons and
//! integer operations, so that the bits are the same everywhere. Its logarithm and its square root
//! are not used: the first is wholly off near 1, the second by up to 6 %, and a Cholesky factor
//! would feel both.
//!
//! **Bound.** eˣ: 3·10⁻³ of the result, for x ≤ 0 with a normal result. Weights: 3·10⁻³ of the
//! result. GELU, by its tanh form x σ(√(8/π) (x + 0.044715 x³)): an absolute 10⁻³.
//!
//! **Special values.** As micromath has them; NaN is not kept. Rewards and features are checked to
//! be finite before.

use micromath::F32Ext;

use super::Real;
use crate::arith::elementwise::Function;
use crate::arith::lanes::{Lanes, Simd};

/// eˣ.
pub struct Exp;

impl Function for Exp {
    #[inline(always)]
    fn lanes<S: Simd, T: Real>(x: Lanes<S, T>) -> Lanes<S, T> {
        x.each(exp)
    }
}

/// e/(1 + e)² with e = e^(−|x|): p(1 − p), p = σ(x).
pub struct Variance;

impl Function for Variance {
    #[inline(always)]
    fn lanes<S: Simd, T: Real>(x: Lanes<S, T>) -> Lanes<S, T> {
        let e = (-x.abs()).each(exp);
        let sum = e.plus(T::ONE);
        e / (sum * sum)
    }
}

/// x Φ(x), nearly.
pub struct Gelu;

impl Function for Gelu {
    #[inline(always)]
    fn lanes<S: Simd, T: Real>(x: Lanes<S, T>) -> Lanes<S, T> {
        gelu_with_derivative(x).0
    }
}

/// GELU's tanh form, and its derivative.
#[inline(always)]
pub fn gelu_with_derivative<S: Simd, T: Real>(x: Lanes<S, T>) -> (Lanes<S, T>, Lanes<S, T>) {
    let (slope, cubic) = (T::from_f64(1.595_769_1), T::from_f64(0.044_715));
    // Beyond 9 the logistic function is 0 or 1, and a cube may overflow.
    let (top, bottom) = (x.filled(T::from_f64(9.0)), x.filled(T::from_f64(-9.0)));
    let within = top.lt(x).select(top, x);
    let within = within.lt(bottom).select(bottom, within);
    let square = (within * within).times(cubic);
    let inner = (within + within * square).times(slope);
    let e = (-inner.abs()).each(exp);
    let one = x.filled(T::ONE);
    let sum = one + e;
    let logistic = inner.lt(x.filled(T::ZERO)).select(e, one) / sum;
    let inner_slope = (square + square + square).plus(T::ONE).times(slope);
    let rise = within * (e / (sum * sum)) * inner_slope;
    (x * logistic, logistic + rise)
}

fn exp<T: Real>(x: T) -> T {
    // To f32 and back is the identity where this profile is used, and compiles to nothing.
    T::from_real(F32Ext::exp(f32::from_real(x)))
}
