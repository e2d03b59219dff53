//! [`PickedPairs`]: the pairs that a batch has so far, and which others it may still pick.

use core::ops::Range;

use super::{ItemPair, Pairs, Pool, pairs_of};
use crate::error::Error;
use crate::parallel::split_at;

/// How often a batch may come back to the same place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Distinct {
    /// As often as scores say.
    #[default]
    Unlimited,
    /// At most so many pairs an item.
    PerItem(u32),
    /// At most so many pairs a prompt.
    PerPrompt(u32),
    /// At most so many pairs a prompt more than a batch that is spread evenly needs: the least c for
    /// which Σ min(c, n) over the prompts is the size of the batch, or twice that where pairs lie
    /// across prompts, n being how many pairs on offer touch the prompt. Where none of them is short of
    /// pairs, c = ⌈batch / prompts⌉, or ⌈2 · batch / prompts⌉.
    Even(u32),
}

/// The pairs of a batch by their numbers, and how many of them touch each item or prompt.
#[derive(Debug)]
pub(crate) struct PickedPairs<'a> {
    pool: &'a Pool<'a>,
    numbers: &'a mut [u64],
    len: usize,
    limit: u64,
    /// Where each prompt's items begin; `None` where items are counted.
    starts: Option<&'a [u32]>,
    counts: &'a mut [u64],
}

/// Numbers that [`PickedPairs::new`] needs; prompts are no more than items.
pub(crate) const fn picked_len(batch: usize, items: usize, distinct: Distinct) -> usize {
    match distinct {
        Distinct::Unlimited => batch,
        // Prompts without items may outnumber the items, but not count.
        Distinct::PerItem(_) | Distinct::PerPrompt(_) | Distinct::Even(_) => {
            batch.saturating_add(items)
        }
    }
}

impl<'a> PickedPairs<'a> {
    /// Nothing picked yet, room for `batch` pairs; the memory that is left comes back.
    ///
    /// # Errors
    /// [`Error::Workspace`]; [`Error::Parameter`] where prompts are to be counted and not known.
    pub(crate) fn new(
        pool: &'a Pool<'a>,
        distinct: Distinct,
        batch: usize,
        workspace: &'a mut [u64],
    ) -> Result<(Self, &'a mut [u64]), Error> {
        let items = pool.features().len();
        let (required, found) = (picked_len(batch, items, distinct), workspace.len());
        if found < required {
            return Err(Error::Workspace { what: "ranks", required, found });
        }
        let (numbers, rest) = split_at(workspace, batch);
        let (counts, rest) = split_at(rest, required - batch);
        counts.fill(0);
        let starts = || {
            let what = "pairs a prompt are counted, but the pool's prompts are not known";
            pool.prompt_starts().ok_or(Error::Parameter { what })
        };
        let (limit, starts) = match distinct {
            Distinct::Unlimited => (u64::MAX, None),
            Distinct::PerItem(limit) => (u64::from(limit), None),
            Distinct::PerPrompt(limit) => (u64::from(limit), Some(starts()?)),
            Distinct::Even(_) => (0, Some(starts()?)),
        };
        let mut picked = Self { pool, numbers, len: 0, limit, starts, counts };
        if let Distinct::Even(more) = distinct {
            picked.limit = picked.even_limit(batch as u64).saturating_add(u64::from(more));
        }
        Ok((picked, rest))
    }

    /// The least cap on a prompt that leaves a batch its places: see [`Distinct::Even`].
    fn even_limit(&mut self, batch: u64) -> u64 {
        self.count_offered();
        let all = self.places_within(u64::MAX);
        let places = if all > self.pool.available() { batch.saturating_mul(2) } else { batch };
        let (mut least, mut most) = (1, batch);
        while least < most {
            let limit = least.midpoint(most);
            match self.places_within(limit) >= places {
                true => most = limit,
                false => least = limit + 1,
            }
        }
        self.counts.fill(0);
        least
    }

    /// Counts the pairs on offer that touch each prompt.
    fn count_offered(&mut self) {
        let pairs = self.pool.pairs();
        match pairs {
            Pairs::Listed(pairs) => {
                for pair in pairs {
                    self.count_items(*pair, |count| count.saturating_add(1));
                }
            }
            Pairs::InPrompt(_) | Pairs::CrossPrompt(_) => {
                let across = matches!(pairs, Pairs::CrossPrompt(_));
                let all = self.pool.features().len() as u64;
                let starts = self.starts.unwrap_or_default();
                for (start, end) in starts.iter().zip(starts.iter().skip(1)) {
                    let items = u64::from(end.saturating_sub(*start));
                    let others = if across { all.saturating_sub(items) } else { 0 };
                    if let Some(count) = self.counts.get_mut(*start as usize) {
                        let within = count.saturating_add(pairs_of(items));
                        *count = within.saturating_add(items.saturating_mul(others));
                    }
                }
            }
        }
        for pair in self.pool.labelled() {
            self.count(*pair, |count| count.saturating_sub(1));
        }
    }

    /// How many places there are for pairs, at most so many a prompt.
    fn places_within(&self, limit: u64) -> u64 {
        let places = self.counts.iter().map(|count| limit.min(*count));
        places.fold(0, u64::saturating_add)
    }

    /// The pairs picked, ascending.
    fn numbers(&self) -> &[u64] {
        self.numbers.get(..self.len).unwrap_or_default()
    }

    /// How many pairs are picked.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether the batch may pick this pair.
    pub(crate) fn allows(&self, pair: u64) -> bool {
        if self.numbers().binary_search(&pair).is_ok() {
            return false;
        }
        self.counts.is_empty() || {
            let (first, second) = self.places(pair);
            !self.is_full(first) && !second.is_some_and(|second| self.is_full(second))
        }
    }

    /// Whether the batch may pick some pair of this item.
    pub(crate) fn is_open(&self, item: u32) -> bool {
        self.counts.is_empty() || !self.is_full(self.place(item))
    }

    fn is_full(&self, place: usize) -> bool {
        self.counts.get(place).is_none_or(|n| *n >= self.limit)
    }

    /// Adds a pair.
    pub(crate) fn insert(&mut self, pair: u64) {
        let Err(place) = self.numbers().binary_search(&pair) else {
            return;
        };
        if self.len < self.numbers.len() {
            self.len += 1;
            let moved = self.numbers.get_mut(place..self.len).unwrap_or_default();
            if let Some(last) = moved.last_mut() {
                *last = pair;
            }
            crate::heap::rotate_right(moved);
        }
        self.count(pair, |count| count.saturating_add(1));
    }

    /// The items of each place that a pair belongs to and that can take no more.
    pub(crate) fn filled(&self, pair: u64) -> impl Iterator<Item = Range<u32>> + use<'a> {
        let (first, second) = match self.counts.is_empty() {
            true => (None, None),
            false => {
                let (first, second) = self.places(pair);
                (Some(first), second)
            }
        };
        let full = |place: &usize| self.counts.get(*place).is_some_and(|n| *n >= self.limit);
        let places = [first.filter(full), second.filter(full)];
        let starts = self.starts;
        places.into_iter().flatten().map(move |place| {
            let first = u32::try_from(place).unwrap_or(u32::MAX);
            let end = match starts {
                None => first.saturating_add(1),
                Some(starts) => {
                    let after = starts.partition_point(|start| *start <= first);
                    starts.get(after).copied().unwrap_or(first)
                }
            };
            first..end
        })
    }

    /// Removes a pair.
    pub(crate) fn remove(&mut self, pair: u64) {
        let Ok(place) = self.numbers().binary_search(&pair) else {
            return;
        };
        let moved = self.numbers.get_mut(place..self.len).unwrap_or_default();
        crate::heap::rotate_left(moved);
        self.len -= 1;
        self.count(pair, |count| count.saturating_sub(1));
    }

    fn count(&mut self, pair: u64, change: impl Fn(u64) -> u64) {
        if self.counts.is_empty() {
            return;
        }
        self.count_items(self.items_of(pair), change);
    }

    fn count_items(&mut self, items: ItemPair, change: impl Fn(u64) -> u64) {
        let (first, second) = self.places_of(items);
        for place in [Some(first), second].into_iter().flatten() {
            if let Some(count) = self.counts.get_mut(place) {
                *count = change(*count);
            }
        }
    }

    /// The counts that a pair belongs to: one, where both of its items have the same.
    fn places(&self, pair: u64) -> (usize, Option<usize>) {
        self.places_of(self.items_of(pair))
    }

    fn items_of(&self, pair: u64) -> ItemPair {
        self.pool.pairs().items_of_pair(pair).unwrap_or_default()
    }

    fn places_of(&self, ItemPair { a, b }: ItemPair) -> (usize, Option<usize>) {
        let (first, second) = (self.place(a), self.place(b));
        (first, (second != first).then_some(second))
    }

    /// The count that an item belongs to.
    fn place(&self, item: u32) -> usize {
        match self.starts {
            None => item as usize,
            // The first item of a prompt stands for it.
            Some(starts) => {
                let after = starts.partition_point(|start| *start <= item);
                let start = after.checked_sub(1).and_then(|prompt| starts.get(prompt));
                start.map_or(0, |start| *start as usize)
            }
        }
    }
}
