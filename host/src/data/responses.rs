//! [`Responses`]: how many responses prompts have.

use pairpick_core::pool::pairs_of;
use serde::{Deserialize, Serialize};

/// How many responses each prompt has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Responses {
    /// K, of every prompt.
    Each(usize),
    /// Of prompts of any size, the largest first.
    Sizes(Vec<SizeCount>),
}

/// How many prompts have so many responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SizeCount {
    /// Responses to each of them.
    pub responses: usize,
    /// How many prompts there are.
    pub prompts: usize,
}

impl Responses {
    /// Of prompts of these sizes.
    pub(super) fn of_sizes(sizes: impl Iterator<Item = usize>) -> Self {
        let mut sizes: Vec<usize> = sizes.collect();
        sizes.sort_unstable_by(|size, next| next.cmp(size));
        let count = |run: &[usize]| SizeCount { responses: run[0], prompts: run.len() };
        Self::Sizes(sizes.chunk_by(|size, next| size == next).map(count).collect())
    }

    /// The most responses that a prompt has.
    #[must_use]
    pub fn most(&self) -> usize {
        match self {
            Self::Each(responses) => *responses,
            Self::Sizes(sizes) => sizes.first().map_or(0, |size| size.responses),
        }
    }

    /// How many of so many prompts, the largest there are, have at least so many responses.
    #[must_use]
    pub fn prompts_with(&self, least: usize, prompts: usize) -> usize {
        let sizes = self.largest(prompts).into_iter();
        let enough = sizes.filter(|size| size.responses >= least);
        enough.fold(0, |sum, size| size.prompts.saturating_add(sum))
    }

    /// Items of so many prompts, the largest there are.
    #[must_use]
    pub fn items(&self, prompts: usize) -> u64 {
        self.of_largest(prompts, |responses| responses)
    }

    /// Pairs within so many prompts, the largest there are.
    #[must_use]
    pub fn pairs(&self, prompts: usize) -> u64 {
        self.of_largest(prompts, pairs_of)
    }

    /// How many responses the prompt of an item has, mean over the items.
    #[must_use]
    pub fn mean_of_items(&self) -> f64 {
        match self {
            Self::Each(responses) => *responses as f64,
            Self::Sizes(_) => {
                let squares = self.of_largest(usize::MAX, |size| size.saturating_mul(size));
                squares as f64 / self.items(usize::MAX) as f64
            }
        }
    }

    fn of_largest(&self, prompts: usize, count: impl Fn(u64) -> u64) -> u64 {
        let all =
            |size: SizeCount| count(size.responses as u64).saturating_mul(size.prompts as u64);
        self.largest(prompts).into_iter().map(all).fold(0, u64::saturating_add)
    }

    /// The sizes of so many prompts, the largest there are.
    fn largest(&self, prompts: usize) -> Vec<SizeCount> {
        match self {
            Self::Each(responses) => vec![SizeCount { responses: *responses, prompts }],
            Self::Sizes(sizes) => {
                let mut left = prompts;
                let take = |size: &SizeCount| {
                    let prompts = size.prompts.min(left);
                    left = left.saturating_sub(prompts);
                    SizeCount { prompts, ..*size }
                };
                sizes.iter().map(take).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_prompts_are_counted_first() {
        let responses = Responses::of_sizes([1, 3, 2, 3, 1].into_iter());
        assert_eq!(responses.most(), 3);
        let all = [0, 1, 2, 3, 4, 5, 6];
        assert_eq!(all.map(|prompts| responses.items(prompts)), [0, 3, 6, 8, 9, 10, 10]);
        assert_eq!(all.map(|prompts| responses.pairs(prompts)), [0, 3, 6, 7, 7, 7, 7]);
        assert_eq!([1, 2, 3, 4].map(|least| responses.prompts_with(least, 5)), [5, 3, 2, 0]);
        assert_eq!(responses.mean_of_items(), 2.4, "24 of 10");
        assert_eq!(Responses::Each(3).pairs(4), 12);
        assert_eq!(Responses::Each(1).prompts_with(2, 4), 0);
    }

    #[test]
    fn one_size_is_a_number_and_several_are_a_list() {
        for (responses, text) in [
            (Responses::Each(8), "8"),
            (
                Responses::of_sizes([2, 5, 2].into_iter()),
                r#"[{"responses":5,"prompts":1},{"responses":2,"prompts":2}]"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&responses).unwrap(), text);
            assert_eq!(serde_json::from_str::<Responses>(text).unwrap(), responses);
        }
    }
}
