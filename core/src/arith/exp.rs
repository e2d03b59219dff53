//! eˣ, and the forms of e⁻ᶻ that the other functions are built of.
//!
//! **Method.** `x = n ln 2 + r` with `n` the nearest whole number to `x / ln 2`, found by adding and
//! taking away 1.5·2²³ (1.5·2⁵²), so `|r| ≤ ln 2 / 2`. `ln 2` is a sum of two parts, the first with
//! so few bits that its product with `n` is exact. `eʳ = 1 + (r + r² q(r))`, and `2ⁿ` is put
//! together from bits.
//!
//! **Range.** All of the type. A power of two that reaches from the smallest subnormal to overflow
//! is no number of the type itself, so it is multiplied in as two: only the last multiplication
//! rounds, and only where the result is subnormal.
//!
//! **Coefficients.** `q` of degree 4 (9): `fixtures/arith/fit.py`. It leaves a relative error of
//! 0.03·2⁻²³ (0.02·2⁻⁵²); the rest of the bound is rounding.
//!
//! **Bound.** 1.5 ulp, subnormal results included.
//!
//! **Special values.** NaN ↦ NaN, −∞ ↦ 0, +∞ ↦ +∞; overflow to +∞, underflow through the subnormal
//! numbers to +0; e⁰ = 1 exactly.

use core::f32::consts::LOG2_E as LOG2_E_F32;
use core::f64::consts::LOG2_E as LOG2_E_F64;

use super::{Real, polynomial::polynomial};
use crate::arith::elementwise::Function;
use crate::arith::lanes::{BitLanes, Element, Lanes, Simd};

/// What eˣ needs to know of a scalar type.
pub trait Constants: Element + 'static {
    /// 1 / ln 2.
    const LOG2_E: Self;
    /// The leading bits of ln 2, so few that a whole number of the exponent's size times them is
    /// exact.
    const LN_2_HIGH: Self;
    /// ln 2 less [`Self::LN_2_HIGH`].
    const LN_2_LOW: Self;
    /// 1.5·2²³ or 1.5·2⁵²: a number of modest size added to it is rounded to a whole one, which
    /// stands in the low bits of the sum.
    const ROUNDER: Self;
    /// The bits of [`Self::ROUNDER`] less twice the exponent's bias.
    const ROUNDER_LESS_TWO_BIASES: Self::Bits;
    /// Above this, eˣ overflows; eˣ of this does.
    const OVERFLOWS: Self;
    /// Below this, eˣ rounds to 0; eˣ of this does.
    const VANISHES: Self;
    /// The exponent's bias plus the binary logarithm of the lift: see `lifted`.
    const LIFTED_BIAS: Self::Bits;
    /// The reciprocal of the lift, 2⁻⁶⁴ or 2⁻²⁵⁶.
    const UNLIFT: Self;
    /// `q` in `eʳ = 1 + (r + r² q(r))`, lowest power first.
    const EXP_TAIL: &'static [Self];
}

impl Constants for f32 {
    const LOG2_E: Self = LOG2_E_F32;
    const LN_2_HIGH: Self = f32::from_bits(0x3f31_7200); // 15 bits, 0.69314575
    const LN_2_LOW: Self = 1.428_606_8e-6;
    const ROUNDER: Self = 12_582_912.0;
    const ROUNDER_LESS_TWO_BIASES: u32 = 12_582_912.0_f32.to_bits() - 2 * 127;
    const OVERFLOWS: Self = 89.0;
    const VANISHES: Self = -104.0;
    const LIFTED_BIAS: u32 = 127 + 64;
    const UNLIFT: Self = f32::from_bits((127 - 64) << 23);
    const EXP_TAIL: &'static [Self] =
        &[0.499_999_88, 0.166_665_18, 0.041_669_652, 0.008_368_948_5, 0.001_374_500_6];
}

impl Constants for f64 {
    const LOG2_E: Self = LOG2_E_F64;
    const LN_2_HIGH: Self = f64::from_bits(0x3fe6_2e42_fee0_0000); // 32 bits, 0.6931471803691238
    const LN_2_LOW: Self = 1.908_214_929_270_587_7e-10;
    const ROUNDER: Self = 6_755_399_441_055_744.0;
    const ROUNDER_LESS_TWO_BIASES: u64 = 6_755_399_441_055_744.0_f64.to_bits() - 2 * 1023;
    const OVERFLOWS: Self = 710.0;
    const VANISHES: Self = -746.0;
    const LIFTED_BIAS: u64 = 1023 + 256;
    const UNLIFT: Self = f64::from_bits((1023 - 256) << 52);
    const EXP_TAIL: &'static [Self] = &[
        0.500_000_000_000_001_2,
        0.166_666_666_666_664_71,
        0.041_666_666_666_519_7,
        0.008_333_333_333_458_676,
        0.001_388_888_894_594_300_6,
        0.000_198_412_695_811_937_55,
        2.480_149_100_070_721e-5,
        2.755_752_160_899_684e-6,
        2.763_092_060_816_776_4e-7,
        2.502_010_376_393_215e-8,
    ];
}

/// eˣ.
pub struct Exp;

impl Function for Exp {
    #[inline(always)]
    fn lanes<S: Simd, T: Real>(x: Lanes<S, T>) -> Lanes<S, T> {
        // Beyond these ends the answer no longer changes, and n would outgrow the exponent's bits.
        let (top, bottom) = (x.filled(T::OVERFLOWS), x.filled(T::VANISHES));
        let x = top.lt(x).select(top, x);
        let x = x.lt(bottom).select(bottom, x);
        let (n, r) = reduce(x, x.filled(T::ZERO));
        // n plus twice the bias, in two halves: each the biased exponent of a normal number.
        let sum = n.minus(T::ROUNDER_LESS_TWO_BIASES);
        let half = sum >> 1;
        let first = Lanes::from_bits(half << T::SIGNIFICAND_BITS);
        let second = Lanes::from_bits((sum - half) << T::SIGNIFICAND_BITS);
        exp_of_rest(r) * first * second
    }
}

/// e⁻ᶻ for z ≥ 0 (NaN ↦ NaN): the form for functions that are stable in it.
#[inline(always)]
pub(super) fn decay<S: Simd, T: Real>(z: Lanes<S, T>) -> Lanes<S, T> {
    let bottom = z.filled(T::VANISHES);
    let x = -z;
    let x = x.lt(bottom).select(bottom, x);
    lifted(x, x.filled(T::ZERO)).times(T::UNLIFT)
}

/// `e^(x − less)` times the lift (2⁶⁴ or 2²⁵⁶), for x ≤ 0 with `|less|` small beside it and
/// `x − less` no lower than −131 (−885), where the lifted result would be subnormal.
///
/// The lift keeps every result normal, so a product with further factors rounds as it should, and
/// the one multiplication by [`Constants::UNLIFT`] that comes last is the only one that can round
/// to a subnormal number. `less` takes what was lost in rounding `x`: where `x` is large, that is
/// a large factor.
#[inline(always)]
pub(super) fn lifted<S: Simd, T: Real>(x: Lanes<S, T>, less: Lanes<S, T>) -> Lanes<S, T> {
    let (n, r) = reduce(x, less);
    let power = Lanes::from_bits(n.plus(T::LIFTED_BIAS) << T::SIGNIFICAND_BITS);
    exp_of_rest(r) * power
}

/// `x − less = n ln 2 + r`: the bits of [`Constants::ROUNDER`] plus n, and r.
#[inline(always)]
fn reduce<S: Simd, T: Real>(x: Lanes<S, T>, less: Lanes<S, T>) -> (BitLanes<S, T>, Lanes<S, T>) {
    let rounded = (x - less).times(T::LOG2_E).plus(T::ROUNDER);
    let n = rounded.plus(-T::ROUNDER);
    let r = x - n.times(T::LN_2_HIGH) - n.times(T::LN_2_LOW) - less;
    (rounded.to_bits(), r)
}

/// eʳ for |r| ≤ ln 2 / 2.
#[inline(always)]
fn exp_of_rest<S: Simd, T: Real>(r: Lanes<S, T>) -> Lanes<S, T> {
    (polynomial(r, T::EXP_TAIL) * (r * r) + r).plus(T::ONE)
}
