//! Pairs of items whose embeddings are equal: whatever is answered, they teach nothing, so nobody is
//! asked about them while there is another pair.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::collections::BTreeMap;

use pairpick_core::pool::pairs_of;

use crate::data::embeddings::Embeddings;
use crate::data::fingerprints::{fingerprints, perhaps_equal};
use crate::error::Result;

/// The most pairs that are listed.
const MOST_LISTED: u64 = 1 << 26;

/// Items with equal embeddings, in groups of two or more.
#[derive(Debug, Default)]
pub(super) struct Identical(Vec<Vec<u64>>);

impl Identical {
    /// Those among some items, which ascend; of the same prompt only, if pairs are made within prompts.
    pub(super) fn of(embeddings: &Embeddings, items: &[u64], within_prompts: bool) -> Result<Self> {
        let prompt = |item| if within_prompts { embeddings.prompt_of(item) } else { 0 };
        let items = perhaps_equal(embeddings, items)?;
        let prints = fingerprints(embeddings, &items)?;
        let mut keys: Vec<(u64, u64, u64)> =
            items.iter().zip(prints).map(|(item, print)| (prompt(*item), print, *item)).collect();
        keys.sort_unstable();
        let groups = keys.chunk_by(|one, next| (one.0, one.1) == (next.0, next.1));
        let groups = groups.filter(|group| group.len() > 1);
        Ok(Self(groups.map(|group| group.iter().map(|(_, _, item)| *item).collect()).collect()))
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether they make more pairs than should be listed.
    pub(super) fn are_too_many(&self) -> bool {
        let pairs = self.0.iter().map(|group| pairs_of(group.len() as u64));
        pairs.fold(0, u64::saturating_add) > MOST_LISTED
    }

    /// All their pairs, the smaller item first.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().flat_map(|group| {
            let others = |(place, a): (usize, &u64)| {
                let (a, others) = (*a, group.iter().skip(place.saturating_add(1)));
                others.map(move |b| (a, *b)).collect::<Vec<_>>()
            };
            group.iter().enumerate().flat_map(others)
        })
    }

    /// The first of the group of each item that is in one.
    pub(super) fn firsts(&self) -> BTreeMap<u64, u64> {
        let firsts = self.0.iter().filter_map(|group| Some((*group.first()?, group)));
        firsts.flat_map(|(first, group)| group.iter().map(move |item| (*item, first))).collect()
    }

    /// All of a group but the first, ascending.
    pub(super) fn copies(&self) -> Vec<u64> {
        let mut copies: Vec<u64> =
            self.0.iter().flat_map(|group| group.iter().skip(1)).copied().collect();
        copies.sort_unstable();
        copies
    }
}
