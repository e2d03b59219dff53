//! [`Items`] of labels, and [`PairFeatures`], the labels with the features of their items.

use pairpick_core::columns::Columns;
use pairpick_core::pool::Comparison;

use super::Model;
use crate::data::labels::Label;

/// The items of some labels, each once, ascending.
#[derive(Debug)]
pub(crate) struct Items {
    pub(crate) numbers: Vec<u64>,
    /// How many come first, ascending; the rest ascend too.
    pub(super) first: usize,
}

impl Items {
    pub(crate) fn of(labels: &[Label]) -> Self {
        let mut numbers: Vec<u64> = labels.iter().flat_map(|label| [label.a, label.b]).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let first = numbers.len();
        Self { numbers, first }
    }

    /// Those of training labels first, then what only held-out ones have: a label across prompts
    /// may be held out while one of its items is trained on.
    pub(super) fn of_split(training: &[Label], held_out: &[Label]) -> Self {
        let Self { mut numbers, first } = Self::of(training);
        let mut others = Self::of(held_out).numbers;
        others.retain(|item| numbers.binary_search(item).is_err());
        numbers.extend(others);
        Self { numbers, first }
    }

    /// A label's items by their places among these.
    pub(crate) fn pair(&self, label: &Label) -> (u32, u32) {
        (self.place(label.a), self.place(label.b))
    }

    fn place(&self, item: u64) -> u32 {
        let (first, rest) = self.numbers.split_at(self.first);
        let place = first.binary_search(&item);
        place.unwrap_or_else(|_| self.first + rest.partition_point(|other| *other < item)) as u32
    }
}

/// Labels, with the features of their items under a model.
#[derive(Clone, Copy)]
pub(crate) struct PairFeatures<'a> {
    pub(crate) labels: &'a [Label],
    pub(crate) items: &'a Items,
    pub(crate) features: Columns<'a, f32>,
    pub(crate) model: &'a Model,
}

impl PairFeatures<'_> {
    /// The labels as the core has them.
    pub(crate) fn comparisons(&self) -> Vec<Comparison<f64>> {
        let comparison = |label: &Label| {
            let (a, b) = self.items.pair(label);
            Comparison { a, b, label: label.preference.value() }
        };
        self.labels.iter().map(comparison).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::labels::Preference;

    fn labels(pairs: &[(u64, u64)]) -> Vec<Label> {
        let label = |&(a, b)| Label { round: 1, a, b, preference: Preference::First, score: None };
        pairs.iter().map(label).collect()
    }

    #[test]
    fn items_of_training_come_first_and_none_twice() {
        let (training, held_out) = (labels(&[(9, 2), (2, 30)]), labels(&[(40, 2), (5, 9)]));
        let items = Items::of_split(&training, &held_out);
        assert_eq!((items.first, items.numbers.as_slice()), (3, &[2, 9, 30, 5, 40][..]));
        let places = |labels: &[Label]| labels.iter().map(|l| items.pair(l)).collect::<Vec<_>>();
        assert_eq!(places(&training), [(1, 0), (0, 2)]);
        assert_eq!(places(&held_out), [(4, 0), (3, 1)]);
    }
}
