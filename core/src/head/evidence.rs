//! The prior precision λ of the last layer, from the labels themselves.
//!
//! **By evidence** (MacKay, 1992, the Laplace approximation): the λ that maximises
//! ln p(labels | λ) = log-posterior(β_λ) + H/2 ln λ − ½ ln |P(λ)|, β_λ the fit of
//! [`newton`](super::newton) at this λ and P(λ) its posterior precision. **By held-out
//! labels**: the λ whose fits predict the answers of the fold left out, summed over the folds.
//!
//! Both look at the features as given. A network that learnt them from the same labels has turned
//! them until they tell those apart, the ones left out as well, and λ comes out too small; so it
//! does by evidence where answers err much. Hence a floor: λ is looked for where the prior deviation
//! of an average labelled margin, √(s²/λ) with s² the mean of ‖d‖² over the answers, is
//! between 1/16 and 2. At 2, two people who answer by the model agree on 70 % of pairs: the mean of
//! p² + (1 − p)² over such margins; a smaller λ would expect them to agree more. The bounds follow the
//! features' scale: features twice as large have four times the λ. Where the features' scale is known
//! beforehand, λ may be chosen from a few given values instead.

use super::loss::{check, total};
use super::newton::{Fit, fit, log_likelihood};
use super::{Covariates, Prior};
use crate::arith::{exp, ln, sum};
use crate::columns::Columns;
use crate::error::{Error, check_shape};
use crate::parallel::{Executor, split_at};
use crate::pool::Comparison;

/// The largest prior deviation of an average margin, squared: it makes the floor of λ.
const MOST_VARIANCE: f64 = 4.0;

/// The least prior deviation of an average margin, squared: it makes the ceiling of λ.
const LEAST_VARIANCE: f64 = 1.0 / 256.0;

/// Points of the grid, from the ceiling down to the floor, each 1/√2 of the one before: 2¹⁰ in all.
const GRID: usize = 21;

/// The most values of λ that can be given to choose from.
pub const MOST_VALUES: usize = GRID;

/// Golden sections of the two cells around the best point of the grid, in ln λ: 2 · 10⁻⁴ of ln λ
/// are left, about what the end of a fit lets the evidence tell.
const SECTIONS: usize = 16;

/// 1/φ, the share of a cell that a golden section leaves.
const GOLDEN: f64 = 0.618_033_988_749_894_8;

/// A prior precision, and what speaks for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// λ.
    pub prior_precision: f64,
    /// What was maximised, there: the log-evidence, or the log-likelihood of the labels left out.
    pub value: f64,
    /// The least λ looked at.
    pub floor: f64,
    /// The largest.
    pub ceiling: f64,
}

/// ln p(labels | λ) by the Laplace approximation at a fit of this many features.
#[must_use]
pub fn log_evidence(fit: &Fit, order: usize, prior: impl Into<Prior<f64>>) -> f64 {
    fit.log_posterior + 0.5 * prior.into().log_det(order) - 0.5 * fit.log_det
}

/// The floor and the ceiling of λ for these labels.
///
/// # Errors
/// [`Error::Empty`] without a comparison, [`Error::Index`], [`Error::Label`];
/// [`Error::Parameter`] where no pair differs in its features.
pub fn bounds(
    features: Columns<'_, f32>,
    comparisons: &[Comparison<f64>],
) -> Result<(f64, f64), Error> {
    if comparisons.is_empty() {
        return Err(Error::Empty { what: "comparisons" });
    }
    check(comparisons, features.len())?;
    let mut sum = 0.0;
    for block in comparisons.chunks(sum::PAIRS) {
        let mut lengths = 0.0;
        for pair in block {
            lengths += pair.count * squared_length(features, pair);
        }
        sum += lengths;
    }
    let mean = sum / total(comparisons);
    let (floor, ceiling) = (mean / MOST_VARIANCE, mean / LEAST_VARIANCE);
    if floor > 0.0 && ceiling < f64::INFINITY {
        Ok((floor, ceiling))
    } else {
        Err(Error::Parameter { what: "labelled pairs must differ in their features" })
    }
}

/// What λ is chosen from.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    /// These, up to [`MOST_VALUES`], the largest first; without them all between the [`bounds`].
    pub given: Option<&'a [f64]>,
    /// The last features, which have a prior of their own.
    pub covariates: Covariates<f64>,
}

impl Values<'_> {
    /// All, and no covariates.
    pub const ANY: Self = Self { given: None, covariates: Covariates::NONE };

    /// The least and the largest of them.
    fn bounds(
        self,
        features: Columns<'_, f32>,
        comparisons: &[Comparison<f64>],
    ) -> Result<(f64, f64), Error> {
        let Some(values) = self.given else {
            return bounds(features, comparisons);
        };
        if values.len() > MOST_VALUES {
            let (what, found) = ("values of the prior precision", values.len());
            return Err(Error::TooLarge { what, limit: MOST_VALUES, found });
        }
        let ends = values.last().zip(values.first());
        let (floor, ceiling) =
            ends.ok_or(Error::Empty { what: "values of the prior precision" })?;
        Ok((*floor, *ceiling))
    }

    /// The values to look at, the largest first.
    fn grid(self, ceiling: f64) -> impl Iterator<Item = f64> {
        let any = if self.given.is_none() { GRID } else { 0 };
        let given = self.given.unwrap_or_default();
        given.iter().copied().chain(grid(ceiling).take(any))
    }

    /// The prior with this λ.
    fn prior(self, precision: f64) -> Prior<f64> {
        Prior { precision, covariates: self.covariates }
    }
}

/// The λ of the largest evidence: of given values the best; of any the best of a grid, refined by
/// golden sections. Of equal values the larger λ is kept. `head` is where the first fit starts, and is
/// overwritten.
///
/// # Errors
/// As [`bounds`], and as [`fit`], whose workspace this is; [`Error::Empty`] and [`Error::TooLarge`] for
/// the number of given values.
pub fn by_evidence<E: Executor>(
    executor: &E,
    features: Columns<'_, f32>,
    comparisons: &[Comparison<f64>],
    values: Values<'_>,
    head: &mut [f64],
    workspace: &mut [f64],
) -> Result<Choice, Error> {
    let (floor, ceiling) = values.bounds(features, comparisons)?;
    let mut best = Choice { prior_precision: ceiling, value: -f64::INFINITY, floor, ceiling };
    let mut evidence = |prior_precision: f64| {
        let prior = values.prior(prior_precision);
        let fit = fit(executor, features, comparisons, prior, head, workspace)?;
        Ok(log_evidence(&fit, features.rows(), prior))
    };
    for prior_precision in values.grid(ceiling) {
        best.offer(prior_precision, evidence(prior_precision)?);
    }
    if values.given.is_none() {
        refine(&mut best, evidence)?;
    }
    Ok(best)
}

/// Memory that [`by_held_out`] works in.
#[derive(Debug)]
pub struct Workspace<'a> {
    /// That of [`fit`] for all comparisons.
    pub numbers: &'a mut [f64],
    /// A place for each comparison.
    pub comparisons: &'a mut [Comparison<f64>],
}

/// The λ of the grid whose fits best predict the comparisons of a fold from those of the others,
/// summed over the folds. Of equal values the larger λ is kept. It is no finer than the grid: labels
/// left out tell λ no better. `folds` has the fold of each comparison, and `head` is overwritten.
///
/// # Errors
/// As [`bounds`] and as [`fit`]; [`Error::Shape`] unless `folds` has as many entries as there are
/// comparisons; [`Error::Parameter`] unless two folds hold a comparison.
pub fn by_held_out<E: Executor>(
    executor: &E,
    features: Columns<'_, f32>,
    comparisons: &[Comparison<f64>],
    folds: &[u32],
    values: Values<'_>,
    head: &mut [f64],
    workspace: Workspace<'_>,
) -> Result<Choice, Error> {
    check_shape("folds", comparisons.len(), folds.len())?;
    let (floor, ceiling) = values.bounds(features, comparisons)?;
    let found = workspace.comparisons.len();
    if found < comparisons.len() {
        let required = comparisons.len();
        return Err(Error::Workspace { what: "comparisons of the folds", required, found });
    }
    let mut totals = [0.0; GRID];
    let mut next = folds.iter().copied().min();
    if next == folds.iter().copied().max() {
        return Err(Error::Parameter { what: "two folds must hold a comparison" });
    }
    while let Some(fold) = next {
        let (training, held) = split(comparisons, folds, fold, workspace.comparisons);
        head.fill(0.0);
        for (total, prior_precision) in totals.iter_mut().zip(values.grid(ceiling)) {
            let prior = values.prior(prior_precision);
            fit(executor, features, training, prior, head, workspace.numbers)?;
            *total += log_likelihood(executor, features, held, head, workspace.numbers)?;
        }
        next = folds.iter().copied().filter(|other| *other > fold).min();
    }
    let mut best = Choice { prior_precision: ceiling, value: -f64::INFINITY, floor, ceiling };
    for (prior_precision, total) in values.grid(ceiling).zip(totals) {
        best.offer(prior_precision, total);
    }
    Ok(best)
}

impl Choice {
    /// Keeps this λ if it is better.
    fn offer(&mut self, prior_precision: f64, value: f64) {
        if self.value < value {
            (self.prior_precision, self.value) = (prior_precision, value);
        }
    }
}

/// The λ of the grid, from the ceiling down.
fn grid(ceiling: f64) -> impl Iterator<Item = f64> {
    let halvings = core::iter::successors(Some(ceiling), |whole| Some(0.5 * *whole));
    let root = libm::sqrt(0.5);
    halvings.flat_map(move |whole| [whole, whole * root]).take(GRID)
}

/// Golden sections between the neighbours of the best point of the grid, within the bounds.
fn refine(
    best: &mut Choice,
    mut value: impl FnMut(f64) -> Result<f64, Error>,
) -> Result<(), Error> {
    let (middle, cell) = (best.prior_precision, 0.5 * ln(2.0));
    let at = |place: f64| middle * exp(place);
    let mut low = if best.floor < middle { -cell } else { 0.0 };
    let mut high = if middle < best.ceiling { cell } else { 0.0 };
    let mut left = high - GOLDEN * (high - low);
    let mut right = low + GOLDEN * (high - low);
    let (mut at_left, mut at_right) = (value(at(left))?, value(at(right))?);
    best.offer(at(right), at_right);
    best.offer(at(left), at_left);
    for _ in 0..SECTIONS {
        // The larger λ is kept where both are equal.
        if at_right < at_left {
            (high, right, at_right) = (right, left, at_left);
            left = high - GOLDEN * (high - low);
            at_left = value(at(left))?;
            best.offer(at(left), at_left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + GOLDEN * (high - low);
            at_right = value(at(right))?;
            best.offer(at(right), at_right);
        }
    }
    Ok(())
}

/// Writes the comparisons of the other folds, then those of this one, both in their order.
fn split<'a>(
    comparisons: &[Comparison<f64>],
    folds: &[u32],
    fold: u32,
    out: &'a mut [Comparison<f64>],
) -> (&'a [Comparison<f64>], &'a [Comparison<f64>]) {
    let of = |held: bool| {
        let pairs = comparisons.iter().zip(folds);
        pairs.filter(move |(_, other)| (**other == fold) == held).map(|(pair, _)| *pair)
    };
    let training = of(false).count();
    for (place, pair) in out.iter_mut().zip(of(false).chain(of(true))) {
        *place = pair;
    }
    let (out, _) = split_at(out, comparisons.len());
    let (training, held) = split_at(out, training);
    (training, held)
}

/// ‖φ_a − φ_b‖².
fn squared_length(features: Columns<'_, f32>, pair: &Comparison<f64>) -> f64 {
    let (a, b) = (features.column(pair.a as usize), features.column(pair.b as usize));
    let mut total = 0.0;
    for (a, b) in a.iter().zip(b) {
        let difference = f64::from(*a) - f64::from(*b);
        total += difference * difference;
    }
    total
}
