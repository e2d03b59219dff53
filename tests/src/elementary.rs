//! The elementary functions of the core, as a list to test over.

// Most of these names are a module and a function at once.
use pairpick_core::arith::elementwise::{Function, map};
use pairpick_core::arith::lanes::Level;
use pairpick_core::arith::{
    bernoulli, bernoulli_variance, entropy, entropy_of_logit, entropy_of_probability, erf, exp,
    gelu, gelu_derivative, ln, log1p, sigmoid, softplus,
};

/// One function in all its forms.
pub struct Elementary {
    /// Its name in [`crate::bounds`] and in the table of reference values.
    pub name: &'static str,
    /// Over a slice.
    pub map_f32: fn(Level, &mut [f32]),
    /// Over a slice.
    pub map_f64: fn(Level, &mut [f64]),
    /// Of one number.
    pub one_f32: fn(f32) -> f32,
    /// Of one number.
    pub one_f64: fn(f64) -> f64,
}

const fn elementary<F: Function>(
    name: &'static str,
    one_f32: fn(f32) -> f32,
    one_f64: fn(f64) -> f64,
) -> Elementary {
    Elementary { name, map_f32: map::<F, f32>, map_f64: map::<F, f64>, one_f32, one_f64 }
}

/// All of them.
pub const ALL: [Elementary; 11] = [
    elementary::<exp::Exp>("exp", exp, exp),
    elementary::<ln::Ln>("ln", ln, ln),
    elementary::<log1p::Log1p>("log1p", log1p, log1p),
    elementary::<erf::Erf>("erf", erf, erf),
    elementary::<sigmoid::Sigmoid>("sigmoid", sigmoid, sigmoid),
    elementary::<bernoulli::Variance>("bernoulli_variance", bernoulli_variance, bernoulli_variance),
    elementary::<softplus::Softplus>("softplus", softplus, softplus),
    elementary::<gelu::Gelu>("gelu", gelu, gelu),
    elementary::<gelu::Derivative>("gelu_derivative", gelu_derivative, gelu_derivative),
    elementary::<entropy::OfLogit>("entropy_of_logit", entropy_of_logit, entropy_of_logit),
    elementary::<entropy::OfProbability>(
        "entropy_of_probability",
        entropy_of_probability,
        entropy_of_probability,
    ),
];
