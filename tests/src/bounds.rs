//! The largest errors allowed, in one table: what the documentation of each function promises.

/// How an error is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// In units of the last place of the truth.
    Ulp,
    /// In units of the distance from 1 to the next number (2⁻²³ or 2⁻⁵²): absolute.
    Epsilon,
}

/// Which arguments a bound holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arguments {
    /// All numbers of the type.
    All,
    /// Those below 0.
    Negative,
    /// Those from 0 up.
    NonNegative,
    /// Those from 0 to 1: probabilities.
    Unit,
    /// Those of at most this magnitude.
    Within(i16),
}

impl Arguments {
    /// Whether `x` is one; a NaN belongs to all.
    #[must_use]
    pub fn hold(self, x: f64) -> bool {
        match self {
            Self::All => true,
            Self::Negative => x < 0.0 || x.is_nan(),
            Self::NonNegative => x >= 0.0 || x.is_nan(),
            Self::Within(most) => x.abs() <= f64::from(most) || x.is_nan(),
            Self::Unit => (0.0..=1.0).contains(&x) || x.is_nan(),
        }
    }
}

/// The promise of one function for arguments of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// Name in [`crate::elementary`].
    pub function: &'static str,
    /// `"f32"` or `"f64"`.
    pub precision: &'static str,
    /// Which arguments.
    pub arguments: Arguments,
    /// The largest error allowed.
    pub limit: f64,
    /// How it is counted.
    pub unit: Unit,
}

const fn bound(
    function: &'static str,
    precision: &'static str,
    arguments: Arguments,
    limit: f64,
    unit: Unit,
) -> Bound {
    Bound { function, precision, arguments, limit, unit }
}

use Arguments::{All, Negative, NonNegative};
use Unit::{Epsilon, Ulp};

/// Every promise of the elementary functions.
pub const ELEMENTARY: [Bound; 30] = [
    bound("exp", "f32", All, 1.5, Ulp),
    bound("exp", "f64", All, 1.5, Ulp),
    bound("ln", "f32", All, 1.5, Ulp),
    bound("ln", "f64", All, 1.5, Ulp),
    bound("log1p", "f32", All, 1.5, Ulp),
    bound("log1p", "f64", All, 1.5, Ulp),
    bound("erf", "f32", All, 2.0, Ulp),
    bound("erf", "f64", All, 2.0, Ulp),
    bound("sigmoid", "f32", All, 3.0, Ulp),
    bound("sigmoid", "f64", All, 3.0, Ulp),
    bound("bernoulli_variance", "f32", All, 5.0, Ulp),
    bound("bernoulli_variance", "f64", All, 5.0, Ulp),
    bound("softplus", "f32", All, 4.0, Ulp),
    bound("softplus", "f64", All, 4.0, Ulp),
    bound("gelu", "f32", NonNegative, 4.0, Ulp),
    bound("gelu", "f64", NonNegative, 4.0, Ulp),
    bound("gelu", "f32", Negative, 1.0, Epsilon),
    bound("gelu", "f64", Negative, 1.0, Epsilon),
    bound("gelu", "f32", Negative, 10.0, Ulp),
    bound("gelu", "f64", Negative, 10.0, Ulp),
    bound("gelu_derivative", "f32", NonNegative, 4.0, Ulp),
    bound("gelu_derivative", "f64", NonNegative, 4.0, Ulp),
    bound("gelu_derivative", "f32", Negative, 2.0, Epsilon),
    bound("gelu_derivative", "f64", Negative, 2.0, Epsilon),
    bound("entropy_of_logit", "f32", Arguments::Within(87), 6.0, Ulp),
    bound("entropy_of_logit", "f64", Arguments::Within(708), 6.0, Ulp),
    bound("entropy_of_logit", "f32", All, 3.0, Epsilon),
    bound("entropy_of_logit", "f64", All, 3.0, Epsilon),
    bound("entropy_of_probability", "f32", Arguments::Unit, 2.0, Epsilon),
    bound("entropy_of_probability", "f64", Arguments::Unit, 2.0, Epsilon),
];

/// The promises of one function in one precision.
pub fn of(function: &str, precision: &str) -> impl Iterator<Item = Bound> {
    ELEMENTARY
        .into_iter()
        .filter(move |bound| bound.function == function && bound.precision == precision)
}
