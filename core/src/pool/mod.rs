//! [`Pool`]: the pairs on offer, as numbers; never as a matrix of differences.
//!
//! Three kinds of pool number their pairs ([`Pairs`]): every two replies to one prompt, every two
//! items of all, or a list. Pair number ↔ items is arithmetic, or a place in the list. Pairs that
//! have a label are left out, by their numbers.

mod chosen;
mod comparison;
mod prompts;
mod ranks;
mod size;

pub use self::chosen::Distinct;
pub(crate) use self::chosen::{PickedPairs, picked_len};
pub use self::comparison::Comparison;
pub use self::prompts::{Prompts, pairs_of};
pub use self::ranks::{pairs_of_ranks, ranks_of_pairs};
pub use self::size::{BlockSize, LONG, PairsSize, PoolSize};
pub(crate) use self::size::{PromptSizes, SHORT_BLOCK};

use core::ops::Range;

use self::prompts::{first_pair_of, pair_of_items, place_of_items};
use crate::arith::Real;
use crate::columns::Columns;
use crate::error::{Error, check_shape};

/// Two items, by their columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ItemPair {
    /// The first item.
    pub a: u32,
    /// The second.
    pub b: u32,
}

impl From<(u32, u32)> for ItemPair {
    fn from((a, b): (u32, u32)) -> Self {
        Self { a, b }
    }
}

/// Pairs of one item with items that follow each other.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// The first item of each.
    pub(crate) a: u32,
    /// The second items.
    pub(crate) others: Range<u32>,
}

/// What names two items.
pub trait Pair: Copy + Sync {
    /// The two items.
    fn items(self) -> ItemPair;

    /// How often it counts in a sum over pairs: once, unless it is a [`Comparison`] that says otherwise.
    fn count<T: Real>(self) -> T {
        T::ONE
    }
}

impl Pair for ItemPair {
    fn items(self) -> ItemPair {
        self
    }
}

/// Which pairs there are, and how they are numbered.
#[derive(Clone, Copy, Debug)]
pub enum Pairs<'a> {
    /// Every two replies to one prompt: prompt by prompt, and within a prompt (0, 1), (0, 2), …,
    /// (1, 2), ….
    InPrompt(Prompts<'a>),
    /// Every two of so many items, whatever their prompts: (0, 1), (0, 2), …, (1, 2), ….
    CrossPrompt(u32),
    /// The pairs of a list, by their places in it.
    Listed(&'a [ItemPair]),
}

impl Pairs<'_> {
    /// How many pairs there are.
    #[must_use]
    pub fn len(self) -> u64 {
        match self {
            Self::InPrompt(prompts) => prompts.pairs(),
            Self::CrossPrompt(items) => pairs_of(u64::from(items)),
            Self::Listed(pairs) => pairs.len() as u64,
        }
    }

    /// Whether there is no pair.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The items of a pair; `None` beyond the last pair.
    #[must_use]
    pub fn items_of_pair(self, pair: u64) -> Option<ItemPair> {
        match self {
            Self::InPrompt(prompts) => prompts.items_of_pair(pair),
            Self::CrossPrompt(items) => place_of_items(u64::from(items), pair),
            Self::Listed(pairs) => pairs.get(usize::try_from(pair).ok()?).copied(),
        }
    }

    /// The items of the pairs from number `first` on, in order.
    pub fn items_from(self, first: u64) -> impl Iterator<Item = ItemPair> {
        self.runs_from(first).flat_map(|Run { a, others }| others.map(move |b| ItemPair { a, b }))
    }

    /// The same, those of one first item and consecutive others at a time.
    pub(crate) fn runs_from(self, first: u64) -> impl Iterator<Item = Run> {
        let mut next = match self {
            Self::Listed(_) => None,
            _ => self.items_of_pair(first).map(|ItemPair { a, b }| Run { a, others: b..b }),
        };
        if let Some(Run { a, others }) = &mut next {
            others.end = self.end_of_prompt(*a);
        }
        let mut place = usize::try_from(first).unwrap_or(usize::MAX);
        core::iter::from_fn(move || {
            if let Self::Listed(pairs) = self {
                let ItemPair { a, b } = *pairs.get(place)?;
                place += 1;
                return Some(Run { a, others: b..b.saturating_add(1) });
            }
            let run = next.take()?;
            next = self.run_after(&run);
            Some(run)
        })
    }

    /// Those of the next item that has any.
    fn run_after(self, run: &Run) -> Option<Run> {
        let (mut a, mut end) = (run.a.saturating_add(1), run.others.end);
        while a.saturating_add(1) >= end {
            // The last item of a prompt is paired with no later one.
            a = end;
            end = self.end_of_prompt(a);
            if end <= a {
                return None;
            }
        }
        Some(Run { a, others: a.saturating_add(1)..end })
    }

    /// The item behind the last that an item is paired with: of itself, where there is no such item.
    fn end_of_prompt(self, item: u32) -> u32 {
        match self {
            Self::InPrompt(prompts) => prompts.end_of_prompt(item),
            Self::CrossPrompt(items) => items,
            Self::Listed(_) => item,
        }
    }

    /// Numbers among which those of all pairs with one of these items are, which belong to one prompt
    /// where there are prompts.
    pub(crate) fn touching(self, items: &Range<u32>) -> Range<u64> {
        match self {
            Self::InPrompt(prompts) => prompts.pairs_of_prompt(items.start),
            Self::CrossPrompt(_) | Self::Listed(_) => 0..self.len(),
        }
    }

    /// The number of the pair of items (a, b), a < b; `None` for items that make no pair here. A
    /// list is not searched.
    #[must_use]
    pub fn pair_number(self, a: u32, b: u32) -> Option<u64> {
        match self {
            Self::InPrompt(prompts) => prompts.pair_number(a, b),
            Self::CrossPrompt(items) if a < b && b < items => {
                Some(pair_of_items(u64::from(items), u64::from(a), u64::from(b)))
            }
            Self::CrossPrompt(_) | Self::Listed(_) => None,
        }
    }
}

/// The pairs on offer, with the features of their items.
#[derive(Clone, Copy, Debug)]
pub struct Pool<'a> {
    features: Columns<'a, f32>,
    pairs: Pairs<'a>,
    labelled: &'a [u64],
    prompt_starts: Option<&'a [u32]>,
    size: PoolSize,
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
        Self::new(features, Pairs::InPrompt(prompts), labelled)
    }

    /// All pairs of all items, within prompts and across them, but the `labelled` ones.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for more than 2³² − 1 items; otherwise as [`Pool::in_prompt`].
    pub fn cross_prompt(features: Columns<'a, f32>, labelled: &'a [u64]) -> Result<Self, Error> {
        let items = u32::try_from(features.len()).map_err(|_| Error::TooLarge {
            what: "items of the pool",
            limit: u32::MAX as usize,
            found: features.len(),
        })?;
        Self::new(features, Pairs::CrossPrompt(items), labelled)
    }

    /// The pairs of a list but the `labelled` ones (places in the list). A pair that stands there
    /// twice is offered twice.
    ///
    /// # Errors
    /// [`Error::Index`] for a pair that names an item that does not exist; otherwise as
    /// [`Pool::in_prompt`].
    pub fn listed(
        features: Columns<'a, f32>,
        pairs: &'a [ItemPair],
        labelled: &'a [u64],
    ) -> Result<Self, Error> {
        check_pairs(pairs, features.len())?;
        Self::new(features, Pairs::Listed(pairs), labelled)
    }

    fn new(
        features: Columns<'a, f32>,
        pairs: Pairs<'a>,
        labelled: &'a [u64],
    ) -> Result<Self, Error> {
        let mut next = 0;
        for pair in labelled {
            if *pair >= pairs.len() {
                let len = pairs.len();
                return Err(Error::Index { what: "labelled pair", index: *pair, len });
            }
            if *pair < next {
                return Err(Error::Parameter { what: "labelled pairs must ascend strictly" });
            }
            next = *pair + 1;
        }
        match features.as_slice().iter().position(|value| !value.is_finite()) {
            Some(index) => Err(Error::NonFinite { what: "features", index }),
            None => {
                let size = PoolSize::of(features.rows(), features.len(), pairs);
                Ok(Self { features, pairs, labelled, prompt_starts: None, size })
            }
        }
    }

    /// The same pool, its items those of prompts: prompt p has the items `starts[p]..starts[p + 1]`.
    /// An in-prompt pool knows its own.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless `starts` begins with 0 and never descends; [`Error::Shape`]
    /// unless it ends with the number of items.
    pub fn with_prompts(self, starts: &'a [u32]) -> Result<Self, Error> {
        if starts.first() != Some(&0) {
            return Err(Error::Parameter { what: "prompt starts must begin with 0" });
        }
        // The standard library's `is_sorted` keeps a panic.
        if starts.iter().zip(starts.iter().skip(1)).any(|(start, end)| end < start) {
            return Err(Error::Parameter { what: "prompt starts must not descend" });
        }
        let items = starts.last().map_or(0, |end| *end as usize);
        check_shape("items of the prompts", self.features.len(), items)?;
        Ok(Self { prompt_starts: Some(starts), ..self })
    }

    /// Where each prompt's items begin, and the last one's end, if prompts are known.
    #[must_use]
    pub fn prompt_starts(&self) -> Option<&'a [u32]> {
        match self.pairs {
            Pairs::InPrompt(prompts) => Some(prompts.starts()),
            Pairs::CrossPrompt(_) | Pairs::Listed(_) => self.prompt_starts,
        }
    }

    /// The features, an item a column.
    #[must_use]
    pub fn features(&self) -> Columns<'a, f32> {
        self.features
    }

    /// The pairs and their numbering.
    #[must_use]
    pub fn pairs(&self) -> Pairs<'a> {
        self.pairs
    }

    /// How large it is.
    #[must_use]
    pub const fn size(&self) -> PoolSize {
        self.size
    }

    /// How many pairs are on offer.
    #[must_use]
    pub fn available(&self) -> u64 {
        self.pairs.len() - self.labelled.len() as u64
    }

    /// The pairs of `first..end` that are left out, by their numbers.
    #[must_use]
    pub fn labelled_in(&self, first: u64, end: u64) -> &'a [u64] {
        let from = self.labelled.partition_point(|pair| *pair < first);
        let to = self.labelled.partition_point(|pair| *pair < end);
        self.labelled.get(from..to).unwrap_or_default()
    }

    /// The pairs that are left out whose first item is one of `first..end`: of a pool that offers every
    /// two of its items, or every two of a prompt.
    pub(crate) fn labelled_from(&self, first: usize, end: usize) -> &'a [u64] {
        let items = self.features.len() as u64;
        let number = |item: usize| match self.pairs {
            Pairs::InPrompt(prompts) => prompts.first_pair_from(item),
            _ => first_pair_of(items, (item as u64).min(items)),
        };
        self.labelled_in(number(first), number(end))
    }

    /// All pairs that are left out.
    #[must_use]
    pub fn labelled(&self) -> &'a [u64] {
        self.labelled
    }
}

/// Fails with [`Error::Index`] if a pair names an item that does not exist.
pub(crate) fn check_pairs(pairs: &[impl Pair], items: usize) -> Result<(), Error> {
    for pair in pairs {
        let ItemPair { a, b } = pair.items();
        let index = a.max(b);
        if index as usize >= items {
            let what = "item of a pair";
            return Err(Error::Index { what, index: u64::from(index), len: items as u64 });
        }
    }
    Ok(())
}

/// How many pairs a pool has whose pairs can be gone through one by one.
///
/// # Errors
/// [`Error::AllPairs`] for a pool of every two of its items.
pub(crate) fn enumerable_pairs(pool: &Pool<'_>) -> Result<usize, Error> {
    match pool.pairs() {
        Pairs::CrossPrompt(_) => Err(Error::AllPairs),
        Pairs::InPrompt(_) | Pairs::Listed(_) => {
            let (limit, found) = (usize::MAX, usize::MAX);
            usize::try_from(pool.pairs().len()).map_err(|_| Error::TooLarge {
                what: "pairs of the pool",
                limit,
                found,
            })
        }
    }
}
