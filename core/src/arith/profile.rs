//! [`Profile`]: whose functions an executor computes with, the core's own or those of micromath.
//!
//! A profile is chosen by the executor's type ([`Micro`]), never by a feature: features unify across
//! a build, and one crate's choice would change another's bits. A profile's traces are its own.

use super::Real;
use crate::kernel::Level;
use crate::kernel::elementwise::{Function, map};
use crate::parallel::Executor;

/// Whose functions weights and activations are computed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Those of [`arith`](crate::arith), to the last places.
    Exact,
    /// In f32 those of micromath: the exponential of the weights and of GELU, to three places; see
    /// [`micro`](mod@super::micro). In f64 there is no difference.
    Micro,
}

impl Profile {
    /// The name used in traces.
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

/// An executor whose kernels compute with [`Profile::Micro`].
#[derive(Clone, Copy, Debug)]
pub struct Micro<'a, E>(pub &'a E);

impl<E: Executor> Executor for Micro<'_, E> {
    const PROFILE: Profile = Profile::Micro;

    fn level(&self) -> Level {
        self.0.level()
    }

    fn threads(&self) -> usize {
        self.0.threads()
    }

    fn join<A: Send, B: Send>(
        &self,
        a: impl FnOnce() -> A + Send,
        b: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        self.0.join(a, b)
    }
}

/// Replaces each value by its image under `F`, or under `M` where the executor's profile has
/// functions of its own. The choice is one of types, and a program holds what it uses.
pub(crate) fn map_by<F: Function, M: Function, T: Real, E: Executor>(
    executor: &E,
    values: &mut [T],
) {
    if E::PROFILE.differs::<T>() {
        map::<M, T>(executor.level(), values);
    } else {
        map::<F, T>(executor.level(), values);
    }
}
