//! The one ranking: score descending, then pair number ascending, scores by the total order of
//! IEEE-754. Being a total order, it gives the same best k however the pairs were dealt out: the
//! best k of the best k of each share ([`merge`]).

use core::cmp::Ordering;

use crate::arith::Real;
use crate::heap::{make_heap, sift_down};
use crate::sort::sort;

/// A pair and its score.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Scored<T> {
    /// The strategy's score; larger is better.
    pub score: T,
    /// The pair's number in the pool.
    pub pair: u64,
}

impl<T: Real> Default for Scored<T> {
    fn default() -> Self {
        Self { score: T::ZERO, pair: 0 }
    }
}

/// `Less` if `a` ranks before `b`.
pub(crate) fn rank<T: Real>(a: &Scored<T>, b: &Scored<T>) -> Ordering {
    b.score.order(a.score).then(a.pair.cmp(&b.pair))
}

/// The least score first, then the smaller number: of items by their rewards, which both forms of all
/// pairs put in order.
pub(crate) fn ascending<T: Real>(a: &Scored<T>, b: &Scored<T>) -> Ordering {
    a.score.order(b.score).then(a.pair.cmp(&b.pair))
}

/// Keeps the best pairs offered, as many as its memory holds: once full, a heap whose root is the
/// worst kept. O(log k) for a pair that enters then, one comparison for one that does not.
#[derive(Debug)]
pub struct TopK<'a, T> {
    slots: &'a mut [Scored<T>],
    len: usize,
}

impl<'a, T: Real> TopK<'a, T> {
    /// Nothing kept yet, room for `slots.len()`.
    pub fn new(slots: &'a mut [Scored<T>]) -> Self {
        Self { slots, len: 0 }
    }

    /// Offers one pair. A score that is no finite number counts as +∞, so that it cannot hide:
    /// it ranks first, whatever its sign on this machine.
    #[inline]
    pub fn offer(&mut self, mut candidate: Scored<T>) {
        if !candidate.score.is_finite_number() {
            candidate.score = T::INFINITY;
        }
        if let Some(slot) = self.slots.get_mut(self.len) {
            *slot = candidate;
            self.len += 1;
            if self.len == self.slots.len() {
                make_heap(self.slots, &rank);
            }
        } else if let Some(worst) = self.slots.first_mut()
            && rank(&candidate, worst).is_lt()
        {
            *worst = candidate;
            sift_down(self.slots, 0, &rank);
        }
    }

    /// Offers consecutive pairs from the number `first` on. Once all places are taken, a whole
    /// group without a score that could enter costs one comparison a pair and no branch.
    pub fn offer_run(&mut self, first: u64, scores: &[T]) {
        self.offer_allowed(first, scores, |_| true);
    }

    /// The same, but for the pairs that are not allowed; only those that could enter are asked for.
    pub(crate) fn offer_allowed(
        &mut self,
        first: u64,
        scores: &[T],
        allowed: impl Fn(u64) -> bool,
    ) {
        // Of a group that is not passed over whole, few groups of few are not.
        const GROUP: usize = 32;
        const FEW: usize = 8;
        let mut number = first;
        for group in scores.chunks(GROUP) {
            let whole = self.all_below(group.iter().copied());
            for few in group.chunks(FEW) {
                if !whole && !self.all_below(few.iter().copied()) {
                    for (pair, score) in (number..).zip(few) {
                        if !self.is_below(*score) && allowed(pair) {
                            self.offer(Scored { score: *score, pair });
                        }
                    }
                }
                number = number.saturating_add(few.len() as u64);
            }
        }
    }

    /// Whether all scores are too small to be kept.
    pub(crate) fn all_below(&self, scores: impl Iterator<Item = T>) -> bool {
        // A score that is no number is below nothing, and so never passes unseen.
        let all = |worst: &Scored<T>| scores.fold(true, |all, score| all & (score < worst.score));
        let full = self.len == self.slots.len();
        full && self.slots.first().is_none_or(all)
    }

    /// Whether a score is too small to be kept.
    pub(crate) fn is_below(&self, score: T) -> bool {
        let full = self.len == self.slots.len();
        full && self.slots.first().is_none_or(|worst| score < worst.score)
    }

    /// The worst pair kept, where all places are taken.
    pub(crate) fn worst(&self) -> Option<Scored<T>> {
        if self.len < self.slots.len() { None } else { self.slots.first().copied() }
    }

    /// How many pairs it has room for.
    pub(crate) fn places(&self) -> usize {
        self.slots.len()
    }

    /// Its memory.
    pub(crate) fn into_slots(self) -> &'a mut [Scored<T>] {
        self.slots
    }

    /// Keeps nothing any more.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// The pairs kept, in no order.
    pub(crate) fn kept(self) -> &'a mut [Scored<T>] {
        self.slots.get_mut(..self.len).unwrap_or_default()
    }

    /// The pairs kept, best first.
    pub fn finish(self) -> &'a mut [Scored<T>] {
        let kept = self.slots.get_mut(..self.len).unwrap_or_default();
        sort(kept, &rank);
        kept
    }
}

/// The best of candidates that were found in parts, by threads or machines, in any order: as many as
/// there are places.
pub fn merge<T: Real>(
    found: impl IntoIterator<Item = Scored<T>>,
    slots: &mut [Scored<T>],
) -> TopK<'_, T> {
    let mut best = TopK::new(slots);
    for candidate in found {
        best.offer(candidate);
    }
    best
}
