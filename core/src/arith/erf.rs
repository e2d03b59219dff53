//! The error function, and the normal tail that GELU is built of.
//!
//! **Method.** The tail is `Φ(−z) = e^(−z²/2) m(z)` for z ≥ 0, with `m` half the scaled
//! complementary error function of z/√2 (Mills' ratio over √2π), one quotient of polynomials `P/Q`
//! whose coefficients are all positive. `z²` is rounded, and where it is large that is a large
//! factor of its exponential; so z is split into a high half, whose square is exact, and the rest,
//! which goes into the reduced argument of [`exp`](mod@super::exp). The tail then keeps its
//! relative accuracy as far as it reaches. `erf x` is `x + x s(x²)` for |x| < ¾, and from there on
//! `1 − 2 e^(−x²) m(√2 x)`.
//!
//! **Range.** All of the type; beyond 10, erf is 1 in either type.
//!
//! **Coefficients.** `P/Q` of degree 4/5 (9/10) on 0 ≤ z ≤ 15 (39), where the tail vanishes; `s`
//! of degree 5 (11): `fixtures/arith/fit.py`. They leave 0.2·2⁻²³ (0.3·2⁻⁵²) and 0.02·2⁻²³
//! (0.05·2⁻⁵²). `P(0) = ¾`, `Q(0) = 1½` rather than ½ and 1: near 0, where GELU needs it most, sums
//! just above a power of two would have twice the relative rounding error.
//!
//! **Bound.** erf: 2 ulp, subnormal results included.
//!
//! **Special values.** NaN ↦ NaN, ±∞ ↦ ±1, ±0 ↦ ±0.

use super::{Real, exp::lifted, polynomial::polynomial};
use crate::arith::elementwise::Function;
use crate::arith::lanes::{Element, Lanes, Simd};

/// What the normal tail and the error function need to know of a scalar type.
pub trait Constants: Element + 'static {
    /// The sign, the exponent and so much of the significand that its square is exact.
    const HIGH_HALF: Self::Bits;
    /// Below this magnitude, erf is `x + x s(x²)`.
    const ERF_NEAR: Self;
    /// √2.
    const ROOT_2: Self;
    /// From here on erf is 1.
    const ERF_IS_ONE: Self;
    /// `P` in `m = P/Q`, lowest power first.
    const MILLS_P: &'static [Self];
    /// `Q` in `m = P/Q`, lowest power first.
    const MILLS_Q: &'static [Self];
    /// `s` in `erf x = x + x s(x²)`, lowest power first.
    const ERF_NEAR_ZERO: &'static [Self];
}

impl Constants for f32 {
    const HIGH_HALF: u32 = !0 << 12;
    const ERF_NEAR: Self = 0.75;
    const ROOT_2: Self = core::f32::consts::SQRT_2;
    const ERF_IS_ONE: Self = 10.0;
    const MILLS_P: &'static [Self] =
        &[0.75, 0.656_617_4, 0.274_153_26, 0.060_688_384, 0.006_128_15];
    const MILLS_Q: &'static [Self] =
        &[1.5, 2.510_062, 1.801_041_1, 0.702_336_85, 0.152_132_81, 0.015_360_817];
    const ERF_NEAR_ZERO: &'static [Self] = &[
        0.128_379_17,
        -0.376_126_2,
        0.112_833_84,
        -0.026_834_825,
        0.005_114_569,
        -0.000_675_033_7,
    ];
}

impl Constants for f64 {
    const HIGH_HALF: u64 = !0 << 27;
    const ERF_NEAR: Self = 0.75;
    const ROOT_2: Self = core::f64::consts::SQRT_2;
    const ERF_IS_ONE: Self = 10.0;
    const MILLS_P: &'static [Self] = &[
        0.75,
        1.160_276_794_361_619_7,
        0.888_087_085_562_861_3,
        0.431_845_929_696_546_06,
        0.145_572_174_588_793_73,
        0.035_131_743_351_338_12,
        0.006_069_030_473_799_04,
        0.000_726_098_262_974_023_6,
        5.500_092_750_611_658e-05,
        2.038_471_952_670_388_4e-06,
    ];
    const MILLS_Q: &'static [Self] = &[
        1.5,
        3.517_380_429_927_529_3,
        3.832_637_710_635_361_3,
        2.561_946_381_293_207_5,
        1.166_950_803_631_771_3,
        0.379_832_379_858_948_2,
        0.089_872_060_954_309_55,
        0.015_350_670_247_253_211,
        0.001_825_168_127_887_206_3,
        0.000_137_866_880_014_286_7,
        5.109_691_433_622_740_4e-06,
    ];
    const ERF_NEAR_ZERO: &'static [Self] = &[
        0.128_379_167_095_512_6,
        -0.376_126_389_031_839_4,
        0.112_837_916_709_637_68,
        -0.026_866_170_646_949_2,
        0.005_223_977_646_714_078,
        -0.000_854_832_854_463_034_3,
        0.000_120_554_028_069_328_53,
        -1.492_774_777_011_916_7e-05,
        1.650_303_431_826_967e-06,
        -1.686_273_002_188_464_2e-07,
        1.816_267_783_563_501_2e-08,
        -2.104_727_491_300_971_3e-09,
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
        z.lt(x.filled(T::ERF_NEAR)).select(near, signed)
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
    polynomial(z, T::MILLS_P) / polynomial(z, T::MILLS_Q)
}
