//! [`Profile`]: whose functions an executor computes with, the core's own or those of micromath.
//!
//! A profile is chosen by the executor's type ([`Micro`](crate::parallel::Micro)), never by a feature: features unify across
//! a build, and one crate's choice would change another's bits. A profile's recordings are its own.

use crate::arith::Real;

/// Whose functions weights and activations are computed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Profile {
    /// Those of [`arith`](crate::arith), to the last places.
    Exact,
    /// In f32 those of micromath: the exponential of the weights, of GELU and of kernel features, to
    /// three places; see [`micro`](crate::arith::micro). In f64 there is no difference.
    Micro,
}

impl Profile {
    /// The name used in recordings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Micro => "micro",
        }
    }

    /// Whether `T` has functions of its own in this profile.
    pub(crate) const fn differs<T: Real>(self) -> bool {
        matches!(self, Self::Micro) && T::SIGNIFICAND_BITS == f32::SIGNIFICAND_BITS
    }
}
