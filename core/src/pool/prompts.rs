//! [`Prompts`]: which items belong to which prompt, and the arithmetic between a pair's number and
//! its items.

use core::ops::Range;

use super::ItemPair;
use crate::error::{Error, check_shape};

/// Which items belong to which prompt, and how pairs are numbered. Prompts may have different
/// numbers of replies.
#[derive(Clone, Copy, Debug)]
pub struct Prompts<'a> {
    starts: &'a [u32],
    first_pairs: &'a [u64],
}

impl<'a> Prompts<'a> {
    /// Prompt p has the items `starts[p]..starts[p + 1]`. `first_pairs`, as long as `starts`, is
    /// filled with the number of each prompt's first pair.
    ///
    /// # Errors
    /// [`Error::Empty`] without a prompt, [`Error::Shape`] where the lengths differ,
    /// [`Error::Parameter`] unless `starts` begins with 0 and never descends.
    pub fn new(starts: &'a [u32], first_pairs: &'a mut [u64]) -> Result<Self, Error> {
        if starts.len() < 2 {
            return Err(Error::Empty { what: "prompts" });
        }
        check_shape("first pair of each prompt", starts.len(), first_pairs.len())?;
        if starts.first() != Some(&0) {
            return Err(Error::Parameter { what: "prompt starts must begin with 0" });
        }
        let mut pairs = 0_u64;
        let mut previous = 0;
        for (start, first) in starts.iter().zip(first_pairs.iter_mut()) {
            let Some(replies) = start.checked_sub(previous) else {
                return Err(Error::Parameter { what: "prompt starts must not descend" });
            };
            pairs += pairs_of(u64::from(replies));
            *first = pairs;
            previous = *start;
        }
        Ok(Self { starts, first_pairs })
    }

    /// How many prompts there are.
    #[must_use]
    pub fn len(self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    pub(super) const fn starts(self) -> &'a [u32] {
        self.starts
    }

    /// Never: there is at least one prompt.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// How many items all prompts have.
    #[must_use]
    pub fn items(self) -> usize {
        self.starts.last().map_or(0, |end| *end as usize)
    }

    /// How many pairs all prompts have.
    #[must_use]
    pub fn pairs(self) -> u64 {
        self.first_pairs.last().copied().unwrap_or(0)
    }

    /// The items of prompts `first..end` as a range of item indices.
    #[must_use]
    pub fn items_of(self, first: usize, end: usize) -> (usize, usize) {
        let start = |prompt: usize| {
            self.starts.get(prompt).map_or_else(|| self.items(), |start| *start as usize)
        };
        (start(first), start(end))
    }

    /// The item behind the last of the prompt that an item belongs to.
    pub(super) fn end_of_prompt(self, item: u32) -> u32 {
        let prompt = self.starts.partition_point(|start| *start <= item);
        self.starts.get(prompt).copied().unwrap_or(item)
    }

    /// The pairs of the prompt that an item belongs to.
    pub(super) fn pairs_of_prompt(self, item: u32) -> Range<u64> {
        let after = self.starts.partition_point(|start| *start <= item);
        self.first_pair(after.saturating_sub(1))..self.first_pair(after)
    }

    /// The number of the first pair of a prompt.
    #[must_use]
    pub fn first_pair(self, prompt: usize) -> u64 {
        self.first_pairs.get(prompt).copied().unwrap_or_else(|| self.pairs())
    }

    /// The number of the first pair whose first item is this one or a later one.
    pub(super) fn first_pair_from(self, item: usize) -> u64 {
        let after = self.starts.partition_point(|start| *start as usize <= item);
        let Some(prompt) = after.checked_sub(1) else {
            return 0;
        };
        let (start, end) = self.items_of(prompt, prompt + 1);
        let (replies, place) = (end.saturating_sub(start), item.saturating_sub(start));
        let within = first_pair_of(replies as u64, place.min(replies) as u64);
        self.first_pair(prompt).saturating_add(within)
    }

    /// The number of the pair of items (a, b), a < b, of one prompt; `None` for any other pair.
    #[must_use]
    pub fn pair_number(self, a: u32, b: u32) -> Option<u64> {
        let prompt = self.starts.partition_point(|start| *start <= a).checked_sub(1)?;
        let (start, end) = self.items_of(prompt, prompt + 1);
        if b as usize >= end || b <= a {
            return None;
        }
        let place = |item: u32| (item as usize).saturating_sub(start) as u64;
        let within = pair_of_items((end - start) as u64, place(a), place(b));
        Some(self.first_pair(prompt).saturating_add(within))
    }

    /// The items (a, b), a < b, of a pair; `None` beyond the last pair.
    #[must_use]
    pub fn items_of_pair(self, pair: u64) -> Option<ItemPair> {
        if pair >= self.pairs() {
            return None;
        }
        let prompt = self.first_pairs.partition_point(|first| *first <= pair).checked_sub(1)?;
        let (start, end) = self.items_of(prompt, prompt + 1);
        let replies = (end - start) as u64;
        let ItemPair { a, b } = place_of_items(replies, pair - self.first_pair(prompt))?;
        let start = u32::try_from(start).ok()?;
        Some(ItemPair { a: start.checked_add(a)?, b: start.checked_add(b)? })
    }
}

/// Pairs of n items: n(n − 1)/2.
#[must_use]
pub const fn pairs_of(items: u64) -> u64 {
    // Half the even one of n and n − 1, times the odd one.
    (items / 2).saturating_mul(items.saturating_sub(1) | 1)
}

/// The number of the pair (a, b), a < b, among all pairs of so many items: (0, 1), (0, 2), ….
pub(super) const fn pair_of_items(items: u64, a: u64, b: u64) -> u64 {
    first_pair_of(items, a).saturating_add(b).saturating_sub(a + 1)
}

/// The items of a pair by its number among all pairs of so many items; `None` beyond the last.
pub(super) fn place_of_items(items: u64, pair: u64) -> Option<ItemPair> {
    if pair >= pairs_of(items) {
        return None;
    }
    // The last item whose first pair is not after this one, by bisection.
    let (mut a, mut above) = (0, items);
    while above - a > 1 {
        let middle = a + (above - a) / 2;
        if first_pair_of(items, middle) <= pair {
            a = middle;
        } else {
            above = middle;
        }
    }
    let b = (a + 1).saturating_add(pair - first_pair_of(items, a));
    Some(ItemPair { a: u32::try_from(a).ok()?, b: u32::try_from(b).ok()? })
}

/// The number of the pair (a, a + 1).
pub(super) const fn first_pair_of(items: u64, a: u64) -> u64 {
    a.saturating_mul(items).saturating_sub(pairs_of(a.saturating_add(1)))
}
