//! The pairs of all items with the smallest or largest margins |r_a − r_b|, from sorted rewards.
//!
//! In ascending order of rewards a margin can only grow with the distance of its places, also as
//! computed. So each item's pairs are gone through from its best on, and left at the first that cannot
//! enter. Margins that round alike go by pair number: where there are too many to list, items are taken
//! in ascending number, each with those that it ties with, until there are enough.

use core::cmp::Ordering;

use super::Criterion;
use super::scan::Scan;
use crate::arith::Real;
use crate::parallel::{Executor, split_at};
use crate::topk::{Scored, TopK, ascending};

/// Pairs of one margin that are listed for each place of the batch, at most.
const LISTED: usize = 16;

/// Fills `best` with the pairs that rank first; `order` has a place an item.
pub(super) fn scan<T: Real, D: AsRef<[T]>, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    order: &mut [Scored<T>],
    best: &mut TopK<'_, T>,
) {
    let sorted = sort_rewards(scan, order);
    let (Some(first), Some(last)) = (sorted.first(), sorted.last()) else {
        return;
    };
    let sorted = Sorted { scan, items: sorted };
    if !(last.score - first.score).is_finite_number() {
        return sorted.offer_infinite(*first, *last, best);
    }
    sorted.walk(best, |worst, score| worst.is_none_or(|worst| worst < score));
    let Some(worst) = best.worst().map(|worst| worst.score) else {
        return;
    };
    best.clear();
    if sorted.ties(worst) <= LISTED.saturating_mul(best.places()) {
        sorted.walk(best, |_, score| worst <= score);
    } else {
        sorted.walk(best, |_, score| worst < score);
        sorted.offer_ties(worst, best);
    }
}

/// The items that may still be picked from, by ascending reward.
fn sort_rewards<'s, T: Real, D: AsRef<[T]>, E: Executor>(
    scan: &Scan<'_, T, D, E>,
    order: &'s mut [Scored<T>],
) -> &'s [Scored<T>] {
    let picked = scan.ranking.picked;
    let open = |item: u32| picked.is_none_or(|picked| picked.is_open(item));
    let items = (0_u32..).zip(scan.ranking.rewards).filter(|(item, _)| open(*item));
    let mut len = 0;
    for (slot, (item, reward)) in order.iter_mut().zip(items) {
        *slot = Scored { score: *reward, pair: u64::from(item) };
        len += 1;
    }
    let (sorted, _) = split_at(order, len);
    crate::sort::sort(sorted, &ascending);
    sorted
}

/// Items by ascending reward, which stands in the place of a score, as their numbers in that of a pair's.
struct Sorted<'a, T, D, E> {
    scan: &'a Scan<'a, T, D, E>,
    items: &'a [Scored<T>],
}

impl<T: Real, D: AsRef<[T]>, E: Executor> Sorted<'_, T, D, E> {
    /// Offers each item's pairs with those of higher rewards, from the best on, while `enters` says
    /// so of the worst kept and their score.
    fn walk(&self, best: &mut TopK<'_, T>, enters: impl Fn(Option<T>, T) -> bool) {
        let largest = self.is_largest();
        for (place, item) in self.items.iter().enumerate() {
            let (_, above) = self.items.split_at_checked(place + 1).unwrap_or_default();
            let mut others = above.iter();
            let mut entered = false;
            while let Some(other) = if largest { others.next_back() } else { others.next() } {
                let score = self.scan.of_margin(other.score - item.score);
                if !enters(best.worst().map(|worst| worst.score), score) {
                    break;
                }
                entered = true;
                self.scan.offer_items(item.pair, other.pair, score, best);
            }
            // Margins with the highest reward only shrink.
            if largest && !entered {
                return;
            }
        }
    }

    /// How many pairs have this score.
    fn ties(&self, score: T) -> usize {
        let (mut ties, mut from, mut to) = (0_usize, 0, 0);
        for (place, item) in self.items.iter().enumerate() {
            let margin = |at: usize| {
                self.items.get(at).map(|other| self.scan.of_margin(other.score - item.score))
            };
            let outside = |at: usize, beyond: bool| match margin(at).map(|of| of.order(score)) {
                None => false,
                Some(Ordering::Equal) => beyond,
                Some(order) => order.is_lt() == self.is_largest(),
            };
            from = if from <= place { place + 1 } else { from };
            while outside(from, false) {
                from += 1;
            }
            to = if to < from { from } else { to };
            while outside(to, true) {
                to += 1;
            }
            ties = ties.saturating_add(to - from);
        }
        ties
    }

    fn is_largest(&self) -> bool {
        matches!(self.scan.ranking.criterion, Criterion::MaxDiff)
    }

    /// Offers the pairs of this score in ascending order of their first items, until all places are
    /// taken by pairs that come before all that follow.
    fn offer_ties(&self, score: T, best: &mut TopK<'_, T>) {
        for (number, reward) in (0_u64..).zip(self.scan.ranking.rewards) {
            let item = Scored { score: *reward, pair: number };
            let place = self.items.partition_point(|other| ascending(other, &item).is_lt());
            if self.items.get(place).is_none_or(|found| found.pair != number) {
                continue;
            }
            let (below, above) = self.items.split_at_checked(place).unwrap_or_default();
            // Margins shrink towards the item from below, and grow from it on above.
            let of = |other: &Scored<T>| self.scan.of_margin((other.score - *reward).magnitude());
            let from = below.partition_point(|other| self.is_outside(of(other), score, false));
            let ties = below.get(from..).unwrap_or_default();
            let ties = ties.iter().take_while(|other| of(other).bits() == score.bits());
            self.offer_later(item, ties, score, best);
            let from = above.partition_point(|other| self.is_outside(of(other), score, true));
            let ties = above.get(from..).unwrap_or_default();
            let ties = ties.iter().take_while(|other| of(other).bits() == score.bits());
            self.offer_later(item, ties, score, best);
            if best.worst().is_some() {
                return;
            }
        }
    }

    /// Whether a margin comes before those of this score, among margins that grow or shrink.
    fn is_outside(&self, margin: T, score: T, grow: bool) -> bool {
        // The score falls with the margin, but where the largest margins are sought.
        let falls = grow != self.is_largest();
        if falls { score < margin } else { margin < score }
    }

    /// Offers the pairs of an item with those of others that have higher numbers.
    fn offer_later<'o>(
        &self,
        item: Scored<T>,
        others: impl Iterator<Item = &'o Scored<T>>,
        score: T,
        best: &mut TopK<'_, T>,
    ) where
        T: 'o,
    {
        for other in others.filter(|other| item.pair < other.pair) {
            self.scan.offer_items(item.pair, other.pair, score, best);
        }
    }

    /// Offers a pair whose margin is no finite number, so that it is told.
    fn offer_infinite(&self, a: Scored<T>, b: Scored<T>, best: &mut TopK<'_, T>) {
        let number = |item: u64| u32::try_from(item).unwrap_or(u32::MAX);
        let (a, b) = (number(a.pair), number(b.pair));
        let pair = self.scan.ranking.pool.pairs().pair_number(a.min(b), a.max(b));
        best.offer(Scored { score: T::INFINITY, pair: pair.unwrap_or(0) });
    }
}
