//! ln x: log-determinants, entropies and the normal deviates of the random numbers.
//!
//! **Method.** `x = 2ᵏ (1 + f)` with `√½ ≤ 1 + f < √2`, from the bits. With `d = 2f/(2 + f)`,
//! `ln(1 + f) = 2 atanh(d/2) = d + d g(d²)`; since `d` is rounded and `f` exact, it is summed as
//! `f − (f²/2 − d (f²/4 + g))`, the form of FreeBSD's msun, whose leading term has no error.
//! `k ln 2` comes in two parts, as in [`exp`](mod@super::exp). Subnormal arguments are scaled first.
//!
//! **Range.** All positive numbers.
//!
//! **Coefficients.** `g(v)/v` of degree 2 (6) on 0 ≤ v ≤ 0.16: `fixtures/arith/fit.py`. It leaves
//! 0.03·2⁻²³ (0.07·2⁻⁵²), and serves [`log1p`](mod@super::log1p) as well.
//!
//! **Bound.** 1.5 ulp.
//!
//! **Special values.** NaN ↦ NaN, +∞ ↦ +∞, ±0 ↦ −∞, below 0 ↦ NaN; ln 1 = +0 exactly.

use super::{Real, polynomial::polynomial};
use crate::arith::elementwise::Function;
use crate::arith::lanes::{Element, Lanes, Simd};

/// What ln x needs to know of a scalar type.
pub trait Constants: Element + 'static {
    /// The bits of 1 less those of √½.
    const ONE_LESS_ROOT_HALF: Self::Bits;
    /// The bits of √½.
    const ROOT_HALF: Self::Bits;
    /// The explicit bits of the significand.
    const SIGNIFICAND: Self::Bits;
    /// The bits of 2²³ or 2⁵²: a small whole number added to them is that number added to the
    /// float.
    const COUNTER: Self::Bits;
    /// 2²³ or 2⁵² plus the exponent's bias.
    const COUNTER_AND_BIAS: Self;
    /// A power of two that makes each subnormal number normal.
    const NORMALISER: Self;
    /// The binary logarithm of [`Self::NORMALISER`].
    const NORMALISER_LOG2: Self;
    /// A quiet NaN.
    const NAN: Self;
    /// ln 2.
    const LN_2: Self;
    /// `g(v)/v` in `2 atanh(d/2) = d + d g(d²)`, lowest power first.
    const ATANH: &'static [Self];
}

impl Constants for f32 {
    const ONE_LESS_ROOT_HALF: u32 = 0x3f80_0000 - Self::ROOT_HALF;
    const ROOT_HALF: u32 = 0x3f35_04f3;
    const SIGNIFICAND: u32 = (1 << 23) - 1;
    const COUNTER: u32 = 8_388_608.0_f32.to_bits();
    const COUNTER_AND_BIAS: Self = 8_388_608.0 + 127.0;
    const NORMALISER: Self = f32::from_bits((127 + 32) << 23);
    const NORMALISER_LOG2: Self = 32.0;
    const NAN: Self = f32::NAN;
    const LN_2: Self = core::f32::consts::LN_2;
    const ATANH: &'static [Self] = &[0.083_333_69, 0.012_486_658, 0.002_372_588];
}

impl Constants for f64 {
    const ONE_LESS_ROOT_HALF: u64 = 0x3ff0_0000_0000_0000 - Self::ROOT_HALF;
    const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    const SIGNIFICAND: u64 = (1 << 52) - 1;
    const COUNTER: u64 = 4_503_599_627_370_496.0_f64.to_bits();
    const COUNTER_AND_BIAS: Self = 4_503_599_627_370_496.0 + 1023.0;
    const NORMALISER: Self = f64::from_bits((1023 + 64) << 52);
    const NORMALISER_LOG2: Self = 64.0;
    const NAN: Self = f64::NAN;
    const LN_2: Self = core::f64::consts::LN_2;
    const ATANH: &'static [Self] = &[
        0.083_333_333_333_341_09,
        0.012_499_999_998_782_596,
        0.002_232_142_922_096_537,
        0.000_434_026_133_240_793_84,
        8.880_064_447_750_031e-05,
        1.861_562_833_016_600_4e-05,
        4.690_538_282_884_279e-06,
    ];
}

/// ln x.
pub struct Ln;

impl Function for Ln {
    #[inline(always)]
    fn lanes<S: Simd, T: Real>(x: Lanes<S, T>) -> Lanes<S, T> {
        let subnormal = x.lt(x.filled(T::MIN_POSITIVE));
        let scaled = subnormal.select(x.times(T::NORMALISER), x);
        let removed = subnormal.select(x.filled(T::NORMALISER_LOG2), x.filled(T::ZERO));
        let (k, significand) = split(scaled);
        let f = significand.plus(-T::ONE);
        edges(x, sum(k - removed, f, x.filled(T::ZERO)))
    }
}

/// k and 1 + f of a positive normal number `2ᵏ (1 + f)`, `√½ ≤ 1 + f < √2`.
#[inline(always)]
pub(super) fn split<S: Simd, T: Real>(x: Lanes<S, T>) -> (Lanes<S, T>, Lanes<S, T>) {
    let shifted = x.to_bits().plus(T::ONE_LESS_ROOT_HALF);
    let k = Lanes::from_bits((shifted >> T::SIGNIFICAND_BITS).plus(T::COUNTER))
        .plus(-T::COUNTER_AND_BIAS);
    let significand = Lanes::from_bits(shifted.masked(T::SIGNIFICAND).plus(T::ROOT_HALF));
    (k, significand)
}

/// `k ln 2 + ln(1 + f)` plus a small `correction`.
#[inline(always)]
pub(super) fn sum<S: Simd, T: Real>(
    k: Lanes<S, T>,
    f: Lanes<S, T>,
    correction: Lanes<S, T>,
) -> Lanes<S, T> {
    let d = (f + f) / f.plus(T::TWO);
    let half_square = (f * f).times(T::HALF);
    let small = d * (half_square.times(T::HALF) + atanh_tail(d));
    let low = small + (k.times(T::LN_2_LOW) + correction);
    k.times(T::LN_2_HIGH) + (f - (half_square - low))
}

/// `g(d²)` in `2 atanh(d/2) = d + d g(d²)`, for `|d| ≤ 0.4`.
#[inline(always)]
pub(super) fn atanh_tail<S: Simd, T: Real>(d: Lanes<S, T>) -> Lanes<S, T> {
    let square = d * d;
    square * polynomial(square, T::ATANH)
}

/// The logarithm of `x`, which is `value` for a positive finite `x`.
#[inline(always)]
pub(super) fn edges<S: Simd, T: Real>(x: Lanes<S, T>, value: Lanes<S, T>) -> Lanes<S, T> {
    let zero = x.filled(T::ZERO);
    // +∞ and NaN are their own logarithms.
    let above = x.lt(x.filled(T::INFINITY)).select(value, x);
    let at_zero = x.is_number().select(x.filled(-T::INFINITY), x);
    let below = x.lt(zero).select(x.filled(T::NAN), at_zero);
    zero.lt(x).select(above, below)
}
