//! Scores from columns that a sequential design keeps: an item a column, and in it the rows whose
//! squared differences make the score.
//!
//! After some picks, dᵀM⁻¹d is ‖u_a − u_b‖² − Σ_s (t_a^s − t_b^s)²: whitened items, and one
//! projection of each item a pick (the formula of Sherman and Morrison). So the picks enter as rows
//! that are subtracted, and one walk over the pairs serves one-shot and sequential designs. A sum of
//! squares that rounding has made negative counts as 0.

use crate::arith::{Level, Real};
use crate::columns::Columns;
use crate::kernel::panel::{Items, fill_panel_from, squared_distances};
use crate::parallel::split_at;

/// The columns, and which of their rows the score is made of.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a, T> {
    /// Column after column.
    pub(crate) columns: &'a [T],
    /// Rows of a column.
    pub(crate) height: usize,
    /// The first row of the leverage v, then how many are added and how many subtracted.
    pub(crate) leverage: (usize, usize, usize),
    /// What else the drop of a trace is made of; without it the score is w v.
    pub(crate) drop: Option<TraceDrop<T>>,
}

/// w g / (1 + w (v + κ ‖d‖²)): how much a trace drops by a pair, g being a squared distance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TraceDrop<T> {
    /// The first row of g, and how many there are.
    pub(crate) target: (usize, usize),
    /// The first row of the features d, and how many there are: none where κ is 0.
    pub(crate) features: (usize, usize),
    /// κ.
    pub(crate) misfit: T,
}

impl<'a, T: Real> Stored<'a, T> {
    /// Rows of the panels that pairs are scored from.
    pub(super) fn rows(&self) -> usize {
        let (_, added, subtracted) = self.leverage;
        let drop = self.drop.map_or(0, |drop| drop.target.1.saturating_add(drop.features.1));
        added.saturating_add(subtracted).saturating_add(drop)
    }

    /// Turns the items `first..end` into a panel: the rows of v, of g, and of d.
    pub(super) fn fill(
        &self,
        level: Level,
        (first, end): (usize, usize),
        stride: usize,
        panel: &mut [T],
    ) {
        let items = self.columns.len().checked_div(self.height).unwrap_or(0);
        let Ok(items) = Columns::new(self.columns, self.height, items) else {
            return;
        };
        let (items, mut rest) = (items.range(first, end), panel);
        for (from, rows) in self.rows_of_parts() {
            let (part, below) = split_at(rest, rows.saturating_mul(stride));
            fill_panel_from(level, (items, from), stride, part);
            rest = below;
        }
    }

    /// The rows of one item that make v, g and d.
    fn parts(&self, item: usize) -> [&'a [T]; 3] {
        let start = item.saturating_mul(self.height);
        let column = self.columns.get(start..start.saturating_add(self.height)).unwrap_or_default();
        self.rows_of_parts()
            .map(|(first, len)| column.get(first..first.saturating_add(len)).unwrap_or_default())
    }

    /// The first row of v, of g and of d, and how many each has.
    fn rows_of_parts(&self) -> [(usize, usize); 3] {
        let (first, added, subtracted) = self.leverage;
        let [target, features] = self.drop.map_or([(0, 0); 2], |drop| [drop.target, drop.features]);
        [(first, added.saturating_add(subtracted)), target, features]
    }

    /// The scores of some items of a panel with `width` others, row after row; `workspace` holds as
    /// many numbers as `scores`, twice.
    pub(super) fn score_panel(
        &self,
        (level, stride): (Level, usize),
        (items, others, width): (Items<'_, T>, Items<'_, T>, usize),
        weights: &[T],
        scores: &mut [T],
        workspace: &mut [T],
    ) {
        let (_, added, subtracted) = self.leverage;
        let at = added.saturating_add(subtracted).saturating_mul(stride);
        let ((items, more_items), (others, more_others)) =
            (items.split_at(at), others.split_at(at));
        squared_distances(level, (stride, added), items, others, width, scores);
        let Some(drop) = self.drop else {
            for (score, weight) in scores.iter_mut().zip(weights) {
                *score = *weight * not_negative(*score);
            }
            return;
        };
        let at = drop.target.1.saturating_mul(stride);
        let (items, more_items) = more_items.split_at(at);
        let (others, more_others) = more_others.split_at(at);
        let (gains, workspace) = split_at(workspace, scores.len());
        let (norms, _) = split_at(workspace, scores.len());
        squared_distances(level, (stride, usize::MAX), items, others, width, gains);
        if drop.features.1 == 0 {
            norms.fill(T::ZERO);
        } else {
            let all = (stride, usize::MAX);
            squared_distances(level, all, more_items, more_others, width, norms);
        }
        let terms = gains.iter().zip(&*norms).zip(weights);
        for (score, ((gain, norm), weight)) in scores.iter_mut().zip(terms) {
            *score = drop.of(*weight, not_negative(*score), *gain, *norm);
        }
    }

    /// The score of one pair of weight w, and its w v.
    pub(crate) fn score_pair(&self, (a, b): (u32, u32), weight: T) -> (T, T) {
        let (a, b) = (self.parts(a as usize), self.parts(b as usize));
        let [(a_leverage, b_leverage), (a_target, b_target), (a_features, b_features)] =
            [(a[0], b[0]), (a[1], b[1]), (a[2], b[2])];
        let leverage = not_negative(squared_distance(self.leverage.1, a_leverage, b_leverage));
        let weighted = weight * leverage;
        let Some(drop) = self.drop else {
            return (weighted, weighted);
        };
        let gain = squared_distance(usize::MAX, a_target, b_target);
        let norm = squared_distance(usize::MAX, a_features, b_features);
        (drop.of(weight, leverage, gain, norm), weighted)
    }
}

impl<T: Real> TraceDrop<T> {
    fn of(self, weight: T, leverage: T, gain: T, norm: T) -> T {
        weight * gain / (T::ONE + weight * (leverage + self.misfit * norm))
    }
}

/// 0 in place of a negative number; what is no number stays.
fn not_negative<T: Real>(value: T) -> T {
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

/// Copies features into rows of the columns, from row `first` on.
pub(crate) fn copy_features<T: Real>(
    features: Columns<'_, f32>,
    (height, first): (usize, usize),
    columns: &mut [T],
) {
    for (column, item) in columns.chunks_exact_mut(height.max(1)).zip(features.iter()) {
        for (slot, value) in column.iter_mut().skip(first).zip(item) {
            *slot = T::from_real(*value);
        }
    }
}
