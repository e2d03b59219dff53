//! ln(1 + x), accurate where x is small, and its form on 0 … 1 that softplus is built of.
//!
//! **Method.** `u = 1 + x` and what that sum lost, `c`, exactly (Knuth's two-sum). Where u lies in
//! √½ … √2, `f = x` is exact and goes into the sum of [`ln`](mod@super::ln) as it is; elsewhere u
//! is split as there, and `c/u` is added as a correction. On 0 … 1, `of_unit` needs neither:
//! below ½ `2 atanh(d/2)` with `d = 2e/(2 + e)`, from there on `ln 2 + 2 atanh(d/2)` with
//! `d = 2(e − 1)/(3 + e)`, where `e − 1` is exact.
//!
//! **Range.** All x > −1. **Coefficients.** Those of [`ln`](mod@super::ln).
//!
//! **Bound.** 1.5 ulp.
//!
//! **Special values.** NaN ↦ NaN, +∞ ↦ +∞, −1 ↦ −∞, below −1 ↦ NaN; ±0 and subnormal numbers ↦
//! themselves.

use super::{
    Real,
    ln::{atanh_tail, edges, split, sum},
};
use crate::arith::elementwise::Function;
use crate::arith::lanes::{Lanes, Simd};

/// ln(1 + x).
pub struct Log1p;

impl Function for Log1p {
    #[inline(always)]
    fn lanes<S: Simd, T: Real>(x: Lanes<S, T>) -> Lanes<S, T> {
        let zero = x.filled(T::ZERO);
        let u = x.plus(T::ONE);
        let x_in_u = u.plus(-T::ONE);
        let one_in_u = u - x_in_u;
        let lost = (x - x_in_u) + (-one_in_u).plus(T::ONE);
        let (k, significand) = split(u);
        let near_zero = k.abs().lt(x.filled(T::HALF));
        let f = near_zero.select(x, significand.plus(-T::ONE));
        let correction = near_zero.select(zero, lost / u);
        let value = edges(u, sum(k, f, correction));
        x.abs().lt(x.filled(T::MIN_POSITIVE)).select(x, value)
    }
}

/// ln(1 + e) for 0 ≤ e ≤ 1 (NaN ↦ NaN), 1.5 ulp, with one division.
#[inline(always)]
pub(super) fn of_unit<S: Simd, T: Real>(e: Lanes<S, T>) -> Lanes<S, T> {
    let zero = e.filled(T::ZERO);
    let one = e.filled(T::ONE);
    let small = e.lt(e.filled(T::HALF));
    let shift = small.select(zero, one);
    let base = small.select(zero, e.filled(T::LN_2));
    let numerator = e - shift;
    let d = (numerator + numerator) / (e + shift.plus(T::TWO));
    base + (d + d * atanh_tail(d))
}
