//! How well a model knows its own order, and what covariates do in it: from the second moment of
//! differences within the training prompts, where the trunk knows it.

use pairpick_core::arith::Real;
use pairpick_core::linalg::{Cholesky, Packed};

use crate::error::{Error, Result};
use crate::model::Model;

/// From here on further labels change the order little.
pub const CONFIDENT: f64 = 0.8;

/// ρ = √(θᵀCθ / (θᵀCθ + tr CS)): the correlation that is to be expected between the model's
/// differences within prompts and those of the best head that its features allow. θ is the head, C the
/// second moment of differences, S = P⁻¹ the posterior covariance. It cannot see what the features do
/// not tell, nor answers that are wrong together.
pub(super) fn confidence<T: Real>(
    model: &Model,
    precision: Packed<T, Vec<T>>,
) -> Result<Option<f64>> {
    let Some(moment) = moment::<T>(model) else {
        return Ok(None);
    };
    let context = || Error::core("the model's confidence");
    let (order, factor) = (moment.order(), Cholesky::factor(precision).map_err(context())?);
    let entry = |row, column| moment.entry(row, column).unwrap_or(T::ZERO);
    let mut spread = T::ZERO;
    let mut column = vec![T::ZERO; order];
    for place in 0..order {
        column.iter_mut().enumerate().for_each(|(row, value)| *value = entry(row, place));
        factor.solve(&mut column).map_err(context())?;
        spread += column[place];
    }
    let signal = T::from_f64(variance(model, 0..order).unwrap_or(0.0));
    let share = signal / (signal + spread);
    Ok(Some(share.sqrt_of().to_f64()).filter(|confidence| confidence.is_finite()))
}

/// What a covariate does in a model's rewards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Share {
    /// Its coefficient b.
    pub(super) coefficient: f64,
    /// b² over b² and the variance of all else within prompts.
    pub(super) share: Option<f64>,
}

/// That of the covariate at this place, whose own variance within prompts is 1.
pub(super) fn share(model: &Model, place: usize) -> Share {
    let first = model.head().len().saturating_sub(model.trunk().covariates().len());
    let coefficient = model.head().get(first.saturating_add(place)).copied().map_or(0.0, f64::from);
    let square = coefficient * coefficient;
    // Of two independent responses, differences vary twice as much as either.
    let rest = variance(model, 0..first).map(|variance| variance / 2.0);
    let share = rest.map(|rest| square / (square + rest)).filter(|share| share.is_finite());
    Share { coefficient, share }
}

/// θᵀCθ over some features.
fn variance(model: &Model, features: std::ops::Range<usize>) -> Option<f64> {
    let moment = moment::<f64>(model)?;
    let head = model.head();
    let mut sum = 0.0;
    for row in features.clone() {
        let mut product = 0.0;
        for column in features.clone() {
            product += moment.entry(row, column)? * f64::from(head[column]);
        }
        sum += f64::from(head[row]) * product;
    }
    Some(sum)
}

fn moment<T: Real>(model: &Model) -> Option<Packed<T, Vec<T>>> {
    let entries = model.trunk().moment()?.iter().map(|entry| T::from_real(*entry)).collect();
    Packed::new(model.trunk().features(), entries).ok()
}
