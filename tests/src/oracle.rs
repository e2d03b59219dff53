//! The definitions, followed naively in f64 with the standard library's functions: what the
//! kernels are held to.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use pairpick_core::arith::Real;
use pairpick_core::linalg::Packed;
use pairpick_core::pool::ItemPair;

/// p(1 − p) at a margin.
#[must_use]
pub fn variance(margin: f64) -> f64 {
    let e = (-margin.abs()).exp();
    e / ((1.0 + e) * (1.0 + e))
}

/// Σ a_i b_i.
#[must_use]
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Σ over pairs of w (φ_a − φ_b)(φ_a − φ_b)ᵀ as a full matrix, row by row.
#[must_use]
pub fn fisher(order: usize, features: &[f32], pairs: &[ItemPair], weights: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; order * order];
    for (pair, weight) in pairs.iter().zip(weights) {
        let d = difference(order, features, *pair);
        for i in 0..order {
            for j in 0..order {
                sum[i * order + j] += weight * d[i] * d[j];
            }
        }
    }
    sum
}

/// φ_a − φ_b.
#[must_use]
pub fn difference(order: usize, features: &[f32], pair: ItemPair) -> Vec<f64> {
    let item = |item: u32| &features[item as usize * order..][..order];
    item(pair.a).iter().zip(item(pair.b)).map(|(a, b)| f64::from(*a) - f64::from(*b)).collect()
}

/// A reward.
#[must_use]
pub fn reward(order: usize, features: &[f32], head: &[f32], item: u32) -> f64 {
    let item = &features[item as usize * order..][..order];
    item.iter().zip(head).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

/// The inverse of a symmetric positive definite matrix by Gauss–Jordan elimination with pivoting.
///
/// # Panics
/// If the matrix is singular.
#[must_use]
pub fn inverse(order: usize, matrix: &[f64]) -> Vec<f64> {
    let mut a = matrix.to_vec();
    let mut inverse = vec![0.0; order * order];
    for i in 0..order {
        inverse[i * order + i] = 1.0;
    }
    for column in 0..order {
        let pivot = (column..order)
            .max_by(|x, y| a[x * order + column].abs().total_cmp(&a[y * order + column].abs()))
            .expect("not empty");
        assert!(a[pivot * order + column] != 0.0, "singular");
        for k in 0..order {
            a.swap(pivot * order + k, column * order + k);
            inverse.swap(pivot * order + k, column * order + k);
        }
        let scale = a[column * order + column];
        for k in 0..order {
            a[column * order + k] /= scale;
            inverse[column * order + k] /= scale;
        }
        for row in (0..order).filter(|row| *row != column) {
            let factor = a[row * order + column];
            for k in 0..order {
                a[row * order + k] -= factor * a[column * order + k];
                inverse[row * order + k] -= factor * inverse[column * order + k];
            }
        }
    }
    inverse
}

/// ‖M − LLᵀ‖₁ / (n ‖M‖₁ ε), with the ε of the packed factor L.
///
/// # Panics
/// If L is of another order than M.
#[must_use]
pub fn residual<T: Real>(matrix: &Packed<f64, Vec<f64>>, factor: &[T]) -> f64 {
    let order = matrix.order();
    let factor = Packed::new(order, factor).expect("order");
    let below = |i: usize, j: usize| {
        if i < j { 0.0 } else { factor.entry(i, j).expect("in").to_f64() }
    };
    let mut worst: f64 = 0.0;
    for i in 0..order {
        let mut sum = 0.0;
        for j in 0..order {
            let product: f64 = (0..order).map(|k| below(i, k) * below(j, k)).sum();
            sum += (matrix.entry(i, j).expect("in") - product).abs();
        }
        worst = worst.max(sum);
    }
    worst / (order as f64 * matrix.norm() * T::EPSILON.to_f64())
}

/// All pairs of each prompt, in the pool's order.
#[must_use]
pub fn pairs(starts: &[u32]) -> Vec<ItemPair> {
    let mut pairs = Vec::new();
    for prompt in starts.windows(2) {
        for a in prompt[0]..prompt[1] {
            for b in a + 1..prompt[1] {
                pairs.push(ItemPair { a, b });
            }
        }
    }
    pairs
}

/// All subsets of so many of these pairs.
#[must_use]
pub fn subsets(pairs: &[u64], count: usize) -> Vec<Vec<u64>> {
    let Some((first, rest)) = pairs.split_first().filter(|_| count > 0) else {
        return if count == 0 { vec![Vec::new()] } else { Vec::new() };
    };
    let with = subsets(rest, count - 1).into_iter().map(|set| [&[*first], &set[..]].concat());
    with.chain(subsets(rest, count)).collect()
}

/// log det of a symmetric positive definite matrix, by elimination.
#[must_use]
pub fn log_det(order: usize, matrix: &[f64]) -> f64 {
    let mut a = matrix.to_vec();
    let mut sum = 0.0;
    for pivot in 0..order {
        sum += a[pivot * order + pivot].ln();
        for row in pivot + 1..order {
            let factor = a[row * order + pivot] / a[pivot * order + pivot];
            for column in pivot..order {
                a[row * order + column] -= factor * a[pivot * order + column];
            }
        }
    }
    sum
}
