//! The fixed blocks of every sum that threads or machines may share (the numeric contract, 3).
//!
//! A long sum is cut by global index into blocks of these sizes, each block summed in ascending
//! order, the block sums folded in ascending order. They are part of the contract: another size is
//! other bits, and a new contract version.

/// Prompts in a block of the in-prompt Fisher sum.
pub const PROMPTS: usize = 25;

/// Pairs in a block of a sum over listed or labelled pairs, and of loss values.
pub const PAIRS: usize = 256;

/// Items in a block of sums over items: standardisation, covariance, cross-prompt pairs.
pub const ITEMS: usize = 256;

/// Items in a block of the sum over items in the order of their rewards.
pub const SORTED_ITEMS: usize = 64;

/// Picks of a sequential design between two factorisations of its matrix from scratch.
pub const PICKS: usize = 64;

/// Pairs of a pool up to which a design of traces keeps its numbers a pair: 32 MiB in f64.
pub const KEPT_PAIRS: usize = 1 << 20;

/// How long the blocks of a sum of `len` terms get: `block`, or less where there are fewer terms.
/// Sizes memory alone, and so no bits.
pub(crate) const fn longest(block: usize, len: usize) -> usize {
    if len < block { len } else { block }
}
