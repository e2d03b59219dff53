//! The core's own elementary functions, exact to a stated bound and equal in every bit everywhere.
//!
//! Each function has a file that gives its range, method, source of its coefficients, bound and
//! special values, and one body, on vectors ([`lanes::Lanes`]); the scalar forms here are the first
//! lane of that body. They use `+ − × ÷` and integer operations on bit patterns only (the numeric
//! contract, 4), never the platform's mathematical library.

mod polynomial;
mod real;
mod self_test;

pub mod bernoulli;
pub mod chebyshev;
pub mod elementwise;
pub mod entropy;
pub mod erf;
pub mod exp;
pub mod gelu;
pub mod lanes;
pub mod ln;
pub mod log1p;
pub mod micro;
pub mod sigmoid;
pub mod softplus;
pub mod sum;

pub use lanes::Level;
pub use real::Real;
pub use self_test::self_test;

use self::elementwise::scalar;

/// eˣ. Bound and special values: [`exp`](mod@exp).
#[must_use]
pub fn exp<T: Real>(x: T) -> T {
    scalar::<exp::Exp, T>(x)
}

/// ln x. Bound and special values: [`ln`](mod@ln).
#[must_use]
pub fn ln<T: Real>(x: T) -> T {
    scalar::<ln::Ln, T>(x)
}

/// ln(1 + x). Bound and special values: [`log1p`](mod@log1p).
#[must_use]
pub fn log1p<T: Real>(x: T) -> T {
    scalar::<log1p::Log1p, T>(x)
}

/// The error function. Bound and special values: [`erf`](mod@erf).
#[must_use]
pub fn erf<T: Real>(x: T) -> T {
    scalar::<erf::Erf, T>(x)
}

/// σ(x) = 1/(1 + e⁻ˣ). Bound and special values: [`sigmoid`](mod@sigmoid).
#[must_use]
pub fn sigmoid<T: Real>(x: T) -> T {
    scalar::<sigmoid::Sigmoid, T>(x)
}

/// σ(x) (1 − σ(x)), the same for x and −x. Bound and special values: [`bernoulli`].
#[must_use]
pub fn bernoulli_variance<T: Real>(x: T) -> T {
    scalar::<bernoulli::Variance, T>(x)
}

/// The entropy of an answer of logit x, in nats. Bound and special values: [`entropy`].
#[must_use]
pub fn entropy_of_logit<T: Real>(x: T) -> T {
    scalar::<entropy::OfLogit, T>(x)
}

/// The entropy of an answer of probability p, in nats. Bound and special values: [`entropy`].
#[must_use]
pub fn entropy_of_probability<T: Real>(p: T) -> T {
    scalar::<entropy::OfProbability, T>(p)
}

/// ln(1 + eˣ). Bound and special values: [`softplus`](mod@softplus).
#[must_use]
pub fn softplus<T: Real>(x: T) -> T {
    scalar::<softplus::Softplus, T>(x)
}

/// x Φ(x), with Φ the normal distribution. Bound and special values: [`gelu`](mod@gelu).
#[must_use]
pub fn gelu<T: Real>(x: T) -> T {
    scalar::<gelu::Gelu, T>(x)
}

/// The derivative of [`gelu`](fn@gelu). Bound and special values: [`gelu`](mod@gelu).
#[must_use]
pub fn gelu_derivative<T: Real>(x: T) -> T {
    scalar::<gelu::Derivative, T>(x)
}
