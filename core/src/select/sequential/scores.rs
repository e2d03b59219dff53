//! [`Scores`]: the weight of one pair at a time, with the bits that a walk over the pool gives it.

use crate::arith::Real;
use crate::fisher::Weighting;
use crate::parallel::Executor;
use crate::pool::ItemPair;

/// A pair and its weight w.
#[derive(Clone, Copy)]
pub(super) struct WeighedPair<T> {
    pub(super) items: ItemPair,
    pub(super) weight: T,
}

/// Rewards, and how weights are made of them.
#[derive(Clone, Copy)]
pub(super) struct Scores<'a, T> {
    rewards: &'a [T],
    weighting: Weighting<'a, T>,
}

impl<'a, T: Real> Scores<'a, T> {
    pub(super) fn new(weighting: Weighting<'a, T>, rewards: &'a [T]) -> Self {
        Self { rewards, weighting }
    }

    pub(super) fn rewards(&self) -> &'a [T] {
        self.rewards
    }

    pub(super) fn weighting(&self) -> Weighting<'a, T> {
        self.weighting
    }

    /// A pair of items with its weight.
    pub(super) fn weigh<E: Executor>(&self, executor: &E, items: ItemPair) -> WeighedPair<T> {
        let reward = |item: u32| self.rewards.get(item as usize).copied().unwrap_or(T::ZERO);
        let mut weight = [reward(items.a) - reward(items.b)];
        self.weighting.apply(executor, core::iter::once(items), &mut weight);
        let [weight] = weight;
        WeighedPair { items, weight }
    }
}
