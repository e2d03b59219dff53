//! Kernel features, fitted to the embeddings without labels: the metric of differences within prompts,
//! landmarks, their weight, and the features of the items trained on.

use super::Size;
use super::data::SEED;
use super::recorder::Recorder;
use crate::arith::Real;
use crate::columns::Columns;
use crate::error::Error;
use crate::fisher::{Weighting, add_pool, pool_workspace_len};
use crate::linalg::{Packed, packed_len};
use crate::memory::larger;
use crate::parallel::{Executor, split_at};
use crate::pool::{Pool, Prompts};
use crate::rng::Stream;
use crate::trunk::Nystrom;
use crate::trunk::nystrom::fit::{fill_metric, fill_weight, median_distance, squares_within};
use crate::trunk::nystrom::squared_lengths;

/// What the stages work on, beside numbers of the replay's type.
pub(super) struct Data<'a> {
    pub(super) prompts: Prompts<'a>,
    pub(super) embeddings: &'a [f32],
    /// A number for each feature of the items trained on.
    pub(super) features: &'a mut [f32],
    /// A number a feature.
    pub(super) mean: &'a mut [f64],
    /// A number a landmark.
    pub(super) places: &'a mut [u64],
}

/// The parts of [`Nystrom`], by whose names they are called here.
struct Parts<'a, T> {
    origin: &'a mut [T],
    metric: &'a mut [T],
    /// A column a landmark.
    points: &'a mut [T],
    /// A row a coordinate.
    landmarks: &'a mut [T],
    squares: &'a mut [T],
    weight: &'a mut [T],
}

/// Numbers that [`replay`] needs.
pub(super) const fn numbers_len(size: &Size, threads: usize) -> usize {
    let Size { inputs, items, trained, rank, landmarks, .. } = *size;
    let pool = pool_workspace_len(&size.in_prompt(inputs), threads);
    let moment = packed_len(inputs).saturating_add(larger(pool.saturating_add(items), inputs));
    let features = trained.saturating_mul(2 * landmarks + inputs + rank);
    let parts =
        inputs.saturating_mul(1 + rank) + landmarks.saturating_mul(2 * rank + 1 + landmarks);
    let chosen = inputs.saturating_mul(2 * landmarks).saturating_add(packed_len(landmarks));
    parts
        .saturating_add(inputs.saturating_mul(trained))
        .saturating_add(larger(larger(moment, features), chosen))
}

/// All of it.
pub(super) fn replay<T: Real, E: Executor>(
    executor: &E,
    size: &Size,
    data: Data<'_>,
    numbers: &mut [T],
    recorder: &mut Recorder<'_>,
) -> Result<(), Error> {
    let Size { inputs, trained, landmarks, .. } = *size;
    let (mut parts, numbers) = parts(size, numbers);
    let (items, workspace) = split_at(numbers, inputs.saturating_mul(trained));
    for (item, value) in items.iter_mut().zip(data.embeddings) {
        *item = T::from_real(*value);
    }
    let items = Columns::new(&*items, inputs, trained)?;
    metric(executor, size, &data, parts.metric, workspace)?;
    recorder.numbers("kernel-metric", 0, parts.metric)?;
    Stream::new(SEED, "landmarks", 0).sample(trained as u64, data.places)?;
    place(executor, size, items, data.places, &mut parts, workspace)?;
    recorder.numbers("kernel-landmarks", 0, parts.points)?;
    let points = Columns::new(&*parts.points, size.rank, landmarks)?;
    fill_weight(points, parts.weight, workspace)?;
    recorder.numbers("kernel-weight", 0, parts.weight)?;
    let Parts { origin, metric, landmarks: rows, squares, weight, .. } = parts;
    let map = Nystrom { origin, metric, landmarks: rows, squares, weight };
    let (features, workspace) = split_at(workspace, landmarks.saturating_mul(trained));
    map.features_of(executor, items, features, workspace)?;
    recorder.numbers("kernel-features", 0, features)?;
    for (single, value) in data.features.iter_mut().zip(&*features) {
        *single = f32::from_f64(value.to_f64());
    }
    let features = Columns::new(&*data.features, landmarks, trained)?;
    let squares = squares_within(features, data.mean)?;
    recorder.numbers("kernel-squares", 0, &[squares])
}

/// Memory for the parts, and what is left.
fn parts<'a, T: Real>(size: &Size, numbers: &'a mut [T]) -> (Parts<'a, T>, &'a mut [T]) {
    let Size { inputs, rank, landmarks, .. } = *size;
    let (origin, numbers) = split_at(numbers, inputs);
    let (metric, numbers) = split_at(numbers, inputs.saturating_mul(rank));
    let (points, numbers) = split_at(numbers, rank.saturating_mul(landmarks));
    let (rows, numbers) = split_at(numbers, rank.saturating_mul(landmarks));
    let (squares, numbers) = split_at(numbers, landmarks);
    let (weight, numbers) = split_at(numbers, landmarks.saturating_mul(landmarks));
    (Parts { origin, metric, points, landmarks: rows, squares, weight }, numbers)
}

/// The metric of differences within all prompts.
fn metric<T: Real, E: Executor>(
    executor: &E,
    size: &Size,
    data: &Data<'_>,
    metric: &mut [T],
    workspace: &mut [T],
) -> Result<(), Error> {
    let embeddings = Columns::new(data.embeddings, size.inputs, size.items)?;
    let pool = Pool::in_prompt(embeddings, data.prompts, &[])?;
    let (matrix, workspace) = split_at(workspace, packed_len(size.inputs));
    let (rewards, rest) = split_at(workspace, size.items);
    rewards.fill(T::ZERO);
    let mut moment = Packed::new(size.inputs, matrix)?;
    moment.clear();
    add_pool(executor, &pool, rewards, Weighting::Unit, &mut moment, rest, &mut [])?;
    let (left, _) = split_at(workspace, size.inputs);
    fill_metric(&moment, size.rank, metric, left)?;
    Ok(())
}

/// Places the landmarks, the first as origin, by the metric over √2 times their median distance.
fn place<T: Real, E: Executor>(
    executor: &E,
    size: &Size,
    items: Columns<'_, T>,
    places: &[u64],
    parts: &mut Parts<'_, T>,
    workspace: &mut [T],
) -> Result<(), Error> {
    let (inputs, count) = (size.inputs, size.landmarks);
    let (chosen, workspace) = split_at(workspace, inputs.saturating_mul(count));
    let item = |place: &u64| items.column(usize::try_from(*place).unwrap_or(usize::MAX));
    for (slot, place) in chosen.chunks_exact_mut(inputs.max(1)).zip(places) {
        super::data::copy(item(place), slot);
    }
    super::data::copy(chosen, parts.origin);
    let chosen = Columns::new(&*chosen, inputs, count)?;
    let Parts { origin, metric, points, landmarks, squares, .. } = parts;
    Nystrom::coordinates_of(executor, origin, metric, chosen, points, workspace)?;
    let unscaled = Columns::new(points, size.rank, count)?;
    let lengthscale = median_distance(unscaled, workspace)?;
    let scale = T::ONE / (lengthscale * T::TWO.sqrt_of());
    for value in metric.iter_mut() {
        *value *= scale;
    }
    Nystrom::coordinates_of(executor, origin, metric, chosen, points, workspace)?;
    let points = Columns::new(points, size.rank, count)?;
    squared_lengths(points, squares)?;
    for (number, row) in landmarks.chunks_exact_mut(count.max(1)).enumerate() {
        for (slot, point) in row.iter_mut().zip(points.iter()) {
            *slot = point.get(number).copied().unwrap_or(T::ZERO);
        }
    }
    Ok(())
}
