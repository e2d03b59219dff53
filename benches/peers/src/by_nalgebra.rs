//! With nalgebra.

use nalgebra::{DMatrix, DMatrixView, DVectorView, RealField};

use crate::{Inputs, ORDER, best, pairs};

/// The pairs picked, best first.
pub fn select<T: RealField + Copy>(inputs: &Inputs<T>) -> Vec<usize> {
    let items = inputs.features.len() / ORDER;
    let features = DMatrixView::from_slice(&inputs.features, ORDER, items);
    let rewards = features.tr_mul(&DVectorView::from_slice(&inputs.head, ORDER));
    let pairs: Vec<(usize, usize)> = pairs(items).collect();
    let mut differences = DMatrix::<T>::zeros(ORDER, pairs.len());
    for ((a, b), mut column) in pairs.iter().zip(differences.column_iter_mut()) {
        let e = (-(rewards[*a] - rewards[*b]).abs()).exp();
        // √w = √(p(1 − p)).
        let weight = e.sqrt() / (T::one() + e);
        features.column(*a).sub_to(&features.column(*b), &mut column);
        column *= weight;
    }
    let mut information = &differences * differences.transpose();
    for row in 0..ORDER {
        information[(row, row)] += T::one();
    }
    let factor = information.cholesky().expect("positive definite");
    factor.l_dirty().solve_lower_triangular_mut(&mut differences);
    let scores: Vec<T> = differences.column_iter().map(|column| column.norm_squared()).collect();
    best(&scores)
}
