//! The data of a replay, drawn from named streams of the core's own generator: jittered, so that no
//! symmetry hides an order, with one reply repeated in each prompt that has four or more, so that
//! scores tie.

use super::Size;
use super::recorder::Recorder;
use crate::arith::Real;
use crate::columns::Columns;
use crate::error::{Error, check_shape};
use crate::parallel::split_at;
use crate::pool::{ItemPair, Prompts};
use crate::rng::Stream;
use crate::trunk::standardise::{Sums, apply, scales};

/// The seed of everything.
pub(super) const SEED: u64 = 20_250_704;

/// Items of a size that is no multiple of a block, fed to the standardisation one by one.
const STREAMED: u64 = 700;

/// The prompts of a replay.
pub(super) fn prompts<'a>(
    size: &Size,
    starts: &'a mut [u32],
    first_pairs: &'a mut [u64],
) -> Result<Prompts<'a>, Error> {
    check_shape("prompts of the scenario", size.prompts.saturating_add(1), starts.len())?;
    let mut end = 0;
    let mut slots = starts.iter_mut();
    for ((start, replies), slot) in size.items_of_prompts().zip(slots.by_ref()) {
        *slot = start;
        end = start + replies;
    }
    if let Some(slot) = slots.next() {
        *slot = end;
    }
    Prompts::new(starts, first_pairs)
}

/// Draws embeddings, an item a column.
pub(super) fn draw(size: &Size, prompts: Prompts<'_>, embeddings: &mut [f32]) {
    let mut rng = Stream::new(SEED, "embeddings", 0);
    for value in &mut *embeddings {
        *value = 3.0 * rng.uniform::<f32>() - 1.25;
    }
    for prompt in 0..prompts.len() {
        let (start, end) = prompts.items_of(prompt, prompt + 1);
        if end - start >= 4 {
            let (_, rest) = split_at(embeddings, start * size.inputs);
            let (first, rest) = split_at(rest, size.inputs);
            copy(first, rest);
        }
    }
}

/// Standardises the embeddings. `single` and `double` hold two and three numbers a dimension.
pub(super) fn standardise(
    size: &Size,
    embeddings: &mut [f32],
    single: &mut [f32],
    double: &mut [f64],
    recorder: &mut Recorder<'_>,
) -> Result<(), Error> {
    let (mean, single) = split_at(single, size.inputs);
    let (scale, _) = split_at(single, size.inputs);
    let (exact_mean, double) = split_at(double, size.inputs);
    let (total, double) = split_at(double, size.inputs);
    let (block, _) = split_at(double, size.inputs);
    let items = Columns::new(embeddings, size.inputs, size.items)?;
    let mut sums = Sums::new(total, block)?;
    sums.add(items, None)?;
    copy(sums.finish()?, exact_mean);
    recorder.numbers("mean", 0, exact_mean)?;
    let mut sums = Sums::new(total, block)?;
    sums.add(items, Some(exact_mean))?;
    let variances = sums.finish()?;
    recorder.numbers("variance-of-inputs", 0, variances)?;
    scales(exact_mean, variances, scale)?;
    for (single, double) in mean.iter_mut().zip(&*exact_mean) {
        *single = f32::from_f64(*double);
    }
    recorder.numbers("scale", 0, scale)?;
    apply(mean, scale, embeddings);
    recorder.numbers("standardised", 0, embeddings)
}

/// Mean squared deviations of a stream of items that crosses blocks, without memory for the items.
/// The deviations are such that f64 must round them: f32 values alone add up exactly.
pub(super) fn streamed_deviations(recorder: &mut Recorder<'_>) -> Result<(), Error> {
    const FROM: [f64; 3] = [0.1, 0.2, 0.3];
    let (mut total, mut block) = ([0.0; 3], [0.0; 3]);
    let mut sums = Sums::new(&mut total, &mut block)?;
    let mut rng = Stream::new(SEED, "items", 0);
    for _ in 0..STREAMED {
        let item: [f32; 3] = core::array::from_fn(|_| rng.uniform::<f32>() - 0.3);
        sums.add(Columns::new(&item, 3, 1)?, Some(&FROM))?;
    }
    let means = sums.finish()?;
    recorder.numbers("streamed-deviations", 0, means)
}

/// Draws golden rewards in steps of a half, so that some tie.
pub(super) fn golden(rewards: &mut [f64]) {
    let mut rng = Stream::new(SEED, "golden", 0);
    for reward in rewards {
        *reward = f64::from_u64(rng.below(9)) / 2.0 - 2.0;
    }
}

/// Draws pairs of any two items.
pub(super) fn list(size: &Size, pairs: &mut [ItemPair]) {
    let mut rng = Stream::new(SEED, "listed", 0);
    let items = size.items as u64;
    let mut item = |below: u64| u32::try_from(rng.below(below)).unwrap_or(0);
    for pair in pairs {
        let a = item(items);
        let other = item(items.saturating_sub(1));
        *pair = ItemPair { a, b: if other < a { other } else { other.saturating_add(1) } };
    }
}

/// Copies what fits.
pub(super) fn copy<T: Copy>(from: &[T], to: &mut [T]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
