//! Standardisation of inputs: x ↦ (x − mean) · scale, scale = 1 / standard deviation over the
//! training embeddings.
//!
//! Means and variances are in f64, in two passes, [`sum::ITEMS`] items a block. A dimension whose
//! deviation is no more than a millionth of its mean is constant but for rounding; its scale is 0, so
//! that it enters nothing. What the other dimensions are like does not matter: each has units of its
//! own. Where a deviation is so small that f32 cannot hold its reciprocal, the scale is the largest
//! number that f32 has.

use crate::arith::{Real, sum};
use crate::columns::Columns;
use crate::error::{Error, check_shape};
use crate::kernel::axpy::add_scaled;

/// Deviations up to this share of the mean count as none.
const CONSTANT: f64 = 1e-6;

/// A pass over the training embeddings: sums of x, or of (x − mean)², in blocks.
///
/// Feed the items in order, in pieces of any size; the blocks follow the items' own numbers.
#[derive(Debug)]
pub struct Sums<'a> {
    total: &'a mut [f64],
    block: &'a mut [f64],
    items: u64,
}

impl<'a> Sums<'a> {
    /// No items yet. `total` and `block` hold a number a dimension.
    ///
    /// # Errors
    /// [`Error::Shape`] if they differ in length.
    pub fn new(total: &'a mut [f64], block: &'a mut [f64]) -> Result<Self, Error> {
        check_shape("standardisation", total.len(), block.len())?;
        total.fill(0.0);
        block.fill(0.0);
        Ok(Self { total, block, items: 0 })
    }

    /// Takes in items; with `mean` the squared deviations from it, else the values.
    ///
    /// # Errors
    /// [`Error::Shape`] where the dimensions differ.
    pub fn add(&mut self, items: Columns<'_, f32>, mean: Option<&[f64]>) -> Result<(), Error> {
        check_shape("standardisation", self.total.len(), items.rows())?;
        for item in items.iter() {
            match mean {
                None => {
                    for (sum, value) in self.block.iter_mut().zip(item) {
                        *sum += f64::from(*value);
                    }
                }
                Some(mean) => {
                    for ((sum, value), mean) in self.block.iter_mut().zip(item).zip(mean) {
                        let deviation = f64::from(*value) - *mean;
                        *sum += deviation * deviation;
                    }
                }
            }
            self.items += 1;
            if self.items.is_multiple_of(sum::ITEMS as u64) {
                self.fold();
            }
        }
        Ok(())
    }

    fn fold(&mut self) {
        add_scaled(self.total, 1.0, self.block);
        self.block.fill(0.0);
    }

    /// Turns the sums into means.
    ///
    /// # Errors
    /// [`Error::Empty`] without an item.
    pub fn finish(mut self) -> Result<&'a mut [f64], Error> {
        if self.items == 0 {
            return Err(Error::Empty { what: "training embeddings" });
        }
        self.fold();
        let count = f64::from_u64(self.items);
        for sum in &mut *self.total {
            *sum /= count;
        }
        Ok(self.total)
    }
}

/// Scales from means and variances: 1/√variance, rounded once; 0 for a constant dimension.
///
/// # Errors
/// [`Error::Shape`] if the lengths differ.
pub fn scales(means: &[f64], variances: &[f64], out: &mut [f32]) -> Result<(), Error> {
    check_shape("standardisation", variances.len(), means.len())?;
    check_shape("standardisation", variances.len(), out.len())?;
    for ((scale, mean), variance) in out.iter_mut().zip(means).zip(variances) {
        let least = CONSTANT * *mean;
        let reciprocal = f32::from_f64(1.0 / libm::sqrt(*variance));
        *scale = match least * least < *variance {
            false => 0.0,
            true if reciprocal.is_finite() => reciprocal,
            true => f32::MAX,
        };
    }
    Ok(())
}

/// Standardises items in place: (x − mean) · scale, in f32; where the difference overflows,
/// x · scale − mean · scale.
pub fn apply(mean: &[f32], scale: &[f32], items: &mut [f32]) {
    if mean.is_empty() {
        return;
    }
    for item in items.chunks_exact_mut(mean.len()) {
        for ((value, mean), scale) in item.iter_mut().zip(mean).zip(scale) {
            let difference = *value - *mean;
            *value = match difference.is_finite() {
                true => difference * *scale,
                false => *value * *scale - *mean * *scale,
            };
        }
    }
}
