//! [`Scores`]: the weight of one pair at a time, with the bits that a walk over the pool gives it.

use crate::arith::Real;
use crate::fisher::{Form, ItemFactors, Weighting};
use crate::parallel::Executor;
use crate::pool::{ItemPair, Pairs, Pool};

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
    form: Form<'a, T>,
}

impl<'a, T: Real> Scores<'a, T> {
    pub(super) fn new(pool: &Pool<'_>, weighting: Weighting<'a, T>, rewards: &'a [T]) -> Self {
        let form = match (pool.pairs(), weighting) {
            (Pairs::CrossPrompt(_), _) | (_, Weighting::Averaged(_)) => {
                Form::of(weighting, rewards)
            }
            _ => Form::Stable,
        };
        Self { rewards, weighting, form }
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
        let (mut first, mut second) = ([T::ZERO; 2], [T::ZERO; 2]);
        self.form.factors(executor, &[reward(items.a)], &mut first);
        self.form.factors(executor, &[reward(items.b)], &mut second);
        let mut weight = [T::ONE];
        let row = ItemFactors::of(items.a as usize, &first);
        let column = ItemFactors::of(items.b as usize, &second);
        self.form.weights(executor, row, column, &mut weight);
        let [weight] = weight;
        WeighedPair { items, weight }
    }
}
