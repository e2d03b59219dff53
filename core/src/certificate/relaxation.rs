//! [`Relaxation`]: the best choice of pairs in part, by Frank and Wolfe's method, and the bound that
//! each of its points gives.

use super::walk::Walk;
use super::{Certificate, Effort};
use crate::arith::{Real, log1p};
use crate::error::Error;
use crate::linalg::{Cholesky, CholeskyView, Packed, PackedView, packed_len};
use crate::parallel::{Executor, split_at};
use crate::topk::Scored;

/// P, B, and the direction.
pub(super) const MATRICES: usize = 3;

/// M(s) and the direction to go on in.
pub(super) struct Line<'a, T> {
    /// P.
    start: PackedView<'a, T>,
    /// B = M(s) − P.
    mixture: PackedView<'a, T>,
    /// Of the corner with the k largest g, less B.
    direction: PackedView<'a, T>,
}

impl<'a, T: Real> Line<'a, T> {
    /// At the corner of a batch.
    pub(super) fn new<E: Executor>(
        walk: &mut Walk<'_, T, E>,
        batch: &[Scored<T>],
        matrices: &'a mut [T],
    ) -> Result<Self, Error> {
        let posterior = walk.problem.posterior;
        let order = posterior.past.order();
        let (start, matrices) = split_at(matrices, packed_len(order));
        let (mixture, direction) = split_at(matrices, packed_len(order));
        let mut start = Packed::new(order, start)?;
        posterior.fill_precision(true, &mut start)?;
        let mut mixture = Packed::new(order, mixture)?;
        walk.sum(batch, &mut mixture)?;
        let mut direction = Packed::new(order, direction)?;
        direction.clear();
        Ok(Self { start, mixture, direction })
    }

    /// The factor of P + B + t·(the direction).
    fn factor_at<'m>(&self, t: T, matrix: &'m mut [T]) -> Result<CholeskyView<'m, T>, Error> {
        let Self { start, mixture, direction } = self;
        let parts = mixture.as_slice().iter().zip(direction.as_slice());
        let entries = matrix.iter_mut().zip(start.as_slice());
        for ((entry, start), (mixture, direction)) in entries.zip(parts) {
            *entry = *start + (*mixture + t * *direction);
        }
        Cholesky::factor(Packed::new(start.order(), matrix)?)
    }
}

/// The relaxed problem, at the choice in part that the iterations have come to.
pub(super) struct Relaxation<'a, T, E> {
    pub(super) walk: Walk<'a, T, E>,
    pub(super) line: Line<'a, T>,
    /// Of the factor of P.
    pub(super) diagonal: &'a [T],
    pub(super) matrix: &'a mut [T],
    pub(super) columns: &'a mut [T],
}

/// What is known at a choice in part.
struct Point<T> {
    /// log|M(s)| − log|P|.
    gain: f64,
    /// The k largest g less Σ g s: the derivative of the gain towards their corner.
    slope: T,
    /// How far rounding may have lowered the sum of the two.
    rounding: f64,
}

impl<T: Real, E: Executor> Relaxation<'_, T, E> {
    /// Lowers the bound, from the batch on, until it is near enough or nothing more is to be had.
    pub(super) fn lower(
        &mut self,
        certificate: &mut Certificate,
        effort: Effort,
        seen: &mut impl FnMut(&Certificate),
    ) -> Result<(), Error> {
        let allowed = effort.gap * T::from_u64(certificate.order as u64).to_f64();
        let mut largest = certificate.gain;
        let mut point = if certificate.gap() > allowed { if_factored(self.look())? } else { None };
        loop {
            if let Some(Point { gain, slope, rounding }) = point {
                certificate.lower_to(gain + slope.to_f64() + rounding);
                if largest < gain {
                    largest = gain;
                }
            }
            seen(certificate);
            let goes_on =
                certificate.bound - largest > allowed && certificate.iterations < effort.iterations;
            // Where rounding has taken the slope, nothing is ahead.
            let ahead = point.map(|point| point.slope).filter(|slope| *slope > T::ZERO);
            let Some(slope) = ahead.filter(|_| goes_on) else {
                return Ok(());
            };
            point = if_factored(self.step(slope).and_then(|()| self.look()))?;
            certificate.iterations += 1;
        }
    }

    /// Where the bound is now; turns to the corner that it comes from.
    fn look(&mut self) -> Result<Point<T>, Error> {
        let factor = self.line.factor_at(T::ZERO, self.matrix)?;
        let mut gain = 0.0;
        for (place, before) in self.diagonal.iter().enumerate() {
            let grown = (factor.diagonal(place) - *before) / *before;
            gain += log1p(grown.to_f64());
        }
        let mut most = T::ZERO;
        for pair in self.walk.find(&factor, None)? {
            most += pair.score;
        }
        let Line { mixture, direction, .. } = &mut self.line;
        let here = trace_of_solution(&factor, mixture, self.columns)?;
        let condition = factor.condition_estimate(self.columns)?.to_f64();
        let terms = T::from_u64(factor.order() as u64) + most + here;
        let rounding = T::EPSILON.to_f64() * condition * terms.to_f64();
        self.walk.sum_found(direction)?;
        for (entry, here) in direction.as_mut_slice().iter_mut().zip(mixture.as_slice()) {
            *entry -= *here;
        }
        Ok(Point { gain: gain + gain, slope: most - here, rounding })
    }

    /// Goes on in the direction looked at, to where log|M| no longer grows.
    fn step(&mut self, slope: T) -> Result<(), Error> {
        let length = self.search(slope)?;
        for (entry, towards) in
            self.line.mixture.as_mut_slice().iter_mut().zip(self.line.direction.as_slice())
        {
            *entry += length * *towards;
        }
        Ok(())
    }

    /// The t of 0..=1 with the largest log|P + B + t·(the direction)|, where its slope has fallen
    /// to [`FLAT`] of that at 0: the Illinois form of false position (Dowell and Jarratt, 1971).
    fn search(&mut self, slope: T) -> Result<T, Error> {
        let flat = slope * T::from_f64(FLAT);
        let (mut low, mut high) = ((T::ZERO, slope), (T::ONE, self.slope_at(T::ONE)?));
        if high.1 >= T::ZERO {
            return Ok(T::ONE);
        }
        let mut middle = low.0;
        let mut last_was_low = None;
        for _ in 0..SEARCH {
            middle = low.0 + (high.0 - low.0) * (low.1 / (low.1 - high.1));
            let slope = self.slope_at(middle)?;
            if slope.magnitude() <= flat {
                break;
            }
            let is_low = slope > T::ZERO;
            let repeated = last_was_low == Some(is_low);
            if is_low {
                low = (middle, slope);
                high.1 = if repeated { high.1 * T::HALF } else { high.1 };
            } else {
                high = (middle, slope);
                low.1 = if repeated { low.1 * T::HALF } else { low.1 };
            }
            last_was_low = Some(is_low);
        }
        Ok(middle)
    }

    /// d/dt log|P + B + t·D| = tr((P + B + t·D)⁻¹D), D the direction.
    fn slope_at(&mut self, t: T) -> Result<T, Error> {
        let factor = self.line.factor_at(t, self.matrix)?;
        trace_of_solution(&factor, &self.line.direction, self.columns)
    }
}

/// Nothing, where a matrix has no factor in this precision.
fn if_factored<R>(result: Result<R, Error>) -> Result<Option<R>, Error> {
    match result {
        Err(Error::NotPositiveDefinite { .. }) => Ok(None),
        result => result.map(Some),
    }
}

/// A slope so much smaller than the first ends the search for a step.
const FLAT: f64 = 0.05;

/// The most places that the search for a step looks at.
const SEARCH: usize = 12;

/// tr(M⁻¹A) = Σ_j (L⁻¹e_j)ᵀ(L⁻¹a_j), a_j the columns of A, in ascending order.
fn trace_of_solution<T: Real>(
    factor: &CholeskyView<'_, T>,
    matrix: &PackedView<'_, T>,
    columns: &mut [T],
) -> Result<T, Error> {
    let order = factor.order();
    let (unit, column) = split_at(columns, order);
    let mut trace = T::ZERO;
    for j in 0..order {
        for (i, (unit, entry)) in unit.iter_mut().zip(column.iter_mut()).enumerate() {
            *unit = if i == j { T::ONE } else { T::ZERO };
            *entry = matrix.entry(i, j).unwrap_or(T::ZERO);
        }
        factor.solve_lower(unit)?;
        factor.solve_lower(column)?;
        for (unit, entry) in unit.iter().zip(column.iter()) {
            trace += *unit * *entry;
        }
    }
    Ok(trace)
}
