//! A function of one variable over a slice: whole vectors, then one partly filled vector.
//!
//! Each output depends on its own input alone, so there is no order to keep: a value has the same
//! bits wherever in the slice it stands and however many lanes the machine has.

use super::lanes::{Lanes, Level, Operation, Simd, run_at};
use crate::arith::Real;

/// A function of one variable, defined once, on vectors.
pub trait Function {
    /// The function of each lane.
    fn lanes<S: Simd, T: Real>(x: Lanes<S, T>) -> Lanes<S, T>;
}

/// Replaces each value by its image under `F`.
pub fn map<F: Function, T: Real>(level: Level, values: &mut [T]) {
    run_at(level, Map::<F, T>(values, core::marker::PhantomData));
}

/// The image of one value: the first lane of a vector at the build's own level, so that a scalar
/// and a slice cannot disagree.
#[inline]
pub fn scalar<F: Function, T: Real>(x: T) -> T {
    run_at(Level::baseline(), One::<F, T>(x, core::marker::PhantomData))
}

struct Map<'a, F, T>(&'a mut [T], core::marker::PhantomData<F>);

impl<F: Function, T: Real> Operation for Map<'_, F, T> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let mut chunks = self.0.chunks_exact_mut(Lanes::<S, T>::LEN);
        for chunk in &mut chunks {
            F::lanes(Lanes::load(simd, chunk)).store(chunk);
        }
        let rest = chunks.into_remainder();
        F::lanes(Lanes::load_partial(simd, rest, T::ONE)).store_partial(rest);
    }
}

struct One<F, T>(T, core::marker::PhantomData<F>);

impl<F: Function, T: Real> Operation for One<F, T> {
    type Output = T;
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> T {
        let image = F::lanes(Lanes::splat(simd, self.0));
        image.as_slice().first().copied().unwrap_or(self.0)
    }
}
