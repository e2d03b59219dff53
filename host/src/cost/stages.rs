//! [`stages`]: operations and bytes, counted.

use pairpick_core::trunk::mlp::LAYERS;
use serde::Serialize;

/// Which pairs are on offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolShape {
    /// Every two of so many responses to a prompt.
    InPrompt {
        /// Responses to a prompt.
        responses: u64,
    },
    /// Every two items.
    CrossPrompt,
    /// So many pairs of a list.
    Listed {
        /// The list's length.
        pairs: u64,
    },
}

/// How much there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Items of a round.
    pub items: u64,
    /// Numbers in an embedding.
    pub dimensions: u64,
    /// Sizes of the hidden layers; the last is the order of the Fisher matrix.
    pub hidden: [u64; LAYERS],
    /// The pairs.
    pub pool: PoolShape,
    /// Labels that are trained on, no item in two of them.
    pub labels: u64,
    /// Bytes of a number of the selection: 4 or 8.
    pub scalar: u64,
}

/// A stage of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StageKind {
    /// Features of every item.
    Embed,
    /// Fisher information of the pool.
    Fisher,
    /// Its factor. What is timed has the estimate of its condition besides, whose operations are of
    /// a lower order.
    Cholesky,
    /// Whitened items.
    Whiten,
    /// Scores of all pairs, and the best of them.
    Scores,
    /// One iteration of training.
    TrainingIteration,
    /// Kernel features, fitted once.
    FitFeatures,
    /// A batch of a design picked pair by pair.
    Design,
    /// A head on fixed features.
    Head,
}

impl StageKind {
    /// Every stage of a round with a network, in its order.
    pub const ALL: [Self; 6] = [
        Self::Embed,
        Self::Fisher,
        Self::Cholesky,
        Self::Whiten,
        Self::Scores,
        Self::TrainingIteration,
    ];

    /// Its name in a table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Embed => "embed",
            Self::Fisher => "Fisher",
            Self::Cholesky => "Cholesky",
            Self::Whiten => "whiten",
            Self::Scores => "scores + top-k",
            Self::TrainingIteration => "training iteration",
            Self::FitFeatures => "fit of the features",
            Self::Design => "robust-v-opt",
            Self::Head => "head",
        }
    }
}

/// What a stage does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Stage {
    /// Which.
    pub stage: StageKind,
    /// Floating-point operations. An elementary function counts as the operations it is made of.
    pub flops: f64,
    /// Bytes read and written, each array once a pass over it.
    pub bytes: f64,
}

/// Operations of e/(1 + e)²: two dozen of the exponential, and those around it.
const WEIGHT: f64 = 26.0;

/// Operations that an item's place among all, by its reward or its distance, takes for each halving.
const PLACE: f64 = 8.0;

/// Operations of GELU, and of its derivative.
const GELU: f64 = 45.0;

/// Operations of Adam for a parameter.
const ADAM: f64 = 14.0;

/// Bytes of a number of the network.
const SINGLE: f64 = 4.0;

impl Shape {
    /// How many pairs there are.
    #[must_use]
    pub fn pairs(&self) -> f64 {
        let items = self.items as f64;
        match self.pool {
            PoolShape::InPrompt { responses } => items * (responses as f64 - 1.0) / 2.0,
            PoolShape::CrossPrompt => items * (items - 1.0) / 2.0,
            PoolShape::Listed { pairs } => pairs as f64,
        }
    }

    /// The order of the Fisher matrix.
    #[must_use]
    pub fn order(&self) -> f64 {
        self.hidden[LAYERS - 1] as f64
    }

    /// Weights of the hidden layers: of all, and of the first.
    pub(super) fn weights(&self) -> (f64, f64) {
        let [first, second, third] = self.hidden.map(|size| size as f64);
        let input = self.dimensions as f64 * first;
        (input + first * second + second * third, input)
    }

    /// Units of the hidden layers.
    pub(super) fn units(&self) -> f64 {
        self.hidden.iter().fold(0.0, |sum, size| sum + *size as f64)
    }
}

/// What every stage does, in the order of a round.
#[must_use]
pub fn stages(shape: &Shape) -> [Stage; 6] {
    StageKind::ALL.map(|stage| {
        let (flops, bytes) = match stage {
            StageKind::Embed => embed(shape, shape.items as f64),
            StageKind::Fisher => fisher(shape),
            StageKind::Cholesky => cholesky(shape),
            StageKind::Whiten => whiten(shape),
            StageKind::Scores => scores(shape),
            StageKind::TrainingIteration => training_iteration(shape),
            // Of kernel features.
            StageKind::FitFeatures | StageKind::Design | StageKind::Head => (0.0, 0.0),
        };
        Stage { stage, flops, bytes }
    })
}

fn embed(shape: &Shape, items: f64) -> (f64, f64) {
    let ((weights, _), units) = (shape.weights(), shape.units());
    let flops = items * (2.0 * weights + GELU * units);
    (flops, SINGLE * (items * (shape.dimensions as f64 + 2.0 * units) + weights))
}

fn fisher(shape: &Shape) -> (f64, f64) {
    let (items, pairs, order) = (shape.items as f64, shape.pairs(), shape.order());
    let scalar = shape.scalar as f64;
    // A lower triangle: half of 2 · H² an outer product.
    let product = |columns: f64| columns * order * (order + 1.0);
    match shape.pool {
        PoolShape::InPrompt { responses } => {
            let others = responses as f64 - 1.0;
            let columns = items * others / responses as f64;
            let flops = pairs * WEIGHT + columns * others * 3.0 * order + product(columns);
            (flops, items * order * (SINGLE + 4.0 * scalar) + pairs * scalar)
        }
        PoolShape::CrossPrompt => {
            // Two products with the polynomials of an item's reward, for its box and for itself.
            let nodes = if shape.scalar == 4 { 14.0 } else { 28.0 };
            let sums = items * (4.0 * nodes * (order + 1.0) + 6.0 * nodes);
            let flops = sums + product(items) + placed(items);
            (flops, items * order * (3.0 * SINGLE + 6.0 * scalar))
        }
        PoolShape::Listed { .. } => {
            let flops = pairs * (WEIGHT + 2.0 * order) + product(pairs);
            (flops, pairs * order * (2.0 * SINGLE + 4.0 * scalar))
        }
    }
}

fn cholesky(shape: &Shape) -> (f64, f64) {
    let (order, scalar) = (shape.order(), shape.scalar as f64);
    (order * order * order / 3.0, order * order * scalar)
}

fn whiten(shape: &Shape) -> (f64, f64) {
    let (items, order, scalar) = (shape.items as f64, shape.order(), shape.scalar as f64);
    (items * order * (order + 1.0), items * order * (SINGLE + 2.0 * scalar))
}

fn scores(shape: &Shape) -> (f64, f64) {
    let (items, pairs, order) = (shape.items as f64, shape.pairs(), shape.order());
    let scalar = shape.scalar as f64;
    let numbers = match shape.pool {
        PoolShape::InPrompt { .. } => items * order + 2.0 * pairs,
        // Of trained features: where no bound excludes a pair, all are scored.
        PoolShape::CrossPrompt => {
            let flops = items * 6.0 * order + placed(items);
            return (flops, items * order * (SINGLE + 2.0 * scalar));
        }
        PoolShape::Listed { .. } => 2.0 * pairs * order,
    };
    (pairs * (3.0 * order + WEIGHT + 2.0), numbers * scalar)
}

/// Operations of putting so many items in order.
fn placed(items: f64) -> f64 {
    let halvings = f64::from((items as u64).max(1).ilog2());
    PLACE * items * halvings
}

fn training_iteration(shape: &Shape) -> (f64, f64) {
    let items = 2.0 * shape.labels as f64;
    let ((weights, input), units) = (shape.weights(), shape.units());
    let (forward, bytes) = embed(shape, items);
    // Backwards: each weight's gradient, and each layer's inputs' but the embeddings'.
    let backward = items * (4.0 * weights - 2.0 * input + GELU * units);
    let adam = ADAM * (weights + units);
    let moments = SINGLE * 7.0 * (weights + units);
    let flops = forward + backward + adam + shape.labels as f64 * WEIGHT;
    (flops, 2.0 * bytes + moments)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(pool: PoolShape) -> Shape {
        Shape { items: 5000, dimensions: 384, hidden: [64; 3], pool, labels: 1000, scalar: 4 }
    }

    #[test]
    fn pairs_are_those_of_the_paper() {
        assert_eq!(shape(PoolShape::InPrompt { responses: 10 }).pairs(), 22_500.0);
        assert_eq!(shape(PoolShape::CrossPrompt).pairs(), 12_497_500.0);
        assert_eq!(shape(PoolShape::Listed { pairs: 20_000 }).pairs(), 20_000.0);
    }

    #[test]
    fn counts_grow_with_what_they_follow() {
        let in_prompt = PoolShape::InPrompt { responses: 10 };
        let (one, two) = (shape(in_prompt), Shape { items: 10_000, ..shape(in_prompt) });
        for (one, two) in stages(&one).iter().zip(stages(&two)) {
            let ratio = two.flops / one.flops;
            let expected = match one.stage {
                StageKind::Cholesky | StageKind::TrainingIteration => 1.0,
                _ => 2.0,
            };
            assert!((ratio - expected).abs() < 1e-9, "{}: {ratio}", one.stage.name());
        }
        let across = |items| stages(&Shape { items, ..shape(PoolShape::CrossPrompt) })[4].flops;
        let ratio = across(10_000) / across(5000);
        assert!((1.9..2.2).contains(&ratio), "{ratio}");
    }
}
