//! Kernel features in the memory of a microcontroller: 64 landmarks, embeddings of 384 numbers, a metric
//! of 24 directions that was fitted elsewhere (its moment alone, 384 × 384 in f32, would fill the
//! memory). Of 16 prompts × 4 responses the lengthscale, the kernel's factor and the scale are
//! fitted, all features computed and a head learnt from 16 answers; without an allocation.

use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::columns::Columns;
use pairpick_core::digest::Digest;
use pairpick_core::head::newton::{self, workspace_len};
use pairpick_core::linalg::packed_len;
use pairpick_core::parallel::Executor;
use pairpick_core::pool::Comparison;
use pairpick_core::rng::Stream;
use pairpick_core::trunk::Nystrom;
use pairpick_core::trunk::nystrom::fit::{fill_weight, median_distance, squares_within};
use pairpick_core::trunk::nystrom::squared_lengths;

const INPUTS: usize = 384;
const RANK: usize = 24;
const LANDMARKS: usize = 64;
const REPLIES: usize = 4;
const ANSWERS: usize = 16;

/// Items are landmarks, all of them, and embedded so many at a time.
const BLOCK: usize = 8;

/// λ of the head.
const PRECISION: f32 = 10.0;

/// Of the features and the head, the same on every platform.
pub const DIGEST: u64 = 0xd392_40cb_5e51_8894;

const fn larger(a: usize, b: usize) -> usize {
    if a < b { b } else { a }
}

/// Numbers of the embeddings.
const NUMBERS: usize = INPUTS * LANDMARKS;

/// What embedding and fitting work in.
const BESIDE: usize = larger(BLOCK * (INPUTS + RANK + LANDMARKS), packed_len(LANDMARKS));

/// The head is learnt where the embeddings were.
const SCRATCH: usize = larger(NUMBERS + BESIDE, workspace_len(1, LANDMARKS, LANDMARKS, ANSWERS));

/// All memory.
pub struct Memory {
    /// Embeddings, and what steps work in.
    scratch: [f32; SCRATCH],
    origin: [f32; INPUTS],
    metric: [f32; INPUTS * RANK],
    points: [f32; RANK * LANDMARKS],
    landmarks: [f32; RANK * LANDMARKS],
    squares: [f32; LANDMARKS],
    weight: [f32; LANDMARKS * LANDMARKS],
    features: [f32; LANDMARKS * LANDMARKS],
    head: [f32; LANDMARKS],
    mean: [f64; LANDMARKS],
}

/// Beside it there is room for a stack.
const _: () = assert!(size_of::<Memory>() <= 240 * 1024);

impl Memory {
    /// Zeros.
    pub const ZERO: Self = Self {
        scratch: [0.0; _],
        origin: [0.0; _],
        metric: [0.0; _],
        points: [0.0; _],
        landmarks: [0.0; _],
        squares: [0.0; _],
        weight: [0.0; _],
        features: [0.0; _],
        head: [0.0; _],
        mean: [0.0; _],
    };

    /// Fits, embeds and learns; gives back the digest of the features and the head.
    pub fn run<E: Executor>(&mut self, executor: &E) -> Result<u64, Error> {
        self.draw();
        self.fit(executor)?;
        self.embed(executor)?;
        self.scale()?;
        self.embed(executor)?;
        self.learn(executor)?;
        let mut digest = Digest::new();
        digest.numbers(&self.features)?;
        digest.numbers(&self.head)?;
        Ok(digest.value())
    }

    /// Items, and a metric of directions that count the less the later.
    fn draw(&mut self) {
        let mut rng = Stream::new(7, "landmarks", 0);
        self.scratch[..NUMBERS].fill_with(|| 2.0 * rng.uniform::<f32>() - 1.0);
        for (place, entry) in self.metric.iter_mut().enumerate() {
            let direction = (place % RANK + 1) as f32;
            *entry = (2.0 * rng.uniform::<f32>() - 1.0) / direction;
        }
    }

    /// Lengthscale, landmarks and the kernel's factor.
    fn fit<E: Executor>(&mut self, executor: &E) -> Result<(), Error> {
        self.coordinates(executor)?;
        let points = Columns::new(&self.points, RANK, LANDMARKS)?;
        let lengthscale = median_distance(points, &mut self.scratch[NUMBERS..])?;
        let scale = 1.0 / (lengthscale * 2.0_f32.sqrt_of());
        self.metric.iter_mut().for_each(|entry| *entry *= scale);
        self.coordinates(executor)?;
        let points = Columns::new(&self.points, RANK, LANDMARKS)?;
        squared_lengths(points, &mut self.squares)?;
        fill_weight(points, &mut self.weight, &mut self.scratch[NUMBERS..])?;
        for (landmark, point) in self.points.chunks_exact(RANK).enumerate() {
            for (row, value) in self.landmarks.chunks_exact_mut(LANDMARKS).zip(point) {
                row[landmark] = *value;
            }
        }
        Ok(())
    }

    fn coordinates<E: Executor>(&mut self, executor: &E) -> Result<(), Error> {
        let (items, workspace) = self.scratch.split_at_mut(NUMBERS);
        let items = items.chunks_exact(BLOCK * INPUTS);
        for (items, out) in items.zip(self.points.chunks_exact_mut(BLOCK * RANK)) {
            let items = Columns::new(items, INPUTS, BLOCK)?;
            let (origin, metric) = (&self.origin, &self.metric);
            Nystrom::coordinates_of(executor, origin, metric, items, out, workspace)?;
        }
        Ok(())
    }

    fn embed<E: Executor>(&mut self, executor: &E) -> Result<(), Error> {
        let Self { scratch, origin, metric, landmarks, squares, weight, features, .. } = self;
        let (items, workspace) = scratch.split_at_mut(NUMBERS);
        let map = Nystrom { origin, metric, landmarks, squares, weight };
        let blocks = features.chunks_exact_mut(BLOCK * LANDMARKS);
        for (items, out) in items.chunks_exact(BLOCK * INPUTS).zip(blocks) {
            map.features_of(executor, Columns::new(items, INPUTS, BLOCK)?, out, workspace)?;
        }
        Ok(())
    }

    /// ‖φ − φ̄‖² within a prompt is 1 in the mean from here on.
    fn scale(&mut self) -> Result<(), Error> {
        let mut sum = 0.0;
        for prompt in self.features.chunks_exact(REPLIES * LANDMARKS) {
            let prompt = Columns::new(prompt, LANDMARKS, REPLIES)?;
            sum += squares_within(prompt, &mut self.mean)?;
        }
        let scale = (1.0 / (sum / LANDMARKS as f64).sqrt_of()) as f32;
        self.weight.iter_mut().for_each(|entry| *entry *= scale);
        Ok(())
    }

    /// The head, from answers by the first number of each embedding.
    fn learn<E: Executor>(&mut self, executor: &E) -> Result<(), Error> {
        let items = &self.scratch;
        let answers: [Comparison<f32>; ANSWERS] = core::array::from_fn(|place| {
            let prompt = place % (LANDMARKS / REPLIES) * REPLIES;
            let (a, b) = (prompt, prompt + 1 + place / (LANDMARKS / REPLIES));
            let label = if items[b * INPUTS] < items[a * INPUTS] { 1.0 } else { 0.0 };
            Comparison { a: a as u32, b: b as u32, label, count: 1.0 }
        });
        let features = Columns::new(&self.features, LANDMARKS, LANDMARKS)?;
        newton::fit(executor, features, &answers, PRECISION, &mut self.head, &mut self.scratch)?;
        Ok(())
    }
}
