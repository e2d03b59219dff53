//! The scores of all pairs, given the joint answers so far.
//!
//! Pairs are taken 64 at a time, a lane a pair: their differences times the draws are margins,
//! whose logistic functions times W are the probabilities q_ŷ, a matrix product that carries nearly
//! all of the work; nothing is kept a pair but its score. The sums over features, draws and joint
//! answers are in ascending order.

use super::Configurations;
use crate::arith::Real;
use crate::arith::elementwise::map;
use crate::arith::entropy::{OfLogit, OfProbability};
use crate::arith::sigmoid::Sigmoid;
use crate::error::Error;
use crate::kernel::gemm::{Gemm, Part, Right, add_gemm, gemm};
use crate::parallel::{Executor, for_chunks, split_at, workers};
use crate::pool::{ItemPair, Pool};
use crate::topk::Scored;

/// Pairs scored at a time.
const BLOCK: usize = 64;

/// Joint answers looked at at a time.
const CHUNK: usize = 64;

/// Numbers that a worker needs.
pub(super) const fn workspace_len(order: usize, samples: usize) -> usize {
    let columns = order.saturating_add(samples.saturating_mul(2)).saturating_add(CHUNK + 2);
    columns.saturating_mul(BLOCK)
}

/// Who scores which pairs.
pub(in crate::select) struct Scan<'a, T, E> {
    pub(in crate::select) executor: &'a E,
    pub(in crate::select) pool: &'a Pool<'a>,
    pub(in crate::select) draws: &'a [T],
    pub(in crate::select) samples: usize,
}

/// The answers to one pair.
#[derive(Clone, Copy)]
pub(in crate::select) struct Answers<'a, T> {
    /// p(y|θ_s) for each draw.
    pub(in crate::select) probabilities: &'a [T],
    /// Their entropies.
    pub(in crate::select) entropies: &'a [T],
}

/// What a worker computes of a block, a row of [`BLOCK`] pairs for each feature, draw, joint answer.
struct Block<'a, T> {
    differences: &'a mut [T],
    probabilities: &'a mut [T],
    entropies: &'a mut [T],
    joint: &'a mut [T],
    /// h(q), the mean over joint answers.
    before: &'a mut [T],
    /// h(p), the mean over draws: what is left if θ is known.
    after: &'a mut [T],
}

impl<T: Real, E: Executor> Scan<'_, T, E> {
    /// Fills `scores`, −∞ for pairs that have a label or stand in `picked`.
    ///
    /// # Errors
    /// [`Error::Workspace`]; [`Error::NonFinite`] with the pair whose score is no number.
    pub(in crate::select) fn score(
        &self,
        configurations: &Configurations<'_, T>,
        picked: &[Scored<T>],
        scores: &mut [T],
        workspace: &mut [T],
    ) -> Result<(), Error> {
        let each = workspace_len(self.order(), self.samples);
        let fits = workers("information", each, self.executor.threads(), workspace.len())?;
        let share = scores.len().div_ceil(fits.get()).div_ceil(BLOCK) * BLOCK;
        for_chunks(self.executor, scores, share, workspace, each, &|number, scores, workspace| {
            let first = number as u64 * share as u64;
            let blocks = scores.chunks_mut(BLOCK);
            for (first, scores) in (first..).step_by(BLOCK).zip(blocks) {
                self.block(first, configurations, workspace, scores);
                self.leave_out(first, picked, scores);
            }
        });
        let unknown = |score: &T| !score.is_finite_number() && *score != -T::INFINITY;
        match scores.iter().position(unknown) {
            Some(index) => Err(Error::NonFinite { what: "scores", index }),
            None => Ok(()),
        }
    }

    /// The answers to one pair under each draw.
    pub(in crate::select) fn pair<'b>(&self, pair: u64, workspace: &'b mut [T]) -> Answers<'b, T> {
        let block = Block::new(self.order(), self.samples, 1, workspace);
        let Block { differences, probabilities, entropies, .. } = block;
        self.answers(pair, 1, differences, probabilities, entropies);
        Answers { probabilities, entropies }
    }

    fn order(&self) -> usize {
        self.pool.features().rows()
    }

    /// The scores of some pairs from number `first` on.
    fn block(
        &self,
        first: u64,
        configurations: &Configurations<'_, T>,
        workspace: &mut [T],
        scores: &mut [T],
    ) {
        let block = Block::new(self.order(), self.samples, BLOCK, workspace);
        let Block { differences, probabilities, entropies, joint, before, after } = block;
        self.answers(first, BLOCK, differences, probabilities, entropies);
        self.product(entropies, configurations.marginal(), after);
        before.fill(T::ZERO);
        let chunks = configurations.posteriors().chunks((CHUNK * self.samples).max(1));
        for (posteriors, weights) in chunks.zip(configurations.weights().chunks(CHUNK)) {
            let (joint, _) = split_at(joint, BLOCK * weights.len());
            self.product(probabilities, posteriors, joint);
            map::<OfProbability, T>(self.executor.level(), joint);
            let (a, b, inner) = (&*joint, Right::Columns(weights), weights.len());
            let (c, part) = (&mut *before, Part::Full);
            add_gemm(self.executor.level(), Gemm { a, b, c, rows: BLOCK, inner, part });
        }
        for ((score, before), after) in scores.iter_mut().zip(&*before).zip(&*after) {
            // Information is not negative; its rounding may be.
            let gain = *before - *after;
            *score = if gain < T::ZERO { T::ZERO } else { gain };
        }
    }

    /// p(y|θ_s) of `width` pairs and the entropies of these answers.
    fn answers(
        &self,
        first: u64,
        width: usize,
        differences: &mut [T],
        probabilities: &mut [T],
        entropies: &mut [T],
    ) {
        let level = self.executor.level();
        differences.fill(T::ZERO);
        let features = self.pool.features();
        let pairs = self.pool.pairs().items_from(first).take(width);
        for (place, ItemPair { a, b }) in pairs.enumerate() {
            // Which of the two is listed first shall not change a bit.
            let (a, b) = if a < b { (a, b) } else { (b, a) };
            let row = differences.iter_mut().skip(place).step_by(width.max(1));
            for (difference, d) in row.zip(features.difference(a, b)) {
                *difference = d;
            }
        }
        let (a, b, c) = (&*differences, Right::Columns(self.draws), &mut *probabilities);
        gemm(level, Gemm { a, b, c, rows: width, inner: self.order(), part: Part::Full });
        for (entropy, margin) in entropies.iter_mut().zip(&*probabilities) {
            *entropy = *margin;
        }
        map::<OfLogit, T>(level, entropies);
        map::<Sigmoid, T>(level, probabilities);
    }

    /// Expectations of values under rows of weights over the draws.
    fn product(&self, values: &[T], weights: &[T], out: &mut [T]) {
        let (a, b, inner) = (values, Right::Columns(weights), self.samples);
        let part = Part::Full;
        gemm(self.executor.level(), Gemm { a, b, c: out, rows: BLOCK, inner, part });
    }

    /// Marks the pairs that are not on offer.
    fn leave_out(&self, first: u64, picked: &[Scored<T>], scores: &mut [T]) {
        let end = first.saturating_add(scores.len() as u64);
        let labelled = self.pool.labelled_in(first, end).iter().copied();
        for pair in labelled.chain(picked.iter().map(|picked| picked.pair)) {
            let place = pair.checked_sub(first).and_then(|place| usize::try_from(place).ok());
            if let Some(score) = place.and_then(|place| scores.get_mut(place)) {
                *score = -T::INFINITY;
            }
        }
    }
}

impl<'a, T: Real> Block<'a, T> {
    /// For `width` pairs.
    fn new(order: usize, samples: usize, width: usize, workspace: &'a mut [T]) -> Self {
        let (differences, rest) = split_at(workspace, order.saturating_mul(width));
        let (probabilities, rest) = split_at(rest, samples.saturating_mul(width));
        let (entropies, rest) = split_at(rest, samples.saturating_mul(width));
        let (joint, rest) = split_at(rest, CHUNK * width);
        let (before, rest) = split_at(rest, width);
        let (after, _) = split_at(rest, width);
        Self { differences, probabilities, entropies, joint, before, after }
    }
}
