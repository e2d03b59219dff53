//! Features that a network has learnt, as a second round selects from them; and more of their kind.

use std::path::Path;

use pairpick::data::dataset::Dataset;
use pairpick::label::oracle::OracleAnswerer;
use pairpick::parallel::Threads;
use pairpick::progress::Silent;
use pairpick::round;
use pairpick::round::journal::MemoryJournal;
use pairpick::settings::{Preset, Settings};
use pairpick_core::arith::Real as _;
use pairpick_core::rng::Stream;
use pairpick_core::select::Strategy;

use crate::learning::Failure;
use crate::learning::sets::Set;

/// Random labels that the network has learnt from.
const LABELS: usize = 500;

/// Items to select from: of AlpacaEval's 600 prompts of 10 responses the first 500.
pub const ITEMS: usize = 5000;

const SEED: u64 = 1;

/// How far a mixed item lies from the line between two, in deviations of each feature.
const NOISE: f32 = 0.05;

/// Features of items, and the last layer over them.
#[derive(Clone, Debug)]
pub struct Learnt {
    /// H numbers an item.
    pub features: Vec<f32>,
    /// The last layer: H numbers.
    pub head: Vec<f32>,
}

impl Learnt {
    /// By a recipe with networks, from AlpacaEval in a folder of data; where there is none, from the
    /// program's replies, which are fewer.
    ///
    /// # Errors
    /// What is wrong with the data.
    pub fn by(preset: Preset, data: Option<&Path>, threads: &Threads) -> Result<Self, Failure> {
        let dataset = match data {
            Some(folder) => Set::Alpaca.parts(folder, SEED, false)?.swap_remove(0).dataset,
            None => Dataset::bundled()?,
        };
        let mut settings = Settings { seed: SEED, ..Settings::of_preset(preset) };
        settings.asking.strategy = Strategy::Random;
        (settings.asking.batch, settings.asking.rounds) = (LABELS, 1);
        let mut oracle = OracleAnswerer { dataset: &dataset, settings: &settings };
        let mut journal = MemoryJournal::default();
        round::run(&dataset, &settings, threads, &mut oracle, &mut journal, &mut Silent)?;
        let model = journal.committed.model.ok_or("a round has no model")?;
        let embeddings = &dataset.train.embeddings;
        let items: Vec<u64> = (0..embeddings.items()).take(ITEMS).collect();
        let features = model.trunk().features_of(embeddings, &items, threads)?;
        let features = features.columns()?.as_slice().to_vec();
        Ok(Self { features, head: model.head().to_vec() })
    }

    /// H.
    #[must_use]
    pub fn order(&self) -> usize {
        self.head.len()
    }

    /// So many items: these, or where there are others, mixed ones.
    #[must_use]
    pub fn items(&self, items: usize) -> Self {
        if self.features.len() == items * self.order() { self.clone() } else { self.mixed(items) }
    }

    /// So many items, each t φ_a + (1 − t) φ_b of two of these, t uniform, and noise.
    #[must_use]
    fn mixed(&self, items: usize) -> Self {
        let columns: Vec<&[f32]> = self.features.chunks_exact(self.order()).collect();
        let deviations = deviations(&columns);
        let mut stream = Stream::new(SEED, "mixed", 0);
        let mut features = Vec::with_capacity(items * self.order());
        for _ in 0..items {
            let [a, b] = [0, 1].map(|_| columns[stream.below(columns.len() as u64) as usize]);
            let share: f32 = stream.uniform();
            for ((a, b), deviation) in a.iter().zip(b).zip(&deviations) {
                let noise = NOISE * deviation * stream.normal::<f32>();
                features.push(share * a + (1.0 - share) * b + noise);
            }
        }
        Self { features, head: self.head.clone() }
    }
}

/// The deviation of each feature.
fn deviations(columns: &[&[f32]]) -> Vec<f32> {
    let count = columns.len() as f32;
    let mean = |place: usize| columns.iter().fold(0.0, |sum, column| sum + column[place]) / count;
    let order = columns.first().map_or(0, |column| column.len());
    let deviation = |place: usize| {
        let mean = mean(place);
        let square = |column: &&[f32]| (column[place] - mean) * (column[place] - mean);
        (columns.iter().fold(0.0, |sum, column| sum + square(column)) / count).sqrt_of()
    };
    (0..order).map(deviation).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixed_items_lie_between_two_others() {
        let features = vec![0.0, 5.0, 10.0, 5.0];
        let learnt = Learnt { features, head: vec![1.0, 0.0] }.mixed(1000);
        assert_eq!(learnt.features.len(), 2000);
        for item in learnt.features.chunks_exact(2) {
            assert!((-2.0..12.0).contains(&item[0]), "{item:?}");
            // A feature without deviation has no noise.
            assert!((item[1] - 5.0).abs() < 1e-5, "{item:?}");
        }
    }
}
