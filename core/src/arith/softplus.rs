//! ln(1 + eˣ): the Bradley–Terry loss of a pair, from its logit.
//!
//! **Method.** The larger of x and 0, plus ln(1 + e) with e = e^(−|x|). The second term carries the
//! relative accuracy where x is far below 0; [`log1p`](mod@super::log1p) has its form on 0 … 1.
//!
//! **Range.** All of the type. **Coefficients.** Those of [`exp`](mod@super::exp) and
//! [`ln`](mod@super::ln).
//!
//! **Bound.** 4 ulp, subnormal results included.
//!
//! **Special values.** NaN ↦ NaN, −∞ ↦ 0, +∞ ↦ +∞.

use super::{Real, exp::decay, log1p::of_unit};
use crate::arith::elementwise::Function;
use crate::arith::lanes::{Lanes, Simd};

/// ln(1 + eˣ).
pub struct Softplus;

impl Function for Softplus {
    #[inline(always)]
    fn lanes<S: Simd, T: Real>(x: Lanes<S, T>) -> Lanes<S, T> {
        let zero = x.filled(T::ZERO);
        let ramp = zero.lt(x).select(x, zero);
        ramp + of_unit(decay(x.abs()))
    }
}
