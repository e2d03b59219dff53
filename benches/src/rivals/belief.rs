//! [`Belief`]: what labels tell of every pair's margin, by the Laplace approximation.

use pairpick_core::arith::bernoulli_variance;
use pairpick_core::linalg::{Cholesky, Packed, packed_len};

use super::pool::{Pair, Pool};
use crate::learning::Failure;

/// Mean and variance of dᵀβ, pair by pair.
#[derive(Clone)]
pub struct Belief {
    factor: Cholesky<f64, Vec<f64>>,
    margins: Vec<f64>,
    variances: Vec<f64>,
}

impl Belief {
    /// Of a last layer β, fitted to answers about these pairs with so precise a prior λ:
    /// P = λI + Σ σ'(dᵀβ) ddᵀ.
    ///
    /// # Errors
    /// What the core refuses.
    pub fn of(pool: &Pool, head: &[f32], precision: f64, asked: &[usize]) -> Result<Self, Failure> {
        let mut matrix = Packed::new(pool.rows, vec![0.0; packed_len(pool.rows)])?;
        matrix.add_diagonal(precision);
        let product = |item: usize| {
            let both = pool.item(item).iter().zip(head);
            both.fold(0.0, |sum, (one, other)| sum + f64::from(*one) * f64::from(*other))
        };
        let rewards: Vec<f64> = (0..pool.items()).map(product).collect();
        let margin = |pair: &Pair| rewards[pair.a] - rewards[pair.b];
        let margins = pool.pairs.iter().map(margin).collect();
        let mut belief = Self { factor: Cholesky::factor(matrix)?, margins, variances: Vec::new() };
        for pair in asked {
            let mut scaled = belief.scaled(pool, *pair);
            belief.factor.update(&mut scaled)?;
        }
        belief.variances = belief.whitened(pool)?;
        Ok(belief)
    }

    /// dᵀβ.
    #[must_use]
    pub fn margin(&self, pair: usize) -> f64 {
        self.margins[pair]
    }

    /// dᵀP⁻¹d.
    #[must_use]
    pub fn variance(&self, pair: usize) -> f64 {
        self.variances[pair]
    }

    /// σ'(dᵀβ).
    #[must_use]
    pub fn weight(&self, pair: usize) -> f64 {
        bernoulli_variance(self.margins[pair])
    }

    /// As if this pair were answered, in whichever way: P + σ' ddᵀ, margins as they were.
    ///
    /// # Errors
    /// What the core refuses.
    pub fn answered(&mut self, pool: &Pool, pair: usize) -> Result<(), Failure> {
        let mut scaled = self.scaled(pool, pair);
        let mut solved: Vec<f64> = pool.difference(pair).map(f64::from).collect();
        self.factor.solve(&mut solved)?;
        let product = |item: usize| {
            let both = pool.item(item).iter().zip(&solved);
            both.fold(0.0, |sum, (one, other)| sum + f64::from(*one) * other)
        };
        let products: Vec<f64> = (0..pool.items()).map(product).collect();
        let weight = self.weight(pair);
        let share = weight / (1.0 + weight * self.variances[pair]);
        for (variance, Pair { a, b, .. }) in self.variances.iter_mut().zip(&pool.pairs) {
            let covariance = products[*a] - products[*b];
            *variance -= share * covariance * covariance;
        }
        Ok(self.factor.update(&mut scaled)?)
    }

    /// √σ' d.
    fn scaled(&self, pool: &Pool, pair: usize) -> Vec<f64> {
        let root = pairpick_core::arith::Real::sqrt_of(self.weight(pair));
        pool.difference(pair).map(|value| root * f64::from(value)).collect()
    }

    /// ‖L⁻¹φ_a − L⁻¹φ_b‖² of every pair.
    fn whitened(&self, pool: &Pool) -> Result<Vec<f64>, Failure> {
        let mut items = Vec::with_capacity(pool.items() * pool.rows);
        for item in 0..pool.items() {
            let mut column: Vec<f64> =
                pool.item(item).iter().map(|value| f64::from(*value)).collect();
            self.factor.solve_lower(&mut column)?;
            items.extend(column);
        }
        let column = |item: usize| &items[item * pool.rows..(item + 1) * pool.rows];
        let variance = |pair: &Pair| {
            let both = column(pair.a).iter().zip(column(pair.b));
            both.fold(0.0, |sum, (a, b)| sum + (a - b) * (a - b))
        };
        Ok(pool.pairs.iter().map(variance).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rivals::pool::tests::drawn;

    /// One by one as at once.
    #[test]
    fn an_answer_changes_variances_as_the_matrix_does() {
        let pool = drawn(3, 10, 7);
        let head = [0.5, -1.0, 0.0, 2.0, 0.25, -0.5, 1.0];
        let asked = [0, 5, 17, 5, 40];
        let mut step_by_step = Belief::of(&pool, &head, 3.0, &[]).unwrap();
        for pair in asked {
            step_by_step.answered(&pool, pair).unwrap();
        }
        let at_once = Belief::of(&pool, &head, 3.0, &asked).unwrap();
        for pair in 0..pool.pairs.len() {
            let (one, other) = (step_by_step.variance(pair), at_once.variance(pair));
            // d is rounded to f32, what items' products differ by is not.
            assert!((one - other).abs() < 1e-9 * other, "{pair}: {one} {other}");
            assert_eq!(step_by_step.margin(pair), at_once.margin(pair));
        }
        let prior = Belief::of(&pool, &head, 3.0, &[]).unwrap();
        let square = pool.difference(9).fold(0.0, |sum, d| sum + f64::from(d) * f64::from(d));
        assert!((prior.variance(9) - square / 3.0).abs() < 1e-6);
    }
}
