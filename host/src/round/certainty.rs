//! How well a model knows its own order, and what covariates do in it: from the second moment of
//! differences within the training prompts, where the trunk knows it.

use std::fmt;

use pairpick_core::arith::Real;
use pairpick_core::linalg::{Cholesky, Packed};
use serde::Serialize;

use super::metrics::CovariateShare;
use super::posterior::LabelPosterior;
use crate::data::labels::Label;
use crate::error::{Error, Result};
use crate::model::{Context, Model};
use crate::progress::Progress;

/// How well a model knows its own order, and what covariates do in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OrderReport {
    /// ρ, from 0 to 1, where the features are fixed and the labels known.
    pub confidence: Option<f64>,
    /// In the order of the model's file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub covariates: Vec<CovariateShare>,
}

impl OrderReport {
    /// Of a model without its labels.
    #[must_use]
    pub fn of(model: &Model) -> Self {
        Self { confidence: None, covariates: shares(model) }
    }

    /// Of a model that has learnt from labels by this λ.
    ///
    /// # Errors
    /// What reading the embeddings refuses; [`Error::Core`] where P has no factor.
    pub fn of_labels(
        context: Context<'_>,
        model: &Model,
        labels: &[Label],
        prior_precision: f64,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        let chosen = Some(prior_precision);
        let posterior = LabelPosterior::<f64>::of(context, model, labels, chosen, progress)?;
        let confidence = confidence(model, posterior.precision())?;
        Ok(Self { confidence, ..Self::of(model) })
    }
}

/// With what it tells a newcomer, a line each.
impl fmt::Display for OrderReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(confidence) = self.confidence {
            let enough = match confidence >= CONFIDENT {
                true => "further labels are to change it little",
                false => "from 0.8 on further labels are to change it little",
            };
            writeln!(
                f,
                "confidence {confidence:.2}: how well the model knows its own order, as far as its \
                 features can tell (0: not at all, 1: for good); {enough}"
            )?;
        }
        self.covariates.iter().try_for_each(|covariate| writeln!(f, "{covariate}"))
    }
}

/// From here on further labels change the order little.
pub const CONFIDENT: f64 = 0.8;

/// ρ = √(θᵀCθ / (θᵀCθ + tr CS)): the correlation that is to be expected between the model's
/// differences within prompts and those of the best head that its features allow. θ is the head, C the
/// second moment of differences, S = P⁻¹ the posterior covariance. It cannot see what the features do
/// not tell, nor answers that are wrong together. A covariate that is left out counts for nothing.
pub(super) fn confidence<T: Real>(
    model: &Model,
    precision: Packed<T, Vec<T>>,
) -> Result<Option<f64>> {
    let Some(moment) = moment::<T>(model) else {
        return Ok(None);
    };
    let context = || Error::core("the model's confidence");
    let (order, factor) = (moment.order(), Cholesky::factor(precision).map_err(context())?);
    let head = model.head();
    let first = order.saturating_sub(model.trunk().covariates().len());
    let is_left_out = |place: usize| place >= first && head.get(place) == Some(&0.0);
    let entry = |row, column| match is_left_out(row) || is_left_out(column) {
        true => T::ZERO,
        false => moment.entry(row, column).unwrap_or(T::ZERO),
    };
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

/// What covariates do in a model's rewards, whose own variance within prompts is 1.
pub(super) fn shares(model: &Model) -> Vec<CovariateShare> {
    let names = model.trunk().covariates();
    let first = model.head().len().saturating_sub(names.len());
    // Of two independent responses, differences vary twice as much as either.
    let rest = variance(model, 0..first).map(|variance| variance / 2.0);
    let coefficients = model.head().iter().skip(first);
    let share = |(name, coefficient): (&String, &f32)| {
        let coefficient = f64::from(*coefficient);
        let square = coefficient * coefficient;
        let share = rest.map(|rest| square / (square + rest)).filter(|share| share.is_finite());
        CovariateShare { name: name.clone(), coefficient, share }
    };
    names.iter().zip(coefficients).map(share).collect()
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
