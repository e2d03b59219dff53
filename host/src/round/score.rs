//! [`score`]: what a model says of responses, which it is for: the reward of each, how sure of it
//! the labels make it, and the order of the responses to a prompt.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::cmp::Ordering;

use pairpick_core::arith::Real;
use pairpick_core::columns::Columns;
use pairpick_core::linalg::Cholesky;
use serde::Serialize;

use super::blocks::for_each_block;
use super::certainty::confidence;
use super::posterior::LabelPosterior;
use crate::data::embeddings::Embeddings;
use crate::data::item::ItemName;
use crate::data::labels::Label;
use crate::error::{Error, Result};
use crate::model::{Context, Model};
use crate::parallel::Threads;
use crate::progress::Progress;

/// What a model says of a response.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// The response.
    pub item: ItemName,
    /// φᵀβ.
    pub reward: f64,
    /// The standard deviation of the reward less the mean reward of the prompt's responses, by the
    /// posterior of the labels, where they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deviation: Option<f64>,
    /// Its place among the prompt's responses, from 1, the best; equal rewards share the first of
    /// theirs.
    pub rank: u64,
}

/// How well the labels determine rewards: P of the last layer as its factor.
#[derive(Debug)]
pub struct Certainty {
    factor: Cholesky<f64, Vec<f64>>,
    /// λ.
    pub prior_precision: f64,
    /// ρ of the model, where its features are fixed.
    pub confidence: Option<f64>,
}

impl Certainty {
    /// By the labels that the model learnt from, whose items are the context's embeddings.
    ///
    /// # Errors
    /// What reading the embeddings refuses; [`Error::Core`] where P has no factor.
    pub fn of(
        context: Context<'_>,
        model: &Model,
        labels: &[Label],
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        let posterior = LabelPosterior::<f64>::of(context, model, labels, None, progress)?;
        let prior_precision = posterior.prior_precision();
        let factor = Cholesky::factor(posterior.precision())
            .map_err(Error::core("the deviations of rewards"))?;
        let confidence = confidence(model, posterior.precision())?;
        Ok(Self { factor, prior_precision, confidence })
    }

    /// √((φ − φ̄)ᵀP⁻¹(φ − φ̄)) of each of some items, φ̄ the mean of their features: what is the same
    /// for all of them says nothing of which is better.
    fn deviations(&self, features: Columns<'_, f32>) -> Result<Vec<f64>, pairpick_core::Error> {
        let mut mean = vec![0.0; self.factor.order()];
        for column in features.iter() {
            for (mean, value) in mean.iter_mut().zip(column) {
                *mean += f64::from(*value);
            }
        }
        mean.iter_mut().for_each(|mean| *mean /= features.len() as f64);
        let mut difference = vec![0.0; mean.len()];
        let deviation = |column: &[f32]| {
            for ((difference, value), mean) in difference.iter_mut().zip(column).zip(&mean) {
                *difference = f64::from(*value) - mean;
            }
            self.factor.solve_lower(&mut difference)?;
            let square = difference.iter().fold(0.0, |sum, value| sum + value * value);
            Ok(square.sqrt_of())
        };
        features.iter().map(deviation).collect()
    }
}

/// Scores every response, prompt by prompt; rows without prompts are compared with each other.
///
/// # Errors
/// What reading the embeddings refuses; [`Error::Core`].
pub fn score(
    model: &Model,
    embeddings: &Embeddings,
    certainty: Option<&Certainty>,
    threads: &Threads,
    progress: &mut dyn Progress,
) -> Result<Vec<Score>> {
    let mut scores = Vec::new();
    progress.begin("scoring", embeddings.prompts() as u64);
    for_each_block(model, embeddings, threads, progress, &mut |block| {
        for group in block.groups(embeddings) {
            let rewards = &block.rewards[group.clone()];
            let deviations = match certainty {
                Some(certainty) => {
                    let features = block.features.columns()?.range(group.start, group.end);
                    let deviations = certainty.deviations(features);
                    Some(deviations.map_err(Error::core("the deviations of rewards"))?)
                }
                None => None,
            };
            for (place, rank) in ranks(rewards).into_iter().enumerate() {
                let item = block.first.saturating_add((group.start.saturating_add(place)) as u64);
                let deviation = deviations.as_ref().map(|deviations| deviations[place]);
                let item = embeddings.name(item);
                scores.push(Score { item, reward: rewards[place], deviation, rank });
            }
        }
        Ok(())
    })?;
    progress.end();
    // Responses to one prompt may stand anywhere among the rows.
    scores.sort_by_key(|score| score.item);
    Ok(scores)
}

/// The place of each in descending order, from 1; equal ones share the first of theirs.
fn ranks(rewards: &[f64]) -> Vec<u64> {
    let descending =
        |a: &usize, b: &usize| rewards[*b].partial_cmp(&rewards[*a]).unwrap_or(Ordering::Equal);
    let mut order: Vec<usize> = (0..rewards.len()).collect();
    order.sort_by(descending);
    let mut ranks = vec![0; rewards.len()];
    let mut next = 1_u64;
    for equal in order.chunk_by(|a, b| descending(a, b) == Ordering::Equal) {
        equal.iter().for_each(|place| ranks[*place] = next);
        next = next.saturating_add(equal.len() as u64);
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::ranks;

    #[test]
    fn equal_rewards_share_a_rank() {
        assert_eq!(ranks(&[0.5, 2.0, -1.0, 2.0, -0.0, 0.0]), [3, 1, 6, 1, 4, 4]);
        assert_eq!(ranks(&[]), [0; 0]);
    }
}
