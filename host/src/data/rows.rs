//! [`Rows`]: what a file beside embeddings must fit: a number or a text for each of their rows.

use std::path::Path;

use super::item::ItemName;
use crate::error::Shape;

/// The rows of a file of embeddings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows<'a> {
    /// The file.
    pub embeddings: &'a Path,
    /// (N, K, D) or (M, D).
    pub shape: &'a Shape,
}

impl Rows<'_> {
    /// (N, K) or (M,).
    pub fn axes(&self) -> &[u64] {
        self.shape.0.split_last().map_or(&[], |(_, axes)| axes)
    }

    /// K, where there is an axis of prompts.
    pub fn responses(&self) -> Option<u64> {
        self.axes().get(1).copied()
    }

    /// N · K, or M.
    pub fn count(&self) -> u64 {
        self.axes().iter().copied().fold(1, u64::saturating_mul)
    }

    /// How files name the item of a row.
    pub fn name(&self, row: u64) -> ItemName {
        match self.responses() {
            None => ItemName::Row(row),
            Some(responses) => ItemName::Response([
                row.checked_div(responses).unwrap_or(0),
                row.checked_rem(responses).unwrap_or(0),
            ]),
        }
    }
}
