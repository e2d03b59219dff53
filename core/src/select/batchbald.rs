//! `batchbald`: the batch whose answers together tell most about the last layer, pair by pair
//! (Kirsch, van Amersfoort and Gal, *BatchBALD*, 2019): the mutual information of all the batch's
//! answers with the parameters over [`posterior_samples`](super::Options::posterior_samples) draws
//! of the posterior N(β, P⁻¹). It is submodular, so each pair is the one that adds most to those
//! before.
//!
//! Joint entropies are exact while all 2ᵇ joint answers to b pairs are no more than
//! [`configurations`](super::Options::configurations), and estimates by so many joint answers drawn
//! from the model after that; of the entropy that a known θ leaves, the estimate takes the mean over
//! the same joint answers, a control variate which makes every term of it an information, never
//! negative.
//!
//! # How far to trust a large batch
//!
//! K draws can be told apart by ln K nats and no more (4.6 at K = 100), and a dozen or two answers
//! do it. From there on no pair tells anything that K draws could show: the best score is that which
//! the sample flatters, and then all are 0, of which the first in the pool's order would make a
//! batch of few prompts. So the pairs from there on, where the best score is within the noise of
//! the median, are drawn at random, with a score of 0, and the selection returns its
//! [`Information`]: I beside ln K, and the first random pair. More draws move
//! that pair back, as the logarithm of their number; time grows as draws × configurations × pairs ×
//! batch.

use super::information::{self, MAX_CONFIGURATIONS, Scan, is_noise};
use super::{Information, Options, Problem, Selection, Sizes, Workspace, WorkspaceLen};
use crate::arith::Real;
use crate::error::Error;
use crate::parallel::{Executor, split_at};
use crate::rng::Stream;
use crate::score::gumbel;
use crate::topk::{Scored, TopK};

/// Fills `batch`. The score is what the pair's answer adds to the information of those before it,
/// in nats.
///
/// # Errors
/// As [`super::bald::select`]; [`Error::Parameter`] for fewer configurations than draws and
/// [`Error::TooLarge`] for too many.
pub(super) fn select<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    workspace: Workspace<'_, T>,
    rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    let Problem { executor, pool, options, .. } = *problem;
    let samples = options.posterior_samples;
    check(problem)?;
    let (parts, summary) = information::prepare(problem, workspace, options.configurations, rng)?;
    let (mut configurations, scores, workspace) =
        (parts.configurations, parts.scores, parts.workspace);
    let scan = Scan { executor, pool, draws: parts.draws, samples };
    let mut information = Information::none(samples);
    for place in 0..batch.len() {
        let (picked, rest) = split_at(batch, place);
        scan.score(&configurations, picked, scores, workspace)?;
        let Some(best) = first_best(scores) else {
            break;
        };
        let answers = scan.pair(best.pair, workspace);
        if is_noise(&configurations, answers, scores, best.score) {
            information.noise_from = Some(place);
            fill_at_random(scores, rng, rest);
            break;
        }
        if let Some(slot) = rest.first_mut() {
            *slot = best;
        }
        information.nats += best.score.to_f64();
        if configurations.have_room() {
            configurations.answer(executor.level(), answers.probabilities, rng);
        } else {
            configurations.sample();
            for picked in batch.iter().take(place + 1) {
                let answers = scan.pair(picked.pair, workspace);
                configurations.answer(executor.level(), answers.probabilities, rng);
            }
        }
    }
    Ok(Selection { information: Some(information), ..summary })
}

/// Memory for a score a pair and the joint answers.
pub(super) const fn workspace_len<T: Real>(
    sizes: &Sizes,
    options: &Options<'_, T>,
) -> WorkspaceLen {
    information::workspace_len(sizes, options.posterior_samples, options.configurations)
}

/// Refuses numbers of draws and of joint answers that the strategy cannot work with, and a pool whose
/// pairs cannot be gone through.
pub(super) fn check<T: Real, E>(problem: &Problem<'_, T, E>) -> Result<(), Error> {
    let Options { posterior_samples: samples, configurations, .. } = *problem.options;
    if configurations < samples {
        let what = "configurations must be at least as many as posterior samples";
        return Err(Error::Parameter { what });
    }
    if configurations > MAX_CONFIGURATIONS {
        let (what, limit) = ("configurations", MAX_CONFIGURATIONS);
        return Err(Error::TooLarge { what, limit, found: configurations });
    }
    information::check(problem).map(|_| ())
}

/// The largest score, the first of equal ones; none if no pair is on offer.
fn first_best<T: Real>(scores: &[T]) -> Option<Scored<T>> {
    let mut best = Scored { score: -T::INFINITY, pair: u64::MAX };
    for (pair, score) in (0..).zip(scores) {
        if best.score < *score {
            best = Scored { score: *score, pair };
        }
    }
    (best.pair != u64::MAX).then_some(best)
}

/// Fills what is left of a batch with pairs on offer, every order of them as likely.
fn fill_at_random<T: Real>(scores: &[T], rng: &mut Stream, rest: &mut [Scored<T>]) {
    let seed = rng.bits();
    let mut drawn = TopK::new(rest);
    for (pair, score) in (0..).zip(scores) {
        if *score > -T::INFINITY {
            drawn.offer(Scored { score: gumbel::<T>(seed, pair), pair });
        }
    }
    for drawn in drawn.finish() {
        drawn.score = T::ZERO;
    }
}
