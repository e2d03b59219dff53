//! [`KernelTrunk`]: features of a Gaussian kernel by landmarks, fitted to the training embeddings and
//! to no label ([`pairpick_core::trunk::nystrom`]).
//!
//! In a model's file, for embeddings x as rows: z = (x − `kernel.origin`) @ `kernel.metric`,
//! k = exp(−‖z − z_l‖²) for each column z_l of `kernel.landmarks`, φ = k @ `kernel.weight`; and
//! `kernel.moment`, the second moment of φ's differences within the training prompts, its lower
//! triangle column by column.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::collections::BTreeSet;

use pairpick_core::arith::Real;
use pairpick_core::columns::Columns;
use pairpick_core::linalg::{MAX_ORDER, Packed, packed_len};
use pairpick_core::rng::Stream;
use pairpick_core::trunk::Nystrom;
use pairpick_core::trunk::nystrom::fit::{fill_metric, fill_weight, median_distance};
use pairpick_core::trunk::nystrom::{MAX_LANDMARKS, squared_lengths};

use super::Context;
use super::differences::{Block, Groups, Spread, add_within, blocks, mean_of};
use super::file::{ModelFile, NamedTensor};
use crate::data::embeddings::Embeddings;
use crate::error::{DataError, Error, Result};
use crate::memory::zeros;
use crate::parallel::Threads;
use crate::progress::Progress;

/// The kind of trunk that a model's file names.
pub(super) const KIND: &str = "kernel";

/// The most directions of the metric: more than 128 were no better on any data looked at.
pub(crate) const RANK: usize = 128;

/// Items that tell the metric, in whole prompts drawn at random: enough to know it to a percent.
pub(crate) const METRIC_ITEMS: usize = 40_960;

const ORIGIN: &str = "kernel.origin";
const METRIC: &str = "kernel.metric";
const LANDMARKS: &str = "kernel.landmarks";
const WEIGHT: &str = "kernel.weight";
const MOMENT: &str = "kernel.moment";

/// Kernel features, the same before and after any label.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelTrunk {
    origin: Vec<f32>,
    metric: Vec<f32>,
    landmarks: Vec<f32>,
    squares: Vec<f32>,
    weight: Vec<f32>,
    moment: Vec<f32>,
}

impl KernelTrunk {
    /// Fits all parts in f64, each rounded once; as many landmarks as there may be, or items.
    pub(super) fn fitted(
        context: Context<'_>,
        landmarks: usize,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        let Context { embeddings, threads, .. } = context;
        check_dimensions("features", embeddings)?;
        let refused = || Error::core("kernel features");
        let groups = Groups::of(context)?;
        progress.begin("fitting kernel features", 0);
        let (metric, rank) = metric(context, &groups)?;
        let drawn = draw_landmarks(context, landmarks)?;
        let dimensions = embeddings.dimensions();
        let count = drawn.len().checked_div(dimensions).unwrap_or(0);
        let origin = rounded(&mean_of(&drawn, dimensions), 1.0);
        let wide: Vec<f64> = drawn.iter().map(|value| f64::from(*value)).collect();
        let wide_origin: Vec<f64> = origin.iter().map(|value| f64::from(*value)).collect();
        let points = coordinates(threads, &wide_origin, &metric, &wide)?;
        let mut distances = vec![0.0; count.saturating_mul(count) / 2];
        let points = Columns::new(&points, rank, count).map_err(refused())?;
        let lengthscale = median_distance(points, &mut distances).map_err(refused())?;
        let scale = 1.0 / (lengthscale * 2.0_f64.sqrt_of());
        let metric: Vec<f32> = metric.iter().map(|value| (value * scale) as f32).collect();
        let points = coordinates(threads, &origin, &metric, &drawn)?;
        let wide: Vec<f64> = points.iter().map(|value| f64::from(*value)).collect();
        let (mut weight, mut matrix) =
            (vec![0.0; count.saturating_mul(count)], vec![0.0; packed_len(count)]);
        Columns::new(&wide, rank, count)
            .and_then(|points| fill_weight(points, &mut weight, &mut matrix))
            .map_err(refused())?;
        let trunk = Self::new(origin, metric, by_rows(&points, rank), rounded(&weight, 1.0))?;
        let spread = trunk.spread(context, &groups, progress)?;
        progress.end();
        let mean_square = spread.mean_square()?;
        let weight = rounded(&weight, 1.0 / mean_square.sqrt_of());
        let moment = rounded(&spread.moment(), 1.0 / mean_square);
        Ok(Self { weight, moment, ..trunk })
    }

    /// The parts, of which the moment is still to be found.
    fn new(
        origin: Vec<f32>,
        metric: Vec<f32>,
        landmarks: Vec<f32>,
        weight: Vec<f32>,
    ) -> Result<Self> {
        let rank = metric.len().checked_div(origin.len()).unwrap_or(0);
        let count = landmarks.len().checked_div(rank).unwrap_or(0);
        let points = by_rows(&landmarks, count);
        let mut squares = vec![0.0; count];
        Columns::new(&points, rank, count)
            .and_then(|points| squared_lengths(points, &mut squares))
            .map_err(Error::core("kernel features"))?;
        let moment = vec![0.0; packed_len(count)];
        let trunk = Self { origin, metric, landmarks, squares, weight, moment };
        trunk.map().check().map_err(Error::core("kernel features"))?;
        Ok(trunk)
    }

    fn map(&self) -> Nystrom<'_, f32> {
        let Self { origin, metric, landmarks, squares, weight, .. } = self;
        Nystrom { origin, metric, landmarks, squares, weight }
    }

    /// Numbers in an embedding.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.origin.len()
    }

    /// Features of an item.
    #[must_use]
    pub fn features(&self) -> usize {
        self.squares.len()
    }

    /// The second moment of differences within the training prompts: its lower triangle.
    #[must_use]
    pub fn moment(&self) -> &[f32] {
        &self.moment
    }

    pub(super) fn constants(&self) -> Vec<&[f32]> {
        vec![&self.origin, &self.metric, &self.landmarks, &self.weight, &self.moment]
    }

    /// Embeddings of items, an item a column.
    pub(super) fn inputs_of(&self, embeddings: &Embeddings, items: &[u64]) -> Result<Vec<f32>> {
        let mut inputs = zeros("embeddings", items.len(), self.inputs())?;
        embeddings.read_items(items, &mut inputs)?;
        Ok(inputs)
    }

    pub(super) fn workspace_len(&self, items: usize) -> usize {
        self.map().workspace_len(items)
    }

    /// Writes the features of inputs.
    pub(super) fn apply(
        &self,
        threads: &Threads,
        inputs: Columns<'_, f32>,
        out: &mut [f32],
        workspace: &mut [f32],
    ) -> Result<(), pairpick_core::Error> {
        self.map().features_of(threads, inputs, out, workspace)
    }

    /// How far features lie apart within prompts, over all groups.
    fn spread(
        &self,
        context: Context<'_>,
        groups: &Groups,
        progress: &mut dyn Progress,
    ) -> Result<Spread> {
        let Context { embeddings, threads, .. } = context;
        let refused = || Error::core("kernel features");
        let order = self.features();
        let mut spread = Spread::new(order, order)?;
        let blocks = blocks(&groups.all());
        progress.begin("measuring kernel features", blocks.len() as u64);
        for (block, done) in blocks.iter().zip(1..) {
            let inputs = self.inputs_of(embeddings, &block.items)?;
            let items = block.items.len();
            let mut features = zeros("features", items, order)?;
            let mut workspace = zeros("kernel features", self.workspace_len(items), 1)?;
            Columns::new(&inputs, self.inputs(), items)
                .and_then(|inputs| self.apply(threads, inputs, &mut features, &mut workspace))
                .map_err(refused())?;
            spread.add(threads, &features, block)?;
            progress.advance(done);
        }
        Ok(spread)
    }

    /// Reads the trunk's part of a model's file.
    pub(super) fn read(file: &mut ModelFile<'_>) -> Result<Self> {
        let ([dimensions, rank], [_, count]) = (matrix(file, METRIC)?, matrix(file, LANDMARKS)?);
        if !(1..=MAX_ORDER).contains(&dimensions) || !(1..=MAX_LANDMARKS).contains(&count) {
            let problem = format!(
                "{dimensions} dimensions and {count} landmarks; the limits are {MAX_ORDER} and \
                 {MAX_LANDMARKS}"
            );
            return Err(file.damaged(problem));
        }
        let origin = file.take(ORIGIN, &[dimensions])?;
        let metric = file.take(METRIC, &[dimensions, rank])?;
        let landmarks = file.take(LANDMARKS, &[rank, count])?;
        let weight = file.take(WEIGHT, &[count, count])?;
        let moment = file.take(MOMENT, &[packed_len(count)])?;
        Ok(Self { moment, ..Self::new(origin, metric, landmarks, weight)? })
    }

    /// The trunk's tensors.
    pub(super) fn tensors(&self) -> Vec<NamedTensor> {
        let (inputs, features) = (self.inputs(), self.features());
        let rank = self.map().rank();
        let tensor = |name: &str, shape, values| NamedTensor::new(name.to_owned(), shape, values);
        vec![
            tensor(ORIGIN, vec![inputs], &self.origin),
            tensor(METRIC, vec![inputs, rank], &self.metric),
            tensor(LANDMARKS, vec![rank, features], &self.landmarks),
            tensor(WEIGHT, vec![features, features], &self.weight),
            tensor(MOMENT, vec![packed_len(features)], &self.moment),
        ]
    }
}

/// Refuses embeddings whose differences no matrix holds.
pub(super) fn check_dimensions(setting: &'static str, embeddings: &Embeddings) -> Result<()> {
    let dimensions = embeddings.dimensions();
    if dimensions <= MAX_ORDER {
        return Ok(());
    }
    let expected =
        format!("takes embeddings of at most {MAX_ORDER} numbers; mlp takes longer ones");
    Err(Error::setting(setting, format!("for {dimensions} numbers"), expected))
}

/// A, a row a dimension, and its rank.
fn metric(context: Context<'_>, groups: &Groups) -> Result<(Vec<f64>, usize)> {
    let Context { embeddings, settings, threads, .. } = context;
    let path = embeddings.path().display();
    let refused = || Error::core(format!("{path}: the metric of kernel features"));
    let dimensions = embeddings.dimensions();
    let len = packed_len(dimensions);
    let zeros: Vec<f64> = zeros("the metric of kernel features", len, 1)?;
    let mut moment = Packed::new(dimensions, zeros).map_err(refused())?;
    let blocks = blocks(&groups.sample(settings.seed, METRIC_ITEMS));
    for Block { items, starts } in &blocks {
        let mut values = vec![0.0; items.len().saturating_mul(dimensions)];
        embeddings.read_items(items, &mut values)?;
        let columns = Columns::new(&values, dimensions, items.len()).map_err(refused())?;
        add_within(threads, columns, starts, &mut moment)?;
    }
    let pairs = blocks.iter().map(Block::pairs).fold(0, u64::saturating_add) as f64;
    moment.as_mut_slice().iter_mut().for_each(|entry| *entry /= pairs);
    let most = RANK.min(dimensions);
    let mut metric = vec![0.0; dimensions.saturating_mul(most)];
    let filled = fill_metric(&moment, most, &mut metric, &mut vec![0.0; dimensions]);
    let rank = filled.map_err(|error| match error {
        pairpick_core::Error::Parameter { .. } => DataError::EqualEmbeddings.at(embeddings.path()),
        error => refused()(error),
    })?;
    let rows = metric.chunks_exact(most).flat_map(|row| row.iter().take(rank).copied());
    Ok((rows.collect(), rank))
}

/// Embeddings of items drawn at random.
fn draw_landmarks(context: Context<'_>, landmarks: usize) -> Result<Vec<f32>> {
    let Context { embeddings, settings, .. } = context;
    let count = landmarks.min(usize::try_from(embeddings.items()).unwrap_or(usize::MAX));
    let mut drawn = vec![0; count];
    Stream::new(settings.seed, "landmarks", 0)
        .sample(embeddings.items(), &mut drawn)
        .map_err(Error::core("drawing landmarks"))?;
    let dimensions = embeddings.dimensions();
    let mut values = zeros("landmarks", count, dimensions)?;
    embeddings.read_items(&drawn, &mut values)?;
    let mut all = values.chunks_exact(dimensions);
    let first = all.next().unwrap_or_default();
    match all.all(|other| other == first) {
        true => first_that_differ(embeddings, landmarks),
        false => Ok(values),
    }
}

/// The first embeddings that differ, where hardly any do: drawn items would all be copies of one.
fn first_that_differ(embeddings: &Embeddings, landmarks: usize) -> Result<Vec<f32>> {
    let dimensions = embeddings.dimensions();
    let (mut seen, mut values) = (BTreeSet::new(), Vec::new());
    let mut block = vec![0.0; dimensions];
    for item in 0..embeddings.items() {
        if seen.len() == landmarks {
            break;
        }
        embeddings.read_range(item..item.saturating_add(1), &mut block)?;
        if seen.insert(block.iter().map(|value| value.to_bits()).collect::<Vec<u32>>()) {
            values.extend_from_slice(&block);
        }
    }
    Ok(values)
}

/// z of items, an item a column.
fn coordinates<T: Real>(
    threads: &Threads,
    origin: &[T],
    metric: &[T],
    items: &[T],
) -> Result<Vec<T>> {
    let dimensions = origin.len();
    let count = items.len().checked_div(dimensions).unwrap_or(0);
    let rank = metric.len().checked_div(dimensions).unwrap_or(0);
    let mut out = vec![T::ZERO; rank.saturating_mul(count)];
    let mut workspace = vec![T::ZERO; items.len()];
    Columns::new(items, dimensions, count)
        .and_then(|items| {
            Nystrom::coordinates_of(threads, origin, metric, items, &mut out, &mut workspace)
        })
        .map_err(Error::core("kernel features"))?;
    Ok(out)
}

/// The transposed matrix of one with columns of this length.
fn by_rows(columns: &[f32], len: usize) -> Vec<f32> {
    (0..len).flat_map(|row| columns.iter().skip(row).step_by(len).copied()).collect()
}

/// Numbers by a factor, each rounded once.
pub(super) fn rounded(values: &[f64], scale: f64) -> Vec<f32> {
    values.iter().map(|value| (value * scale) as f32).collect()
}

/// The shape of a matrix in a model's file.
fn matrix(file: &ModelFile<'_>, name: &str) -> Result<[usize; 2]> {
    match file.shape(name)?[..] {
        [rows, columns] => Ok([rows, columns]),
        _ => Err(file.damaged(format!("{name} is not a matrix"))),
    }
}
