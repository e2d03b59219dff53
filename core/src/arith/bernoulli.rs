//! p(1 − p) with p = σ(x): the variance of an answer, which weighs a pair in every Fisher sum.
//!
//! **Method.** e/(1 + e)² with e = e^(−|x|), the canonical form of the numeric contract (3). It is
//! even in x bit for bit, since the sign goes first: a weight cannot depend on which response of a
//! pair is called the first. σ(x)·(1 − σ(x)) is neither that nor accurate: in `f32` it is 17 % off
//! at |x| = 15.
//!
//! **Range.** All of the type. **Coefficients.** Those of [`exp`](mod@super::exp).
//!
//! **Bound.** 5 ulp, subnormal results included.
//!
//! **Special values.** NaN ↦ NaN, ±∞ ↦ 0; ¼ exactly at 0.

use super::{Real, exp::decay};
use crate::arith::elementwise::Function;
use crate::arith::lanes::{Lanes, Simd};

/// p(1 − p), the variance of a Bernoulli variable with logit x.
pub struct Variance;

impl Function for Variance {
    #[inline(always)]
    fn lanes<S: Simd, T: Real>(x: Lanes<S, T>) -> Lanes<S, T> {
        let e = decay(x.abs());
        let sum = e.plus(T::ONE);
        e / (sum * sum)
    }
}
