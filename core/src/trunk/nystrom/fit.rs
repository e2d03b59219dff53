//! How [`Nystrom`](super::Nystrom) is fitted, without labels, in this order:
//!
//! 1. The second moment S of differences within prompts is that of unit weights
//!    ([`fisher`](mod@crate::fisher)); [`fill_metric`] factors it, S ≈ AAᵀ, so that
//!    (x − y)ᵀS(x − y) ≈ ‖Aᵀ(x − y)‖². Directions in which responses to a prompt differ much count much;
//!    dimensions that never differ, or that repeat others, count for nothing.
//! 2. The lengthscale ℓ is the median distance between landmarks, z of responses drawn at random
//!    ([`median_distance`]); A and z are divided by √2 ℓ.
//! 3. The kernel of the landmarks is factored, K + 10⁻⁶ I = RRᵀ, and Wᵀ = R⁻¹ ([`fill_weight`]): then
//!    φ_xᵀφ_y = k_xᵀ(K + 10⁻⁶ I)⁻¹k_y.
//! 4. W is scaled until ‖φ − φ̄‖² is 1 in the mean over responses, φ̄ their prompt's mean
//!    ([`squares_within`]).

use core::cmp::Ordering;

use super::MAX_LANDMARKS;
use crate::arith::{self, Real};
use crate::columns::Columns;
use crate::error::{Error, check_shape};
use crate::kernel::dot::dot;
use crate::linalg::{Cholesky, Packed, packed_len};
use crate::parallel::split_at;
use crate::sort::sort;

/// A pivot below this share of the largest diagonal entry is rounding: its direction counts as dead.
const LEAST_PIVOT: f64 = 1e-10;

/// What is added to the diagonal of K.
const JITTER: f64 = 1e-6;

/// Factors S ≈ AAᵀ by as many pivots as `rank`, each the largest that is left, the first of equal
/// ones: a pivoted Cholesky factor, cut off (Harbrecht, Peters and Schneider, 2012). `metric` gets A, a
/// row a dimension; columns behind the last pivot are 0. Gives back how many pivots there were.
///
/// # Errors
/// [`Error::Empty`] for a rank of 0; [`Error::Shape`] unless `metric` has rank numbers a dimension and
/// `left` one; [`Error::NonFinite`] with a diagonal entry that is no number; [`Error::Parameter`] if
/// S is 0.
pub fn fill_metric<T: Real, D: AsRef<[T]>>(
    moment: &Packed<T, D>,
    rank: usize,
    metric: &mut [T],
    left: &mut [T],
) -> Result<usize, Error> {
    if rank == 0 {
        return Err(Error::Empty { what: "rank of a metric" });
    }
    let order = moment.order();
    check_shape("metric", order.saturating_mul(rank), metric.len())?;
    check_shape("diagonal of the metric", order, left.len())?;
    metric.fill(T::ZERO);
    for (index, left) in left.iter_mut().enumerate() {
        *left = moment.entry(index, index).unwrap_or(T::ZERO);
        if !left.is_finite_number() {
            return Err(Error::NonFinite { what: "second moment of differences", index });
        }
    }
    let (_, largest) = largest(left);
    let least = T::from_f64(LEAST_PIVOT) * largest;
    for step in 0..rank {
        let (pivot, value) = self::largest(left);
        let stands_out = least < value;
        if !stands_out && step == 0 {
            return Err(Error::Parameter { what: "embeddings within prompts must differ" });
        }
        if !stands_out {
            return Ok(step);
        }
        eliminate(moment, Pivot { place: pivot, step, value }, rank, metric, left);
    }
    Ok(rank)
}

/// The next direction of a factor.
#[derive(Clone, Copy)]
struct Pivot<T> {
    /// Its dimension.
    place: usize,
    /// How many came before.
    step: usize,
    /// What is left of the diagonal there.
    value: T,
}

/// Writes the pivot's column of A, and takes its squares from the diagonal.
fn eliminate<T: Real, D: AsRef<[T]>>(
    moment: &Packed<T, D>,
    pivot: Pivot<T>,
    rank: usize,
    metric: &mut [T],
    left: &mut [T],
) {
    let Pivot { place, step, value } = pivot;
    let root = value.sqrt_of();
    let (before, rest) = split_at(metric, place.saturating_mul(rank));
    let (own, after) = split_at(rest, rank);
    if let Some(entry) = own.get_mut(step) {
        *entry = root;
    }
    let done = own.get(..step).unwrap_or_default();
    let behind = place.saturating_add(1);
    let rows = before.chunks_exact_mut(rank).enumerate();
    let others = after.chunks_exact_mut(rank).enumerate();
    let others = others.map(|(index, row)| (behind.saturating_add(index), row));
    for (index, row) in rows.chain(others) {
        let Some(left) = left.get_mut(index).filter(|left| !is_taken(**left)) else {
            continue;
        };
        let covariance = moment.entry(index, place).unwrap_or(T::ZERO);
        let known = dot(row.get(..step).unwrap_or_default(), done);
        let value = (covariance - known) / root;
        *left -= value * value;
        if let Some(entry) = row.get_mut(step) {
            *entry = value;
        }
    }
    if let Some(left) = left.get_mut(place) {
        *left = T::ZERO - T::INFINITY;
    }
}

/// Whether a dimension was a pivot, and so is explained in full.
fn is_taken<T: Real>(left: T) -> bool {
    left < T::ZERO - T::MAX
}

/// The first of the largest values, and its place.
fn largest<T: Real>(values: &[T]) -> (usize, T) {
    let mut best = (0, T::ZERO - T::INFINITY);
    for (place, value) in values.iter().enumerate() {
        if best.1 < *value {
            best = (place, *value);
        }
    }
    best
}

/// The median distance between columns that differ: of an even number the mean of the two in the
/// middle. `distances` is memory for a number each two of them.
///
/// # Errors
/// [`Error::Workspace`]; [`Error::Parameter`] if no two differ.
pub fn median_distance<T: Real>(columns: Columns<'_, T>, distances: &mut [T]) -> Result<T, Error> {
    let required = columns.len().saturating_mul(columns.len().saturating_sub(1)) / 2;
    let found = distances.len();
    if found < required {
        return Err(Error::Workspace { what: "distances", required, found });
    }
    let mut count = 0;
    for (place, column) in columns.iter().enumerate() {
        for other in columns.iter().take(place) {
            let square = squared_distance(column, other);
            if T::ZERO < square
                && let Some(slot) = distances.get_mut(count)
            {
                *slot = square;
                count += 1;
            }
        }
    }
    let (squares, _) = split_at(distances, count);
    sort(squares, &|a: &T, b: &T| -> Ordering { a.order(*b) });
    let (low, high) = (squares.get(count.saturating_sub(1) / 2), squares.get(count / 2));
    match low.zip(high) {
        Some((low, high)) => Ok((low.sqrt_of() + high.sqrt_of()) * T::HALF),
        None => Err(Error::Parameter { what: "landmarks must differ" }),
    }
}

/// Wᵀ = R⁻¹ of landmarks whose coordinates are the columns: `weight` gets W, a row a landmark, and
/// `matrix` is memory for a packed matrix of their number.
///
/// # Errors
/// [`Error::TooLarge`] beyond [`MAX_LANDMARKS`]; [`Error::Shape`]; [`Error::NotPositiveDefinite`] if
/// the precision does not suffice.
pub fn fill_weight<T: Real>(
    landmarks: Columns<'_, T>,
    weight: &mut [T],
    matrix: &mut [T],
) -> Result<(), Error> {
    let (count, limit) = (landmarks.len(), MAX_LANDMARKS);
    if count > limit {
        return Err(Error::TooLarge { what: "landmarks", limit, found: count });
    }
    check_shape("weight", count.saturating_mul(count), weight.len())?;
    let (matrix, _) = split_at(matrix, packed_len(count));
    let mut kernel = Packed::new(count, matrix)?;
    let mut entries = kernel.as_mut_slice().iter_mut();
    for (place, column) in landmarks.iter().enumerate() {
        for (other, entry) in landmarks.iter().skip(place).zip(&mut entries) {
            *entry = arith::exp(T::ZERO - squared_distance(column, other));
        }
    }
    kernel.add_diagonal(T::from_f64(JITTER));
    let factor = Cholesky::factor(kernel)?;
    weight.fill(T::ZERO);
    for (place, column) in weight.chunks_exact_mut(count.max(1)).enumerate() {
        if let Some(unit) = column.get_mut(place) {
            *unit = T::ONE;
        }
        factor.solve_lower(column)?;
    }
    Ok(())
}

/// Σ ‖φ − φ̄‖² over items, φ̄ their mean, in f64, both sums in order. `mean` is memory for a number a
/// feature.
///
/// # Errors
/// [`Error::Shape`] unless it is.
pub fn squares_within(items: Columns<'_, f32>, mean: &mut [f64]) -> Result<f64, Error> {
    check_shape("mean", items.rows(), mean.len())?;
    mean.fill(0.0);
    for item in items.iter() {
        for (mean, value) in mean.iter_mut().zip(item) {
            *mean += f64::from(*value);
        }
    }
    let count = f64::from_u64(items.len() as u64);
    for mean in &mut *mean {
        *mean /= count;
    }
    let mut sum = 0.0;
    for item in items.iter() {
        let mut own = 0.0;
        for (value, mean) in item.iter().zip(&*mean) {
            let deviation = f64::from(*value) - *mean;
            own += deviation * deviation;
        }
        sum += own;
    }
    Ok(sum)
}

/// ‖a − b‖², in order.
fn squared_distance<T: Real>(a: &[T], b: &[T]) -> T {
    let mut sum = T::ZERO;
    for (a, b) in a.iter().zip(b) {
        let difference = *a - *b;
        sum += difference * difference;
    }
    sum
}
