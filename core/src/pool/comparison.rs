//! [`Comparison`]: a pair that has an answer.

use super::{ItemPair, Pair};
use crate::arith::Real;

/// An answered pair: two items and who won.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Comparison<T> {
    /// The first item, as a column of the embeddings.
    pub a: u32,
    /// The second item.
    pub b: u32,
    /// 1 if a is preferred, 0 if b is, ½ for a tie.
    pub label: T,
    /// How often the answer counts, above 0: 1 for one that was given once; as many as gave it; or
    /// its weight.
    pub count: T,
}

impl<T: Real> Pair for Comparison<T> {
    fn items(self) -> ItemPair {
        ItemPair { a: self.a, b: self.b }
    }

    fn count<U: Real>(self) -> U {
        U::from_real(self.count)
    }
}
