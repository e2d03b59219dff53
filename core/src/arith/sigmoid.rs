//! σ(x) = 1/(1 + e⁻ˣ): the probability that Bradley–Terry gives to a preference from its logit.
//!
//! **Method.** With e = e^(−|x|): 1/(1 + e) for x ≥ 0, e/(1 + e) below. Both are products of exact
//! or well-conditioned steps, so the small side keeps its relative accuracy down to the subnormal
//! numbers; 1 − σ(−x) would not.
//!
//! **Range.** All of the type. **Coefficients.** Those of [`exp`](mod@super::exp).
//!
//! **Bound.** 3 ulp, subnormal results included.
//!
//! **Special values.** NaN ↦ NaN, −∞ ↦ 0, +∞ ↦ 1; σ(0) = ½ exactly.

use super::{Real, exp::decay};
use crate::arith::elementwise::Function;
use crate::arith::lanes::{Lanes, Simd};

/// 1/(1 + e⁻ˣ).
pub struct Sigmoid;

impl Function for Sigmoid {
    #[inline(always)]
    fn lanes<S: Simd, T: Real>(x: Lanes<S, T>) -> Lanes<S, T> {
        let e = decay(x.abs());
        let one = x.filled(T::ONE);
        let numerator = x.lt(x.filled(T::ZERO)).select(e, one);
        numerator / (one + e)
    }
}
