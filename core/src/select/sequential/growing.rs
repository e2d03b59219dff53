//! [`Growing`]: the matrix of a sequential design, its factor, and the direction of each pick since.

use super::most_picks;
use super::scores::WeighedPair;
use crate::arith::{Level, Real};
use crate::columns::Columns;
use crate::error::Error;
use crate::kernel::axpy::subtract_scaled;
use crate::kernel::dot::dot;
use crate::kernel::panel::{Panel, panel_stride, project_panel};
use crate::linalg::{Cholesky, Packed, condition_workspace_len, packed_len};
use crate::parallel::split_at;
use crate::pool::ItemPair;
use crate::select::{Growth, Problem, Selection, posterior};
use crate::whiten::{fill_whitener, whitener_len};

/// Numbers that a [`Growing`] takes.
pub(super) const fn growing_len(order: usize, batch: usize) -> usize {
    packed_len(order)
        .saturating_mul(2)
        .saturating_add(condition_workspace_len(order))
        .saturating_add(whitener_len(order))
        .saturating_add(order.saturating_mul(most_picks(batch)))
        .saturating_add(order.saturating_mul(panel_stride(most_picks(batch))))
}

/// M = LLᵀ + Σ w ddᵀ over the picks since it was factored: see [`super`].
pub(super) struct Growing<'a, T> {
    features: Columns<'a, f32>,
    information: Packed<T, &'a mut [T]>,
    factor: &'a mut [T],
    whitener: &'a mut [T],
    /// v_s, one after the other.
    directions: &'a mut [T],
    /// The same as a panel, a direction a place: an item is projected on a vector of them at a time.
    panel: &'a mut [T],
    picks: usize,
    condition: &'a mut [T],
    /// What the first factor told.
    start: Selection,
    growth: Growth,
}

/// M, factored.
pub(super) struct Factored<'a, T> {
    pub(super) factor: Cholesky<T, &'a mut [T]>,
    /// What whitens items.
    pub(super) whitener: &'a [T],
}

impl<'a, T: Real> Growing<'a, T> {
    /// The matrix before the first pick, to be factored; and the memory that is left.
    ///
    /// # Errors
    /// [`Error::Workspace`] below [`growing_len`]; [`Error::Shape`].
    pub(super) fn new<E>(
        problem: &Problem<'a, T, E>,
        batch: usize,
        numbers: &'a mut [T],
    ) -> Result<(Self, &'a mut [T]), Error> {
        let features = problem.pool.features();
        let order = features.rows();
        let (required, found) = (growing_len(order, batch), numbers.len());
        if found < required {
            return Err(Error::Workspace { what: "sequential design", required, found });
        }
        let (information, numbers) = split_at(numbers, packed_len(order));
        let (factor, numbers) = split_at(numbers, packed_len(order));
        let (whitener, numbers) = split_at(numbers, whitener_len(order));
        let (directions, numbers) = split_at(numbers, order * most_picks(batch));
        let (panel, numbers) = split_at(numbers, order * panel_stride(most_picks(batch)));
        let (condition, numbers) = split_at(numbers, condition_workspace_len(order));
        panel.fill(T::ZERO);
        let mut growing = Self {
            features,
            information: Packed::new(order, information)?,
            factor,
            whitener,
            directions,
            panel,
            picks: 0,
            condition,
            start: Selection::default(),
            growth: Growth::default(),
        };
        growing.restart(problem)?;
        Ok((growing, numbers))
    }

    /// Fills in where a design starts: P, or λI without the past.
    pub(super) fn restart<E>(&mut self, problem: &Problem<'_, T, E>) -> Result<(), Error> {
        let start = problem.start();
        start.fill_precision(problem.options.past, &mut self.information)?;
        start.add_jitter(&mut self.information);
        Ok(())
    }

    /// What the factors have told.
    pub(super) fn selection(&self) -> Selection {
        Selection { growth: Some(self.growth), ..self.start }
    }

    /// Rows of M, and columns.
    pub(super) fn order(&self) -> usize {
        self.features.rows()
    }

    /// Picks since the matrix was factored.
    pub(super) fn picks(&self) -> usize {
        self.picks
    }

    /// Factors M anew, from which items are to be whitened anew.
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`].
    pub(super) fn refactor(&mut self) -> Result<Factored<'_, T>, Error> {
        let order = self.features.rows();
        for (slot, entry) in self.factor.iter_mut().zip(self.information.as_slice()) {
            *slot = *entry;
        }
        let factor = Cholesky::factor(Packed::new(order, &mut *self.factor)?)?;
        let summary = posterior::factor_summary(&factor, self.condition)?;
        let condition = summary.condition.unwrap_or(0.0);
        if self.start.condition.is_none() {
            self.start = summary;
        }
        if self.growth.condition.order(condition).is_lt() {
            self.growth.condition = condition;
        }
        fill_whitener(factor.as_slice(), order, self.whitener);
        self.picks = 0;
        Ok(Factored { factor, whitener: self.whitener })
    }

    /// What items are whitened by since the matrix was factored.
    pub(super) fn whitener(&self) -> &[T] {
        self.whitener
    }

    /// The directions of the picks.
    pub(super) fn directions(&self, level: Level) -> Directions<'_, T> {
        let order = self.features.rows();
        let stride = self.panel.len().checked_div(order).unwrap_or(0);
        let panel = Panel { values: &*self.panel, stride };
        Directions { level, panel, picks: self.picks }
    }

    /// M ← M + w ddᵀ, `leverage` being its w v, of a pair of these whitened items and t.
    ///
    /// # Errors
    /// [`Error::IllConditioned`] where rounding may have left no digit of v.
    pub(super) fn add(
        &mut self,
        pair: WeighedPair<T>,
        leverage: T,
        [a, b]: [&[T]; 2],
        [a_projections, b_projections]: [&[T]; 2],
    ) -> Result<(), Error> {
        let order = self.features.rows();
        self.add_information(pair);
        let (before, rest) = split_at(self.directions, self.picks * order);
        let (direction, _) = split_at(rest, order);
        for ((slot, a), b) in direction.iter_mut().zip(a).zip(b) {
            *slot = *a - *b;
        }
        self.growth.take(pair.weight * dot(direction, direction), leverage)?;
        let projections = a_projections.iter().zip(b_projections);
        for (before, (a, b)) in before.chunks_exact(order.max(1)).zip(projections) {
            subtract_scaled(direction, *a - *b, before);
        }
        let scale = (pair.weight / (T::ONE + leverage)).sqrt_of();
        for value in &mut *direction {
            *value *= scale;
        }
        fill_place(direction, self.picks, self.panel);
        self.picks += 1;
        Ok(())
    }

    /// The direction of each pick, in order.
    pub(super) fn each(&self) -> impl Iterator<Item = &[T]> {
        self.directions.chunks_exact(self.features.rows().max(1)).take(self.picks)
    }

    /// The direction of the last pick.
    pub(super) fn last(&self) -> &[T] {
        let order = self.features.rows();
        let start = self.picks.saturating_sub(1).saturating_mul(order);
        self.directions.get(start..).and_then(|rest| rest.get(..order)).unwrap_or_default()
    }

    /// Puts the one direction of a pair left out, a multiple of its whitened difference, in the place
    /// of the first.
    pub(super) fn leave_out(&mut self, scale: T, difference: impl Iterator<Item = T>) {
        let (direction, _) = split_at(self.directions, self.features.rows());
        for (slot, difference) in direction.iter_mut().zip(difference) {
            *slot = scale * difference;
        }
        fill_place(direction, 0, self.panel);
        self.picks = 1;
    }

    /// Undoes [`Growing::leave_out`].
    pub(super) fn put_back(&mut self) {
        self.picks = 0;
    }

    /// Entry (i, j) adds d_i · (w · d_j), as a block of one pair does.
    pub(super) fn add_information(&mut self, pair: WeighedPair<T>) {
        let WeighedPair { items: ItemPair { a, b }, weight } = pair;
        let order = self.features.rows();
        let mut rest = self.information.as_mut_slice();
        for column in 0..order {
            let (entries, tail) = split_at(rest, order - column);
            let mut below = self.features.difference(a, b).skip(column).peekable();
            let scaled: T = weight * below.peek().copied().unwrap_or(T::ZERO);
            for (entry, d) in entries.iter_mut().zip(below) {
                *entry += d * scaled;
            }
            rest = tail;
        }
    }
}

impl Growth {
    /// Takes in that w v was `before` at the factorisation and is `now`.
    fn take<T: Real>(&mut self, before: T, now: T) -> Result<(), Error> {
        let loss = if before <= now { 1.0 } else { (before / now).to_f64() };
        if self.loss.order(loss).is_lt() {
            self.loss = loss;
        }
        match loss < 1.0 / T::EPSILON.to_f64() {
            true => Ok(()),
            false => Err(Error::IllConditioned { estimate: loss }),
        }
    }
}

/// v_s, a direction a place of a panel.
#[derive(Clone, Copy)]
pub(super) struct Directions<'a, T> {
    level: Level,
    panel: Panel<'a, T>,
    picks: usize,
}

impl<T: Real> Directions<'_, T> {
    /// t^s = v_s · u, in ascending feature order, for the picks from `first` on.
    #[inline]
    pub(super) fn project(self, whitened: &[T], first: usize, projections: &mut [T]) {
        let open = projections.get_mut(first..self.picks).unwrap_or_default();
        if !open.is_empty() {
            project_panel(self.level, self.panel.from(first), whitened, open);
        }
    }
}

/// Writes a direction to its place of the panel.
fn fill_place<T: Real>(direction: &[T], place: usize, panel: &mut [T]) {
    let stride = panel.len().checked_div(direction.len()).unwrap_or(0);
    for (row, value) in panel.chunks_exact_mut(stride.max(1)).zip(direction) {
        if let Some(slot) = row.get_mut(place) {
            *slot = *value;
        }
    }
}
