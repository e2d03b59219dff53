//! Draws of the last layer from its posterior N(β, P⁻¹), P = LLᵀ: θ = β + L⁻ᵀε, since the
//! covariance of L⁻ᵀε is L⁻ᵀL⁻¹ = P⁻¹.

use crate::arith::Real;
use crate::error::{Error, check_shape};
use crate::linalg::Cholesky;
use crate::rng::Stream;

/// Fills `draws`, one after the other, each a weight a feature.
pub(super) fn draw<T: Real, D: AsRef<[T]>>(
    head: &[f32],
    factor: &Cholesky<T, D>,
    rng: &mut Stream,
    draws: &mut [T],
) -> Result<(), Error> {
    check_shape("head", factor.order(), head.len())?;
    for draw in draws.chunks_exact_mut(head.len().max(1)) {
        for weight in draw.iter_mut() {
            *weight = rng.normal();
        }
        factor.solve_upper(draw)?;
        for (weight, mean) in draw.iter_mut().zip(head) {
            *weight = T::from_real(*mean) + *weight;
        }
    }
    Ok(())
}
