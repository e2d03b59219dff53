//! The weight of a pair whose margin is not known but has the distribution N(m, v): the mean of
//! p(1 − p) over it, by the probit approximation of MacKay (1992), E σ(m) ≈ σ(c m) with
//! c = 1/√(1 + πv/8), and so E σ′(m) ≈ c σ′(c m).
//!
//! Each weight is c · e/(1 + e)², e = exp(−|c · m|), one lane a pair: the same for −m, and with
//! v = 0 the bits of [`bernoulli_variance`](crate::arith::bernoulli_variance).
//!
//! **Error of the approximation.** Against the integral itself, at most 0.0061 for every m and v, of
//! weights up to ¼ (the worst is at v = 3, |m| = 2.6), and at most 4.7 % of the weight that m = 0 has
//! with the same v. It is 3.2 % too large at most at m = 0, within 20 % wherever the weight is a
//! tenth of that or more, and up to three times the integral where it is a hundredth: its tail is
//! heavier, where no design looks for a pair.

use core::ops::Range;

use crate::arith::bernoulli::Variance;
use crate::arith::elementwise::Function;
use crate::arith::lanes::{Lanes, Operation, Simd, run_at};
use crate::arith::{Level, Real, sum};
use crate::parallel::split_at;
use crate::pool::ItemPair;
use crate::whiten::Whitened;

/// Replaces margins by weights, given the variance of each margin.
///
/// **Range.** All numbers, variances from 0 up. **Bound.** 6 (1 + |c m|) ulp. **Special values.** An
/// infinite variance or margin gives 0, unless both are; NaN gives NaN.
pub fn averaged_weights<T: Real>(level: Level, variances: &[T], margins: &mut [T]) {
    run_at(level, Averaged { variances, margins });
}

/// The mean of σ(m) (1 − σ(m)) over m of this mean and variance, by MacKay's approximation. Error,
/// bound and special values: [`averaged`](self).
#[must_use]
pub fn averaged_variance<T: Real>(margin: T, variance: T) -> T {
    let mut weight = [margin];
    averaged_weights(Level::baseline(), &[variance], &mut weight);
    let [weight] = weight;
    weight
}

/// Pairs whose variances are looked at together. Not part of the contract: pairs share nothing.
const PAIRS: usize = 64;

/// Replaces margins by weights, given the items of each.
pub(super) fn average<T: Real>(
    level: Level,
    whitened: Whitened<'_, T>,
    pairs: impl Iterator<Item = ItemPair>,
    margins: &mut [T],
) {
    let mut pairs = pairs.peekable();
    for margins in margins.chunks_mut(PAIRS) {
        let mut variances = [T::ZERO; PAIRS];
        let (out, _) = split_at(&mut variances, margins.len());
        whitened.variances_of(level, &mut pairs, out);
        averaged_weights(level, &variances, margins);
    }
}

/// Writes the weight of each item of `rows` with each of `columns`, row after row. The items of each
/// of the two lie within a block of [`sum::ITEMS`].
pub(super) fn between<T: Real>(
    level: Level,
    whitened: Whitened<'_, T>,
    rewards: &[T],
    rows: Range<usize>,
    columns: Range<usize>,
    out: &mut [T],
) {
    let width = columns.end.saturating_sub(columns.start);
    whitened.variances_between(level, rows.start, columns.start, width, out);
    let others = rewards.get(columns).unwrap_or_default();
    let own = rewards.get(rows).unwrap_or_default();
    for (reward, out) in own.iter().zip(out.chunks_exact_mut(width.max(1))) {
        let mut margins = [T::ZERO; sum::ITEMS];
        for (margin, other) in margins.iter_mut().zip(others) {
            *margin = *reward - *other;
        }
        averaged_weights(level, out, &mut margins);
        for (slot, weight) in out.iter_mut().zip(&margins) {
            *slot = *weight;
        }
    }
}

struct Averaged<'a, T> {
    variances: &'a [T],
    margins: &'a mut [T],
}

impl<T: Real> Operation for Averaged<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let lanes = Lanes::<S, T>::LEN;
        let one = Lanes::splat(simd, T::ONE);
        let eighth_of_pi = T::from_f64(core::f64::consts::FRAC_PI_8);
        for (margins, variances) in self.margins.chunks_mut(lanes).zip(self.variances.chunks(lanes))
        {
            let variance = Lanes::load(simd, variances);
            let margin = Lanes::load(simd, margins);
            let shrunk = one / variance.times(eighth_of_pi).plus(T::ONE).sqrt();
            (shrunk * Variance::lanes(shrunk * margin)).store(margins);
        }
    }
}
