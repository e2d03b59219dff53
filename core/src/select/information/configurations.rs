//! Joint answers to the pairs picked so far, and how each weighs the draws.
//!
//! While all 2ᵇ answers to b pairs find room they are all kept, each with its probability: entropies
//! are exact. After that the places hold answers drawn from the model, an equal number for each draw
//! θ_s as far as the division goes, ŷ ~ p(·|θ_s): the estimate of Kirsch, van Amersfoort and Gal
//! (2019, section 4), whose importance weights p(ŷ|θ)/p(ŷ) are the K W_ŷs kept here. They are
//! normalised after each answer, so that a product of many probabilities does not vanish.

use crate::arith::{Level, Real};
use crate::kernel::dot::dot;
use crate::kernel::gemm::{Gemm, Part, Right, gemm};
use crate::parallel::split_at;
use crate::rng::Stream;

/// The joint answers kept.
pub(in crate::select) struct Configurations<'a, T> {
    samples: usize,
    places: usize,
    /// Places in use.
    len: usize,
    sampled: bool,
    /// W, a row of K for each joint answer.
    posteriors: &'a mut [T],
    /// The probability of each joint answer.
    weights: &'a mut [T],
    /// The mean of W over joint answers: 1/K, but for the noise of a sample.
    marginal: &'a mut [T],
}

/// Numbers for so many joint answers.
pub(super) const fn workspace_len(samples: usize, places: usize) -> usize {
    samples.saturating_mul(places.saturating_add(1)).saturating_add(places)
}

impl<'a, T: Real> Configurations<'a, T> {
    /// No pair picked: one joint answer, the empty one.
    pub(super) fn new(samples: usize, places: usize, workspace: &'a mut [T]) -> Self {
        let (posteriors, workspace) = split_at(workspace, samples.saturating_mul(places));
        let (weights, marginal) = split_at(workspace, places);
        let (marginal, _) = split_at(marginal, samples);
        let mut empty =
            Self { samples, places, len: 0, sampled: false, posteriors, weights, marginal };
        empty.restart(1);
        empty.weights.fill(T::ONE);
        empty
    }

    /// W, row after row.
    pub(super) fn posteriors(&self) -> &[T] {
        self.posteriors.get(..self.len * self.samples).unwrap_or_default()
    }

    /// The probability of each joint answer.
    pub(super) fn weights(&self) -> &[T] {
        self.weights.get(..self.len).unwrap_or_default()
    }

    /// The mean of W over joint answers.
    pub(super) fn marginal(&self) -> &[T] {
        self.marginal
    }

    /// Whether the joint answers are a sample.
    pub(super) fn are_sampled(&self) -> bool {
        self.sampled
    }

    /// Whether the answers to one more pair find room without sampling.
    pub(in crate::select) fn have_room(&self) -> bool {
        self.sampled || self.len.saturating_mul(2) <= self.places
    }

    /// Forgets all answers and samples from here on.
    pub(in crate::select) fn sample(&mut self) {
        self.sampled = true;
        self.restart(self.places);
        let (samples, places) = (self.samples, self.places);
        let count = T::from_u64(samples as u64);
        for draw in 0..samples {
            let (first, end) =
                (first_of(draw, places, samples), first_of(draw + 1, places, samples));
            let share = T::ONE / (count * T::from_u64((end - first) as u64));
            self.weights.get_mut(first..end).unwrap_or_default().fill(share);
        }
    }

    /// Takes in the answers to a pair, whose probability under each draw is `probabilities`.
    pub(in crate::select) fn answer(
        &mut self,
        level: Level,
        probabilities: &[T],
        rng: &mut Stream,
    ) {
        if self.sampled {
            self.draw_answers(probabilities, rng);
        } else {
            self.branch(probabilities);
        }
        let (a, c) = (self.posteriors.get(..self.len * self.samples), &mut *self.marginal);
        let (a, b) = (a.unwrap_or_default(), self.weights.get(..self.len).unwrap_or_default());
        let (b, part) = (Right::Columns(b), Part::Full);
        gemm(level, Gemm { a, b, c, rows: self.samples, inner: self.len, part });
    }

    /// So many joint answers of which nothing is known.
    fn restart(&mut self, len: usize) {
        let share = T::ONE / T::from_u64(self.samples as u64);
        self.len = if len < self.places { len } else { self.places };
        self.posteriors.fill(share);
        self.marginal.fill(share);
    }

    /// Each joint answer becomes two.
    fn branch(&mut self, probabilities: &[T]) {
        let (first, second) = split_at(self.posteriors, self.len * self.samples);
        let rows = first.chunks_exact_mut(self.samples.max(1));
        let rows = rows.zip(second.chunks_exact_mut(self.samples.max(1)));
        let (weights, more) = split_at(self.weights, self.len);
        for ((yes, no), (weight, other)) in rows.zip(weights.iter_mut().zip(more)) {
            let q = dot(yes, probabilities);
            for (no, yes) in no.iter_mut().zip(&*yes) {
                *no = *yes;
            }
            condition(no, probabilities.iter().map(|p| T::ONE - *p), T::ONE - q);
            condition(yes, probabilities.iter().copied(), q);
            *other = *weight * (T::ONE - q);
            *weight *= q;
        }
        self.len *= 2;
    }

    /// Each joint answer is drawn further, from the draw that it belongs to.
    fn draw_answers(&mut self, probabilities: &[T], rng: &mut Stream) {
        let (samples, places) = (self.samples, self.places);
        let ends = (1..=samples).map(|draw| first_of(draw, places, samples)).zip(probabilities);
        let mut rest = &mut *self.posteriors;
        let mut first = 0;
        for (end, p) in ends {
            let (rows, others) = split_at(rest, (end - first) * samples);
            (rest, first) = (others, end);
            for posterior in rows.chunks_exact_mut(samples.max(1)) {
                let q = dot(posterior, probabilities);
                if rng.uniform::<T>() < *p {
                    condition(posterior, probabilities.iter().copied(), q);
                } else {
                    condition(posterior, probabilities.iter().map(|p| T::ONE - *p), T::ONE - q);
                }
            }
        }
    }
}

/// The first place of the joint answers that are drawn from this draw.
fn first_of(draw: usize, places: usize, samples: usize) -> usize {
    draw.saturating_mul(places).checked_div(samples).unwrap_or(0)
}

/// Bayes' rule: W_s p(y|θ_s) / p(y). An answer that cannot be teaches nothing.
fn condition<T: Real>(posterior: &mut [T], likelihoods: impl Iterator<Item = T>, evidence: T) {
    if evidence > T::ZERO {
        for (weight, likelihood) in posterior.iter_mut().zip(likelihoods) {
            *weight = *weight * likelihood / evidence;
        }
    }
}
