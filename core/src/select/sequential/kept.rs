//! [`Kept`]: what is known of every pair of a pool, and what a change of the matrix does to it.

use core::ops::Range;

use super::scores::Scores;
use crate::arith::{Level, Real, sum};
use crate::error::Error;
use crate::kernel::panel::project_panel;
use crate::kernel::rank_one::{CLOSED, Change, PairNumbers, change_pairs, leverages_with};
use crate::memory::{SCARCE, smaller};
use crate::parallel::{Executor, for_chunks, split_at};
use crate::pool::{ItemPair, Pairs, PairsSize, PickedPairs, Pool, PoolSize};
use crate::score::{check_finite, not_negative};
use crate::topk::{Scored, TopK, merge};
use crate::whiten::Whitened;

/// Numbers of a pair: w and v, and of a trace κ‖d‖² and g.
const LOG_DET_ROWS: usize = 2;
const TRACE_ROWS: usize = 4;

/// Pairs whose numbers lie together. Not part of the contract: pairs share nothing.
const BLOCK: usize = if SCARCE { 64 } else { sum::PAIRS };

/// Whether there are few enough pairs to keep numbers of each.
pub(super) const fn keeps_pairs(pool: &PoolSize) -> bool {
    match pool.pairs {
        PairsSize::InPrompt { pairs, .. } | PairsSize::Listed(pairs) => pairs <= sum::KEPT_PAIRS,
        PairsSize::CrossPrompt => false,
    }
}

/// A prompt's items, and its pairs.
pub(super) struct PromptRun {
    pub(super) items: Range<usize>,
    pub(super) pairs: Range<u64>,
}

/// Numbers that a [`Kept`] takes: the pairs', in blocks, and two an item.
pub(super) const fn kept_len(pool: &PoolSize, log_det: bool) -> usize {
    let pairs = pool.count();
    let block = sum::longest(BLOCK, pairs);
    let blocks = if block == 0 { 0 } else { pairs.div_ceil(block) };
    blocks.saturating_mul(block.saturating_mul(rows(log_det))).saturating_add(2 * pool.items)
}

const fn rows(log_det: bool) -> usize {
    if log_det { LOG_DET_ROWS } else { TRACE_ROWS }
}

/// Whole numbers that a [`Kept`] takes: the items of pairs that are no list, unless memory is scarce.
pub(super) const fn items_len(pool: &PoolSize) -> usize {
    match pool.pairs {
        PairsSize::InPrompt { pairs, .. } if !SCARCE => pairs,
        PairsSize::InPrompt { .. } => 0,
        PairsSize::CrossPrompt | PairsSize::Listed(_) => 0,
    }
}

/// The numbers of the pairs that follow each other from one on.
struct Block<'a, T> {
    first: u64,
    weights: &'a mut [T],
    leverages: &'a mut [T],
    misfits: &'a mut [T],
    gains: &'a mut [T],
}

impl<'a, T> Block<'a, T> {
    fn of(first: u64, numbers: &'a mut [T], block: usize, count: usize) -> Self {
        let (weights, numbers) = split_at(numbers, block);
        let (leverages, numbers) = split_at(numbers, block);
        let (misfits, gains) = split_at(numbers, block);
        let [weights, leverages, misfits, gains] =
            [weights, leverages, misfits, gains].map(|numbers| split_at(numbers, count).0);
        Self { first, weights, leverages, misfits, gains }
    }
}

/// Which number of a pair.
#[derive(Clone, Copy)]
pub(super) enum Row {
    /// v.
    Leverage,
    /// κ‖d‖².
    Misfit,
    /// g.
    Gain,
}

impl Row {
    /// Its place among the rows of a block, w being the first.
    const fn place(self) -> usize {
        match self {
            Self::Leverage => 1,
            Self::Misfit => 2,
            Self::Gain => 3,
        }
    }
}

fn scale<T: Real>(values: &mut [T], factor: T) {
    if factor != T::ONE {
        for value in values {
            *value = factor * *value;
        }
    }
}

/// How many pairs there are, and how their numbers lie.
#[derive(Clone, Copy)]
struct Layout {
    count: usize,
    /// Pairs of a block.
    block: usize,
    /// Numbers of a pair.
    rows: usize,
}

impl Layout {
    /// Numbers from one block to the next.
    fn stride(self) -> usize {
        self.block.saturating_mul(self.rows).max(1)
    }
}

/// The numbers of every pair: blocks of [`BLOCK`], each with the w, the v, and of a trace the
/// κ‖d‖² and the g of its pairs.
pub(super) struct Kept<'a, T> {
    pairs: Pairs<'a>,
    items: PairItems<'a>,
    layout: Layout,
    numbers: &'a mut [T],
    /// sᵀφ of every item, s being the last change.
    pub(super) projections: &'a mut [T],
    /// sᵀVM⁻¹φ of every item.
    pub(super) targets: &'a mut [T],
    /// sᵀVs.
    pub(super) square: T,
}

impl<'a, T: Real> Kept<'a, T> {
    /// The weights of a pool's pairs, [`CLOSED`] where a label is there already.
    ///
    /// # Errors
    /// [`Error::Workspace`] below [`kept_len`].
    pub(super) fn new<E: Executor>(
        executor: &E,
        pool: &Pool<'a>,
        scores: &Scores<'_, T>,
        log_det: bool,
        ranks: &'a mut [u64],
        numbers: &'a mut [T],
    ) -> Result<(Self, &'a mut [T]), Error> {
        let (size, items) = (pool.size(), pool.features().len());
        let (required, found) = (kept_len(&size, log_det), numbers.len());
        if found < required {
            return Err(Error::Workspace { what: "numbers of pairs", required, found });
        }
        let (projections, numbers) = split_at(numbers, items);
        let (targets, numbers) = split_at(numbers, items);
        let (own, numbers) = split_at(numbers, required - 2 * items);
        let (pairs, count) = (pool.pairs(), size.count());
        let (items, _) = PairItems::of(pool, ranks)?;
        let block = sum::longest(BLOCK, count);
        let layout = Layout { count, block, rows: rows(log_det) };
        let square = T::ZERO;
        let mut kept = Self { pairs, items, layout, numbers: own, projections, targets, square };
        kept.each(executor, &|block| {
            // Of v there is nothing yet.
            let out = [&mut *block.weights, &mut *block.leverages];
            items.fill_differences(block.first, [scores.rewards(); 2], out);
            scores.weighting().apply(executor, pairs.items_from(block.first), block.weights);
        });
        for pair in pool.labelled() {
            kept.close(*pair);
        }
        Ok((kept, numbers))
    }

    /// Does something with each block, perhaps at once.
    fn each<E: Executor>(&mut self, executor: &E, body: &(impl Fn(Block<'_, T>) + Sync)) {
        let Layout { count, block, .. } = self.layout;
        for_chunks(
            executor,
            self.numbers,
            self.layout.stride(),
            &mut [(); 0],
            0,
            &|number, numbers, _| {
                let first = number * block;
                let count = smaller(block, count.saturating_sub(first));
                body(Block::of(first as u64, numbers, block, count));
            },
        );
    }

    /// Fills in a number of each pair: a factor times the squared distance of its items.
    pub(super) fn fill<E: Executor>(
        &mut self,
        executor: &E,
        row: Row,
        items: Whitened<'_, T>,
        factor: T,
    ) {
        let (pairs, level) = (self.pairs, executor.level());
        self.each(executor, &|block| {
            let out = match row {
                Row::Leverage => block.leverages,
                Row::Misfit => block.misfits,
                Row::Gain => block.gains,
            };
            items.variances_of(level, &mut pairs.items_from(block.first).peekable(), out);
            scale(out, factor);
        });
    }

    /// The same for the pairs of one prompt, `items` being its own alone.
    pub(super) fn fill_prompt(
        &mut self,
        level: Level,
        row: Row,
        prompt: &PromptRun,
        items: Whitened<'_, T>,
        factor: T,
    ) {
        let start = u32::try_from(prompt.items.start).unwrap_or(u32::MAX);
        let Range { start: mut next, end: last } = prompt.pairs;
        while next < last {
            let place = self.place(next).saturating_add(self.layout.block * row.place());
            let within = usize::try_from(next).unwrap_or(usize::MAX) % self.layout.block.max(1);
            let room = (self.layout.block - within) as u64;
            let end = if last - next < room { last } else { next + room };
            let out = self.numbers.get_mut(place..).unwrap_or_default();
            let (out, _) = split_at(out, usize::try_from(end - next).unwrap_or(usize::MAX));
            let own = |pair: ItemPair| ItemPair {
                a: pair.a.saturating_sub(start),
                b: pair.b.saturating_sub(start),
            };
            items.variances_of(level, &mut self.pairs.items_from(next).map(own).peekable(), out);
            scale(out, factor);
            next = end;
        }
    }

    /// The place of a pair's w.
    fn place(&self, pair: u64) -> usize {
        let pair = usize::try_from(pair).unwrap_or(usize::MAX);
        let Layout { block, .. } = self.layout;
        let number = pair.checked_div(block).unwrap_or(usize::MAX);
        let within = pair.saturating_sub(number.saturating_mul(block));
        number.saturating_mul(self.layout.stride()).saturating_add(within)
    }

    /// w of a pair.
    pub(super) fn weight(&self, pair: u64) -> T {
        self.numbers.get(self.place(pair)).copied().unwrap_or(T::ZERO)
    }

    /// w v of a pair on offer, a v below 0 counting as 0.
    pub(super) fn leverage(&self, pair: u64) -> T {
        let place = self.place(pair).saturating_add(self.layout.block);
        let leverage = self.numbers.get(place).copied().unwrap_or(T::ZERO);
        self.weight(pair) * not_negative(leverage)
    }

    /// Takes a pair off offer.
    pub(super) fn close(&mut self, pair: u64) {
        let place = self.place(pair);
        if let Some(slot) = self.numbers.get_mut(place) {
            *slot = T::from_f64(CLOSED);
        }
    }

    /// Takes off offer the pairs with one of these items, which belong to one prompt.
    pub(super) fn close_items(&mut self, items: &Range<u32>) {
        let numbers = self.pairs.touching(items);
        for (number, ItemPair { a, b }) in numbers.clone().zip(self.pairs.items_from(numbers.start))
        {
            if items.contains(&a) || items.contains(&b) {
                self.close(number);
            }
        }
    }

    /// The largest w g/(1 + w κ‖d‖²) of the pairs on offer.
    pub(super) fn largest_gain(&self) -> T {
        let mut largest = T::ZERO;
        // Behind the last pair there is room that nothing was written to.
        let (mut left, block) = (self.layout.count, self.layout.block.max(1));
        for numbers in self.numbers.chunks_exact(self.layout.stride()) {
            let mut rows = numbers.chunks_exact(block);
            let [weights, _, misfits, gains] = [(); 4].map(|()| rows.next().unwrap_or_default());
            let own = smaller(block, left);
            left = left.saturating_sub(block);
            for ((weight, misfit), gain) in weights.iter().zip(misfits).zip(gains).take(own) {
                let gain = *weight * *gain / (T::ONE + *weight * *misfit);
                if largest < gain && T::ZERO < *weight {
                    largest = gain;
                }
            }
        }
        largest
    }

    /// The product of each item with a direction.
    pub(super) fn project<E: Executor>(
        &mut self,
        executor: &E,
        items: Whitened<'_, T>,
        direction: &[T],
    ) {
        let none = &mut [(); 0];
        for_chunks(executor, self.projections, sum::ITEMS, none, 0, &|block, out, _| {
            project_panel(executor.level(), items.from(block * sum::ITEMS), direction, out);
        });
    }

    /// Brings the pairs up to date after a change, and gives the best on offer that a batch may pick by
    /// the drop of a trace.
    ///
    /// # Errors
    /// [`Error::NonFinite`].
    pub(super) fn change<E: Executor>(
        &mut self,
        executor: &E,
        picked: &PickedPairs<'_>,
        heaps: &mut [Scored<T>],
    ) -> Result<Option<Scored<T>>, Error> {
        let allowed = |pair: u64| picked.allows(pair);
        let (items, level, square) = (self.items, executor.level(), self.square);
        let (projections, targets) = (&*self.projections, &*self.targets);
        let body = |block: Block<'_, T>, scores: &mut [T]| {
            let (mut d, mut q) = ([T::ZERO; BLOCK], [T::ZERO; BLOCK]);
            let count = block.weights.len();
            let (d, q) = (split_at(&mut d, count).0, split_at(&mut q, count).0);
            items.fill_differences(block.first, [projections, targets], [&mut *d, &mut *q]);
            let change = Change { projections: d, targets: q, square };
            let Block { weights, leverages, misfits, gains, .. } = block;
            change_pairs(level, PairNumbers { weights, leverages, gains, misfits }, change, scores);
        };
        best(executor, self.numbers, self.layout, heaps, &allowed, &body)
    }

    /// The best pair on offer that a batch may pick by w (v + (sᵀd)²), s being the last change.
    ///
    /// # Errors
    /// [`Error::NonFinite`].
    pub(super) fn best_with<E: Executor>(
        &mut self,
        executor: &E,
        picked: &PickedPairs<'_>,
        heaps: &mut [Scored<T>],
    ) -> Result<Option<Scored<T>>, Error> {
        let allowed = |pair: u64| picked.allows(pair);
        let (items, level) = (self.items, executor.level());
        let projections = &*self.projections;
        let body = |block: Block<'_, T>, scores: &mut [T]| {
            let mut d = [T::ZERO; BLOCK];
            let (d, _) = split_at(&mut d, block.weights.len());
            items.fill_differences(block.first, [projections; 2], [&mut *d, &mut *scores]);
            leverages_with(level, block.weights, block.leverages, d, scores);
        };
        best(executor, self.numbers, self.layout, heaps, &allowed, &body)
    }
}

/// The best pair on offer by the scores that `body` writes of a block, whose pairs are shared out over
/// as many workers as there are slots in `heaps`.
fn best<T: Real, E: Executor>(
    executor: &E,
    numbers: &mut [T],
    layout: Layout,
    heaps: &mut [Scored<T>],
    allowed: &(impl Fn(u64) -> bool + Sync),
    body: &(impl Fn(Block<'_, T>, &mut [T]) + Sync),
) -> Result<Option<Scored<T>>, Error> {
    let (Layout { count, block, .. }, stride) = (layout, layout.stride());
    let workers = smaller(executor.threads(), heaps.len()).max(1);
    let share = numbers.len().div_ceil(stride).div_ceil(workers);
    // A slot that no pair fills is marked by a pair number beyond the pool.
    heaps.fill(Scored { score: -T::INFINITY, pair: u64::MAX });
    for_chunks(executor, numbers, share * stride, heaps, 1, &|worker, numbers, heap| {
        let mut best = TopK::new(heap);
        let blocks = numbers.chunks_exact_mut(stride.max(1));
        for (number, numbers) in (worker * share..).zip(blocks) {
            let first = number * block;
            let count = smaller(block, count.saturating_sub(first));
            let mut scores = [T::ZERO; BLOCK];
            let (scores, _) = split_at(&mut scores, count);
            body(Block::of(first as u64, &mut *numbers, block, count), scores);
            // A closed pair's score is its weight.
            best.offer_allowed(first as u64, scores, |pair| {
                let place = usize::try_from(pair).unwrap_or(usize::MAX).saturating_sub(first);
                numbers.get(place).is_none_or(|weight| T::ZERO <= *weight) && allowed(pair)
            });
        }
    });
    let mut slot = [Scored::default()];
    let found = merge(heaps.iter().copied().filter(|found| found.pair != u64::MAX), &mut slot);
    let found = found.finish();
    check_finite(found)?;
    Ok(found.first().copied())
}

/// The items of the pairs: of a list as they stand there, of others written down, a pair a number, or
/// where memory is scarce computed.
#[derive(Clone, Copy)]
enum PairItems<'a> {
    Listed(&'a [ItemPair]),
    Written(&'a [u64]),
    Computed(Pairs<'a>),
}

impl<'a> PairItems<'a> {
    /// Those of a pool, written into the first of these numbers; and the numbers that are left.
    fn of(pool: &Pool<'a>, ranks: &'a mut [u64]) -> Result<(Self, &'a mut [u64]), Error> {
        if let Pairs::Listed(pairs) = pool.pairs() {
            return Ok((Self::Listed(pairs), ranks));
        }
        if SCARCE {
            return Ok((Self::Computed(pool.pairs()), ranks));
        }
        let (required, found) = (items_len(&pool.size()), ranks.len());
        if found < required {
            return Err(Error::Workspace { what: "ranks", required, found });
        }
        let (written, rest) = split_at(ranks, required);
        for (slot, ItemPair { a, b }) in written.iter_mut().zip(pool.pairs().items_from(0)) {
            *slot = u64::from(a) << u32::BITS | u64::from(b);
        }
        Ok((Self::Written(written), rest))
    }

    /// The differences of two numbers of each pair's items, from the pair `first` on.
    #[inline]
    fn fill_differences<T: Real>(self, number: u64, [t, q]: [&[T]; 2], [d, e]: [&mut [T]; 2]) {
        let first = usize::try_from(number).unwrap_or(usize::MAX);
        let at = |values: &[T], item: u32| values.get(item as usize).copied().unwrap_or(T::ZERO);
        let fill = |(d, e): (&mut T, &mut T), a: u32, b: u32| {
            *d = at(t, a) - at(t, b);
            *e = at(q, a) - at(q, b);
        };
        let slots = d.iter_mut().zip(e);
        match self {
            Self::Listed(pairs) => {
                let pairs = pairs.get(first..).unwrap_or_default();
                slots.zip(pairs).for_each(|(slots, pair)| fill(slots, pair.a, pair.b));
            }
            Self::Computed(pairs) => {
                slots
                    .zip(pairs.items_from(number))
                    .for_each(|(slots, pair)| fill(slots, pair.a, pair.b));
            }
            Self::Written(pairs) => {
                let pairs = pairs.get(first..).unwrap_or_default();
                slots.zip(pairs).for_each(|(slots, pair)| {
                    let (a, b) = ((pair >> u32::BITS) as u32, *pair as u32);
                    fill(slots, a, b);
                });
            }
        }
    }
}
