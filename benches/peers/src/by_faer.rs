//! With faer.

use faer::linalg::triangular_solve::solve_lower_triangular_in_place;
use faer::traits::RealField;
use faer::traits::num_traits::Float;
use faer::{Col, Mat, MatRef, Par, Side};

use crate::{Inputs, ORDER, best, pairs};

/// The pairs picked, best first.
pub fn select<T: RealField + Float>(inputs: &Inputs<T>) -> Vec<usize> {
    let items = inputs.features.len() / ORDER;
    let features = MatRef::from_column_major_slice(&inputs.features, ORDER, items);
    let head = Col::from_fn(ORDER, |row| inputs.head[row]);
    let rewards = features.transpose() * &head;
    let pairs: Vec<(usize, usize)> = pairs(items).collect();
    let mut differences = Mat::<T>::zeros(ORDER, pairs.len());
    for (pair, (a, b)) in pairs.iter().enumerate() {
        let e = (-(rewards[*a] - rewards[*b]).abs()).exp();
        // √w = √(p(1 − p)).
        let weight = e.sqrt() / (T::one() + e);
        let (a, b) = (features.col(*a), features.col(*b));
        let column = differences.col_mut(pair).try_as_col_major_mut().expect("contiguous");
        let (a, b) = (a.try_as_col_major(), b.try_as_col_major());
        let (a, b) = (a.expect("contiguous").as_slice(), b.expect("contiguous").as_slice());
        for ((out, a), b) in column.as_slice_mut().iter_mut().zip(a).zip(b) {
            *out = weight * (*a - *b);
        }
    }
    let mut information = &differences * differences.transpose();
    for row in 0..ORDER {
        information[(row, row)] += T::one();
    }
    let factor = information.llt(Side::Lower).expect("positive definite");
    solve_lower_triangular_in_place(factor.L(), differences.as_mut(), Par::Seq);
    let scores: Vec<T> = differences.col_iter().map(|column| column.squared_norm_l2()).collect();
    best(&scores)
}
