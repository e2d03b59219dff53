//! [`Walk`]: the pairs of a pool by what they would add to log|M|, and the matrix of some of them.

use crate::arith::{Real, log1p};
use crate::error::Error;
use crate::fisher::{Weighting, add_pairs};
use crate::linalg::{CholeskyView, PackedView};
use crate::parallel::Executor;
use crate::pool::{ItemPair, PickedPairs};
use crate::score::{Criterion, Ranking, best_in};
use crate::select::Problem;
use crate::topk::Scored;

/// Walks over the pairs of the pool.
pub(super) struct Walk<'a, T, E> {
    pub(super) problem: &'a Problem<'a, T, E>,
    pub(super) rewards: &'a [T],
    pub(super) numbers: &'a mut [T],
    pub(super) heaps: &'a mut [Scored<T>],
    pub(super) best: &'a mut [Scored<T>],
    pub(super) pairs: &'a mut [ItemPair],
}

impl<T: Real, E: Executor> Walk<'_, T, E> {
    /// Finds the pairs with the largest w dᵀM⁻¹d, as many as a batch has, but for those picked.
    pub(super) fn find(
        &mut self,
        factor: &CholeskyView<'_, T>,
        picked: Option<&PickedPairs<'_>>,
    ) -> Result<&[Scored<T>], Error> {
        if self.best.is_empty() {
            return Ok(&[]);
        }
        let Problem { executor, pool, .. } = *self.problem;
        let criterion = Criterion::Leverage(factor, Weighting::Bernoulli);
        let mut ranking = Ranking::new(pool, self.rewards, criterion);
        if let Some(picked) = picked {
            ranking = ranking.beside(picked);
        }
        let parts = 0..ranking.parts();
        Ok(best_in(executor, &ranking, parts, self.numbers, self.heaps, self.best)?)
    }

    /// The sum of the largest gains ln(1 + w dᵀM⁻¹d) of one pair each.
    pub(super) fn largest_gains(
        &mut self,
        factor: &CholeskyView<'_, T>,
        picked: Option<&PickedPairs<'_>>,
    ) -> Result<f64, Error> {
        let mut sum = 0.0;
        for pair in self.find(factor, picked)? {
            sum += log1p(pair.score.to_f64());
        }
        Ok(sum)
    }

    /// The matrix of a batch.
    pub(super) fn sum(
        &mut self,
        batch: &[Scored<T>],
        sum: &mut PackedView<'_, T>,
    ) -> Result<(), Error> {
        sum_pairs(self.problem, batch, self.rewards, self.pairs, sum, self.numbers)
    }

    /// That of the pairs found last.
    pub(super) fn sum_found(&mut self, sum: &mut PackedView<'_, T>) -> Result<(), Error> {
        sum_pairs(self.problem, self.best, self.rewards, self.pairs, sum, self.numbers)
    }
}

/// The matrix of a batch, Σ w ddᵀ in pair form.
fn sum_pairs<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    batch: &[Scored<T>],
    rewards: &[T],
    pairs: &mut [ItemPair],
    sum: &mut PackedView<'_, T>,
    numbers: &mut [T],
) -> Result<(), Error> {
    let Problem { executor, pool, .. } = *problem;
    for (slot, scored) in pairs.iter_mut().zip(batch) {
        let len = pool.pairs().len();
        let outside = Error::Index { what: "pair of a batch", index: scored.pair, len };
        *slot = pool.pairs().items_of_pair(scored.pair).ok_or(outside)?;
    }
    sum.clear();
    add_pairs(executor, pool.features(), pairs, rewards, Weighting::Bernoulli, sum, numbers)
}
