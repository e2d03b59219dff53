//! Which pairs of two blocks of items could reach a score, by bounds of a few operations a pair.
//!
//! A pair's score is at most w (Σ_j (p_a^j − p_b^j)² + (q_a + q_b)²), p being an item's coordinates along
//! some axes from one centre, and q what is left of its distance from there. And
//! 1/√w = h_a g_b + g_a h_b with h = e^(r/2) and g = e^(−r/2). So it reaches θ only where the root of that
//! sum reaches √θ (h_a g_b + g_a h_b).
//!
//! Lanes are items: a few operations each, whatever the number of features, and no sum across them.
//! Coordinates are sums in ascending feature order.
//!
//! Where picks are subtracted, distances and right angles are those of what is left of the squares; all of
//! them, added, make ρ². Coordinates are rounded by a share of ρ, and the root of the sum by one of
//! ρ_a + ρ_b.

use crate::arith::Real;
use crate::arith::lanes::{Lanes, Level, Operation, Simd, run_at};
use crate::kernel::panel::Items;
use crate::memory::smaller;

/// Axes along which items are told apart.
pub const AXES: usize = 2;

/// Columns that one answer is for.
pub const REACH_GROUP: usize = 32;

/// What bounds the scores of some items' pairs; or of those of groups of items, of which it is then the
/// largest ρ and q, and the least h and g.
#[derive(Clone, Copy, Debug)]
pub struct Bounds<'a, T> {
    /// ρ of each item.
    pub distances: &'a [T],
    /// The least p of each, an axis after the other.
    pub low: [&'a [T]; AXES],
    /// The largest: of a single item the same.
    pub high: [&'a [T]; AXES],
    /// q of each.
    pub rests: &'a [T],
    /// h of each.
    pub h: &'a [T],
    /// g of each.
    pub g: &'a [T],
}

impl<'a, T> Bounds<'a, T> {
    /// Those of the items `first..end`; of none, if there are not so many.
    #[must_use]
    pub fn range(self, first: usize, end: usize) -> Self {
        let part = |values: &'a [T]| values.get(first..end).unwrap_or_default();
        Self {
            distances: part(self.distances),
            low: self.low.map(part),
            high: self.high.map(part),
            rests: part(self.rests),
            h: part(self.h),
            g: part(self.g),
        }
    }
}

/// What pairs are held against.
#[derive(Clone, Copy, Debug)]
pub struct Threshold<T> {
    /// √θ.
    pub root: T,
    /// How much of ρ_a + ρ_b rounding may have taken from the root of a pair's sum.
    pub rounding: T,
}

/// Says for each item of `rows`, and for each group of [`REACH_GROUP`] of `columns`, whether one of
/// their pairs could reach the threshold: a row of answers after the other. `groups` bounds what those of
/// a group could at most, so that few need a look: those of too few groups could not. Whatever is no
/// number could.
pub fn reaching<T: Real>(
    level: Level,
    threshold: Threshold<T>,
    rows: Bounds<'_, T>,
    columns: Bounds<'_, T>,
    groups: Bounds<'_, T>,
    out: &mut [bool],
) {
    run_at(level, Reaching { threshold, rows, columns, groups, out });
}

struct Reaching<'a, T> {
    threshold: Threshold<T>,
    rows: Bounds<'a, T>,
    columns: Bounds<'a, T>,
    groups: Bounds<'a, T>,
    out: &'a mut [bool],
}

impl<T: Real> Operation for Reaching<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { threshold, rows, columns, groups, out } = self;
        let (lanes, len) = (Lanes::<S, T>::LEN, columns.distances.len());
        let count = len.div_ceil(REACH_GROUP).max(1);
        let limit = Limit::of(simd, threshold);
        for (item, out) in (0..rows.distances.len()).zip(out.chunks_exact_mut(count)) {
            let own = Lane::splat(simd, rows, item);
            for (first, out) in (0..count).step_by(lanes).zip(out.chunks_mut(lanes)) {
                let end = first.saturating_add(lanes).min(count);
                let reached = limit.reached(&own, &Lane::load(simd, groups.range(first, end)));
                for (out, reached) in out.iter_mut().zip(reached.as_slice()) {
                    *out = T::ZERO < *reached;
                }
            }
            for (first, out) in (0..len).step_by(REACH_GROUP).zip(out) {
                if !*out {
                    continue;
                }
                let mut reached = limit.zero;
                let end = first.saturating_add(REACH_GROUP).min(len);
                for at in (first..end).step_by(lanes) {
                    let others = columns.range(at, at.saturating_add(lanes).min(end));
                    reached = reached + limit.reached(&own, &Lane::load(simd, others));
                }
                *out = limit.zero.lt(reached).any();
            }
        }
    }
}

/// [`Bounds`] of one item, in every lane; or of a vector of them.
struct Lane<S: Simd, T: Real> {
    distance: Lanes<S, T>,
    low: [Lanes<S, T>; AXES],
    high: [Lanes<S, T>; AXES],
    rest: Lanes<S, T>,
    h: Lanes<S, T>,
    g: Lanes<S, T>,
}

impl<S: Simd, T: Real> Lane<S, T> {
    #[inline(always)]
    fn splat(simd: S, items: Bounds<'_, T>, item: usize) -> Self {
        let one = |values: &[T]| Lanes::splat(simd, values.get(item).copied().unwrap_or(T::ZERO));
        let (low, high) = (items.low.map(one), items.high.map(one));
        let (rest, h, g) = (one(items.rests), one(items.h), one(items.g));
        Self { distance: one(items.distances), low, high, rest, h, g }
    }

    /// Places beyond the last item reach nothing.
    #[inline(always)]
    fn load(simd: S, items: Bounds<'_, T>) -> Self {
        let distance = match items.distances.len() == Lanes::<S, T>::LEN {
            true => Lanes::load(simd, items.distances),
            false => Lanes::load_partial(simd, items.distances, -T::INFINITY),
        };
        let load = |values: &[T]| Lanes::load(simd, values);
        let (low, high) = (items.low.map(load), items.high.map(load));
        Self { distance, low, high, rest: load(items.rests), h: load(items.h), g: load(items.g) }
    }
}

/// A [`Threshold`] in every lane.
struct Limit<S: Simd, T: Real> {
    root: Lanes<S, T>,
    rounding: Lanes<S, T>,
    /// Beyond, a weight is no normal number, and its own rounding is no longer relative.
    most: Lanes<S, T>,
    zero: Lanes<S, T>,
    one: Lanes<S, T>,
}

impl<S: Simd, T: Real> Limit<S, T> {
    #[inline(always)]
    fn of(simd: S, Threshold { root, rounding }: Threshold<T>) -> Self {
        let [root, rounding, most, zero, one] =
            [root, rounding, T::HALF / T::MIN_POSITIVE.sqrt_of(), T::ZERO, T::ONE]
                .map(|value| Lanes::splat(simd, value));
        Self { root, rounding, most, zero, one }
    }

    /// 1 where a pair could reach it, 0 elsewhere.
    #[inline(always)]
    fn reached(&self, own: &Lane<S, T>, other: &Lane<S, T>) -> Lanes<S, T> {
        let sum = own.h * other.g + own.g * other.h;
        let sum = self.most.lt(sum).select(self.most, sum);
        let limit = self.root * sum - self.rounding * (own.distance + other.distance);
        let limit = limit.lt(self.zero).select(self.zero, limit);
        let rest = own.rest + other.rest;
        let mut far = rest * rest;
        let sides = own.low.iter().zip(&own.high).zip(other.low.iter().zip(&other.high));
        for ((low, high), (other_low, other_high)) in sides {
            let (above, below) = (*other_high - *low, *high - *other_low);
            let apart = below.lt(above).select(above, below);
            far = far + apart * apart;
        }
        far.lt(limit * limit).select(self.zero, self.one)
    }
}

/// The axes from their centre, as long as an item each: squares of the rows after the first `added` count
/// as negative, and so do products.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a, T, const COUNT: usize = AXES> {
    /// Where coordinates are 0.
    pub centre: &'a [T],
    /// Unit vectors at right angles to each other, or zeros; stored with the signs of the rows subtracted
    /// turned, so that a coordinate is a plain product.
    pub axes: [&'a [T]; COUNT],
    /// How many squares are added.
    pub added: usize,
    /// At least twice as far from 0 as the centre, where any squares are subtracted: rounding in these is a
    /// share of that too.
    pub offset: T,
}

impl<'a, T: Real, const COUNT: usize> Frame<'a, T, COUNT> {
    /// The same centre, and no axis.
    #[must_use]
    pub fn centre_alone(self) -> Frame<'a, T, 0> {
        let Self { centre, added, offset, .. } = self;
        Frame { centre, axes: [], added, offset }
    }
}

impl<T: Default, const COUNT: usize> Default for Frame<'_, T, COUNT> {
    fn default() -> Self {
        Self { centre: &[], axes: [&[]; COUNT], added: 0, offset: T::default() }
    }
}

/// What [`fill_coordinates`] writes of each item.
#[derive(Debug)]
pub struct Coordinates<'a, T, const COUNT: usize = AXES> {
    /// ρ, all squares added.
    pub distances: &'a mut [T],
    /// p, an axis after the other.
    pub along: [&'a mut [T]; COUNT],
    /// q: its square is that of the distance less those of p, and more by what rounding may have taken: r
    /// the rounding and c the offset, r ρ (ρ + 2c) + (r c)².
    pub rests: &'a mut [T],
}

/// Writes where items are from the centre, as many as there is room for.
pub fn fill_coordinates<T: Real, const COUNT: usize>(
    level: Level,
    items: Items<'_, T>,
    frame: Frame<'_, T, COUNT>,
    rounding: T,
    out: Coordinates<'_, T, COUNT>,
) {
    run_at(level, Measure { items, frame, rounding, out });
}

struct Measure<'a, T, const COUNT: usize> {
    items: Items<'a, T>,
    frame: Frame<'a, T, COUNT>,
    rounding: T,
    out: Coordinates<'a, T, COUNT>,
}

impl<T: Real, const COUNT: usize> Operation for Measure<'_, T, COUNT> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { items, frame, rounding, out } = self;
        let Coordinates { distances, mut along, rests } = out;
        let (lanes, zero) = (Lanes::<S, T>::LEN, Lanes::splat(simd, T::ZERO));
        let rounding = Lanes::splat(simd, rounding);
        let twice = Lanes::splat(simd, T::TWO * frame.offset);
        let taken = rounding.times(frame.offset);
        let out = distances.chunks_mut(lanes).zip(rests.chunks_mut(lanes));
        for (first, (distance, rest)) in (0..).step_by(lanes).zip(out) {
            let place = items.first.saturating_add(first);
            let mut sums = [zero; COUNT];
            let (mut added, mut subtracted) = (zero, zero);
            let rows = items.panel.values.chunks_exact(items.panel.stride.max(1));
            for (number, (row, centre)) in rows.zip(frame.centre).enumerate() {
                let values = row.get(place..).and_then(|row| row.get(..lanes)).unwrap_or_default();
                let from_centre = Lanes::load(simd, values) - Lanes::splat(simd, *centre);
                for (sum, axis) in sums.iter_mut().zip(&frame.axes) {
                    let axis = axis.get(number).copied().unwrap_or(T::ZERO);
                    *sum = *sum + from_centre * Lanes::splat(simd, axis);
                }
                let sum = if number < frame.added { &mut added } else { &mut subtracted };
                *sum = *sum + from_centre * from_centre;
            }
            let squares = added + subtracted;
            let explained = sums.iter().fold(zero, |squares, sum| squares + *sum * *sum);
            let left = added - subtracted - explained;
            let spread = squares.sqrt();
            let left = left.lt(zero).select(zero, left)
                + rounding * spread * (spread + twice)
                + taken * taken;
            for (out, sum) in along.iter_mut().zip(sums) {
                let end = smaller(first.saturating_add(lanes), out.len());
                sum.store(out.get_mut(first..end).unwrap_or_default());
            }
            spread.store(distance);
            left.sqrt().store(rest);
        }
    }
}
