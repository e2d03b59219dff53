//! [`State`]: the matrix of a sequential design, its factor, and the columns of the items.

use super::scores::WeighedPair;
use super::{Goal, most_picks};
use crate::arith::{Level, Real};
use crate::columns::Columns;
use crate::error::Error;
use crate::kernel::axpy::subtract_scaled;
use crate::kernel::dot::dot;
use crate::kernel::panel::{Panel, panel_stride, project_panel};
use crate::linalg::{Cholesky, Packed, packed_len};
use crate::parallel::{Executor, for_chunks, split_at, workers};
use crate::pool::ItemPair;
use crate::score::{LeverageRows, Rows, Stored, TraceDrop, copy_features};
use crate::select::trace;
use crate::whiten::{fill_whitener, whitener_len};
use crate::whiten::{whiten_columns, whiten_workspace_len};

/// Numbers of the parts that do not grow with the pool.
pub(super) const fn workspace_len(order: usize, batch: usize) -> usize {
    let square = order.saturating_mul(order).saturating_add(packed_len(order));
    packed_len(order)
        .saturating_mul(2)
        .saturating_add(square)
        .saturating_add(whitener_len(order))
        .saturating_add(order.saturating_mul(most_picks(batch).saturating_add(1)))
        .saturating_add(order.saturating_mul(panel_stride(most_picks(batch))))
}

/// See [`super`]: M and what whitened items know of the picks since it was factored.
pub(super) struct State<'a, T> {
    features: Columns<'a, f32>,
    information: Packed<T, &'a mut [T]>,
    factor: &'a mut [T],
    whitener: &'a mut [T],
    /// v_s, one after the other.
    directions: &'a mut [T],
    /// The same as a panel, a direction a place: an item is projected on a vector of them at a time.
    panel: &'a mut [T],
    picks: usize,
    /// Whether the one direction is that of a pair left out, whose square is added.
    left_out: bool,
    /// u, t, then of a trace KᵀSφ (V = KKᵀ) and φ: an item a column.
    columns: &'a mut [T],
    height: usize,
    /// How many of its t each item has.
    stages: &'a mut [u64],
    trace: Option<Trace<'a, T>>,
}

/// What a trace needs besides.
struct Trace<'a, T> {
    /// K with V = KKᵀ; none where V = I.
    root: Option<&'a mut [T]>,
    /// L⁻¹K, column by column.
    solved: &'a mut [T],
    /// Kᵀ · L⁻ᵀ · v, by which a pick changes KᵀSφ.
    change: &'a mut [T],
    misfit: T,
}

impl<'a, T: Real> Trace<'a, T> {
    /// None for another goal; and the memory that is left.
    fn new(
        order: usize,
        goal: Goal<'_, T>,
        numbers: &'a mut [T],
    ) -> Result<(Option<Self>, &'a mut [T]), Error> {
        let Goal::Trace { target, misfit } = goal else {
            return Ok((None, numbers));
        };
        let (root, numbers) = split_at(numbers, packed_len(order));
        let (solved, numbers) = split_at(numbers, order * order);
        let (change, numbers) = split_at(numbers, order);
        let root = trace::fill_root(order, target, root)?;
        Ok((Some(Self { root, solved, change, misfit }), numbers))
    }
}

impl<'a, T: Real> State<'a, T> {
    /// The state before the first pick, to be factored; and the memory that is left.
    pub(super) fn new(
        features: Columns<'a, f32>,
        batch: usize,
        goal: Goal<'_, T>,
        information: Packed<T, &'a mut [T]>,
        stages: &'a mut [u64],
        numbers: &'a mut [T],
    ) -> Result<(Self, &'a mut [T]), Error> {
        let order = features.rows();
        let height = super::height(order, batch, matches!(goal, Goal::LogDet));
        let (found, required) = (stages.len(), features.len());
        if found < required {
            return Err(Error::Workspace { what: "ranks", required, found });
        }
        let columns_len = features.len().saturating_mul(height);
        let found = numbers.len();
        let required = workspace_len(order, batch).saturating_add(columns_len);
        if found < required {
            return Err(Error::Workspace { what: "sequential design", required, found });
        }
        let (stages, _) = split_at(stages, features.len());
        let (factor, numbers) = split_at(numbers, packed_len(order));
        let (whitener, numbers) = split_at(numbers, whitener_len(order));
        let (directions, numbers) = split_at(numbers, order * most_picks(batch));
        let (panel, numbers) = split_at(numbers, order * panel_stride(most_picks(batch)));
        panel.fill(T::ZERO);
        let (columns, numbers) = split_at(numbers, columns_len);
        let (trace, numbers) = Trace::new(order, goal, numbers)?;
        let state = Self {
            features,
            information,
            factor,
            whitener,
            directions,
            panel,
            picks: 0,
            left_out: false,
            columns,
            height,
            stages,
            trace,
        };
        Ok((state, numbers))
    }

    /// The first row that a trace adds.
    fn target_row(&self) -> usize {
        self.height.saturating_sub(self.features.rows().saturating_mul(2))
    }

    /// Picks since the matrix was factored.
    pub(super) fn picks(&self) -> usize {
        self.picks
    }

    /// Factors M and whitens the items anew.
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`]; [`Error::Workspace`].
    pub(super) fn refactor<E: Executor>(
        &mut self,
        executor: &E,
        workspace: &mut [T],
    ) -> Result<Cholesky<T, &mut [T]>, Error> {
        let (order, at) = (self.features.rows(), self.target_row());
        for (slot, entry) in self.factor.iter_mut().zip(self.information.as_slice()) {
            *slot = *entry;
        }
        let factor = Cholesky::factor(Packed::new(order, &mut *self.factor)?)?;
        fill_whitener(factor.as_slice(), order, self.whitener);
        let each = whiten_workspace_len(order, self.features.len());
        let fits = workers("whitening", each, executor.threads(), workspace.len())?.get();
        let (features, height) = (self.features, self.height);
        whiten_columns(executor, features, self.whitener, height, fits, self.columns, workspace);
        if let Some(trace) = &mut self.trace {
            trace::solve(&factor, trace.root.as_deref(), trace.solved)?;
            trace::fill_rows(executor, order, trace.solved, height, at, self.columns);
            copy_features(features, height, at + order, self.columns);
        }
        self.stages.fill(0);
        self.picks = 0;
        Ok(factor)
    }

    /// What pairs are scored from.
    pub(super) fn stored(&self) -> Stored<'_, T> {
        let order = self.features.rows();
        let at = self.target_row();
        let drop = self.trace.as_ref().map(|trace| {
            let rows = if trace.misfit == T::ZERO { 0 } else { order };
            let target = Rows { first: at, len: order };
            let features = Rows { first: at + order, len: rows };
            TraceDrop { target, features, misfit: trace.misfit }
        });
        let leverage = match self.left_out {
            true => LeverageRows { first: 0, added: order + 1, subtracted: 0 },
            false => LeverageRows { first: 0, added: order, subtracted: self.picks },
        };
        Stored { columns: self.columns, height: self.height, leverage, drop }
    }

    /// Brings the t of one item up to date.
    pub(super) fn project(&mut self, level: Level, item: u32) {
        let start = (item as usize).saturating_mul(self.height);
        let column = self.columns.get_mut(start..).unwrap_or_default();
        let (column, _) = split_at(column, self.height);
        if let Some(stage) = self.stages.get_mut(item as usize) {
            let directions = Directions::of(level, self.panel, self.features.rows());
            directions.project(self.picks, column, stage);
        }
    }

    /// Brings the t of all items up to date.
    pub(super) fn project_all<E: Executor>(&mut self, executor: &E) {
        let directions = Directions::of(executor.level(), self.panel, self.features.rows());
        let picks = self.picks;
        each(executor, self.height, self.columns, self.stages, &|column, stage| {
            directions.project(picks, column, stage);
        });
    }

    /// M ← M + w ddᵀ, `leverage` being its w v. The t of both items must be up to date.
    pub(super) fn add<E: Executor>(&mut self, executor: &E, pair: WeighedPair<T>, leverage: T) {
        let order = self.features.rows();
        self.add_information(pair);
        let column = |item: u32| {
            let start = (item as usize).saturating_mul(self.height);
            self.columns.get(start..start.saturating_add(self.height)).unwrap_or_default()
        };
        let (a, b) = (column(pair.items.a), column(pair.items.b));
        let (before, rest) = split_at(self.directions, self.picks * order);
        let (direction, _) = split_at(rest, order);
        for ((slot, a), b) in direction.iter_mut().zip(a).zip(b) {
            *slot = *a - *b;
        }
        let projections = a.iter().zip(b).skip(order);
        for (before, (a, b)) in before.chunks_exact(order.max(1)).zip(projections) {
            subtract_scaled(direction, *a - *b, before);
        }
        let scale = (pair.weight / (T::ONE + leverage)).sqrt_of();
        for value in &mut *direction {
            *value *= scale;
        }
        fill_place(direction, self.picks, self.panel);
        self.picks += 1;
        let Some(trace) = &mut self.trace else {
            return;
        };
        for (change, row) in trace.change.iter_mut().zip(trace.solved.chunks_exact(order.max(1))) {
            *change = dot(row, direction);
        }
        let (change, picks) = (&*trace.change, self.picks);
        let target_row = self.height.saturating_sub(2 * order);
        let directions = Directions::of(executor.level(), self.panel, order);
        each(executor, self.height, self.columns, self.stages, &|column, stage| {
            directions.project(picks, column, stage);
            let (front, back) = split_at(column, target_row);
            let last = front.get(order + picks - 1).copied().unwrap_or(T::ZERO);
            subtract_scaled(split_at(back, order).0, last, change);
        });
    }

    /// Scores from here on as if a pair of the design were not in it: (M − w ddᵀ)⁻¹ adds one square,
    /// w/(1 − w v) (dᵀM⁻¹φ)². To be called with no pick since the factorisation.
    pub(super) fn leave_out<E: Executor>(&mut self, executor: &E, pair: WeighedPair<T>, rest: T) {
        let order = self.features.rows();
        let column = |item: u32| {
            let start = (item as usize).saturating_mul(self.height);
            self.columns.get(start..start.saturating_add(order)).unwrap_or_default()
        };
        let scale = (pair.weight / rest).sqrt_of();
        let (direction, _) = split_at(self.directions, order);
        let (a, b) = (column(pair.items.a), column(pair.items.b));
        for ((slot, a), b) in direction.iter_mut().zip(a).zip(b) {
            *slot = scale * (*a - *b);
        }
        fill_place(direction, 0, self.panel);
        (self.left_out, self.picks) = (true, 1);
        self.stages.fill(0);
        self.project_all(executor);
    }

    /// Undoes [`State::leave_out`].
    pub(super) fn put_back(&mut self) {
        (self.left_out, self.picks) = (false, 0);
        self.stages.fill(0);
    }

    /// M, to be filled with another design's information and factored.
    pub(super) fn information(&mut self) -> &mut Packed<T, &'a mut [T]> {
        &mut self.information
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

/// v_s, a direction a place of a panel.
#[derive(Clone, Copy)]
struct Directions<'a, T> {
    level: Level,
    panel: Panel<'a, T>,
    order: usize,
}

impl<'a, T: Real> Directions<'a, T> {
    fn of(level: Level, panel: &'a [T], order: usize) -> Self {
        let stride = panel.len().checked_div(order).unwrap_or(0);
        Self { level, panel: Panel { values: panel, stride }, order }
    }

    /// t^s = v_s · u, in ascending feature order, for the picks that a column does not have yet.
    #[inline]
    fn project(self, picks: usize, column: &mut [T], stage: &mut u64) {
        let (whitened, projections) = split_at(column, self.order);
        let first = usize::try_from(*stage).unwrap_or(usize::MAX);
        let open = projections.get_mut(first..picks).unwrap_or_default();
        if !open.is_empty() {
            project_panel(self.level, self.panel.from(first), whitened, open);
        }
        *stage = picks as u64;
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

/// Does something with each item's column and stage, perhaps at once.
fn each<T: Real, E: Executor>(
    executor: &E,
    height: usize,
    columns: &mut [T],
    stages: &mut [u64],
    body: &(impl Fn(&mut [T], &mut u64) + Sync),
) {
    let share = stages.len().div_ceil(executor.threads().max(1));
    for_chunks(executor, columns, share * height, stages, share, &|_, columns, stages| {
        for (column, stage) in columns.chunks_exact_mut(height.max(1)).zip(stages) {
            body(column, stage);
        }
    });
}
