//! [`Activation`]: GELU in its exact (erf) form, or ReLU, with their derivatives.

use crate::arith::lanes::{Lanes, Level, Operation, Simd, run_at};
use crate::arith::{Real, gelu, micro};
use crate::parallel::Executor;

/// What a hidden layer applies to each value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Activation {
    /// x Φ(x), Φ the normal distribution function.
    #[default]
    Gelu,
    /// x where x > 0, else 0; the derivative at 0 is 0.
    Relu,
}

impl Activation {
    /// The name used in settings and model files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gelu => "gelu",
            Self::Relu => "relu",
        }
    }

    /// Replaces each value by its image, and writes the derivative to `derivatives`, which is
    /// either as long or empty (then no derivative is wanted).
    pub fn apply<T: Real>(self, level: Level, values: &mut [T], derivatives: &mut [T]) {
        run_at(level, Apply { activation: self, values, derivatives });
    }

    /// [`Activation::apply`] in the executor's profile.
    pub(crate) fn apply_by<T: Real, E: Executor>(
        self,
        executor: &E,
        values: &mut [T],
        derivatives: &mut [T],
    ) {
        if self == Self::Gelu && E::PROFILE.differs::<T>() {
            run_at(executor.level(), ApplyMicro { values, derivatives });
        } else {
            self.apply(executor.level(), values, derivatives);
        }
    }
}

struct Apply<'a, T> {
    activation: Activation,
    values: &'a mut [T],
    derivatives: &'a mut [T],
}

impl<T: Real> Operation for Apply<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match self.activation {
            Activation::Gelu => each::<Gelu, S, T>(simd, self.values, self.derivatives),
            Activation::Relu => each::<Relu, S, T>(simd, self.values, self.derivatives),
        }
    }
}

struct ApplyMicro<'a, T> {
    values: &'a mut [T],
    derivatives: &'a mut [T],
}

impl<T: Real> Operation for ApplyMicro<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        each::<MicroGelu, S, T>(simd, self.values, self.derivatives);
    }
}

/// A function with its derivative. A trait and not a closure: the call through a closure would keep
/// the body out of the code that has the instruction set.
trait Differentiable {
    fn lanes<S: Simd, T: Real>(x: Lanes<S, T>) -> (Lanes<S, T>, Lanes<S, T>);
}

struct Gelu;

impl Differentiable for Gelu {
    #[inline(always)]
    fn lanes<S: Simd, T: Real>(x: Lanes<S, T>) -> (Lanes<S, T>, Lanes<S, T>) {
        gelu::with_derivative(x)
    }
}

struct MicroGelu;

impl Differentiable for MicroGelu {
    #[inline(always)]
    fn lanes<S: Simd, T: Real>(x: Lanes<S, T>) -> (Lanes<S, T>, Lanes<S, T>) {
        micro::gelu_with_derivative(x)
    }
}

struct Relu;

impl Differentiable for Relu {
    #[inline(always)]
    fn lanes<S: Simd, T: Real>(x: Lanes<S, T>) -> (Lanes<S, T>, Lanes<S, T>) {
        let zero = x.filled(T::ZERO);
        let positive = zero.lt(x);
        (positive.select(x, zero), positive.select(x.filled(T::ONE), zero))
    }
}

#[inline(always)]
fn each<F: Differentiable, S: Simd, T: Real>(simd: S, values: &mut [T], derivatives: &mut [T]) {
    let lanes = Lanes::<S, T>::LEN;
    let mut derivatives = derivatives.chunks_mut(lanes);
    let mut chunks = values.chunks_exact_mut(lanes);
    for chunk in &mut chunks {
        let (value, derivative) = F::lanes(Lanes::load(simd, chunk));
        value.store(chunk);
        if let Some(out) = derivatives.next() {
            derivative.store(out);
        }
    }
    let rest = chunks.into_remainder();
    let (value, derivative) = F::lanes(Lanes::load_partial(simd, rest, T::ZERO));
    value.store_partial(rest);
    if let Some(out) = derivatives.next() {
        derivative.store_partial(out);
    }
}
