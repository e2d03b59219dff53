//! The entropy of an answer, −p ln p − (1 − p) ln(1 − p), in nats.
//!
//! **Method.** From a logit x, with z = |x| and e = e^(−z): ln(1 + e) + z e/(1 + e), two terms of
//! one sign, so that a near-certain answer keeps its relative accuracy; even in x bit for bit. From
//! a probability, the two products of the definition.
//!
//! **Range.** From a logit, all of the type; from a probability, 0 to 1. **Coefficients.** Those of
//! [`exp`](mod@super::exp) and [`ln`](mod@super::ln).
//!
//! **Bound.** From a logit, 6 ulp while e is a normal number, |x| ≤ 87 (708); beyond, the result is
//! subnormal too, and has the rounding of e |x| times over. From a probability, an absolute 2·2⁻²³
//! (2·2⁻⁵²).
//!
//! **Special values.** NaN ↦ NaN; ±∞ ↦ 0; 0 and 1 ↦ 0 as probabilities.

use super::ln::{split, sum};
use super::{Real, exp::decay, log1p::of_unit};
use crate::arith::elementwise::Function;
use crate::arith::lanes::{Lanes, Simd};

/// The entropy of a Bernoulli variable with logit x.
pub struct OfLogit;

impl Function for OfLogit {
    #[inline(always)]
    fn lanes<S: Simd, T: Real>(x: Lanes<S, T>) -> Lanes<S, T> {
        // Beyond the end e is 0, and ∞ · 0 would be no number.
        let end = x.filled(-T::VANISHES);
        let z = x.abs();
        let z = end.lt(z).select(end, z);
        let e = decay(z);
        of_unit(e) + z * e / e.plus(T::ONE)
    }
}

/// The entropy of a Bernoulli variable with probability p.
pub struct OfProbability;

impl Function for OfProbability {
    #[inline(always)]
    fn lanes<S: Simd, T: Real>(p: Lanes<S, T>) -> Lanes<S, T> {
        let other = p.filled(T::ONE) - p;
        surprise(p) + surprise(other)
    }
}

/// −p ln p, 0 for p = 0 or a rounding below. What [`ln`](mod@super::ln) does for other arguments
/// than normal numbers is left out.
#[inline(always)]
fn surprise<S: Simd, T: Real>(p: Lanes<S, T>) -> Lanes<S, T> {
    let zero = p.filled(T::ZERO);
    let (k, significand) = split(p);
    let value = zero - p * sum(k, significand.plus(-T::ONE), zero);
    p.lt(p.filled(T::MIN_POSITIVE)).select(zero, value)
}
