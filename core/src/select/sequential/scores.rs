//! [`Scores`]: the weight of one pair at a time, with the bits that a walk over the pool gives it.

use crate::arith::Real;
use crate::fisher::{Form, Weighting};
use crate::kernel::weights::Factors;
use crate::parallel::Executor;
use crate::pool::{Pairs, Pool};

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

    pub(super) fn weight<E: Executor>(&self, executor: &E, a: u32, b: u32) -> T {
        let reward = |item: u32| self.rewards.get(item as usize).copied().unwrap_or(T::ZERO);
        let (mut first, mut second) = ([T::ZERO; 2], [T::ZERO; 2]);
        self.form.factors(executor, &[reward(a)], &mut first);
        self.form.factors(executor, &[reward(b)], &mut second);
        let mut weight = [T::ONE];
        let factors = (Factors::of(&first), Factors::of(&second));
        self.form.weights(executor, factors, (a as usize, b as usize), &mut weight);
        let [weight] = weight;
        weight
    }
}
