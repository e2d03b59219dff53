//! [`Calibration`]: what an operation of each stage costs on this machine, found by running the
//! stages on few items, with the network's and the pool's own sizes.

use pairpick_core::pool::LONG;

use super::measure::{Clock, measure};
use super::stages::{PoolShape, Shape, Stage, StageKind, stages};
use crate::error::Result;
use crate::parallel::Threads;

/// Runs of each stage.
const REPEATS: usize = 7;

/// Pairs picked of the small pools.
const BATCH: usize = 16;

/// Lengths of the embeddings of the small shapes: two, to tell what follows the length from what
/// does not.
const DIMENSIONS: [u64; 2] = [32, 512];

/// Items of a small pool within prompts.
const ITEMS: u64 = 500;

/// Prompts that a pool works on at once: with fewer, items lie otherwise in the cache.
const PROMPTS: u64 = 25;

/// The most responses to a prompt of a small pool: the operations of a pair are no others with more.
const RESPONSES: u64 = 256;

/// Responses to the small prompts that stand for those of more than [`LONG`], and how many these are.
const LONG_RESPONSES: u64 = 768;
const LONG_PROMPTS: u64 = 2;

/// The most items of a small listed pool: their features leave the cache as those of a large one.
const ITEMS_LISTED: u64 = 1500;

/// Items of a small pool across prompts: as many as have the form of many.
const ITEMS_ACROSS: u64 = 2048;

/// Labels of a small training.
const LABELS: u64 = 64;

/// Seconds of a stage: so many an operation, and so many an item.
#[derive(Clone, Copy, Debug, Default)]
struct Rate {
    an_operation: f64,
    an_item: f64,
}

/// What stages cost on this machine, on one thread.
#[derive(Clone, Debug)]
pub struct Calibration {
    rates: [Rate; 6],
}

impl Calibration {
    /// Runs the stages of `shape` on few items, on one thread, by a clock.
    ///
    /// # Errors
    /// [`crate::Error::Core`] for shapes that the core does not have.
    pub fn run(threads: &Threads, shape: &Shape, clock: Clock<'_>) -> Result<Self> {
        let [short, long] = DIMENSIONS.map(|dimensions| small(shape, dimensions));
        let seconds = [
            measure(threads, &short, BATCH, REPEATS, clock)?,
            measure(threads, &long, BATCH, REPEATS, clock)?,
        ];
        let operations = [stages(&short), stages(&long)];
        let mut rates = [Rate::default(); 6];
        for (place, rate) in rates.iter_mut().enumerate() {
            let at = |which: usize| Measured {
                operations: operations[which][place].flops,
                seconds: seconds[which][place],
            };
            *rate = match StageKind::ALL[place] {
                StageKind::Embed => line(at(0), at(1), short.items as f64),
                StageKind::TrainingIteration => line(at(0), at(1), 2.0 * short.labels as f64),
                // The length of embeddings plays no part: the two are one measurement.
                _ => {
                    let [one, two] = [0, 1].map(at);
                    let seconds = if one.seconds < two.seconds { one.seconds } else { two.seconds };
                    Rate { an_operation: seconds / one.operations, an_item: 0.0 }
                }
            };
        }
        Ok(Self { rates })
    }

    /// Seconds of a stage of a shape, on one thread.
    #[must_use]
    pub fn seconds(&self, shape: &Shape, stage: &Stage) -> f64 {
        let place = StageKind::ALL.iter().position(|kind| *kind == stage.stage);
        let rate = place.map_or(Rate::default(), |place| self.rates[place]);
        let items = match stage.stage {
            StageKind::TrainingIteration => shape.labels.saturating_mul(2),
            _ => shape.items,
        };
        rate.an_operation * stage.flops + rate.an_item * items as f64
    }
}

/// What a stage took.
#[derive(Clone, Copy, Debug)]
struct Measured {
    operations: f64,
    seconds: f64,
}

/// The line through two measurements of so many items. Where noise makes one of its parts negative,
/// all is ascribed to the other.
fn line(one: Measured, two: Measured, items: f64) -> Rate {
    let an_operation = (two.seconds - one.seconds) / (two.operations - one.operations);
    if an_operation > 0.0 {
        let rest = one.seconds - an_operation * one.operations;
        if rest > 0.0 {
            return Rate { an_operation, an_item: rest / items };
        }
    }
    Rate { an_operation: two.seconds / two.operations, an_item: 0.0 }
}

/// The same network and kind of pool, with few items.
fn small(shape: &Shape, dimensions: u64) -> Shape {
    let (items, pool) = match shape.pool {
        PoolShape::InPrompt { responses } => {
            let (few, most) = match responses > LONG as u64 {
                true => (LONG_PROMPTS, LONG_RESPONSES),
                false => (PROMPTS, RESPONSES),
            };
            let few = few.min(shape.items.checked_div(responses).unwrap_or(1));
            let responses = responses.min(most);
            let prompts = ITEMS.checked_div(responses).unwrap_or(1).max(few).max(1);
            (prompts.saturating_mul(responses), PoolShape::InPrompt { responses })
        }
        PoolShape::CrossPrompt => (ITEMS_ACROSS, shape.pool),
        PoolShape::Listed { .. } => {
            (ITEMS_LISTED.min(shape.items), PoolShape::Listed { pairs: 4 * ITEMS })
        }
    };
    Shape { items, dimensions, pool, labels: LABELS, ..*shape }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_shapes_are_small_however_large_the_shape() {
        for responses in [2, 10, 256, 1 << 16] {
            let pool = PoolShape::InPrompt { responses };
            let shape = Shape {
                items: 1 << 31,
                dimensions: 384,
                hidden: [64; 3],
                pool,
                labels: 9,
                scalar: 8,
            };
            let small = small(&shape, 512);
            assert!(small.items <= ITEMS.max(PROMPTS * RESPONSES), "{responses}: {small:?}");
            assert!(small.pairs() < 1e6, "{responses}: {small:?}");
        }
    }

    #[test]
    fn a_line_goes_through_its_points_or_lies_above_zero() {
        let line = |one, two| {
            let [one, two] = [(100.0, one), (300.0, two)]
                .map(|(operations, seconds)| Measured { operations, seconds });
            let rate = line(one, two, 4.0);
            (rate.an_operation, rate.an_item)
        };
        assert_eq!(line(3.0, 5.0), (0.01, 0.5));
        assert_eq!([line(3.0, 2.0), line(1.0, 6.0)], [(2.0 / 300.0, 0.0), (6.0 / 300.0, 0.0)]);
    }
}
