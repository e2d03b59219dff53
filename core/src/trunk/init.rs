//! Initial parameters: U(−1/√n, 1/√n) for a layer of n inputs, weights and biases alike, which is
//! what PyTorch's `Linear` starts from; drawn from our own stream in the order of the parameters.

use super::Mlp;
use crate::arith::Real;
use crate::error::{Error, check_shape};
use crate::rng::Stream;

/// Draws all parameters of a network.
///
/// # Errors
/// [`Error::Shape`] unless there is a place for each parameter.
pub fn uniform<T: Real>(mlp: &Mlp, rng: &mut Stream, parameters: &mut [T]) -> Result<(), Error> {
    check_shape("parameters", mlp.parameters(), parameters.len())?;
    let mut rest = parameters;
    let layers = mlp.layers().map(|layer| (layer.inputs, layer.end() - layer.start));
    for (inputs, count) in layers.into_iter().chain([(mlp.features(), mlp.features())]) {
        let bound = T::ONE / T::from_u64(inputs as u64).sqrt_of();
        let (own, tail) = crate::parallel::split_at(rest, count);
        for parameter in own {
            *parameter = (T::TWO * rng.uniform::<T>() - T::ONE) * bound;
        }
        rest = tail;
    }
    Ok(())
}
