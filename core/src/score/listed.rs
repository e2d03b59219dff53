//! Scores of listed pairs: each item is whitened once and stays a column, and each pair is the
//! squared distance of two columns.

use super::Criterion;
use super::scan::{Scan, weigh};
use super::stored::squared_distance;
use crate::arith::{Real, sum};
use crate::columns::Columns;
use crate::parallel::{Executor, split_at};
use crate::pool::ItemPair;
use crate::topk::TopK;
use crate::whiten::whiten_workspace_len;

/// Numbers that the whitened items take.
pub(super) const fn whitened_len(order: usize, items: usize) -> usize {
    order.saturating_mul(items)
}

/// Numbers that [`whiten_columns`](crate::whiten::whiten_columns) and [`scan`] work in.
pub(super) const fn workspace_len(order: usize, items: usize) -> usize {
    let panel = whiten_workspace_len(order, items);
    if panel < 2 * sum::PAIRS { 2 * sum::PAIRS } else { panel }
}

/// Scores one block of pairs and offers them.
pub(super) fn scan<T: Real, D: AsRef<[T]>, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    pairs: &[ItemPair],
    block: usize,
    workspace: &mut [T],
    best: &mut TopK<'_, T>,
) {
    let first = block.saturating_mul(sum::PAIRS);
    let pairs = pairs.get(first..).unwrap_or_default();
    let pairs = pairs.get(..sum::PAIRS).unwrap_or(pairs);
    let (weights, scores) = split_at(workspace, sum::PAIRS);
    let (weights, _) = split_at(weights, pairs.len());
    let (scores, _) = split_at(scores, pairs.len());
    let ranking = &scan.ranking;
    let reward = |item: u32| ranking.rewards.get(item as usize).copied().unwrap_or(T::ZERO);
    for (margin, pair) in weights.iter_mut().zip(pairs) {
        *margin = reward(pair.a) - reward(pair.b);
    }
    if let Some(weighting) = ranking.criterion.weighting() {
        weighting.apply(scan.executor, pairs.iter().copied(), weights);
    }
    match &ranking.criterion {
        Criterion::Leverage(factor, _) => {
            let items = ranking.pool.features().len();
            if let Ok(whitened) = Columns::new(scan.whitened, factor.order(), items) {
                for (score, pair) in scores.iter_mut().zip(pairs) {
                    let a = whitened.column(pair.a as usize);
                    let b = whitened.column(pair.b as usize);
                    *score = squared_distance(usize::MAX, a, b);
                }
            }
            weigh(weights, scores);
        }
        Criterion::Stored(stored, _) => {
            for ((score, pair), weight) in scores.iter_mut().zip(pairs).zip(&*weights) {
                *score = stored.score_pair(*pair, *weight).score;
            }
        }
        Criterion::Entropy | Criterion::MaxDiff => {
            for (score, margin) in scores.iter_mut().zip(&*weights) {
                *score = scan.of_margin(*margin);
            }
        }
    }
    scan.offer(first as u64, scores, best);
}
