//! [`Differences`]: pairs as points, of which d and −d are the same: which item is called the first
//! says nothing.

use pairpick_core::arith::exp;

use super::pool::Pool;

/// How many pairs those who compare all with all look at: more are too many for their memory.
pub const MOST: usize = 4000;

/// d of some pairs.
pub struct Differences {
    values: Vec<f32>,
    rows: usize,
    squares: Vec<f32>,
}

impl Differences {
    /// Of these pairs of a pool.
    #[must_use]
    pub fn of(pool: &Pool, places: &[usize]) -> Self {
        let values: Vec<f32> = places.iter().flat_map(|place| pool.difference(*place)).collect();
        let rows = pool.rows;
        let squares = values.chunks_exact(rows).map(|d| dot(d, d)).collect();
        Self { values, rows, squares }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.squares.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.squares.is_empty()
    }

    /// d of one.
    #[must_use]
    pub fn get(&self, place: usize) -> &[f32] {
        &self.values[place * self.rows..(place + 1) * self.rows]
    }

    /// The smaller of ‖d − c‖² and ‖d + c‖², and whether that is the latter, c² being ‖c‖².
    #[must_use]
    pub fn square_to(&self, place: usize, other: &[f32], square: f32) -> (f32, bool) {
        let product = dot(self.get(place), other);
        let magnitude = if product < 0.0 { -product } else { product };
        let found = self.squares[place] + square - 2.0 * magnitude;
        (if found < 0.0 { 0.0 } else { found }, product < 0.0)
    }

    /// The same of two of these.
    #[must_use]
    pub fn square(&self, one: usize, other: usize) -> f32 {
        self.square_to(one, self.get(other), self.squares[other]).0
    }

    /// exp(−‖d ∓ d'‖²/2) of every two of these: features are scaled so that ‖φ − φ̄‖² within a prompt
    /// is 1 in the mean.
    #[must_use]
    pub fn kernel(&self) -> Vec<f32> {
        let count = self.len();
        let mut kernel = vec![1.0; count * count];
        for one in 0..count {
            for other in 0..one {
                let value = exp(-0.5 * f64::from(self.square(one, other))) as f32;
                kernel[one * count + other] = value;
                kernel[other * count + one] = value;
            }
        }
        kernel
    }
}

/// A product, by eight sums side by side.
#[must_use]
pub fn dot(one: &[f32], other: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    let (ones, others) = (one.chunks_exact(8), other.chunks_exact(8));
    let rest = ones.remainder().iter().zip(others.remainder());
    let rest = rest.fold(0.0, |sum, (one, other)| sum + one * other);
    for (one, other) in ones.zip(others) {
        for ((sum, one), other) in sums.iter_mut().zip(one).zip(other) {
            *sum += one * other;
        }
    }
    sums.iter().fold(rest, |total, sum| total + sum)
}
