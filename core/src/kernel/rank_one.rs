//! What a rank-one change of a matrix does to the numbers of pairs: an entry of every slice a pair.
//!
//! Each pair's results are its own, lane by pair; there is no sum across pairs. Why it is fast: a pair
//! costs a dozen operations and one division, whatever the order of the matrix.

use crate::arith::Real;
use crate::arith::lanes::{Lanes, Level, Operation, Simd, run_at};

/// The weight of a pair that is not on offer: its score.
pub const CLOSED: f64 = -1.0;

/// What is kept of some pairs.
#[derive(Debug)]
pub struct PairNumbers<'a, T> {
    /// w; [`CLOSED`] for a pair that is not on offer.
    pub weights: &'a [T],
    /// v = dᵀM⁻¹d.
    pub leverages: &'a mut [T],
    /// g = dᵀM⁻¹VM⁻¹d, at least 0.
    pub gains: &'a mut [T],
    /// κ‖d‖².
    pub misfits: &'a [T],
}

/// How M⁻¹ changes: M⁻¹ − ssᵀ.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a, T> {
    /// sᵀd of each pair.
    pub projections: &'a [T],
    /// sᵀVM⁻¹d of each pair.
    pub targets: &'a [T],
    /// sᵀVs.
    pub square: T,
}

/// v ← v − (sᵀd)² and g ← g − sᵀd (2 sᵀVM⁻¹d − sᵀd sᵀVs), 0 where that is negative; then the score of
/// each pair, w g/(1 + w (v + κ‖d‖²)), a v below 0 counting as 0.
pub fn change_pairs<T: Real>(
    level: Level,
    pairs: PairNumbers<'_, T>,
    change: Change<'_, T>,
    scores: &mut [T],
) {
    run_at(level, ChangePairs { pairs, change, scores });
}

struct ChangePairs<'a, T> {
    pairs: PairNumbers<'a, T>,
    change: Change<'a, T>,
    scores: &'a mut [T],
}

impl<T: Real> Operation for ChangePairs<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let lanes = Lanes::<S, T>::LEN;
        let Self { pairs, change, scores } = self;
        let (zero, one) = (Lanes::splat(simd, T::ZERO), Lanes::splat(simd, T::ONE));
        let square = Lanes::splat(simd, change.square);
        let kept = pairs.weights.chunks(lanes).zip(pairs.misfits.chunks(lanes));
        let changed = pairs.leverages.chunks_mut(lanes).zip(pairs.gains.chunks_mut(lanes));
        let by = change.projections.chunks(lanes).zip(change.targets.chunks(lanes));
        let pairs = kept.zip(changed).zip(by).zip(scores.chunks_mut(lanes));
        for ((((weight, misfit), (leverage, gain)), (projection, target)), score) in pairs {
            let projection = Lanes::load(simd, projection);
            let target = Lanes::load(simd, target);
            let v = Lanes::load(simd, leverage) - projection * projection;
            v.store(leverage);
            let g =
                Lanes::load(simd, gain) - projection * ((target + target) - projection * square);
            let g = g.lt(zero).select(zero, g);
            g.store(gain);
            let w = Lanes::load(simd, weight);
            let v = v.lt(zero).select(zero, v);
            let value = w * g / (one + w * (v + Lanes::load(simd, misfit)));
            w.lt(zero).select(w, value).store(score);
        }
    }
}

/// The scores w (v + (sᵀd)²) of pairs under M⁻¹ + ssᵀ, a sum below 0 counting as 0.
pub fn leverages_with<T: Real>(
    level: Level,
    weights: &[T],
    leverages: &[T],
    projections: &[T],
    scores: &mut [T],
) {
    run_at(level, LeveragesWith { weights, leverages, projections, scores });
}

struct LeveragesWith<'a, T> {
    weights: &'a [T],
    leverages: &'a [T],
    projections: &'a [T],
    scores: &'a mut [T],
}

impl<T: Real> Operation for LeveragesWith<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let lanes = Lanes::<S, T>::LEN;
        let zero = Lanes::splat(simd, T::ZERO);
        let kept = self.weights.chunks(lanes).zip(self.leverages.chunks(lanes));
        let pairs = kept.zip(self.projections.chunks(lanes)).zip(self.scores.chunks_mut(lanes));
        for (((weight, leverage), projection), score) in pairs {
            let projection = Lanes::load(simd, projection);
            let v = Lanes::load(simd, leverage) + projection * projection;
            let v = v.lt(zero).select(zero, v);
            let w = Lanes::load(simd, weight);
            w.lt(zero).select(w, w * v).store(score);
        }
    }
}
