//! Scores of listed pairs: each item is whitened once and stays a column, and each pair is the
//! squared distance of two columns.

use super::stored::squared_distance;
use super::{Criterion, Scan};
use crate::arith::{Real, sum};
use crate::columns::Columns;
use crate::parallel::{Executor, split_at};
use crate::topk::TopK;
use crate::whiten::whiten_workspace_len;

/// Numbers that the whitened items take.
pub(super) const fn whitened_len(order: usize, items: usize) -> usize {
    order.saturating_mul(items)
}

/// Numbers that [`whiten_columns`] and [`scan`] work in.
pub(super) const fn workspace_len(order: usize, items: usize) -> usize {
    let panel = whiten_workspace_len(order, items);
    if panel < 2 * sum::PAIRS { 2 * sum::PAIRS } else { panel }
}

/// Scores one block of pairs and offers them.
pub(super) fn scan<T: Real, D: AsRef<[T]>, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    (whitened, pairs): (&[T], &[(u32, u32)]),
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
    let reward = |item: u32| scan.rewards.get(item as usize).copied().unwrap_or(T::ZERO);
    for (margin, (a, b)) in weights.iter_mut().zip(pairs) {
        *margin = reward(*a) - reward(*b);
    }
    if let Some(weighting) = scan.criterion.weighting() {
        let items = pairs.iter().map(|(a, b)| (*a as usize, *b as usize));
        weighting.apply(scan.executor, items, weights);
    }
    match &scan.criterion {
        Criterion::Leverage(factor, _) => {
            let items = scan.pool.features().len();
            if let Ok(whitened) = Columns::new(whitened, factor.order(), items) {
                for (score, (a, b)) in scores.iter_mut().zip(pairs) {
                    let (a, b) = (whitened.column(*a as usize), whitened.column(*b as usize));
                    *score = squared_distance(usize::MAX, a, b);
                }
            }
            scan.weigh(weights, scores);
        }
        Criterion::Stored(stored, _) => {
            for ((score, pair), weight) in scores.iter_mut().zip(pairs).zip(&*weights) {
                *score = stored.score_pair(*pair, *weight).0;
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
