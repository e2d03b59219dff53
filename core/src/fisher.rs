//! Fisher information of the last layer: Σ w_ab (φ_a − φ_b)(φ_a − φ_b)ᵀ, w = p(1 − p),
//! p = σ(r_a − r_b) (equation 3 of Shen, Sun and Ton, 2025).
//!
//! Two canonical forms, with bits of their own (the numeric contract, 3):
//! - [`add_pool`], an in-prompt pool: a weighted sum over all pairs of a prompt is a graph
//!   Laplacian over its items, ΔLΔᵀ with L = Deg − W. With the prompt's first item as origin,
//!   δ_a = φ_a − φ_0, column g_a = Σ_{b ≥ 1} L_ab δ_b in ascending b, and entry (i, j) adds
//!   (δ_a)_i · (g_a)_j for each item in order, [`sum::PROMPTS`] prompts a block. Its cost follows
//!   items, not pairs.
//! - [`add_pairs`], listed or labelled pairs: entry (i, j) adds d_i · (w · d_j) for each pair in
//!   order, [`sum::PAIRS`] pairs a block.
//!
//! Block sums are folded into the result in ascending order.

use core::num::NonZeroUsize;

use crate::arith::bernoulli::Variance;
use crate::arith::{Real, sum};
use crate::error::{Error, check_shape};
use crate::kernel::axpy::add_scaled;
use crate::kernel::elementwise::map;
use crate::kernel::gemm::{Gemm, Part, Right, gemm};
use crate::kernel::panel::{fill_panel, panel_stride, project_panel};
use crate::linalg::{Columns, Packed, packed_len};
use crate::parallel::{Executor, for_chunks, split_at};
use crate::pool::{BlockSize, Pool, pairs_of};

/// How much a pair counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighting {
    /// w = p(1 − p) = e/(1 + e)², e = exp(−|r_a − r_b|): the variance of its answer.
    Bernoulli,
    /// w = 1: the design alone, without a model (equation 7).
    Unit,
}

impl Weighting {
    /// Replaces margins r_a − r_b by weights.
    pub(crate) fn apply<T: Real>(self, level: crate::kernel::Level, margins: &mut [T]) {
        match self {
            Self::Bernoulli => map::<Variance, T>(level, margins),
            Self::Unit => margins.fill(T::ONE),
        }
    }
}

/// Numbers that [`rewards`] needs to work in, for one thread; a multiple lets more threads work.
#[must_use]
pub const fn rewards_workspace_len(order: usize) -> usize {
    order.saturating_mul(panel_stride(sum::ITEMS) + 1)
}

/// Rewards r = φᵀβ of items in the precision `T`, each summed in ascending feature order.
///
/// # Errors
/// [`Error::Shape`] unless `head` has a weight for each feature and `out` a place for each item;
/// [`Error::Workspace`]; [`Error::NonFinite`] if a reward overflows.
pub fn rewards<F: Real, T: Real, E: Executor>(
    executor: &E,
    features: Columns<'_, F>,
    head: &[F],
    out: &mut [T],
    workspace: &mut [T],
) -> Result<(), Error> {
    check_shape("head", features.rows(), head.len())?;
    check_shape("rewards", features.len(), out.len())?;
    let unit = rewards_workspace_len(features.rows());
    let workers = workers("rewards", unit, executor.threads(), workspace.len())?;
    let share = out.len().div_ceil(workers.get()).div_ceil(sum::ITEMS) * sum::ITEMS;
    for_chunks(
        executor,
        out,
        share,
        workspace,
        unit,
        &|number, out: &mut [T], scratch: &mut [T]| {
            let (weights, panel) = split_at(scratch, features.rows());
            for (weight, value) in weights.iter_mut().zip(head) {
                *weight = T::from_real(*value);
            }
            let stride = panel_stride(sum::ITEMS);
            let (panel, _) = split_at(panel, features.rows() * stride);
            for (block, out) in out.chunks_mut(sum::ITEMS).enumerate() {
                let first = number * share + block * sum::ITEMS;
                fill_panel(features.range(first, first + out.len()), stride, panel);
                project_panel(executor.level(), panel, stride, weights, out);
            }
        },
    );
    match out.iter().position(|reward| !reward.is_finite_number()) {
        Some(index) => Err(Error::NonFinite { what: "rewards", index }),
        None => Ok(()),
    }
}

/// How many workers a working memory of `found` numbers serves at `unit` numbers each.
pub(crate) fn workers(
    what: &'static str,
    unit: usize,
    threads: usize,
    found: usize,
) -> Result<NonZeroUsize, Error> {
    let threads = NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN);
    match found.checked_div(unit).map(NonZeroUsize::new) {
        Some(None) => Err(Error::Workspace { what, required: unit, found }),
        Some(Some(fits)) if fits < threads => Ok(fits),
        _ => Ok(threads),
    }
}

/// Numbers that a Fisher sum needs to work in, for one block at a time; a multiple lets as many
/// blocks be summed at once.
const fn block_workspace_len(order: usize, columns: usize, scratch: usize) -> usize {
    let square = order.saturating_mul(order);
    let columns = order.saturating_mul(columns).saturating_mul(2);
    packed_len(order).saturating_add(square).saturating_add(columns).saturating_add(scratch)
}

/// Numbers that [`add_pool`] needs to work in, for one thread; a multiple lets more threads work.
#[must_use]
pub fn pool_workspace_len(order: usize, block: BlockSize) -> usize {
    block_workspace_len(order, block.items, pool_scratch_len(block))
}

/// The weights of a block's pairs, and the Laplacian of its largest prompt.
const fn pool_scratch_len(block: BlockSize) -> usize {
    block.pairs.saturating_add(block.replies.saturating_mul(block.replies))
}

/// Numbers that [`add_pairs`] needs to work in, for one thread; a multiple lets more threads work.
#[must_use]
pub const fn pairs_workspace_len(order: usize) -> usize {
    block_workspace_len(order, sum::PAIRS, sum::PAIRS)
}

/// Adds the Fisher information of all pairs that an in-prompt pool offers.
///
/// # Errors
/// [`Error::Shape`] where `rewards` does not have a value for each item or `fisher` not the order
/// of the features; [`Error::Workspace`].
pub fn add_pool<T: Real, E: Executor, D: AsRef<[T]> + AsMut<[T]>>(
    executor: &E,
    pool: &Pool<'_>,
    rewards: &[T],
    weighting: Weighting,
    fisher: &mut Packed<T, D>,
    workspace: &mut [T],
) -> Result<(), Error> {
    let features = pool.features();
    check_shape("rewards", features.len(), rewards.len())?;
    let size = pool.prompts().largest_block(sum::PROMPTS);
    let blocks = pool.prompts().len().div_ceil(sum::PROMPTS);
    let fill = |block: usize, columns: BlockColumns<'_, T>| {
        laplacian_columns(executor, pool, rewards, weighting, block, columns)
    };
    let scratch = pool_scratch_len(size);
    add_blocks(executor, features.rows(), blocks, (size.items, scratch), fisher, workspace, &fill)
}

/// Adds the Fisher information of listed pairs of items: of the labelled ones, for the past.
///
/// # Errors
/// As [`add_pool`]; [`Error::Index`] for a pair that names an item that does not exist.
pub fn add_pairs<T: Real, E: Executor, D: AsRef<[T]> + AsMut<[T]>>(
    executor: &E,
    features: Columns<'_, f32>,
    pairs: &[(u32, u32)],
    rewards: &[T],
    weighting: Weighting,
    fisher: &mut Packed<T, D>,
    workspace: &mut [T],
) -> Result<(), Error> {
    check_shape("rewards", features.len(), rewards.len())?;
    check_pairs(pairs, features.len())?;
    let blocks = pairs.len().div_ceil(sum::PAIRS);
    let fill = |block: usize, columns: BlockColumns<'_, T>| {
        let first = block * sum::PAIRS;
        let end = (first + sum::PAIRS).min(pairs.len());
        let pairs = pairs.get(first..end).unwrap_or_default();
        pair_columns(executor, features, pairs, rewards, weighting, columns)
    };
    let size = (sum::PAIRS, sum::PAIRS);
    add_blocks(executor, features.rows(), blocks, size, fisher, workspace, &fill)
}

/// Fails with [`Error::Index`] if a pair names an item that does not exist.
pub(crate) fn check_pairs(pairs: &[(u32, u32)], items: usize) -> Result<(), Error> {
    for (a, b) in pairs {
        let index = (*a).max(*b);
        if index as usize >= items {
            let what = "item of a pair";
            return Err(Error::Index { what, index: u64::from(index), len: items as u64 });
        }
    }
    Ok(())
}

/// What one block of a Fisher sum is made of: it becomes Σ_t left_t · right_tᵀ over the columns t
/// of two matrices of `order` rows.
struct BlockColumns<'a, T> {
    left: &'a mut [T],
    right: &'a mut [T],
    scratch: &'a mut [T],
}

/// Sums blocks, as many at once as the workspace holds, and folds them in ascending order. `fill`
/// writes a block's columns and returns how many there are.
fn add_blocks<T: Real, E: Executor, D: AsRef<[T]> + AsMut<[T]>>(
    executor: &E,
    order: usize,
    blocks: usize,
    (columns, scratch): (usize, usize),
    fisher: &mut Packed<T, D>,
    workspace: &mut [T],
    fill: &(impl Fn(usize, BlockColumns<'_, T>) -> usize + Sync),
) -> Result<(), Error> {
    check_shape("order of the Fisher matrix", order, fisher.order())?;
    let unit = block_workspace_len(order, columns, scratch);
    let wave =
        workers("Fisher sum", unit, executor.threads().saturating_mul(4), workspace.len())?.get();
    let (sums, memory) = split_at(workspace, wave * packed_len(order));
    for first in (0..blocks).step_by(wave) {
        let (sums, _) = split_at(sums, wave.min(blocks - first) * packed_len(order));
        let memory_len = unit - packed_len(order);
        for_chunks(
            executor,
            sums,
            packed_len(order),
            memory,
            memory_len,
            &|number, sum, memory| {
                let (square, memory) = split_at(memory, order * order);
                let (left, memory) = split_at(memory, order * columns);
                let (right, scratch) = split_at(memory, order * columns);
                let inner = fill(first + number, BlockColumns { left, right, scratch });
                square.fill(T::ZERO);
                let a = left.get(..order * inner).unwrap_or_default();
                let b = Right::Rows { values: right, stride: order, first: 0 };
                let product = Gemm { a, b, c: square, rows: order, inner, part: Part::Lower };
                gemm(executor.level(), product);
                pack_lower(square, order, sum);
            },
        );
        for block in sums.chunks_exact(packed_len(order).max(1)) {
            fisher.add(&Packed::new(order, block)?)?;
        }
    }
    Ok(())
}

/// Copies the lower triangle of a square matrix, column by column.
fn pack_lower<T: Real>(square: &[T], order: usize, packed: &mut [T]) {
    let lower = square
        .chunks_exact(order.max(1))
        .enumerate()
        .flat_map(|(diagonal, column)| column.get(diagonal..).unwrap_or_default());
    for (to, from) in packed.iter_mut().zip(lower) {
        *to = *from;
    }
}

/// δ_a and g_a of every item but the first of each prompt of a block.
fn laplacian_columns<T: Real, E: Executor>(
    executor: &E,
    pool: &Pool<'_>,
    rewards: &[T],
    weighting: Weighting,
    block: usize,
    columns: BlockColumns<'_, T>,
) -> usize {
    let order = pool.features().rows();
    let prompts = pool.prompts();
    let (first, end) = (block * sum::PROMPTS, (block + 1) * sum::PROMPTS);
    let pairs = prompts.first_pair(end) - prompts.first_pair(first);
    let (weights, laplacian) =
        split_at(columns.scratch, usize::try_from(pairs).unwrap_or(usize::MAX));
    block_weights(executor, pool, rewards, weighting, (first, end), weights);
    let mut weights = &*weights;
    let mut left = columns.left.chunks_exact_mut(order.max(1));
    let mut right = columns.right.chunks_exact_mut(order.max(1));
    let mut count = 0;
    for prompt in first..end.min(prompts.len()) {
        let (start, stop) = prompts.items_of(prompt, prompt + 1);
        let replies = stop - start;
        let pairs = usize::try_from(pairs_of(replies as u64)).unwrap_or(0);
        let (own, rest) = weights.split_at_checked(pairs).unwrap_or_default();
        weights = rest;
        let (laplacian, _) = split_at(laplacian, replies * replies);
        fill_laplacian(own, replies, laplacian);
        let items = pool.features().range(start, stop);
        let origin = items.column(0);
        for row in laplacian.chunks_exact(replies.max(1)).skip(1) {
            let Some(gradient) = right.next() else {
                break;
            };
            gradient.fill(T::ZERO);
            for (item, entry) in items.iter().zip(row).skip(1) {
                for ((sum, value), origin) in gradient.iter_mut().zip(item).zip(origin) {
                    *sum += *entry * (T::from_real(*value) - T::from_real(*origin));
                }
            }
        }
        for item in items.iter().skip(1) {
            let Some(difference) = left.next() else {
                break;
            };
            for ((out, value), origin) in difference.iter_mut().zip(item).zip(origin) {
                *out = T::from_real(*value) - T::from_real(*origin);
            }
            count += 1;
        }
    }
    count
}

/// The weights of all pairs of the prompts `first..end`, in pair order; 0 for labelled pairs.
pub(crate) fn block_weights<T: Real, E: Executor>(
    executor: &E,
    pool: &Pool<'_>,
    rewards: &[T],
    weighting: Weighting,
    (first, end): (usize, usize),
    weights: &mut [T],
) {
    let prompts = pool.prompts();
    let mut slots = weights.iter_mut();
    for prompt in first..end.min(prompts.len()) {
        let (start, stop) = prompts.items_of(prompt, prompt + 1);
        let mut rest = rewards.get(start..stop).unwrap_or_default();
        while let Some((a, others)) = rest.split_first() {
            for (slot, b) in slots.by_ref().take(others.len()).zip(others) {
                *slot = *a - *b;
            }
            rest = others;
        }
    }
    weighting.apply(executor.level(), weights);
    let (first, end) = (prompts.first_pair(first), prompts.first_pair(end));
    for pair in pool.labelled_in(first, end) {
        let place = usize::try_from(*pair - first).unwrap_or(usize::MAX);
        if let Some(weight) = weights.get_mut(place) {
            *weight = T::ZERO;
        }
    }
}

/// L = Deg − W of one prompt from its pair weights, row by row; each degree is summed in ascending
/// order.
fn fill_laplacian<T: Real>(weights: &[T], replies: usize, laplacian: &mut [T]) {
    let mut weights = weights.iter();
    for a in 0..replies {
        for b in a + 1..replies {
            let weight = weights.next().copied().unwrap_or(T::ZERO);
            for place in [a * replies + b, b * replies + a] {
                if let Some(entry) = laplacian.get_mut(place) {
                    *entry = -weight;
                }
            }
        }
    }
    for (a, row) in laplacian.chunks_exact_mut(replies.max(1)).enumerate() {
        let mut degree = T::ZERO;
        for (b, entry) in row.iter().enumerate() {
            if a != b {
                degree -= *entry;
            }
        }
        if let Some(diagonal) = row.get_mut(a) {
            *diagonal = degree;
        }
    }
}

/// d and w·d of each pair of a block.
fn pair_columns<T: Real, E: Executor>(
    executor: &E,
    features: Columns<'_, f32>,
    pairs: &[(u32, u32)],
    rewards: &[T],
    weighting: Weighting,
    columns: BlockColumns<'_, T>,
) -> usize {
    let order = features.rows();
    let (weights, _) = split_at(columns.scratch, pairs.len());
    let reward = |item: u32| rewards.get(item as usize).copied().unwrap_or(T::ZERO);
    for (weight, (a, b)) in weights.iter_mut().zip(pairs) {
        *weight = reward(*a) - reward(*b);
    }
    weighting.apply(executor.level(), weights);
    let left = columns.left.chunks_exact_mut(order.max(1));
    let right = columns.right.chunks_exact_mut(order.max(1));
    for (((left, right), weight), (a, b)) in left.zip(right).zip(&*weights).zip(pairs) {
        let (a, b) = (features.column(*a as usize), features.column(*b as usize));
        for ((out, a), b) in left.iter_mut().zip(a).zip(b) {
            *out = T::from_real(*a) - T::from_real(*b);
        }
        right.fill(T::ZERO);
        add_scaled(right, *weight, left);
    }
    pairs.len()
}
