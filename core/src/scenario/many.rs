//! All pairs of so many items that their Fisher information is a sum over items, by rewards that lie
//! near each other, in more boxes than are held at once, and in a cluster among outliers.

use super::Size;
use super::data::SEED;
use super::recorder::Recorder;
use crate::arith::Real;
use crate::columns::Columns;
use crate::error::Error;
use crate::fisher::{Weighting, add_pool, pool_items_len, pool_workspace_len};
use crate::linalg::{Packed, packed_len};
use crate::memory::larger;
use crate::parallel::{Executor, split_at};
use crate::pool::{Pool, PoolSize};
use crate::rng::Stream;
use crate::topk::Scored;

/// How many: not a whole number of blocks.
const ITEMS: usize = 1030;

/// Pairs that have a label.
const LABELLED: [u64; 5] = [0, 5, 1029, 100_000, 500_001];

/// Items whose features are so many numbers.
const fn pool(size: &Size) -> PoolSize {
    PoolSize::cross_prompt(size.many, ITEMS)
}

/// Numbers that [`replay`] needs.
pub(super) const fn numbers_len(size: &Size, threads: usize) -> usize {
    let workspace = pool_workspace_len(&pool(size), larger(threads, 1));
    workspace.saturating_add(ITEMS).saturating_add(packed_len(size.many))
}

/// Numbers in f32 that [`replay`] needs.
pub(super) const fn singles_len(size: &Size) -> usize {
    size.many.saturating_mul(ITEMS)
}

/// Candidates that [`replay`] needs.
pub(super) const fn heaps_len(size: &Size) -> usize {
    pool_items_len(&pool(size))
}

/// The reward of an item, from a uniform number.
fn reward(kind: usize, item: usize, uniform: f32) -> f32 {
    // Items are few, so that each has a number of this type.
    #[allow(clippy::cast_precision_loss, reason = "below 2^24")]
    let place = item as f32;
    match kind {
        0 => 9.0 * uniform - 4.5,
        1 => 3.0 * place - 900.0 + uniform,
        _ if item.is_multiple_of(9) => 7.0 * place - 3000.0,
        _ => 20.0 * uniform,
    }
}

/// All of it.
pub(super) fn replay<T: Real, E: Executor>(
    executor: &E,
    size: &Size,
    numbers: &mut [T],
    singles: &mut [f32],
    heaps: &mut [Scored<T>],
    recorder: &mut Recorder<'_>,
) -> Result<(), Error> {
    let (features, _) = split_at(singles, singles_len(size));
    let mut rng = Stream::new(SEED, "many", 0);
    for value in &mut *features {
        *value = rng.uniform::<f32>() - 0.25;
    }
    let pool = Pool::cross_prompt(Columns::new(&*features, size.many, ITEMS)?, &LABELLED)?;
    let (matrix, numbers) = split_at(numbers, packed_len(size.many));
    let (rewards, workspace) = split_at(numbers, ITEMS);
    let mut matrix = Packed::new(size.many, matrix)?;
    for kind in 0..3 {
        for (item, slot) in rewards.iter_mut().enumerate() {
            *slot = T::from_real(reward(kind, item, rng.uniform()));
        }
        matrix.clear();
        let weighting = Weighting::Bernoulli;
        add_pool(executor, &pool, rewards, weighting, &mut matrix, workspace, heaps)?;
        recorder.numbers("fisher-items", kind, matrix.as_slice())?;
    }
    matrix.clear();
    add_pool(executor, &pool, rewards, Weighting::Unit, &mut matrix, workspace, heaps)?;
    recorder.numbers("fisher-items", 3, matrix.as_slice())
}
