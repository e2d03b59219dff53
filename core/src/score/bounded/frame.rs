//! The middle of whitened items, and the axes along which they differ most, by power iteration: both from
//! some of the items. How well they are found decides how much a walk passes over, and never what ranks first.

use super::Scan;
use super::bounds::most;
use crate::arith::{Level, Real, sum};
use crate::kernel::axpy::subtract_scaled;
use crate::kernel::dot::dot;
use crate::kernel::panel::{Panel, project_panel};
use crate::kernel::reach::{AXES, Frame};
use crate::memory::smaller;
use crate::parallel::{Executor, split_at};
use crate::whiten::block_stride;

/// Columns as long as an item: the centre, and an axis each.
pub(super) const COLUMNS: usize = 1 + AXES;

/// Items that a frame is found by, at most.
const SAMPLE: usize = sum::ITEMS / 2;

/// Steps of an axis towards the direction of the largest variance.
const STEPS: usize = 4;

/// What an axis is as long as with all squares added, at most: κ; 1 where none are subtracted.
pub(super) fn length<T: Real>(frame: Frame<'_, T>) -> T {
    frame.axes.iter().fold(T::ONE, |length, axis| most(length, dot(axis, axis).sqrt_of()))
}

/// Writes the mean of some items, and the axes from there. The columns are memory for those of a block of
/// items, and the workspace for their panel and two numbers an item.
pub(super) fn fill_frame<'a, T: Real, D: AsRef<[T]> + Sync, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    out: &'a mut [T],
    columns: &mut [T],
    workspace: &mut [T],
) -> Frame<'a, T> {
    let (rows, items) = (scan.ranking.criterion.rows(), scan.ranking.pool.features().len());
    let (stride, added) = (block_stride(items), scan.added_rows());
    let (centre, rest) = split_at(out, rows);
    let (first, rest) = split_at(rest, rows);
    let (second, _) = split_at(rest, rows);
    let (count, step) = (smaller(SAMPLE, items), (items / SAMPLE).max(1));
    let (panel, workspace) = split_at(workspace, rows * stride);
    let (along, workspace) = split_at(workspace, count);
    let (squares, _) = split_at(workspace, count);
    // Not all at the same place of their prompts.
    let sampled = (0..count).map(|number| number * step + number * 7 % step);
    scan.fill_block(sampled, columns, panel);
    let norm = fill_centre(panel, stride, centre, squares);
    let offset = if added < rows { T::TWO * norm } else { T::ZERO };
    subtract_centre(panel, stride, centre, added, squares);
    let panel = Panel { values: &*panel, stride };
    let mut sample = Sample {
        level: scan.executor.level(),
        panel,
        added,
        rounding: scan.sums_rounding(),
        along,
        squares,
    };
    sample.find(first, &[]);
    sample.find(second, first);
    Frame { centre, axes: [first, second], added, offset }
}

/// Fills in the mean of the items of a panel, one a square, and gives their mean norm.
fn fill_centre<T: Real>(panel: &[T], stride: usize, centre: &mut [T], squares: &mut [T]) -> T {
    let count = T::from_u64(squares.len() as u64);
    squares.fill(T::ZERO);
    for (centre, row) in centre.iter_mut().zip(panel.chunks_exact(stride.max(1))) {
        *centre = T::ZERO;
        for (value, square) in row.iter().zip(&mut *squares) {
            *centre += *value;
            *square += *value * *value;
        }
        *centre /= count;
    }
    squares.iter().fold(T::ZERO, |sum, square| sum + square.sqrt_of()) / count
}

/// Subtracts the mean from the items of a panel, and fills in the squares of what is left: of the rows
/// behind the first `added` with the other sign.
fn subtract_centre<T: Real>(
    panel: &mut [T],
    stride: usize,
    centre: &[T],
    added: usize,
    squares: &mut [T],
) {
    squares.fill(T::ZERO);
    for (number, (row, centre)) in panel.chunks_exact_mut(stride.max(1)).zip(centre).enumerate() {
        let sign = if number < added { T::ONE } else { -T::ONE };
        for (value, square) in row.iter_mut().zip(&mut *squares) {
            *value -= *centre;
            *square += sign * *value * *value;
        }
    }
}

/// Some items, less their mean.
struct Sample<'w, T> {
    level: Level,
    panel: Panel<'w, T>,
    /// Rows whose squares are added: those of the others are subtracted.
    added: usize,
    /// What rounding takes from a sum over the rows.
    rounding: T,
    /// A coordinate of each, where it is wanted.
    along: &'w mut [T],
    /// What is left of the square of each.
    squares: &'w mut [T],
}

impl<T: Real> Sample<'_, T> {
    /// Finds an axis at right angles to another.
    fn find(&mut self, axis: &mut [T], other: &[T]) {
        let furthest = self.furthest();
        self.fill(axis, |row, _| row.get(furthest).copied().unwrap_or(T::ZERO));
        for _ in 0..STEPS {
            self.make_unit(axis, other);
            self.project(axis);
            self.fill(axis, dot);
        }
        // Once more, for what rounding has left of the other where little else was.
        self.make_unit(axis, other);
        self.make_unit(axis, other);
        self.project(axis);
        for (square, along) in self.squares.iter_mut().zip(&*self.along) {
            *square -= *along * *along;
        }
    }

    /// Fills an axis from what each row of the sample comes to, beside the coordinates.
    fn fill(&self, axis: &mut [T], value: impl Fn(&[T], &[T]) -> T) {
        let rows = self.panel.values.chunks_exact(self.panel.stride.max(1));
        for (number, (slot, row)) in axis.iter_mut().zip(rows).enumerate() {
            let value = value(row, self.along);
            *slot = if number < self.added { value } else { -value };
        }
    }

    /// Makes a vector a unit vector at right angles to another; or zeros, where rounding leaves too little
    /// of it.
    fn make_unit(&self, axis: &mut [T], other: &[T]) {
        subtract_scaled(axis, self.product(axis, other), other);
        let square = self.product(axis, axis);
        let norm = square.sqrt_of();
        let is_kept = self.rounding * dot(axis, axis) < square / T::from_u64(16);
        if !(is_kept && T::ZERO < norm && norm.is_finite_number()) {
            return axis.fill(T::ZERO);
        }
        for value in axis {
            *value /= norm;
        }
    }

    /// The product of two vectors, of the rows subtracted with the other sign.
    fn product(&self, a: &[T], b: &[T]) -> T {
        let (added, subtracted) = a.split_at_checked(self.added).unwrap_or((a, &[]));
        dot(added, b) - dot(subtracted, b.get(self.added..).unwrap_or_default())
    }

    fn project(&mut self, axis: &[T]) {
        project_panel(self.level, self.panel.from(0), axis, self.along);
    }

    /// The place of the item of which most is left.
    fn furthest(&self) -> usize {
        let (mut place, mut most) = (0, T::ZERO);
        for (number, square) in self.squares.iter().enumerate() {
            if most < *square {
                (place, most) = (number, *square);
            }
        }
        place
    }
}
