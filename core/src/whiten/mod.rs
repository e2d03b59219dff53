//! Items whitened by the factor of a matrix, u = L⁻¹φ with M = LLᵀ: as columns for scores, or as
//! panels.
//!
//! Of a posterior precision P they are [`Whitened`], from which the variance of any margin is to
//! hand: v = dᵀP⁻¹d = ‖u_a − u_b‖², d = φ_a − φ_b. P is that of the labels so far, λI + Σ over the
//! labelled pairs. With the matrix of the whole pool in its place every variance would vanish, and
//! averaged weights with it. Squared differences are summed in ascending feature order, as scores are.

mod substitution;

pub use self::substitution::{fill_whitened, fill_whitener, whitener_len};

use core::iter::Peekable;
use core::ops::Range;

use crate::arith::{Level, Real, sum};
use crate::columns::Columns;
use crate::error::{Error, check_shape};
use crate::kernel::panel::{Grid, Items, Panel, fill_columns, panel_stride, squared_distances};
use crate::linalg::Cholesky;
use crate::parallel::{Executor, for_chunks, split_at};
use crate::pool::ItemPair;

/// Numbers that [`whiten_panels`] writes: a panel for each block of [`sum::ITEMS`] items.
pub(crate) const fn panels_len(order: usize, items: usize) -> usize {
    items.div_ceil(sum::ITEMS).saturating_mul(order.saturating_mul(block_stride(items)))
}

/// Room for the items of a block in a row of its panel.
pub(crate) const fn block_stride(items: usize) -> usize {
    panel_stride(sum::longest(sum::ITEMS, items))
}

/// Numbers that [`Whitened::new`] keeps, and works in.
#[must_use]
pub const fn whitened_len(order: usize, items: usize) -> usize {
    whitener_len(order).saturating_add(panels_len(order, items))
}

/// Whitens all items, a panel a block of [`sum::ITEMS`].
pub(crate) fn whiten_panels<T: Real, E: Executor>(
    executor: &E,
    features: Columns<'_, f32>,
    whitener: &[T],
    panels: &mut [T],
) {
    let (order, stride) = (features.rows(), block_stride(features.len()));
    let each = order.saturating_mul(stride);
    for_chunks(executor, panels, each, &mut [(); 0], 0, &|block, panel, _| {
        let first = block * sum::ITEMS;
        let items = features.range(first, first + sum::ITEMS);
        fill_whitened(executor.level(), items, whitener, stride, panel);
    });
}

/// Items whitened by the factor of P.
#[derive(Clone, Copy, Debug)]
pub struct Whitened<'a, T> {
    panels: &'a [T],
    order: usize,
    stride: usize,
}

impl<'a, T: Real> Whitened<'a, T> {
    /// Whitens items by the factor of P.
    ///
    /// # Errors
    /// [`Error::Shape`] for a factor of another order; [`Error::Workspace`] unless `workspace` has
    /// [`whitened_len`] numbers.
    pub fn new<E: Executor, D: AsRef<[T]>>(
        executor: &E,
        factor: &Cholesky<T, D>,
        features: Columns<'_, f32>,
        workspace: &'a mut [T],
    ) -> Result<Self, Error> {
        let order = features.rows();
        check_shape("order of the factor", order, factor.order())?;
        let (required, found) = (whitened_len(order, features.len()), workspace.len());
        if found < required {
            return Err(Error::Workspace { what: "whitened items", required, found });
        }
        let (whitener, panels) = split_at(workspace, whitener_len(order));
        let (panels, _) = split_at(panels, panels_len(order, features.len()));
        fill_whitener(factor.as_slice(), order, whitener);
        whiten_panels(executor, features, whitener, panels);
        Ok(Self::of(panels, order, features.len()))
    }

    /// So many items, of which there are panels already.
    pub(crate) const fn of(panels: &'a [T], order: usize, items: usize) -> Self {
        Self { panels, order, stride: block_stride(items) }
    }

    /// Writes the variance of the margin of item `a` with each of the items from `b` on, as many as
    /// `out` has places.
    pub fn variances(self, level: Level, a: usize, b: usize, out: &mut [T]) {
        let (mut b, mut rest) = (b, out);
        while !rest.is_empty() {
            let (run, others) = split_at(rest, sum::ITEMS - b % sum::ITEMS);
            self.variances_between(level, a, b, run.len(), run);
            b = b.saturating_add(run.len());
            rest = others;
        }
    }

    /// Whether these items lie within a block of [`sum::ITEMS`].
    pub(crate) fn is_block(self, items: &Range<usize>) -> bool {
        items.end <= (items.start / sum::ITEMS + 1).saturating_mul(sum::ITEMS)
    }

    /// Writes the variances of the margins of the items from `a` on with `width` items from `b` on,
    /// a row for each a. Each of the two runs of items lies within a block of [`sum::ITEMS`].
    pub(crate) fn variances_between(
        self,
        level: Level,
        a: usize,
        b: usize,
        width: usize,
        out: &mut [T],
    ) {
        squared_distances(level, Grid { rows: self.from(a), columns: self.from(b), width }, out);
    }

    /// Writes the variances of the margins of pairs (a, b), until `out` is full or no pair is left.
    pub(crate) fn variances_of(
        self,
        level: Level,
        pairs: &mut Peekable<impl Iterator<Item = ItemPair>>,
        out: &mut [T],
    ) {
        let mut rest = out;
        while let Some(pair) = if rest.is_empty() { None } else { pairs.next() } {
            // An item with the ones that follow each other is one walk over a panel.
            let (mut run, mut next) = (1, pair);
            while run < rest.len() {
                next.b = next.b.saturating_add(1);
                if pairs.next_if_eq(&next).is_none() {
                    break;
                }
                run += 1;
            }
            let (out, others) = split_at(rest, run);
            self.variances(level, pair.a as usize, pair.b as usize, out);
            rest = others;
        }
    }

    /// The features of one item.
    pub(crate) fn column(self, item: usize) -> impl Iterator<Item = T> + use<'a, T> {
        let Items { panel, first } = self.from(item);
        let rows = panel.values.chunks_exact(panel.stride.max(1));
        rows.map(move |row| row.get(first).copied().unwrap_or(T::ZERO))
    }

    /// The items from this one on, in their panel.
    pub(crate) fn from(self, item: usize) -> Items<'a, T> {
        let len = self.order.saturating_mul(self.stride);
        let start = (item / sum::ITEMS).saturating_mul(len);
        let values = self.panels.get(start..start.saturating_add(len)).unwrap_or_default();
        Panel { values, stride: self.stride }.from(item % sum::ITEMS)
    }
}

/// Numbers that [`whiten_columns`] works in.
pub(crate) const fn whiten_workspace_len(order: usize, items: usize) -> usize {
    order.saturating_mul(panel_stride(block_len(items)))
}

/// Items that are whitened together. Not part of the contract: items share nothing.
const fn block_len(items: usize) -> usize {
    if items < sum::ITEMS { items } else { sum::ITEMS }
}

/// Whitens all items, an item a column, whose first rows it fills: columns may be longer than the
/// items. Blocks of items are shared out over `workers`.
pub(crate) fn whiten_columns<T: Real, E: Executor>(
    executor: &E,
    features: Columns<'_, f32>,
    whitener: &[T],
    height: usize,
    workers: usize,
    columns: &mut [T],
    workspace: &mut [T],
) {
    let order = features.rows();
    let stride = panel_stride(block_len(features.len()));
    let blocks = features.len().div_ceil(sum::ITEMS).div_ceil(workers.max(1));
    let share = blocks * sum::ITEMS;
    let each = whiten_workspace_len(order, features.len());
    for_chunks(executor, columns, share * height, workspace, each, &|worker, columns, panel| {
        let (panel, _) = split_at(panel, order * stride);
        let parts = columns.chunks_mut((sum::ITEMS * height).max(1));
        for (first, columns) in (worker * share..).step_by(sum::ITEMS).zip(parts) {
            let items = features.range(first, first + sum::ITEMS);
            fill_whitened(executor.level(), items, whitener, stride, panel);
            fill_columns(executor.level(), Panel { values: panel, stride }, height, columns);
        }
    });
}
