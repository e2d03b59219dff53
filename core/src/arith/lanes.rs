//! The whole vocabulary of a kernel: a native vector that can do what the numeric contract allows
//! (`+ − × ÷ √`, comparison, selection, interleaving, integer add, shift and mask) and nothing else.
//!
//! [`Lanes`] wraps the native vector of `fearless_simd` so that its fused multiply-add, its
//! reductions and its `min`/`max` cannot be reached from a kernel by mistake. Every operation is
//! lane-wise: how many lanes a machine has never enters a result.

use core::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Shl, Shr, Sub};

use fearless_simd::{ExtractToken, Select, SimdBase, SimdFloat, SimdMask, dispatch};
pub use fearless_simd::{Level, Simd, SimdFloatElement as Element};

use crate::arith::Real;

type Native<S, T> = <T as Element>::Native<S>;
type NativeBits<S, T> = <Native<S, T> as SimdFloat<S>>::Bits;
type NativeMask<S, T> = <Native<S, T> as SimdBase<S>>::Mask;

/// A native vector of `T` at the instruction set `S`.
pub struct Lanes<S: Simd, T: Real>(Native<S, T>);

/// The bit patterns of a [`Lanes`]: unsigned integers of the same width.
pub struct BitLanes<S: Simd, T: Real>(NativeBits<S, T>);

/// One truth value a lane, the result of a comparison.
pub struct Mask<S: Simd, T: Real>(NativeMask<S, T>);

impl<S: Simd, T: Real> Clone for Lanes<S, T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}
impl<S: Simd, T: Real> Copy for Lanes<S, T> {}

impl<S: Simd, T: Real> Clone for BitLanes<S, T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}
impl<S: Simd, T: Real> Copy for BitLanes<S, T> {}

impl<S: Simd, T: Real> Clone for Mask<S, T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}
impl<S: Simd, T: Real> Copy for Mask<S, T> {}

impl<S: Simd, T: Real> Lanes<S, T> {
    /// How many values one vector holds.
    pub const LEN: usize = <Native<S, T> as SimdBase<S>>::LEN;

    /// Every lane `value`.
    #[inline(always)]
    pub fn splat(simd: S, value: T) -> Self {
        Self(Native::<S, T>::splat(simd, value))
    }

    /// How many vectors the registers hold at least: 32 of 512 bits and 16 of the others; where four
    /// scalars stand for a vector, the 32 scalar registers of a Cortex-M4F hold 8.
    #[inline(always)]
    pub(crate) fn registers(simd: S) -> usize {
        if simd.level().is_fallback() {
            8
        } else if Self::LEN * size_of::<T>() == 64 {
            32
        } else {
            16
        }
    }

    /// The values of a slice of [`Self::LEN`], as `chunks_exact` gives them: then the check of the
    /// length compiles to nothing. Zeros beyond a shorter one.
    #[inline(always)]
    pub fn load(simd: S, values: &[T]) -> Self {
        if values.len() == Self::LEN {
            Self(Native::<S, T>::from_slice(simd, values))
        } else {
            Self::load_partial(simd, values, T::ZERO)
        }
    }

    /// The values of a shorter slice, `fill` in the lanes beyond it.
    #[inline(always)]
    pub fn load_partial(simd: S, values: &[T], fill: T) -> Self {
        Self(Native::<S, T>::from_fn(simd, |lane| values.get(lane).copied().unwrap_or(fill)))
    }

    /// Writes to a slice of [`Self::LEN`]; to a shorter one, what it has room for.
    #[inline(always)]
    pub fn store(self, values: &mut [T]) {
        if values.len() == Self::LEN {
            self.0.store_slice(values);
        } else {
            self.store_partial(values);
        }
    }

    /// Writes the first lanes to a slice of at most [`Self::LEN`].
    #[inline(always)]
    pub fn store_partial(self, values: &mut [T]) {
        for (value, lane) in values.iter_mut().zip(self.0.as_slice()) {
            *value = *lane;
        }
    }

    /// The vector's lanes, in order.
    #[inline(always)]
    pub fn as_slice(&self) -> &[T] {
        self.0.as_slice()
    }

    /// The image of each lane under a function of one number.
    #[inline(always)]
    pub fn each(self, function: impl Fn(T) -> T) -> Self {
        let values = self.0.as_slice();
        let image = |lane: usize| values.get(lane).map_or(T::ZERO, |value| function(*value));
        Self(Native::<S, T>::from_fn(self.0.token(), image))
    }

    /// Correctly rounded square root of each lane.
    #[inline(always)]
    pub fn sqrt(self) -> Self {
        Self(self.0.sqrt())
    }

    /// Magnitude of each lane (the sign bit cleared).
    #[inline(always)]
    pub fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// Lanes where `self < other`; false where either is NaN.
    #[inline(always)]
    pub fn lt(self, other: Self) -> Mask<S, T> {
        Mask(self.0.simd_lt(other.0))
    }

    /// Lanes that equal themselves: all but NaN.
    #[inline(always)]
    pub fn is_number(self) -> Mask<S, T> {
        Mask(self.0.simd_eq(self.0))
    }

    /// A vector of the same shape, every lane `value`.
    #[inline(always)]
    pub fn filled(self, value: T) -> Self {
        Self::splat(self.0.token(), value)
    }

    /// Each lane plus `value`.
    #[inline(always)]
    pub fn plus(self, value: T) -> Self {
        Self(self.0 + value)
    }

    /// Each lane times `value`.
    #[inline(always)]
    pub fn times(self, value: T) -> Self {
        Self(self.0 * value)
    }

    /// The lanes of `self` and `other` in turn, two vectors of them.
    #[inline(always)]
    pub fn interleave(self, other: Self) -> [Self; 2] {
        let (low, high) = self.0.interleave(other.0);
        [Self(low), Self(high)]
    }

    /// The bit pattern of each lane.
    #[inline(always)]
    pub fn to_bits(self) -> BitLanes<S, T> {
        BitLanes(self.0.to_bits())
    }

    /// The lanes that have these bit patterns.
    #[inline(always)]
    pub fn from_bits(bits: BitLanes<S, T>) -> Self {
        Self(Native::<S, T>::from_bits(bits.0))
    }
}

impl<S: Simd, T: Real> BitLanes<S, T> {
    /// Each lane plus `value`, wrapping.
    #[inline(always)]
    pub fn plus(self, value: T::Bits) -> Self {
        Self(self.0 + value)
    }

    /// Each lane less `value`, wrapping.
    #[inline(always)]
    pub fn minus(self, value: T::Bits) -> Self {
        Self(self.0 - value)
    }

    /// The bits of each lane that are set in `mask`.
    #[inline(always)]
    pub fn masked(self, mask: T::Bits) -> Self {
        Self(self.0 & mask)
    }
}

impl<S: Simd, T: Real> Mask<S, T> {
    /// `yes` in the lanes that are true, `no` in the others.
    #[inline(always)]
    pub fn select(self, yes: Lanes<S, T>, no: Lanes<S, T>) -> Lanes<S, T> {
        Lanes(self.0.select(yes.0, no.0))
    }

    /// Whether any lane is true.
    #[inline(always)]
    pub fn any(self) -> bool {
        self.0.any_true()
    }
}

macro_rules! lane_wise {
    ($($op:ident $method:ident),*) => {$(
        impl<S: Simd, T: Real> $op for Lanes<S, T> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self($op::$method(self.0, other.0))
            }
        }
    )*};
}
lane_wise!(Add add, Sub sub, Mul mul, Div div);

impl<S: Simd, T: Real> Neg for Lanes<S, T> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

macro_rules! bit_wise {
    ($($op:ident $method:ident),*) => {$(
        impl<S: Simd, T: Real> $op for BitLanes<S, T> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self($op::$method(self.0, other.0))
            }
        }
    )*};
}
bit_wise!(Add add, Sub sub, BitAnd bitand, BitOr bitor);

impl<S: Simd, T: Real> Shl<u32> for BitLanes<S, T> {
    type Output = Self;
    #[inline(always)]
    fn shl(self, bits: u32) -> Self {
        Self(self.0 << bits)
    }
}

impl<S: Simd, T: Real> Shr<u32> for BitLanes<S, T> {
    type Output = Self;
    #[inline(always)]
    fn shr(self, bits: u32) -> Self {
        Self(self.0 >> bits)
    }
}

/// A computation with one body for every instruction set.
pub trait Operation {
    /// What it yields.
    type Output;
    /// The body, compiled once for each instruction set; mark it `#[inline(always)]`.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// Runs `operation` with the instructions of `level`. The level may change the speed, never a bit.
#[inline]
pub fn run_at<O: Operation>(level: Level, operation: O) -> O::Output {
    dispatch!(level, simd => operation.run(simd))
}
