//! The error function, and the normal tail that GELU is built of.
//!
//! **Method.** The tail is `Φ(−z) = e^(−z²/2) m(z)` for z ≥ 0, with `m` half the scaled
//! complementary error function of z/√2 (Mills' ratio over √2π): `m = t p(t − ½)`,
//! `t = 1/(1 + z/4)`, which takes 0 … ∞ to 1 … 0 and has m's own 1/z decay. `z²` is rounded, and
//! where it is large that is a large factor of its exponential; so z is split into a high half,
//! whose square is exact, and the rest, which goes into the reduced argument of
//! [`exp`](mod@super::exp). The tail then keeps its relative accuracy as far as it reaches.
//! `erf x` is `x + x s(x²)` for |x| < ½, and from there on `1 − 2 e^(−x²) m(√2 x)`.
//!
//! **Range.** All of the type; beyond 10, erf is 1 in either type.
//!
//! **Coefficients.** `p` of degree 9 (22) on 0 ≤ z ≤ 14.5 (39), where the tail vanishes; `s` of
//! degree 4 (9): `fixtures/arith/fit.py`. They leave 0.18·2⁻²³ (0.16·2⁻⁵²) and 0.02·2⁻²³
//! (0.05·2⁻⁵²).
//!
//! **Bound.** erf: 2 ulp, subnormal results included.
//!
//! **Special values.** NaN ↦ NaN, ±∞ ↦ ±1, ±0 ↦ ±0.

use fearless_simd::SimdFloatElement;

use super::{Real, exp::lifted, polynomial::polynomial};
use crate::kernel::elementwise::Function;
use crate::kernel::lanes::{Lanes, Simd};

/// What the normal tail and the error function need to know of a scalar type.
pub trait Constants: SimdFloatElement + 'static {
    /// The sign, the exponent and so much of the significand that its square is exact.
    const HIGH_HALF: Self::Bits;
    /// ¼.
    const QUARTER: Self;
    /// √2.
    const ROOT_2: Self;
    /// From here on erf is 1.
    const ERF_IS_ONE: Self;
    /// `p` in `m(z) = t p(t − ½)`, lowest power first.
    const MILLS: &'static [Self];
    /// `s` in `erf x = x + x s(x²)`, lowest power first.
    const ERF_NEAR_ZERO: &'static [Self];
}

impl Constants for f32 {
    const HIGH_HALF: u32 = !0 << 12;
    const QUARTER: Self = 0.25;
    const ROOT_2: Self = core::f32::consts::SQRT_2;
    const ERF_IS_ONE: Self = 10.0;
    const MILLS: &'static [Self] = &[
        0.188_821_29,
        0.303_948_28,
        0.387_136_7,
        0.373_047_6,
        0.241_620_15,
        0.060_187_04,
        -0.056_234_866,
        -0.050_122_88,
        0.011_497_187,
        0.016_738_48,
    ];
    const ERF_NEAR_ZERO: &'static [Self] = &[
        0.128_379_17,
        -0.376_126_1,
        0.112_828_55,
        -0.026_758_812,
        0.004_720_762,
    ];
}

impl Constants for f64 {
    const HIGH_HALF: u64 = !0 << 27;
    const QUARTER: Self = 0.25;
    const ROOT_2: Self = core::f64::consts::SQRT_2;
    const ERF_IS_ONE: Self = 10.0;
    const MILLS: &'static [Self] = &[
        0.188_821_282_603_937_88,
        0.303_948_320_985_946_04,
        0.387_137_400_742_215_86,
        0.373_043_715_919_324_9,
        0.241_586_299_563_078_67,
        0.060_321_511_732_076_55,
        -0.055_675_077_807_550_856,
        -0.052_186_190_531_338_48,
        0.008_534_032_546_335_186,
        0.029_580_148_294_593_073,
        -0.000_488_419_532_331_000_5,
        -0.017_994_027_954_028_13,
        0.000_732_266_396_436_827_3,
        0.012_124_246_727_543_954,
        -0.002_561_913_872_806_793_7,
        -0.008_371_311_215_258_494,
        0.004_332_567_450_711_281,
        0.005_131_532_146_355_968,
        -0.005_073_521_061_815_343,
        -0.002_105_172_559_895_371,
        0.003_853_015_749_615_275,
        0.000_174_807_078_383_778_74,
        -0.001_266_657_314_277_197_4,
    ];
    const ERF_NEAR_ZERO: &'static [Self] = &[
        0.128_379_167_095_512_6,
        -0.376_126_389_031_840_5,
        0.112_837_916_709_757_17,
        -0.026_866_170_651_642_783,
        0.005_223_977_736_733_417,
        -0.000_854_833_815_262_945_4,
        0.000_120_560_005_585_612_01,
        -1.494_906_173_309_443_5e-05,
        1.689_121_957_246_430_9e-06,
        -1.899_085_942_178_112e-07,
    ];
}

/// The error function.
pub struct Erf;

impl Function for Erf {
    #[inline(always)]
    fn lanes<S: Simd, T: Real>(x: Lanes<S, T>) -> Lanes<S, T> {
        let near = x + x * polynomial(x * x, T::ERF_NEAR_ZERO);
        let end = x.filled(T::ERF_IS_ONE);
        let z = x.abs();
        let z = end.lt(z).select(end, z);
        let half_tail = lifted_gaussian(z, T::ONE) * mills(z.times(T::ROOT_2));
        let far = -((half_tail + half_tail).times(T::UNLIFT)).plus(-T::ONE);
        let signed = x.lt(x.filled(T::ZERO)).select(-far, far);
        z.lt(x.filled(T::HALF)).select(near, signed)
    }
}

/// `e^(−scale z²)` times the lift of [`lifted`], for z ≥ 0 and `scale` 1 or ½.
#[inline(always)]
pub(super) fn lifted_gaussian<S: Simd, T: Real>(z: Lanes<S, T>, scale: T) -> Lanes<S, T> {
    let high = Lanes::from_bits(z.to_bits().masked(T::HIGH_HALF));
    let square = (high * high).times(scale);
    let rest = ((z - high) * (z + high)).times(scale);
    lifted(-square, rest)
}

/// `m(z)`, with which `Φ(−z) = e^(−z²/2) m(z)`, for z ≥ 0.
#[inline(always)]
pub(super) fn mills<S: Simd, T: Real>(z: Lanes<S, T>) -> Lanes<S, T> {
    let t = z.filled(T::ONE) / z.times(T::QUARTER).plus(T::ONE);
    t * polynomial(t.plus(-T::HALF), T::MILLS)
}
