//! [`Question`]: a pair to ask about, items by their numbers.

/// A pair to ask about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Question {
    /// The round that asks, from 1.
    pub round: u64,
    /// The number of the pair's first item, in the pool's order.
    pub a: u64,
    /// The number of its second item.
    pub b: u64,
    /// Where the pair stands in the candidates' list, from 0, if it comes from one.
    pub candidate: Option<u64>,
    /// The strategy's score; none where it has no scores.
    pub score: Option<f64>,
}

impl Question {
    /// A pair that no strategy has scored, and that comes from no list.
    #[must_use]
    pub const fn new(round: u64, a: u64, b: u64) -> Self {
        Self { round, a, b, candidate: None, score: None }
    }

    /// The pair's items, the smaller first: the same for both orders.
    #[must_use]
    pub const fn ascending(&self) -> (u64, u64) {
        if self.a < self.b { (self.a, self.b) } else { (self.b, self.a) }
    }
}
