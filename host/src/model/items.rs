//! [`Items`] of pairs, each once; and [`PairFeatures`], pairs with the features of their items.

use pairpick_core::arith::Real;
use pairpick_core::columns::Columns;
use pairpick_core::pool::{Comparison, ItemPair};

use super::{FeatureCache, Features, Model, Trunk};
use crate::data::embeddings::Embeddings;
use crate::data::labels::{Label, questions};
use crate::data::question::Question;
use crate::error::Result;
use crate::parallel::Threads;

/// The items of some pairs, each once, ascending.
#[derive(Debug)]
pub(super) struct Items {
    pub(super) numbers: Vec<u64>,
    /// How many come first, ascending; the rest ascend too.
    pub(super) first: usize,
}

impl Items {
    pub(super) fn of<'a>(questions: impl Iterator<Item = &'a Question>) -> Self {
        let mut numbers: Vec<u64> =
            questions.flat_map(|question| [question.a, question.b]).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let first = numbers.len();
        Self { numbers, first }
    }

    /// Those of training labels first, then what only held-out ones have: a label across prompts
    /// may be held out while one of its items is trained on.
    pub(super) fn of_split(training: &[Label], held_out: &[Label]) -> Self {
        let Self { mut numbers, first } = Self::of(questions(training));
        let mut others = Self::of(questions(held_out)).numbers;
        others.retain(|item| numbers.binary_search(item).is_err());
        numbers.extend(others);
        Self { numbers, first }
    }

    /// The answers of labels as the core has them: of a label one for each kind.
    pub(super) fn comparisons<T: Real>(&self, labels: &[Label]) -> Vec<Comparison<T>> {
        let comparisons = |label: &Label| {
            let ItemPair { a, b } = self.pair(&label.question);
            label.votes.answers().map(move |(preference, count)| {
                let (label, count) = (T::from_f64(preference.value()), T::from_f64(count));
                Comparison { a, b, label, count }
            })
        };
        labels.iter().flat_map(comparisons).collect()
    }

    /// A pair's items by their places among these.
    fn pair(&self, question: &Question) -> ItemPair {
        ItemPair { a: self.place(question.a), b: self.place(question.b) }
    }

    fn place(&self, item: u64) -> u32 {
        let (first, rest) = self.numbers.split_at(self.first);
        let place = first.binary_search(&item);
        place.unwrap_or_else(|_| self.first + rest.partition_point(|other| *other < item)) as u32
    }
}

/// Pairs, with the features of their items.
#[derive(Debug)]
pub(crate) struct PairFeatures {
    items: Items,
    pairs: Vec<ItemPair>,
    features: Features,
}

impl PairFeatures {
    /// The features that a trunk gives the items of pairs, each computed once, or never if they are
    /// in the cache.
    pub(crate) fn of<'a>(
        trunk: &Trunk,
        cache: &FeatureCache,
        embeddings: &Embeddings,
        threads: &Threads,
        questions: impl Iterator<Item = &'a Question> + Clone,
    ) -> Result<Self> {
        let items = Items::of(questions.clone());
        let features = trunk.features_cached(cache, embeddings, &items.numbers, threads)?;
        let pairs = questions.map(|question| items.pair(question)).collect();
        Ok(Self { items, pairs, features })
    }

    /// The features, an item a column.
    ///
    /// # Errors
    /// [`crate::Error::Core`] if there is no pair.
    pub(crate) fn columns(&self) -> Result<Columns<'_, f32>> {
        self.features.columns()
    }

    /// The items by their columns.
    pub(crate) fn items(&self) -> &[u64] {
        &self.items.numbers
    }

    /// The pairs by the columns of their items.
    pub(crate) fn pairs(&self) -> &[ItemPair] {
        &self.pairs
    }

    /// The pairs with their answers, of each one for each kind.
    pub(crate) fn comparisons<T: Real>(&self, labels: &[Label]) -> Vec<Comparison<T>> {
        self.items.comparisons(labels)
    }

    /// r_a − r_b of each pair, in f64 from f32 features.
    ///
    /// # Errors
    /// [`crate::Error::Core`] if a reward is no number.
    pub(crate) fn margins(&self, model: &Model, threads: &Threads) -> Result<Vec<f64>> {
        if self.pairs.is_empty() {
            return Ok(Vec::new());
        }
        let rewards = model.rewards(threads, self.columns()?)?;
        let margin = |pair: &ItemPair| rewards[pair.a as usize] - rewards[pair.b as usize];
        Ok(self.pairs.iter().map(margin).collect())
    }

    /// The features alone, for the next time.
    pub(crate) fn into_cache(self) -> FeatureCache {
        FeatureCache { items: self.items.numbers, features: self.features }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::preference::Preference;

    fn labels(pairs: &[(u64, u64)]) -> Vec<Label> {
        let question = |&(a, b): &(u64, u64)| Question::new(1, a, b);
        let label = |question| Label::new(question, Preference::First);
        pairs.iter().map(question).map(label).collect()
    }

    #[test]
    fn items_of_training_come_first_and_none_twice() {
        let (training, held_out) = (labels(&[(9, 2), (2, 30)]), labels(&[(40, 2), (5, 9)]));
        let items = Items::of_split(&training, &held_out);
        assert_eq!((items.first, items.numbers.as_slice()), (3, &[2, 9, 30, 5, 40][..]));
        let place = |question| items.pair(question);
        let places = |labels| questions(labels).map(place).collect::<Vec<_>>();
        assert_eq!(places(&training), [(1, 0), (0, 2)].map(ItemPair::from));
        assert_eq!(places(&held_out), [(4, 0), (3, 1)].map(ItemPair::from));
    }
}
