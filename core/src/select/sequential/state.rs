//! [`State`]: what the columns of the items know of a sequential design.

use core::ops::Range;

use super::Goal;
use super::growing::{Directions, Factored, Growing, growing_len};
use super::scores::WeighedPair;
use crate::arith::{Level, Real};
use crate::columns::Columns;
use crate::error::Error;
use crate::kernel::axpy::subtract_scaled;
use crate::kernel::dot::dot;
use crate::linalg::{Cholesky, packed_len};
use crate::parallel::{Executor, for_chunks, split_at, workers};
use crate::score::{LeverageRows, Rows, Stored, TraceDrop, copy_features};
use crate::select::{Problem, trace};
use crate::whiten::{whiten_columns, whiten_workspace_len};

/// Numbers of the parts that do not grow with the pool.
pub(super) const fn workspace_len(order: usize, batch: usize) -> usize {
    let square = order.saturating_mul(order).saturating_add(packed_len(order));
    growing_len(order, batch).saturating_add(square).saturating_add(order)
}

/// See [`super`]: M and what whitened items know of the picks since it was factored.
pub(super) struct State<'a, T> {
    features: Columns<'a, f32>,
    growing: Growing<'a, T>,
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
    pub(super) fn new<E>(
        problem: &Problem<'a, T, E>,
        batch: usize,
        goal: Goal<'_, T>,
        stages: &'a mut [u64],
        numbers: &'a mut [T],
    ) -> Result<(Self, &'a mut [T]), Error> {
        let features = problem.pool.features();
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
        let (growing, numbers) = Growing::new(problem, batch, numbers)?;
        let (columns, numbers) = split_at(numbers, columns_len);
        let (trace, numbers) = Trace::new(order, goal, numbers)?;
        Ok((Self { features, growing, left_out: false, columns, height, stages, trace }, numbers))
    }

    /// The first row that a trace adds.
    fn target_row(&self) -> usize {
        self.height.saturating_sub(self.features.rows().saturating_mul(2))
    }

    /// Picks since the matrix was factored.
    pub(super) fn picks(&self) -> usize {
        self.growing.picks()
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
        let Factored { factor, whitener } = self.growing.refactor()?;
        let each = whiten_workspace_len(order, self.features.len());
        let fits = workers("whitening", each, executor.threads(), workspace.len())?.get();
        let (features, height) = (self.features, self.height);
        whiten_columns(executor, features, whitener, height, fits, self.columns, workspace);
        if let Some(trace) = &mut self.trace {
            trace::solve(&factor, trace.root.as_deref(), trace.solved)?;
            trace::fill_rows(executor, order, trace.solved, height, at, self.columns);
            copy_features(features, height, at + order, self.columns);
        }
        self.stages.fill(0);
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
            false => LeverageRows { first: 0, added: order, subtracted: self.picks() },
        };
        Stored { columns: self.columns, height: self.height, leverage, drop }
    }

    /// Where an item's column lies.
    fn place(&self, item: u32) -> Range<usize> {
        let start = (item as usize).saturating_mul(self.height);
        start..start.saturating_add(self.height)
    }

    /// Brings the t of one item up to date.
    pub(super) fn project(&mut self, level: Level, item: u32) {
        let (place, order) = (self.place(item), self.features.rows());
        let column = self.columns.get_mut(place).unwrap_or_default();
        if let Some(stage) = self.stages.get_mut(item as usize) {
            project(self.growing.directions(level), self.growing.picks(), order, column, stage);
        }
    }

    /// Brings the t of all items up to date.
    pub(super) fn project_all<E: Executor>(&mut self, executor: &E) {
        let (order, picks) = (self.features.rows(), self.growing.picks());
        let directions = self.growing.directions(executor.level());
        each(executor, self.height, self.columns, self.stages, &|column, stage| {
            project(directions, picks, order, column, stage);
        });
    }

    /// M ← M + w ddᵀ, `leverage` being its w v. The t of both items must be up to date.
    ///
    /// # Errors
    /// As [`Growing::add`].
    pub(super) fn add<E: Executor>(
        &mut self,
        executor: &E,
        pair: WeighedPair<T>,
        leverage: T,
    ) -> Result<(), Error> {
        let order = self.features.rows();
        let items = [pair.items.a, pair.items.b].map(|item| self.place(item)).map(|place| {
            let column = self.columns.get(place).unwrap_or_default();
            column.split_at_checked(order).unwrap_or_default()
        });
        let (whitened, projections) = (items.map(|item| item.0), items.map(|item| item.1));
        self.growing.add(pair, leverage, whitened, projections)?;
        let Some(trace) = &mut self.trace else {
            return Ok(());
        };
        let direction = self.growing.last();
        for (change, row) in trace.change.iter_mut().zip(trace.solved.chunks_exact(order.max(1))) {
            *change = dot(row, direction);
        }
        let (change, picks) = (&*trace.change, self.growing.picks());
        let target_row = self.height.saturating_sub(2 * order);
        let directions = self.growing.directions(executor.level());
        each(executor, self.height, self.columns, self.stages, &|column, stage| {
            project(directions, picks, order, column, stage);
            let (front, back) = split_at(column, target_row);
            let last = front.get(order + picks - 1).copied().unwrap_or(T::ZERO);
            subtract_scaled(split_at(back, order).0, last, change);
        });
        Ok(())
    }

    /// Scores from here on as if a pair of the design were not in it: (M − w ddᵀ)⁻¹ adds one square,
    /// w/(1 − w v) (dᵀM⁻¹φ)². To be called with no pick since the factorisation.
    pub(super) fn leave_out<E: Executor>(&mut self, executor: &E, pair: WeighedPair<T>, rest: T) {
        let places = [pair.items.a, pair.items.b].map(|item| self.place(item));
        let [a, b] = places.map(|place| self.columns.get(place).unwrap_or_default());
        let difference = a.iter().zip(b).map(|(a, b)| *a - *b);
        self.growing.leave_out((pair.weight / rest).sqrt_of(), difference);
        self.left_out = true;
        self.stages.fill(0);
        self.project_all(executor);
    }

    /// Undoes [`State::leave_out`].
    pub(super) fn put_back(&mut self) {
        self.growing.put_back();
        self.left_out = false;
        self.stages.fill(0);
    }

    /// M and its factor.
    pub(super) fn growing(&mut self) -> &mut Growing<'a, T> {
        &mut self.growing
    }
}

/// Brings the t of a column up to date.
#[inline]
fn project<T: Real>(
    directions: Directions<'_, T>,
    picks: usize,
    order: usize,
    column: &mut [T],
    stage: &mut u64,
) {
    let (whitened, projections) = split_at(column, order);
    directions.project(whitened, usize::try_from(*stage).unwrap_or(usize::MAX), projections);
    *stage = picks as u64;
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
