//! The memory that a walk over the pairs of a pool works in.

use super::{bounded, cross_prompt, in_prompt, listed};
use crate::memory::{SCARCE, larger};
use crate::pool::{PairsSize, PoolSize};
use crate::whiten::whitener_len;

/// Sizes of the working memories of [`best_pairs`](super::best_pairs).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScoreWorkspaceLen {
    /// Numbers shared by all workers.
    pub shared: usize,
    /// Numbers a worker needs; a multiple lets more threads work.
    pub each: usize,
    /// Numbers that workers share out, to keep what they would else make again: of use, not needed.
    pub pooled: usize,
    /// Candidates, before those of the heaps: the items in the order in which they are looked at.
    pub items: usize,
}

impl ScoreWorkspaceLen {
    /// For leverages in a pool.
    #[must_use]
    pub const fn new(pool: &PoolSize) -> Self {
        let PoolSize { order, items, pairs } = *pool;
        let whitener = whitener_len(order);
        match pairs {
            PairsSize::InPrompt { block, short_block, .. } => {
                let block = if SCARCE { short_block } else { block };
                Self {
                    shared: whitener,
                    each: in_prompt::workspace_len(order, block),
                    pooled: 0,
                    items: 0,
                }
            }
            PairsSize::CrossPrompt => Self::bounded(order, items).with_shared(whitener),
            PairsSize::Listed(_) => {
                let shared = whitener.saturating_add(listed::whitened_len(order, items));
                Self { shared, each: listed::workspace_len(order, items), pooled: 0, items: 0 }
            }
        }
    }

    /// For leverages that no bound is known of: those drawn in proportion, and those of averaged
    /// weights. All pairs of all items take the whitened items as well.
    #[must_use]
    pub const fn exhaustive(pool: &PoolSize) -> Self {
        let PoolSize { order, items, .. } = *pool;
        match pool.pairs {
            PairsSize::CrossPrompt => {
                let all = Self::all(order, items).with_shared(whitener_len(order));
                all.max(Self::new(pool)).without_pooled()
            }
            _ => Self::new(pool),
        }
    }

    /// Numbers for so many workers.
    #[must_use]
    pub const fn numbers(self, workers: usize) -> usize {
        workers.saturating_mul(self.each).saturating_add(self.shared).saturating_add(self.pooled)
    }

    /// Candidates for a batch of so many pairs by so many workers.
    #[must_use]
    pub const fn heaps(self, workers: usize, batch: usize) -> usize {
        let heaps = if workers > 1 { workers.saturating_mul(batch) } else { 0 };
        heaps.saturating_add(self.items)
    }

    /// The same, a worker having at least so many numbers.
    pub(crate) const fn at_least(self, each: usize) -> Self {
        Self { each: larger(self.each, each), ..self }
    }

    /// What serves either: options may ask for weights that a strategy does not read.
    const fn max(self, other: Self) -> Self {
        Self {
            shared: larger(self.shared, other.shared),
            each: larger(self.each, other.each),
            pooled: larger(self.pooled, other.pooled),
            items: larger(self.items, other.items),
        }
    }

    const fn with_shared(self, shared: usize) -> Self {
        Self { shared: self.shared.saturating_add(shared), ..self }
    }

    /// For a walk that keeps nothing.
    const fn without_pooled(self) -> Self {
        Self { pooled: 0, ..self }
    }

    /// For all pairs of all items, by bounds.
    const fn bounded(rows: usize, items: usize) -> Self {
        let (shared, pooled) = (bounded::shared_len(rows, items), bounded::kept_len(rows, items));
        Self { shared, each: bounded::workspace_len(rows, items), pooled, items }
    }

    /// For all pairs of all items, each of them.
    const fn all(rows: usize, items: usize) -> Self {
        let shared = cross_prompt::whitened_len(rows, items);
        Self { shared, each: cross_prompt::workspace_len(items), pooled: 0, items: 0 }
    }

    /// For scores that are made of rewards alone.
    pub(crate) const fn margins(pool: &PoolSize, drawn: bool) -> Self {
        match pool.pairs {
            PairsSize::CrossPrompt if drawn => Self::all(0, pool.items),
            PairsSize::CrossPrompt => Self { shared: 0, each: 1, pooled: 0, items: pool.items },
            _ => Self::new(&PoolSize { order: 0, ..*pool }),
        }
    }

    /// For drops of a trace from so many rows of [`Stored`](super::Stored) columns, of which no bound is known.
    pub(crate) const fn drops(rows: usize, pool: &PoolSize) -> Self {
        match pool.pairs {
            PairsSize::CrossPrompt => Self::all(rows, pool.items),
            _ => Self::stored(rows, pool, true),
        }
    }

    /// For pairs that are scored from so many rows of [`Stored`](super::Stored) columns; of all pairs of all items, by
    /// bounds or each of them.
    pub(crate) const fn stored(rows: usize, pool: &PoolSize, bounded: bool) -> Self {
        match pool.pairs {
            PairsSize::InPrompt { short_block, .. } => {
                let each = in_prompt::workspace_len(rows, short_block);
                Self { shared: 0, each, pooled: 0, items: 0 }
            }
            PairsSize::CrossPrompt if bounded => Self::bounded(rows, pool.items),
            PairsSize::CrossPrompt => {
                Self::all(rows, pool.items).max(Self::bounded(rows, pool.items)).without_pooled()
            }
            // No panel of listed items: columns are there already.
            PairsSize::Listed(_) => Self { shared: 0, ..Self::margins(pool, false) },
        }
    }
}
