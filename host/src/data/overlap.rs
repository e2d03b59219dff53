//! [`Overlap`]: what test labels have in common with what a run can ask about, and so train on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::candidates::Candidates;
use super::dataset::Dataset;
use super::embeddings::Embeddings;
use super::fingerprints::fingerprints;
use super::labels::{Label, questions};
use super::pool_kind::PoolKind;
use crate::error::Result;

/// How much of some test labels is no test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overlap {
    /// Pairs that have test labels.
    pub pairs: u64,
    /// Those of them that can be asked about.
    pub asked: u64,
    /// Prompts of their items; none where items have no prompts.
    pub prompts: u64,
    /// Those of them that are trained on.
    pub trained: u64,
}

impl Overlap {
    /// Of a data set whose training pairs come from a pool of this kind. In other data than the
    /// training data an item is known again by an equal embedding, and a prompt by that of a response,
    /// or by its id where both sides have ids that are more than numbers counting prompts.
    ///
    /// # Errors
    /// What reading the embeddings refuses.
    pub fn of(dataset: &Dataset, pool: PoolKind) -> Result<Self> {
        let Some(labels) = &dataset.test_labels else {
            return Ok(Self::default());
        };
        let pairs: BTreeSet<(u64, u64)> =
            questions(labels).map(|asked| asked.ascending()).collect();
        let training = Training::of(dataset, pool);
        let same = match &dataset.test {
            None => items_of(labels).into_iter().map(|item| (item, vec![item])).collect(),
            Some(test) => training.known_again(&test.embeddings, labels)?,
        };
        let asked = pairs.iter().filter(|(a, b)| training.asks_about(&same[a], &same[b]));
        let (prompts, trained) = training.prompts(dataset, &same);
        Ok(Self {
            pairs: pairs.len() as u64,
            asked: asked.count() as u64,
            prompts: prompts.len() as u64,
            trained: prompts.intersection(&trained).count() as u64,
        })
    }
}

/// What makes a test no test, a sentence each; nothing where there is no such thing.
impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pairs, asked, prompts, trained } = self;
        if *asked > 0 {
            write!(f, "{asked} of {pairs} test pairs can be asked about, and trained on")?;
        }
        if *trained > 0 {
            let also = if *asked > 0 { "; " } else { "" };
            write!(
                f,
                "{also}{trained} of {prompts} prompts of the test labels are trained on too"
            )?;
        }
        Ok(())
    }
}

/// The items that stand in some labels, ascending.
fn items_of(labels: &[Label]) -> BTreeSet<u64> {
    questions(labels).flat_map(|question| [question.a, question.b]).collect()
}

/// What can be asked about.
struct Training<'a> {
    embeddings: &'a Embeddings,
    pool: PoolKind,
    /// The pairs of a list, and their items, ascending.
    listed: BTreeSet<(u64, u64)>,
    items: Vec<u64>,
}

/// The training items that a test item is.
type Same = BTreeMap<u64, Vec<u64>>;

impl<'a> Training<'a> {
    fn of(dataset: &'a Dataset, pool: PoolKind) -> Self {
        let embeddings = &dataset.train.embeddings;
        let listed = dataset.candidates.iter().flat_map(Candidates::on_offer);
        let listed: BTreeSet<(u64, u64)> = listed.map(|(_, pair)| pair).collect();
        let items: BTreeSet<u64> = listed.iter().flat_map(|(a, b)| [*a, *b]).collect();
        let items = match dataset.candidates {
            Some(_) => items.into_iter().collect(),
            None => (0..embeddings.items()).collect(),
        };
        Self { embeddings, pool, listed, items }
    }

    /// The training items whose embeddings are those of the labels' items.
    fn known_again(&self, test: &Embeddings, labels: &[Label]) -> Result<Same> {
        let tested: Vec<u64> = items_of(labels).into_iter().collect();
        let prints = fingerprints(test, &tested)?;
        let mut by_print: BTreeMap<u64, Vec<u64>> =
            prints.iter().map(|print| (*print, Vec::new())).collect();
        for (item, print) in self.items.iter().zip(fingerprints(self.embeddings, &self.items)?) {
            if let Some(items) = by_print.get_mut(&print) {
                items.push(*item);
            }
        }
        Ok(tested.into_iter().zip(prints.iter().map(|print| by_print[print].clone())).collect())
    }

    /// Whether some two of these make a pair on offer.
    fn asks_about(&self, a: &[u64], b: &[u64]) -> bool {
        let is_offered = |a: u64, b: u64| match self.pool {
            _ if a == b => false,
            PoolKind::Listed => self.listed.contains(&(a.min(b), a.max(b))),
            PoolKind::CrossPrompt => true,
            PoolKind::InPrompt => self.embeddings.prompt_of(a) == self.embeddings.prompt_of(b),
        };
        a.iter().any(|a| b.iter().any(|b| is_offered(*a, *b)))
    }

    /// The prompts of the test items, and those of all test prompts that are trained on.
    fn prompts(&self, dataset: &Dataset, same: &Same) -> (BTreeSet<u64>, BTreeSet<u64>) {
        let test = dataset.test_embeddings();
        if !test.has_prompts() {
            return Default::default();
        }
        let prompts: BTreeSet<u64> = same.keys().map(|item| test.prompt_of(*item)).collect();
        let own = self.items.iter().map(|item| self.embeddings.prompt_of(*item));
        let trained = match dataset.test {
            None => own.collect(),
            Some(_) => {
                let known = same.iter().filter(|(_, items)| !items.is_empty());
                let mut trained: BTreeSet<u64> =
                    known.map(|(item, _)| test.prompt_of(*item)).collect();
                let ids: BTreeSet<u64> =
                    own.filter_map(|prompt| self.embeddings.prompt_id(prompt)).collect();
                let is_known =
                    |prompt: &&u64| test.prompt_id(**prompt).is_some_and(|id| ids.contains(&id));
                trained.extend(prompts.iter().filter(is_known));
                trained
            }
        };
        (prompts, trained)
    }
}
