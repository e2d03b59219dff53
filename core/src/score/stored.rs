//! Scores from stored columns, of a sequential design or of the gradient of a trace: an item a column,
//! and in it the rows whose squared differences make the score.
//!
//! After some picks, dᵀM⁻¹d is ‖u_a − u_b‖² − Σ_s (t_a^s − t_b^s)²: whitened items, and one
//! projection of each item a pick (the formula of Sherman and Morrison). So the picks enter as rows
//! that are subtracted, and one walk over the pairs serves one-shot and sequential designs. A sum of
//! squares that rounding has made negative counts as 0.

use core::ops::Range;

use crate::arith::{Level, Real};
use crate::columns::Columns;
use crate::kernel::panel::{Grid, fill_panel_from, signed_squared_distances, squared_distances};
use crate::parallel::split_at;
use crate::pool::ItemPair;

/// Rows of a column that follow each other.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rows {
    pub(crate) first: usize,
    pub(crate) len: usize,
}

/// The rows that the leverage v is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LeverageRows {
    pub(crate) first: usize,
    /// How many squares are added.
    pub(crate) added: usize,
    /// How many of those that follow are subtracted.
    pub(crate) subtracted: usize,
}

/// The columns, and which of their rows the score is made of.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a, T> {
    /// Column after column.
    pub(crate) columns: &'a [T],
    /// Rows of a column.
    pub(crate) height: usize,
    pub(crate) leverage: LeverageRows,
    /// What else the drop of a trace is made of; without it the score is w v.
    pub(crate) drop: Option<TraceDrop<T>>,
}

/// w g / (1 + w (v + κ ‖d‖²)): how much a trace drops by a pair, g being a squared distance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TraceDrop<T> {
    /// The rows of g.
    pub(crate) target: Rows,
    /// The rows of the features d: none where κ is 0.
    pub(crate) features: Rows,
    /// κ.
    pub(crate) misfit: T,
}

/// The score of a pair, and its w v.
#[derive(Clone, Copy)]
pub(crate) struct PairScore<T> {
    pub(crate) score: T,
    pub(crate) leverage: T,
}

impl<'a, T: Real> Stored<'a, T> {
    /// Rows of the panels that pairs are scored from.
    pub(super) fn rows(&self) -> usize {
        self.parts().iter().fold(0, |rows, part| rows.saturating_add(part.len))
    }

    /// The rows of v, of g and of d.
    fn parts(&self) -> [Rows; 3] {
        let LeverageRows { first, added, subtracted } = self.leverage;
        let leverage = Rows { first, len: added.saturating_add(subtracted) };
        match self.drop {
            Some(drop) => [leverage, drop.target, drop.features],
            None => [leverage, Rows::default(), Rows::default()],
        }
    }

    /// Turns some items into a panel: the rows of v, of g, and of d.
    pub(super) fn fill(&self, level: Level, items: Range<usize>, stride: usize, panel: &mut [T]) {
        let len = self.columns.len().checked_div(self.height).unwrap_or(0);
        let Ok(columns) = Columns::new(self.columns, self.height, len) else {
            return;
        };
        let (items, mut rest) = (columns.range(items.start, items.end), panel);
        for Rows { first, len } in self.parts() {
            let (part, below) = split_at(rest, len.saturating_mul(stride));
            fill_panel_from(level, items, first, stride, part);
            rest = below;
        }
    }

    /// Copies one item's rows of v, of g and of d, the one after the other.
    pub(super) fn copy_column(&self, item: usize, column: &mut [T]) {
        let parts = self.parts_of(u32::try_from(item).unwrap_or(u32::MAX));
        for (slot, value) in column.iter_mut().zip(parts.iter().copied().flatten()) {
            *slot = *value;
        }
    }

    /// The squared leverages of a grid of items, row after row.
    pub(super) fn leverages(&self, level: Level, grid: Grid<'_, T>, out: &mut [T]) {
        signed_squared_distances(level, grid, self.leverage.added, out);
        for leverage in out {
            *leverage = not_negative(*leverage);
        }
    }

    /// What one item has in the rows of v, of g and of d.
    fn parts_of(&self, item: u32) -> [&'a [T]; 3] {
        let start = (item as usize).saturating_mul(self.height);
        let column = self.columns.get(start..start.saturating_add(self.height)).unwrap_or_default();
        self.parts().map(|Rows { first, len }| {
            column.get(first..first.saturating_add(len)).unwrap_or_default()
        })
    }

    /// The scores of a grid of items, row after row; `workspace` holds as many numbers as `scores`,
    /// twice.
    pub(super) fn score_grid(
        &self,
        level: Level,
        grid: Grid<'_, T>,
        weights: &[T],
        scores: &mut [T],
        workspace: &mut [T],
    ) {
        let LeverageRows { added, subtracted, .. } = self.leverage;
        let (leverage, rest) = grid.split_at(added.saturating_add(subtracted));
        signed_squared_distances(level, leverage, added, scores);
        let Some(drop) = self.drop else {
            for (score, weight) in scores.iter_mut().zip(weights) {
                *score = *weight * not_negative(*score);
            }
            return;
        };
        let (target, features) = rest.split_at(drop.target.len);
        let (gains, workspace) = split_at(workspace, scores.len());
        let (norms, _) = split_at(workspace, scores.len());
        squared_distances(level, target, gains);
        if drop.features.len == 0 {
            norms.fill(T::ZERO);
        } else {
            squared_distances(level, features, norms);
        }
        let terms = gains.iter().zip(&*norms).zip(weights);
        for (score, ((gain, norm), weight)) in scores.iter_mut().zip(terms) {
            *score = drop.of(*weight, not_negative(*score), *gain, *norm);
        }
    }

    /// The score of one pair of weight w.
    pub(crate) fn score_pair(&self, pair: ItemPair, weight: T) -> PairScore<T> {
        let [(a_leverage, b_leverage), (a_target, b_target), (a_features, b_features)] = {
            let (a, b) = (self.parts_of(pair.a), self.parts_of(pair.b));
            [(a[0], b[0]), (a[1], b[1]), (a[2], b[2])]
        };
        let v = not_negative(squared_distance(self.leverage.added, a_leverage, b_leverage));
        let leverage = weight * v;
        let Some(drop) = self.drop else {
            return PairScore { score: leverage, leverage };
        };
        let gain = squared_distance(usize::MAX, a_target, b_target);
        let norm = squared_distance(usize::MAX, a_features, b_features);
        PairScore { score: drop.of(weight, v, gain, norm), leverage }
    }
}

impl<T: Real> TraceDrop<T> {
    fn of(self, weight: T, leverage: T, gain: T, norm: T) -> T {
        weight * gain / (T::ONE + weight * (leverage + self.misfit * norm))
    }
}

/// 0 in place of a negative number; what is no number stays.
pub(crate) fn not_negative<T: Real>(value: T) -> T {
    if value < T::ZERO { T::ZERO } else { value }
}

/// Σ_i (u_i − v_i)², in ascending order, the squares after the first `added` subtracted.
pub(super) fn squared_distance<T: Real>(added: usize, u: &[T], v: &[T]) -> T {
    let mut sum = T::ZERO;
    let mut differences = u.iter().zip(v).map(|(u, v)| *v - *u);
    for difference in differences.by_ref().take(added) {
        sum += difference * difference;
    }
    for difference in differences {
        sum -= difference * difference;
    }
    sum
}

/// Copies features into rows of columns of this height, from row `first` on.
pub(crate) fn copy_features<T: Real>(
    features: Columns<'_, f32>,
    height: usize,
    first: usize,
    columns: &mut [T],
) {
    for (column, item) in columns.chunks_exact_mut(height.max(1)).zip(features.iter()) {
        for (slot, value) in column.iter_mut().skip(first).zip(item) {
            *slot = T::from_real(*value);
        }
    }
}
