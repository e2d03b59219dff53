//! The weights of all pairs of two blocks of items, as a cross-prompt pool needs them: the product
//! form where the rewards' range allows it, the stable form elsewhere.
//!
//! The product form's factors e^(±r/2) overflow for large rewards and then give weights of 0 or
//! NaN, so it is used only while max r − min r is within [`Real::PRODUCT_RANGE`], with r centred on
//! the middle of that range. Which form is used depends on the pool's rewards alone.

use super::Weighting;
use super::averaged::averaged_weights;
use crate::arith::bernoulli::Variance;
use crate::arith::exp::Exp;
use crate::arith::{Real, micro, sum};
use crate::kernel::weights::{Factors, product_weights};
use crate::parallel::{Executor, map_by, split_at};
use crate::whiten::Whitened;

/// How the weights of a cross-prompt pool are computed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form<'a, T> {
    /// Every weight is 1.
    Unit,
    /// e/(1 + e)² with e = exp(−|r_a − r_b|).
    Stable,
    /// 1/(h_a g_b + g_a h_b)² with h = exp((r − centre)/2), g = exp(−(r − centre)/2).
    Product {
        /// The middle of the rewards' range.
        centre: T,
    },
    /// The mean over the posterior, which has no product form: each pair has a variance of its own.
    Averaged(Whitened<'a, T>),
}

/// What the weights of consecutive items are made of: see [`Form::factors`].
#[derive(Clone, Copy)]
pub(crate) struct ItemFactors<'a, T> {
    factors: Factors<'a, T>,
    /// The first of the items.
    first: usize,
}

impl<'a, T> ItemFactors<'a, T> {
    /// Those that [`Form::factors`] wrote for the items from `first` on.
    pub(crate) fn of(first: usize, factors: &'a [T]) -> Self {
        Self { factors: Factors::of(factors), first }
    }

    /// The factors of the items at the places `from..to`.
    pub(crate) fn range(self, from: usize, to: usize) -> Self {
        Self { factors: self.factors.range(from, to), first: self.first + from }
    }
}

/// Numbers that [`Form::factors`] writes for so many items.
pub(crate) const fn factors_len(items: usize) -> usize {
    items.saturating_mul(2)
}

impl<'a, T: Real> Form<'a, T> {
    /// The form for a pool with these rewards.
    pub(crate) fn of(weighting: Weighting<'a, T>, rewards: &[T]) -> Self {
        match weighting {
            Weighting::Bernoulli => Self::of_range(rewards),
            Weighting::Unit => Self::Unit,
            Weighting::Averaged(whitened) => Self::Averaged(whitened),
        }
    }

    /// The product form where the rewards' range allows it.
    fn of_range(rewards: &[T]) -> Self {
        let first = rewards.first().copied().unwrap_or(T::ZERO);
        let (mut least, mut most) = (first, first);
        for reward in rewards {
            if *reward < least {
                least = *reward;
            }
            if most < *reward {
                most = *reward;
            }
        }
        let range = most - least;
        if range <= T::PRODUCT_RANGE {
            Self::Product { centre: least + range * T::HALF }
        } else {
            Self::Stable
        }
    }

    /// What the weights of a block's items are made of, from their rewards: h and g, or in the
    /// other forms the rewards themselves in the place of h.
    pub(crate) fn factors<E: Executor>(self, executor: &E, rewards: &[T], factors: &mut [T]) {
        let (first, second) = split_at(factors, rewards.len());
        match self {
            Self::Unit => {}
            Self::Stable | Self::Averaged(_) => {
                for (slot, reward) in first.iter_mut().zip(rewards) {
                    *slot = *reward;
                }
            }
            Self::Product { centre } => {
                for ((h, g), reward) in first.iter_mut().zip(second.iter_mut()).zip(rewards) {
                    let half = (*reward - centre) * T::HALF;
                    (*h, *g) = (half, -half);
                }
                map_by::<Exp, micro::Exp, T, E>(executor, first);
                let (second, _) = split_at(second, rewards.len());
                map_by::<Exp, micro::Exp, T, E>(executor, second);
            }
        }
    }

    /// The weight of each item of `rows` with each of `columns`, row after row. The items of each of
    /// the two lie within a block of [`sum::ITEMS`].
    pub(crate) fn weights<E: Executor>(
        self,
        executor: &E,
        rows: ItemFactors<'_, T>,
        columns: ItemFactors<'_, T>,
        out: &mut [T],
    ) {
        let (a, b) = (rows.first, columns.first);
        let (rows, columns) = (rows.factors, columns.factors);
        match self {
            Self::Unit => out.fill(T::ONE),
            Self::Stable => {
                for (row, out) in rows.h.iter().zip(out.chunks_exact_mut(columns.h.len().max(1))) {
                    fill_margins(*row, columns.h, out);
                }
                map_by::<Variance, micro::Variance, T, E>(executor, out);
            }
            Self::Product { .. } => product_weights(executor.level(), rows, columns, out),
            Self::Averaged(whitened) => {
                let width = columns.h.len();
                whitened.variances_between(executor.level(), a, b, width, out);
                for (row, out) in rows.h.iter().zip(out.chunks_exact_mut(width.max(1))) {
                    let mut margins = [T::ZERO; sum::ITEMS];
                    fill_margins(*row, columns.h, &mut margins);
                    averaged_weights(executor.level(), out, &mut margins);
                    for (slot, weight) in out.iter_mut().zip(&margins) {
                        *slot = *weight;
                    }
                }
            }
        }
    }
}

/// The margins of an item with others, from their rewards.
fn fill_margins<T: Real>(reward: T, others: &[T], margins: &mut [T]) {
    for (margin, other) in margins.iter_mut().zip(others) {
        *margin = reward - *other;
    }
}
