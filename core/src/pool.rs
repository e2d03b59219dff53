//! [`Pool`]: the pairs on offer, as indices; never as a matrix of differences.
//!
//! An in-prompt pool offers every pair of replies to one prompt. Pairs are numbered prompt by
//! prompt, and within a prompt (0, 1), (0, 2), …, (1, 2), …; pair number ↔ items is arithmetic.
//! Pairs that have a label are left out, by their numbers.

use crate::error::{Error, check_shape};
use crate::linalg::Columns;

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

    /// The number of the first pair of a prompt.
    #[must_use]
    pub fn first_pair(self, prompt: usize) -> u64 {
        self.first_pairs.get(prompt).copied().unwrap_or_else(|| self.pairs())
    }

    /// The number of the pair of items (a, b), a < b, of one prompt; `None` for any other pair.
    #[must_use]
    pub fn pair_number(self, a: u32, b: u32) -> Option<u64> {
        let prompt = self.starts.partition_point(|start| *start <= a).checked_sub(1)?;
        let (start, end) = self.items_of(prompt, prompt + 1);
        let (first, second) = (a as usize - start, b as usize);
        if second >= end || b <= a {
            return None;
        }
        let replies = (end - start) as u64;
        let first = first as u64;
        Some(self.first_pair(prompt) + first * (2 * replies - first - 1) / 2 + u64::from(b - a) - 1)
    }

    /// The items (a, b), a < b, of a pair; `None` beyond the last pair.
    #[must_use]
    pub fn items_of_pair(self, pair: u64) -> Option<(u32, u32)> {
        if pair >= self.pairs() {
            return None;
        }
        let prompt = self.first_pairs.partition_point(|first| *first <= pair).checked_sub(1)?;
        let (start, end) = self.items_of(prompt, prompt + 1);
        let mut left = pair - self.first_pair(prompt);
        let mut row = (end - start) as u64 - 1;
        let mut a = u32::try_from(start).ok()?;
        while left >= row {
            left -= row;
            row -= 1;
            a += 1;
        }
        Some((a, a + 1 + u32::try_from(left).ok()?))
    }

    /// The largest numbers of items, of pairs and of replies to one prompt in a block of `prompts`
    /// consecutive ones.
    #[must_use]
    pub fn largest_block(self, prompts: usize) -> BlockSize {
        let mut largest = BlockSize::default();
        for first in (0..self.len()).step_by(if prompts == 0 { 1 } else { prompts }) {
            let last = first.saturating_add(prompts);
            let (start, end) = self.items_of(first, last);
            let pairs = self.first_pair(last) - self.first_pair(first);
            largest.items = largest.items.max(end - start);
            largest.pairs = largest.pairs.max(usize::try_from(pairs).unwrap_or(usize::MAX));
        }
        for prompt in 0..self.len() {
            let (start, end) = self.items_of(prompt, prompt + 1);
            largest.replies = largest.replies.max(end - start);
        }
        largest
    }
}

/// Sizes of a block of prompts, for working memories.
#[derive(Clone, Copy, Debug, Default)]
pub struct BlockSize {
    /// Items.
    pub items: usize,
    /// Pairs.
    pub pairs: usize,
    /// Replies to one prompt.
    pub replies: usize,
}

/// Pairs of n items: n(n − 1)/2.
#[must_use]
pub const fn pairs_of(items: u64) -> u64 {
    // Half the even one of n and n − 1, times the odd one.
    (items / 2).saturating_mul(items.saturating_sub(1) | 1)
}

/// The pairs on offer, with the features of their items.
#[derive(Clone, Copy, Debug)]
pub struct Pool<'a> {
    features: Columns<'a, f32>,
    prompts: Prompts<'a>,
    labelled: &'a [u64],
}

impl<'a> Pool<'a> {
    /// All in-prompt pairs but the `labelled` ones (pair numbers, strictly ascending). `features`
    /// holds an item a column: the last layer φ.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there is a column for each item; [`Error::Index`] and
    /// [`Error::Parameter`] for labelled pairs out of range or out of order; [`Error::NonFinite`]
    /// for features that are no numbers.
    pub fn in_prompt(
        features: Columns<'a, f32>,
        prompts: Prompts<'a>,
        labelled: &'a [u64],
    ) -> Result<Self, Error> {
        check_shape("items of the pool", prompts.items(), features.len())?;
        let mut next = 0;
        for pair in labelled {
            if *pair >= prompts.pairs() {
                let len = prompts.pairs();
                return Err(Error::Index { what: "labelled pair", index: *pair, len });
            }
            if *pair < next {
                return Err(Error::Parameter { what: "labelled pairs must ascend strictly" });
            }
            next = *pair + 1;
        }
        match features.as_slice().iter().position(|value| !value.is_finite()) {
            Some(index) => Err(Error::NonFinite { what: "features", index }),
            None => Ok(Self { features, prompts, labelled }),
        }
    }

    /// The features, an item a column.
    #[must_use]
    pub fn features(&self) -> Columns<'a, f32> {
        self.features
    }

    /// The prompts and the numbering of their pairs.
    #[must_use]
    pub fn prompts(&self) -> Prompts<'a> {
        self.prompts
    }

    /// How many pairs are on offer.
    #[must_use]
    pub fn available(&self) -> u64 {
        self.prompts.pairs() - self.labelled.len() as u64
    }

    /// The pairs of `first..end` that are left out, by their numbers.
    #[must_use]
    pub fn labelled_in(&self, first: u64, end: u64) -> &'a [u64] {
        let from = self.labelled.partition_point(|pair| *pair < first);
        let to = self.labelled.partition_point(|pair| *pair < end);
        self.labelled.get(from..to).unwrap_or_default()
    }

    /// All pairs that are left out.
    #[must_use]
    pub fn labelled(&self) -> &'a [u64] {
        self.labelled
    }
}
