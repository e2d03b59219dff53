//! [`PoolSize`]: how large a pool is, which sizes the memory that works on it.

use super::{Pairs, pairs_of};
use crate::arith::sum;
use crate::memory::larger;

/// Prompts of a short block, where the columns of items are long. Not part of the contract: items
/// do not meet.
pub(crate) const SHORT_BLOCK: usize = 8;

/// Replies to a prompt up to which the pairs of a block of prompts are looked at together. A prompt with
/// more is looked at alone, a block of its items with a block of others: what that takes does not grow
/// with the prompt. Not part of the contract: sums and scores keep their bits.
pub const LONG: usize = 512;

/// How large a pool is. It borrows nothing, so that a program can size its memory when it is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PoolSize {
    /// Features of an item: H.
    pub order: usize,
    /// Items.
    pub items: usize,
    /// Pairs.
    pub pairs: PairsSize,
}

/// How many pairs there are, and how many of them are looked at together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum PairsSize {
    /// Every two replies to one prompt.
    InPrompt {
        /// How many pairs there are.
        pairs: usize,
        /// The largest block of [`sum::PROMPTS`] prompts.
        block: BlockSize,
        /// The largest block of a third as many, where the columns of items are long.
        short_block: BlockSize,
    },
    /// Every two items.
    CrossPrompt,
    /// So many pairs of a list.
    Listed(usize),
}

/// Sizes of a block of prompts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BlockSize {
    /// Items.
    pub items: usize,
    /// Pairs.
    pub pairs: usize,
    /// Replies to one prompt.
    pub replies: usize,
}

impl PoolSize {
    /// The in-prompt pairs of prompts that have the items `starts[p]..starts[p + 1]`.
    #[must_use]
    pub const fn in_prompt(order: usize, starts: &[u32]) -> Self {
        let (mut prompts, mut rest) = (PromptSizes::NONE, starts);
        while let [start, later @ ..] = rest {
            if let [end, ..] = later {
                prompts = prompts.with(end.saturating_sub(*start) as usize);
            }
            rest = later;
        }
        prompts.pool(order)
    }

    /// The in-prompt pairs of so many prompts of so many replies each.
    #[must_use]
    pub const fn uniform(order: usize, prompts: usize, replies: usize) -> Self {
        let own = saturated(pairs_of(replies as u64));
        let pairs = PairsSize::InPrompt {
            pairs: prompts.saturating_mul(own),
            block: BlockSize::uniform(sum::longest(sum::PROMPTS, prompts), replies),
            short_block: BlockSize::uniform(sum::longest(SHORT_BLOCK, prompts), replies),
        };
        Self { order, items: prompts.saturating_mul(replies), pairs }
    }

    /// Every two of so many items.
    #[must_use]
    pub const fn cross_prompt(order: usize, items: usize) -> Self {
        Self { order, items, pairs: PairsSize::CrossPrompt }
    }

    /// So many listed pairs of so many items.
    #[must_use]
    pub const fn listed(order: usize, items: usize, pairs: usize) -> Self {
        Self { order, items, pairs: PairsSize::Listed(pairs) }
    }

    /// Of these pairs of items.
    pub(super) const fn of(order: usize, items: usize, pairs: Pairs<'_>) -> Self {
        match pairs {
            Pairs::InPrompt(prompts) => Self::in_prompt(order, prompts.starts()),
            Pairs::CrossPrompt(_) => Self::cross_prompt(order, items),
            Pairs::Listed(pairs) => Self::listed(order, items, pairs.len()),
        }
    }

    /// Whether some prompt is too long for its pairs to be looked at together.
    pub(crate) const fn has_long_prompts(&self) -> bool {
        matches!(self.pairs, PairsSize::InPrompt { block, .. } if block.is_long())
    }

    /// How many pairs there are.
    pub(crate) const fn count(&self) -> usize {
        match self.pairs {
            PairsSize::InPrompt { pairs, .. } | PairsSize::Listed(pairs) => pairs,
            PairsSize::CrossPrompt => saturated(pairs_of(self.items as u64)),
        }
    }
}

impl BlockSize {
    /// Of one prompt that is as long as its pairs can be looked at together.
    pub(crate) const LONGEST: Self = Self::uniform(1, LONG);

    /// Whether some prompt is longer.
    pub(crate) const fn is_long(&self) -> bool {
        self.replies > LONG
    }

    const fn uniform(prompts: usize, replies: usize) -> Self {
        let pairs = saturated(pairs_of(replies as u64));
        Self {
            items: prompts.saturating_mul(replies),
            pairs: prompts.saturating_mul(pairs),
            replies: if prompts == 0 { 0 } else { replies },
        }
    }
}

/// The sizes of some prompts, taken one by one.
#[derive(Clone, Copy)]
pub(crate) struct PromptSizes {
    items: usize,
    pairs: usize,
    block: Blocks,
    short_block: Blocks,
}

impl PromptSizes {
    pub(crate) const NONE: Self = Self {
        items: 0,
        pairs: 0,
        block: Blocks::of(sum::PROMPTS),
        short_block: Blocks::of(SHORT_BLOCK),
    };

    /// With one more prompt.
    pub(crate) const fn with(self, replies: usize) -> Self {
        let pairs = saturated(pairs_of(replies as u64));
        Self {
            items: self.items.saturating_add(replies),
            pairs: self.pairs.saturating_add(pairs),
            block: self.block.with(replies, pairs),
            short_block: self.short_block.with(replies, pairs),
        }
    }

    /// The pool of their in-prompt pairs.
    pub(crate) const fn pool(self, order: usize) -> PoolSize {
        let Self { items, pairs, .. } = self;
        let (block, short_block) = (self.block.largest, self.short_block.largest);
        PoolSize { order, items, pairs: PairsSize::InPrompt { pairs, block, short_block } }
    }
}

/// The largest block of so many prompts, among those so far.
#[derive(Clone, Copy)]
struct Blocks {
    prompts: usize,
    /// Prompts of the last block, their items and their pairs.
    held: usize,
    items: usize,
    pairs: usize,
    largest: BlockSize,
}

impl Blocks {
    const fn of(prompts: usize) -> Self {
        let largest = BlockSize { items: 0, pairs: 0, replies: 0 };
        Self { prompts, held: 0, items: 0, pairs: 0, largest }
    }

    const fn with(self, replies: usize, pairs: usize) -> Self {
        let Self { prompts, held, .. } = self;
        let full = held == prompts;
        let (before, held) = if full { ((0, 0), 1) } else { ((self.items, self.pairs), held + 1) };
        let (items, pairs) = (before.0.saturating_add(replies), before.1.saturating_add(pairs));
        let largest = BlockSize {
            items: larger(self.largest.items, items),
            pairs: larger(self.largest.pairs, pairs),
            replies: larger(self.largest.replies, replies),
        };
        Self { prompts, held, items, pairs, largest }
    }
}

/// A number of pairs, or as many as can be addressed.
const fn saturated(pairs: u64) -> usize {
    if pairs > usize::MAX as u64 { usize::MAX } else { pairs as usize }
}
