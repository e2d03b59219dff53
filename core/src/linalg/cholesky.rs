//! [`Cholesky`]: the factor M = LLᵀ of a symmetric positive definite matrix, its log-determinant,
//! solutions and condition estimate.
//!
//! Left-looking by columns. Entry L_ij is (M_ij − L_i0 L_j0 − L_i1 L_j1 − …) / L_jj with the
//! products subtracted one by one in ascending order, so that lanes, which go down a column, never
//! share a sum. Condition numbers follow Hager (1984) and Higham (1988), as LAPACK's `xPOCON`.

use crate::arith::{self, Real};
use crate::error::{Error, check_shape};
use crate::kernel::axpy::subtract_scaled;
use crate::linalg::packed::{Packed, columns, packed_len};

/// A Cholesky factor over memory `D`, which it took from the matrix.
#[derive(Clone, Copy, Debug)]
pub struct Cholesky<T, D> {
    factor: Packed<T, D>,
    norm: T,
}

/// A Cholesky factor over borrowed memory.
pub type CholeskyView<'a, T> = Cholesky<T, &'a mut [T]>;

/// Numbers that [`Cholesky::condition_estimate`] needs to work in.
#[must_use]
pub const fn condition_workspace_len(order: usize) -> usize {
    order.saturating_mul(2)
}

impl<T: Real, D: AsRef<[T]> + AsMut<[T]>> Cholesky<T, D> {
    /// Factors a matrix in place. Only its lower triangle is read.
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`] with the first pivot that is not a positive finite number.
    pub fn factor(mut matrix: Packed<T, D>) -> Result<Self, Error> {
        let norm = matrix.norm();
        reduce(&mut matrix, divide_by_root)?;
        Ok(Self { factor: matrix, norm })
    }
}

/// Goes through the columns in order: subtracts from each what those before it contribute, and has
/// `finish` turn it, from its pivot down, into one of L.
fn reduce<T: Real, D: AsRef<[T]> + AsMut<[T]>>(
    matrix: &mut Packed<T, D>,
    finish: impl Fn(usize, &mut [T]) -> Result<(), Error>,
) -> Result<(), Error> {
    let order = matrix.order();
    for pivot in 0..order {
        // Columns before `pivot` hold order, order − 1, … entries.
        let start = packed_len(order) - packed_len(order - pivot);
        let Some((done, rest)) = matrix.as_mut_slice().split_at_mut_checked(start) else {
            break;
        };
        let (column, _) = crate::parallel::split_at(rest, order - pivot);
        for (step, previous) in columns(done, order).enumerate() {
            let Some(tail @ [scale, ..]) = previous.get(pivot - step..) else {
                break;
            };
            subtract_scaled(column, *scale, tail);
        }
        finish(pivot, column)?;
    }
    Ok(())
}

/// A matrix K with V ≈ KKᵀ of a symmetric positive semidefinite V: the columns of [`Cholesky`],
/// those of pivots up to order · ε · (the largest diagonal entry) set to 0. It goes to the front of
/// `root`, as a packed lower triangle.
///
/// # Errors
/// [`Error::Shape`] if `root` is too short; [`Error::NonFinite`] with the column of a pivot that is
/// no finite number.
pub(crate) fn semidefinite_root<T: Real, D: AsRef<[T]>>(
    matrix: &Packed<T, D>,
    root: &mut [T],
) -> Result<(), Error> {
    let order = matrix.order();
    let mut largest = T::ZERO;
    for column in columns(matrix.as_slice(), order) {
        let diagonal = column.first().copied().unwrap_or(T::ZERO);
        if !diagonal.is_finite_number() {
            return Err(Error::NonFinite { what: "target", index: order - column.len() });
        }
        if largest < diagonal {
            largest = diagonal;
        }
    }
    let least = T::from_u64(order as u64) * T::EPSILON * largest;
    let mut root = Packed::new(order, root)?;
    root.as_mut_slice().copy_from_slice_checked(matrix.as_slice());
    reduce(&mut root, |pivot, column| {
        if column.first().is_some_and(|diagonal| least < *diagonal) {
            return divide_by_root(pivot, column);
        }
        column.fill(T::ZERO);
        Ok(())
    })
}

/// What updates need, which change a factor in place.
impl<T: Real, D: AsRef<[T]> + AsMut<[T]>> Cholesky<T, D> {
    pub(super) fn as_mut_slice(&mut self) -> &mut [T] {
        self.factor.as_mut_slice()
    }

    pub(crate) fn norm(&self) -> T {
        self.norm
    }

    pub(super) fn set_norm(&mut self, norm: T) {
        self.norm = norm;
    }
}

/// Turns a column of the reduced matrix into one of L: √ of its first entry, the others over it.
fn divide_by_root<T: Real>(pivot: usize, column: &mut [T]) -> Result<(), Error> {
    let Some((diagonal, below)) = column.split_first_mut() else {
        return Ok(());
    };
    if !(T::ZERO < *diagonal && *diagonal < T::INFINITY) {
        return Err(Error::NotPositiveDefinite { pivot, value: diagonal.to_f64() });
    }
    *diagonal = diagonal.sqrt_of();
    for entry in below {
        *entry /= *diagonal;
    }
    Ok(())
}

impl<T: Real, D: AsRef<[T]>> Cholesky<T, D> {
    /// Rows, and columns.
    pub fn order(&self) -> usize {
        self.factor.order()
    }

    /// The factor's lower triangle, column by column.
    pub fn as_slice(&self) -> &[T] {
        self.factor.as_slice()
    }

    /// log det M = 2 Σ ln L_ii, in ascending order.
    pub fn log_det(&self) -> T {
        let mut sum = T::ZERO;
        for column in columns(self.as_slice(), self.order()) {
            sum += arith::ln(column.first().copied().unwrap_or(T::ONE));
        }
        sum + sum
    }

    /// log det (M/λ) = 2 Σ ln (L_ii/√λ), in ascending order: log det M less n ln λ, which may be
    /// most of it.
    pub fn log_det_over(&self, scale: T) -> T {
        let root = scale.sqrt_of();
        let mut sum = T::ZERO;
        for column in columns(self.as_slice(), self.order()) {
            sum += arith::ln(column.first().copied().unwrap_or(T::ONE) / root);
        }
        sum + sum
    }

    /// Replaces b by L⁻¹b.
    ///
    /// # Errors
    /// [`Error::Shape`] unless b has as many values as the matrix has rows.
    pub fn solve_lower(&self, values: &mut [T]) -> Result<(), Error> {
        check_shape("right-hand side", self.order(), values.len())?;
        let mut rest = values;
        for column in columns(self.as_slice(), self.order()) {
            let (Some((value, below)), Some((diagonal, entries))) =
                (rest.split_first_mut(), column.split_first())
            else {
                break;
            };
            *value /= *diagonal;
            subtract_scaled(below, *value, entries);
            rest = below;
        }
        Ok(())
    }

    /// Replaces b by L⁻ᵀb. Each product Σ L_ij x_i is summed in ascending i.
    ///
    /// # Errors
    /// As [`Cholesky::solve_lower`].
    pub fn solve_upper(&self, values: &mut [T]) -> Result<(), Error> {
        check_shape("right-hand side", self.order(), values.len())?;
        for row in (0..self.order()).rev() {
            let start = packed_len(self.order()) - packed_len(self.order() - row);
            let (Some((diagonal, entries)), Some((value, solved))) = (
                self.as_slice().get(start..).and_then(<[T]>::split_first),
                values.get_mut(row..).and_then(<[T]>::split_first_mut),
            ) else {
                break;
            };
            let mut sum = T::ZERO;
            for (entry, x) in entries.iter().zip(solved.iter()) {
                sum += *entry * *x;
            }
            *value = (*value - sum) / *diagonal;
        }
        Ok(())
    }

    /// Replaces b by M⁻¹b.
    ///
    /// # Errors
    /// As [`Cholesky::solve_lower`].
    pub fn solve(&self, values: &mut [T]) -> Result<(), Error> {
        self.solve_lower(values)?;
        self.solve_upper(values)
    }

    /// An estimate of ‖M‖₁‖M⁻¹‖₁, never above it by more than rounding and rarely below a third
    /// of it, from a handful of solutions.
    ///
    /// # Errors
    /// [`Error::Workspace`] unless the workspace has [`condition_workspace_len`] numbers.
    pub fn condition_estimate(&self, workspace: &mut [T]) -> Result<T, Error> {
        let order = self.order();
        let required = condition_workspace_len(order);
        let found = workspace.len();
        let Some((x, signs)) =
            workspace.get_mut(..required).and_then(|used| used.split_at_mut_checked(order))
        else {
            return Err(Error::Workspace { what: "condition estimate", required, found });
        };
        Ok(self.norm * self.inverse_norm(x, signs)?)
    }

    /// This factor, if its solutions mean anything in this precision.
    ///
    /// # Errors
    /// [`Error::IllConditioned`] where the condition estimate is above 1/ε or is no number.
    pub fn checked(self, workspace: &mut [T]) -> Result<Self, Error> {
        let estimate = self.condition_estimate(workspace)?;
        if estimate < T::ONE / T::EPSILON {
            Ok(self)
        } else {
            Err(Error::IllConditioned { estimate: estimate.to_f64() })
        }
    }

    /// Hager's ascent on ‖M⁻¹x‖₁ over the unit ball, at most five steps, then Higham's
    /// alternating vector, which catches the matrices that mislead it.
    fn inverse_norm(&self, x: &mut [T], signs: &mut [T]) -> Result<T, Error> {
        let order = T::from_u64(x.len() as u64);
        x.fill(T::ONE / order);
        self.solve(x)?;
        let mut estimate = sum_of_magnitudes(x);
        if x.len() == 1 {
            return Ok(estimate);
        }
        take_signs(x, signs);
        x.copy_from_slice_checked(signs);
        self.solve(x)?;
        let mut corner = largest(x);
        for _ in 2..=5 {
            x.fill(T::ZERO);
            if let Some(entry) = x.get_mut(corner) {
                *entry = T::ONE;
            }
            self.solve(x)?;
            let previous = estimate;
            estimate = sum_of_magnitudes(x);
            if !take_signs(x, signs) || estimate <= previous {
                break;
            }
            x.copy_from_slice_checked(signs);
            self.solve(x)?;
            let next = largest(x);
            if x.get(next).map(|v| v.magnitude()) == x.get(corner).map(|v| v.magnitude()) {
                break;
            }
            corner = next;
        }
        let mut sign = T::ONE;
        for (index, value) in x.iter_mut().enumerate() {
            *value = sign * (T::ONE + T::from_u64(index as u64) / (order - T::ONE));
            sign = -sign;
        }
        self.solve(x)?;
        let alternating = (T::TWO * sum_of_magnitudes(x)) / (order + order + order);
        Ok(if estimate < alternating { alternating } else { estimate })
    }
}

/// Copies slices of equal length without a path that could panic.
trait CopyChecked<T> {
    fn copy_from_slice_checked(&mut self, other: &[T]);
}

impl<T: Copy> CopyChecked<T> for [T] {
    fn copy_from_slice_checked(&mut self, other: &[T]) {
        for (to, from) in self.iter_mut().zip(other) {
            *to = *from;
        }
    }
}

fn sum_of_magnitudes<T: Real>(values: &[T]) -> T {
    let mut sum = T::ZERO;
    for value in values {
        sum += value.magnitude();
    }
    sum
}

/// Writes the sign of each value (+1 for 0) and says whether any changed.
fn take_signs<T: Real>(values: &[T], signs: &mut [T]) -> bool {
    let mut changed = false;
    for (value, sign) in values.iter().zip(signs) {
        let new = if *value < T::ZERO { -T::ONE } else { T::ONE };
        changed |= new != *sign;
        *sign = new;
    }
    changed
}

/// The first index of the largest magnitude.
fn largest<T: Real>(values: &[T]) -> usize {
    let mut best = (0, -T::ONE);
    for (index, value) in values.iter().enumerate() {
        if best.1 < value.magnitude() {
            best = (index, value.magnitude());
        }
    }
    best.0
}
