//! The owners of the core's working memory, over memory that grows.

use pairpick_core::memory::Growing;
use pairpick_core::pool::ItemPair;
use pairpick_core::topk::Scored;
use pairpick_core::{certificate, select};

/// Picks batches in memory that grows to what a selection needs and serves the next one too.
pub type Selector<T> = select::Selector<
    Growing<Vec<T>>,
    Growing<Vec<Scored<T>>>,
    Growing<Vec<u64>>,
    Growing<Vec<Scored<T>>>,
>;

/// Measures and bounds batches, likewise.
pub type Certifier<T> = certificate::Certifier<
    Growing<Vec<T>>,
    Growing<Vec<Scored<T>>>,
    Growing<Vec<ItemPair>>,
    Growing<Vec<u64>>,
>;
