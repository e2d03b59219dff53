//! [`Selector`]: the core's selector over memory that grows.

use pairpick_core::memory::Growing;
use pairpick_core::select;
use pairpick_core::topk::Scored;

/// Picks batches in memory that grows to what a selection needs and serves the next one too.
pub type Selector<T> = select::Selector<
    Growing<Vec<T>>,
    Growing<Vec<Scored<T>>>,
    Growing<Vec<u64>>,
    Growing<Vec<Scored<T>>>,
>;
