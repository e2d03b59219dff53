//! [`Real`]: the two scalar types of the core, `f32` and `f64`.

use core::fmt::Debug;
use core::ops::{AddAssign, DivAssign, MulAssign, SubAssign};

use crate::arith::lanes::Element;

use super::{chebyshev, erf, exp, gelu, ln};

/// `f32` or `f64`: what every kernel is generic over.
///
/// Arithmetic is IEEE-754 in the type itself; nothing is widened on the way. Functions (`exp`,
/// `ln`, …) are free functions of [`crate::arith`], never methods, since `x.exp()` on a concrete
/// float would be the platform's as soon as `std` is linked.
pub trait Real:
    Element
    + Debug
    + Default
    + PartialOrd
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + Send
    + Sync
    + 'static
    + exp::Constants
    + ln::Constants
    + erf::Constants
    + gelu::Constants
    + chebyshev::Constants
{
    /// 0.
    const ZERO: Self;
    /// ½.
    const HALF: Self;
    /// 1.
    const ONE: Self;
    /// 2.
    const TWO: Self;
    /// The distance from 1 to the next number: 2⁻²³ or 2⁻⁵².
    const EPSILON: Self;
    /// The smallest positive normal number.
    const MIN_POSITIVE: Self;
    /// The largest finite number.
    const MAX: Self;
    /// +∞.
    const INFINITY: Self;
    /// Explicit significand bits: 23 or 52.
    const SIGNIFICAND_BITS: u32;
    /// The name used in recordings and messages: `"f32"` or `"f64"`.
    const NAME: &'static str;

    /// The nearest number of this type (ties to even).
    fn from_f64(value: f64) -> Self;
    /// The nearest number of this type to one of either type (the same one, where it fits).
    #[inline(always)]
    fn from_real<F: Real>(value: F) -> Self {
        // Through f64 and back is the identity, and compiles to nothing.
        Self::from_f64(value.to_f64())
    }
    /// The same value in `f64`, exact.
    fn to_f64(self) -> f64;
    /// The nearest number to an unsigned integer.
    fn from_u64(value: u64) -> Self;
    /// The bit pattern, widened with zeros.
    fn bits(self) -> u64;
    /// Correctly rounded square root.
    fn sqrt_of(self) -> Self;
    /// The magnitude: the sign bit cleared.
    fn magnitude(self) -> Self;
    /// Whether the value is neither infinite nor NaN.
    fn is_finite_number(self) -> bool;
    /// The total order of IEEE-754.
    fn order(self, other: Self) -> core::cmp::Ordering;
}

macro_rules! real {
    ($type:ident, $sqrt:path, $significand:literal, $name:literal) => {
        impl Real for $type {
            const ZERO: Self = 0.0;
            const HALF: Self = 0.5;
            const ONE: Self = 1.0;
            const TWO: Self = 2.0;
            const EPSILON: Self = $type::EPSILON;
            const MIN_POSITIVE: Self = $type::MIN_POSITIVE;
            const MAX: Self = $type::MAX;
            const INFINITY: Self = $type::INFINITY;
            const SIGNIFICAND_BITS: u32 = $significand;
            const NAME: &'static str = $name;

            #[inline(always)]
            #[allow(clippy::cast_possible_truncation, reason = "rounds to nearest, as stated")]
            fn from_f64(value: f64) -> Self {
                value as Self
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            #[allow(clippy::cast_precision_loss, reason = "rounds to nearest, as stated")]
            fn from_u64(value: u64) -> Self {
                value as Self
            }
            #[inline(always)]
            fn bits(self) -> u64 {
                u64::from(self.to_bits())
            }
            #[inline(always)]
            fn sqrt_of(self) -> Self {
                $sqrt(self)
            }
            #[inline(always)]
            fn magnitude(self) -> Self {
                Self::from_bits(self.to_bits() & (Self::MAX.to_bits() | Self::INFINITY.to_bits()))
            }
            #[inline(always)]
            fn is_finite_number(self) -> bool {
                self.magnitude() < Self::INFINITY
            }
            #[inline(always)]
            fn order(self, other: Self) -> core::cmp::Ordering {
                self.total_cmp(&other)
            }
        }
    };
}
real!(f32, libm::sqrtf, 23, "f32");
real!(f64, libm::sqrt, 52, "f64");
