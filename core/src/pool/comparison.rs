//! [`Comparison`]: a pair that has an answer.

use super::{ItemPair, Pair};

/// An answered pair: two items and who won.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison<T> {
    /// The first item, as a column of the embeddings.
    pub a: u32,
    /// The second item.
    pub b: u32,
    /// 1 if a is preferred, 0 if b is, ½ for a tie.
    pub label: T,
}

impl<T: Copy + Sync> Pair for Comparison<T> {
    fn items(self) -> ItemPair {
        ItemPair { a: self.a, b: self.b }
    }
}
