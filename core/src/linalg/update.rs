//! The factor of M + xxᵀ and of M − xxᵀ from that of M, in O(n²): one label more, one label less.
//!
//! The update turns [L x] into [L′ 0] by n plane rotations, column by column. The downdate
//! (Stewart, 1979; LINPACK's `xCHDD`) solves p = L⁻¹x; M − xxᵀ is positive definite exactly if
//! 1 − ‖p‖² is above 0, and the rotations that turn (p, √(1 − ‖p‖²)) into the last unit vector,
//! applied to L from the last column to the first, give L′. What could fail is decided before the
//! factor is touched.

use super::cholesky::Cholesky;
use super::packed::packed_len;
use crate::arith::Real;
use crate::error::{Error, check_shape};
use crate::parallel::split_at;

/// Numbers that [`Cholesky::downdate`] needs to work in.
#[must_use]
pub const fn downdate_workspace_len(order: usize) -> usize {
    order.saturating_mul(3)
}

impl<T: Real, D: AsRef<[T]> + AsMut<[T]>> Cholesky<T, D> {
    /// Turns the factor of M into that of M + xxᵀ; `x` is overwritten. The norm that condition
    /// estimates use becomes an upper bound.
    ///
    /// # Errors
    /// [`Error::Shape`] unless x has as many values as the matrix has rows; [`Error::NonFinite`]
    /// if x holds a value that is no number, or the matrix would. The factor is then as it was.
    pub fn update(&mut self, x: &mut [T]) -> Result<(), Error> {
        self.check_vector(x)?;
        self.grow_norm(x)?;
        let mut rest = self.as_mut_slice();
        let mut x = x;
        while let Some((value, below)) = x.split_first_mut() {
            let (column, tail) = split_at(rest, below.len() + 1);
            let Some((diagonal, entries)) = column.split_first_mut() else {
                break;
            };
            let radius = hypotenuse(*diagonal, *value);
            // Both at most 1, so that no scale of M and x makes a product overflow.
            let (cosine, sine) = (*diagonal / radius, *value / radius);
            *diagonal = radius;
            for (entry, value) in entries.iter_mut().zip(&mut *below) {
                let rotated = cosine * *entry + sine * *value;
                *value = cosine * *value - sine * *entry;
                *entry = rotated;
            }
            (rest, x) = (tail, below);
        }
        Ok(())
    }

    /// Turns the factor of M into that of M − xxᵀ.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Workspace`] unless the workspace has [`downdate_workspace_len`]
    /// numbers, [`Error::NonFinite`]; [`Error::NotPositiveDefinite`] with the value of 1 − xᵀM⁻¹x
    /// where that is not above 0, or with the pivot that would vanish. The factor is then as it was.
    pub fn downdate(&mut self, x: &[T], workspace: &mut [T]) -> Result<(), Error> {
        self.check_vector(x)?;
        let order = self.order();
        let (required, found) = (downdate_workspace_len(order), workspace.len());
        if found < required {
            return Err(Error::Workspace { what: "downdate", required, found });
        }
        let (sines, workspace) = split_at(workspace, order);
        let (cosines, workspace) = split_at(workspace, order);
        let (carried, _) = split_at(workspace, order);
        for (sine, value) in sines.iter_mut().zip(x) {
            *sine = *value;
        }
        self.solve_lower(sines)?;
        self.find_rotations(sines, cosines)?;
        self.grow_norm(x)?;
        carried.fill(T::ZERO);
        let rotations = cosines.iter().zip(&*sines).enumerate().rev();
        for (number, (cosine, sine)) in rotations {
            let start = packed_len(order) - packed_len(order - number);
            let column = self.as_mut_slice().get_mut(start..).unwrap_or_default();
            let (_, carried) = split_at(carried, number);
            for (entry, carried) in column.iter_mut().zip(carried) {
                let rotated = *cosine * *carried + *sine * *entry;
                *entry = *cosine * *entry - *sine * *carried;
                *carried = rotated;
            }
        }
        Ok(())
    }

    /// Turns p = L⁻¹x into the sines of the rotations, and fills in their cosines.
    fn find_rotations(&self, sines: &mut [T], cosines: &mut [T]) -> Result<(), Error> {
        let mut left = T::ONE;
        for p in &*sines {
            left -= *p * *p;
        }
        let order = sines.len();
        check_pivot(order, left)?;
        let mut last = left.sqrt_of();
        for (number, (sine, cosine)) in sines.iter_mut().zip(cosines).enumerate().rev() {
            let scale = last + sine.magnitude();
            let (a, b) = (last / scale, *sine / scale);
            let radius = (a * a + b * b).sqrt_of();
            (*cosine, *sine) = (a / radius, b / radius);
            last = scale * radius;
            check_pivot(number, *cosine * self.diagonal(number))?;
        }
        Ok(())
    }

    /// L_ii.
    pub(crate) fn diagonal(&self, column: usize) -> T {
        let start = packed_len(self.order()) - packed_len(self.order().saturating_sub(column));
        self.as_slice().get(start).copied().unwrap_or(T::ZERO)
    }

    fn check_vector(&self, x: &[T]) -> Result<(), Error> {
        check_shape("vector of an update", self.order(), x.len())?;
        match x.iter().position(|value| !value.is_finite_number()) {
            Some(index) => Err(Error::NonFinite { what: "vector of an update", index }),
            None => Ok(()),
        }
    }

    /// ‖M ± xxᵀ‖₁ ≤ ‖M‖₁ + ‖x‖₁ ‖x‖_∞, which bounds every entry of the new factor as well.
    fn grow_norm(&mut self, x: &[T]) -> Result<(), Error> {
        let (mut sum, mut largest) = (T::ZERO, T::ZERO);
        for value in x {
            let magnitude = value.magnitude();
            sum += magnitude;
            if largest < magnitude {
                largest = magnitude;
            }
        }
        let grown = self.norm() + sum * largest;
        if !grown.is_finite_number() {
            return Err(Error::NonFinite { what: "updated matrix", index: 0 });
        }
        self.set_norm(grown);
        Ok(())
    }
}

/// √(a² + b²) for a above 0, without a square that overflows or vanishes.
fn hypotenuse<T: Real>(a: T, b: T) -> T {
    let b = b.magnitude();
    let (large, small) = if a < b { (b, a) } else { (a, b) };
    let ratio = small / large;
    large * (T::ONE + ratio * ratio).sqrt_of()
}

/// Fails unless the value is above 0, as NaN is not.
fn check_pivot<T: Real>(pivot: usize, value: T) -> Result<(), Error> {
    if value > T::ZERO {
        return Ok(());
    }
    Err(Error::NotPositiveDefinite { pivot, value: value.to_f64() })
}
