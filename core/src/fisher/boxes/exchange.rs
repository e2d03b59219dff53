//! What the boxes tell each other: the sums over all items as seen from the nodes of each box.
//!
//! σ′(t − t′) of two nodes of one box or of neighbours is taken as it is. From further boxes, more than
//! a box's width away, it is the first terms of Σ_j (−1)^{j+1} j e^{−j|t − t′|}, each a product of a
//! number of either node: the boxes below are one column of sums a term, and so are those above.

use super::segment::Segment;
use crate::arith::bernoulli::Variance;
use crate::arith::chebyshev::{MOST_NODES, at_node, node, node_count};
use crate::arith::{Real, exp, micro};
use crate::kernel::gemm::{Gemm, Part, Right, add_gemm, gemm};
use crate::parallel::{Executor, map_by, split_at};

/// The width of a box, in units of reward.
pub(super) const WIDTH: f64 = 4.0;

/// Terms of the series for distances above a box's width: what follows is below ε of the first weight.
const fn term_count<T: Real>() -> usize {
    if T::SIGNIFICAND_BITS < f64::SIGNIFICAND_BITS { 4 } else { MOST_TERMS }
}

const MOST_TERMS: usize = 9;

/// Numbers that [`Exchange::new`] needs for items of so many features.
pub(super) const fn exchange_len(order: usize) -> usize {
    let nodes = 2 * MOST_NODES * (MOST_NODES + MOST_TERMS);
    let column = order.saturating_add(1);
    column.saturating_mul(MOST_NODES + 2 * MOST_TERMS).saturating_add(nodes)
}

/// Tables of the nodes, which are the same in every box, and room to work.
pub(super) struct Exchange<'a, T> {
    /// Row i: (2 − [i = 0])/m times polynomial i at each node.
    interpolation: &'a mut [T],
    /// e^{−j (t − start)} of each node t, term after term.
    from_start: &'a mut [T],
    /// e^{−j (end − t)}.
    to_end: &'a mut [T],
    weights: &'a mut [T],
    column: &'a mut [T],
    state: &'a mut [T],
    seen: &'a mut [T],
}

/// Which boxes a box hears of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Below,
    Above,
}

impl<'a, T: Real> Exchange<'a, T> {
    /// The tables, and the memory that is left.
    pub(super) fn new(order: usize, workspace: &'a mut [T]) -> (Self, &'a mut [T]) {
        let (nodes, terms) = (node_count::<T>(), term_count::<T>());
        let (interpolation, workspace) = split_at(workspace, nodes * nodes);
        let (weights, workspace) = split_at(workspace, nodes * nodes);
        let (from_start, workspace) = split_at(workspace, nodes * terms);
        let (to_end, workspace) = split_at(workspace, nodes * terms);
        let (column, workspace) = split_at(workspace, order.saturating_add(1) * nodes);
        let (state, workspace) = split_at(workspace, order.saturating_add(1) * terms);
        let (seen, workspace) = split_at(workspace, order.saturating_add(1) * terms);
        let count = T::from_u64(nodes as u64);
        for (i, row) in interpolation.chunks_exact_mut(nodes.max(1)).enumerate() {
            let scale = if i == 0 { T::ONE } else { T::TWO };
            for (k, value) in row.iter_mut().enumerate() {
                *value = scale * at_node::<T>(i, k) / count;
            }
        }
        let half = T::from_f64(WIDTH / 2.0);
        for (table, sign) in [(&mut *from_start, T::ONE), (&mut *to_end, -T::ONE)] {
            for (k, powers) in table.chunks_exact_mut(terms.max(1)).enumerate() {
                fill_powers(exp(-(half * (T::ONE + sign * node::<T>(k)))), powers);
            }
        }
        let exchange = Self { interpolation, from_start, to_end, weights, column, state, seen };
        (exchange, workspace)
    }

    /// Turns the moments of each box, of polynomials, into sums at its nodes.
    pub(super) fn sum_at_nodes<E: Executor>(&mut self, executor: &E, moments: &mut [T]) {
        let nodes = node_count::<T>();
        let rows = moments.len().checked_div(nodes).unwrap_or(0);
        let (column, _) = split_at(self.column, moments.len());
        copy(moments, column);
        let b = Right::Rows { values: self.interpolation, stride: nodes, first: 0 };
        let (a, c, inner, part) = (&*column, moments, nodes, Part::Full);
        gemm(executor.level(), Gemm { a, b, c, rows, inner, part });
    }

    /// Fills the potentials of a segment's wanted boxes: coefficients of polynomials, from the moments
    /// at the nodes of all its boxes.
    pub(super) fn fill_potentials<E: Executor>(
        &mut self,
        executor: &E,
        segment: &mut Segment<'_, T>,
    ) {
        for number in segment.wanted() {
            segment.potentials_mut(number).fill(T::ZERO);
        }
        self.sweep(executor, segment, Side::Above);
        self.sweep(executor, segment, Side::Below);
        for number in segment.wanted() {
            for other in number.saturating_sub(1)..segment.held().min(number + 2) {
                self.add_near(executor, segment, number, other);
            }
            let nodes = node_count::<T>();
            let potentials = segment.potentials_mut(number);
            let rows = potentials.len().checked_div(nodes).unwrap_or(0);
            copy(potentials, self.column);
            let (a, b, c) = (&*self.column, Right::Columns(self.interpolation), potentials);
            let (inner, part) = (nodes, Part::Full);
            gemm(executor.level(), Gemm { a, b, c, rows, inner, part });
        }
    }

    /// Adds what the boxes beyond the neighbour on one side are to each wanted box.
    fn sweep<E: Executor>(&mut self, executor: &E, segment: &mut Segment<'_, T>, side: Side) {
        let (held, wanted) = (segment.held(), segment.wanted());
        self.state.fill(T::ZERO);
        let mut last = None;
        for step in 0..held {
            let number = if side == Side::Below { step } else { held - 1 - step };
            if step >= 2 {
                let further = if side == Side::Below { number - 2 } else { number + 2 };
                self.take(executor, segment, side, last, further);
                last = Some(further);
            }
            if let Some(last) = last
                && wanted.contains(&number)
            {
                self.add_far(executor, segment, side, last, number);
            }
        }
    }

    /// Takes a box into the sums of its side, of which `last` was the one before.
    fn take<E: Executor>(
        &mut self,
        executor: &E,
        segment: &Segment<'_, T>,
        side: Side,
        last: Option<usize>,
        number: usize,
    ) {
        let (order, terms) = (segment.order(), term_count::<T>());
        if let Some(last) = last {
            let distance = (segment.start(number) - segment.start(last)).magnitude();
            let mut powers = [T::ZERO; MOST_TERMS];
            let (powers, _) = split_at(&mut powers, terms);
            fill_powers(exp(-distance), powers);
            let (from, to) = (segment.centre(last), segment.centre(number));
            for (column, power) in
                self.state.chunks_exact_mut(order.saturating_add(1)).zip(&*powers)
            {
                move_origin(column, from, to, *power);
            }
        }
        let table = if side == Side::Below { &*self.to_end } else { &*self.from_start };
        let (a, c) = (segment.moments(number), &mut *self.state);
        let b = Right::Rows { values: table, stride: terms, first: 0 };
        let (rows, inner, part) = (order.saturating_add(1), node_count::<T>(), Part::Full);
        add_gemm(executor.level(), Gemm { a, b, c, rows, inner, part });
    }

    /// Adds what a side's sums, up to the box `last`, are to a box.
    fn add_far<E: Executor>(
        &mut self,
        executor: &E,
        segment: &mut Segment<'_, T>,
        side: Side,
        last: usize,
        number: usize,
    ) {
        let (order, terms) = (segment.order(), term_count::<T>());
        let distance = (segment.start(number) - segment.start(last)).magnitude();
        let mut powers = [T::ZERO; MOST_TERMS];
        let (powers, _) = split_at(&mut powers, terms);
        fill_powers(exp(T::from_f64(WIDTH) - distance), powers);
        let (from, to) = (segment.centre(last), segment.centre(number));
        copy(self.state, self.seen);
        let columns = self.seen.chunks_exact_mut(order.saturating_add(1)).zip(&*powers);
        for (j, (column, power)) in (1_u64..).zip(columns) {
            let sign = if j.is_multiple_of(2) { -T::ONE } else { T::ONE };
            move_origin(column, from, to, sign * T::from_u64(j) * *power);
        }
        let table = if side == Side::Below { &*self.from_start } else { &*self.to_end };
        let (a, b, c) = (&*self.seen, Right::Columns(table), segment.potentials_mut(number));
        let (rows, inner, part) = (order.saturating_add(1), terms, Part::Full);
        add_gemm(executor.level(), Gemm { a, b, c, rows, inner, part });
    }

    /// Adds what a box, itself or a neighbour, is to a box.
    fn add_near<E: Executor>(
        &mut self,
        executor: &E,
        segment: &mut Segment<'_, T>,
        number: usize,
        other: usize,
    ) {
        let nodes = node_count::<T>();
        let shift = segment.start(number) - segment.start(other);
        let half = T::from_f64(WIDTH / 2.0);
        for (l, row) in self.weights.chunks_exact_mut(nodes.max(1)).enumerate() {
            for (k, margin) in row.iter_mut().enumerate() {
                *margin = shift + half * (node::<T>(k) - node::<T>(l));
            }
        }
        map_by::<Variance, micro::Variance, T, E>(executor, self.weights);
        copy(segment.moments(other), self.column);
        if number != other {
            let (from, to) = (segment.centre(other), segment.centre(number));
            for column in self.column.chunks_exact_mut(segment.order().saturating_add(1)) {
                move_origin(column, from, to, T::ONE);
            }
        }
        let b = Right::Rows { values: self.weights, stride: nodes, first: 0 };
        let (rows, inner, part) = (segment.order().saturating_add(1), nodes, Part::Full);
        let (a, c) = (&*self.column, segment.potentials_mut(number));
        add_gemm(executor.level(), Gemm { a, b, c, rows, inner, part });
    }
}

/// x, x², x³, ….
fn fill_powers<T: Real>(x: T, powers: &mut [T]) {
    let mut power = x;
    for slot in powers {
        *slot = power;
        power *= x;
    }
}

/// Turns a sum of differences from one origin, and the weight that stands below it, into the sum of
/// those from another, times a factor.
fn move_origin<T: Real>(column: &mut [T], from: &[T], to: &[T], factor: T) {
    let Some((weight, sums)) = column.split_last_mut() else {
        return;
    };
    for (sum, (from, to)) in sums.iter_mut().zip(from.iter().zip(to)) {
        *sum = factor * (*sum + *weight * (*from - *to));
    }
    *weight *= factor;
}

fn copy<T: Copy>(from: &[T], to: &mut [T]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
