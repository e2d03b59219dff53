//! [`Pool`]: pairs on offer, on features that stay as they are.

use pairpick_core::rng::Stream;

use crate::learning::Failure;

/// Pairs that may be asked about.
#[derive(Clone, Debug)]
pub struct Pool {
    /// φ of each item, one after the other.
    features: Vec<f32>,
    /// How many features an item has.
    pub rows: usize,
    /// The pairs.
    pub pairs: Vec<Pair>,
}

/// A pair by the places of its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Its first item.
    pub a: usize,
    /// Its second item.
    pub b: usize,
    /// What both answer.
    pub prompt: usize,
}

impl Pool {
    /// Of items with so many features each.
    #[must_use]
    pub fn new(features: Vec<f32>, rows: usize, pairs: Vec<Pair>) -> Self {
        Self { features, rows, pairs }
    }

    /// How many items there are.
    #[must_use]
    pub fn items(&self) -> usize {
        self.features.len() / self.rows
    }

    /// φ of an item.
    #[must_use]
    pub fn item(&self, item: usize) -> &[f32] {
        &self.features[item * self.rows..(item + 1) * self.rows]
    }

    /// d = φ_a − φ_b.
    pub fn difference(&self, pair: usize) -> impl Iterator<Item = f32> {
        let Pair { a, b, .. } = self.pairs[pair];
        self.item(a).iter().zip(self.item(b)).map(|(a, b)| a - b)
    }

    /// How many prompts there are, by the largest number of one.
    #[must_use]
    pub fn prompts(&self) -> usize {
        self.pairs.iter().map(|pair| pair.prompt + 1).max().unwrap_or(0)
    }

    /// Places of so many pairs drawn at random, ascending; all, if there are no more.
    ///
    /// # Errors
    /// None that is known.
    pub fn sample(&self, count: usize, rng: &mut Stream) -> Result<Vec<usize>, Failure> {
        let mut places = vec![0; count.min(self.pairs.len())];
        rng.sample(self.pairs.len() as u64, &mut places)?;
        Ok(places.into_iter().map(|place| place as usize).collect())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Pair, Pool};
    use pairpick_core::rng::Stream;

    /// So many prompts of four items each with as many normal features.
    pub fn drawn(seed: u64, prompts: usize, rows: usize) -> Pool {
        let mut rng = Stream::new(seed, "rivals", 0);
        let features = (0..prompts * 4 * rows).map(|_| rng.normal::<f32>()).collect();
        let pairs = (0..prompts).flat_map(|prompt| {
            let pair = move |(a, b)| Pair { a: 4 * prompt + a, b: 4 * prompt + b, prompt };
            [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)].map(pair)
        });
        Pool::new(features, rows, pairs.collect())
    }
}
