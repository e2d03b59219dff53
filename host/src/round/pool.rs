//! [`Draw`]: the prompts of a round, their items, and which of their pairs have a label.

use pairpick_core::pool::{Prompts, pairs_of};
use pairpick_core::rng::Stream;

use crate::data::embeddings::Embeddings;
use crate::data::labels::Label;
use crate::error::{Error, Result};
use crate::settings::Settings;

/// What a round may ask about.
pub(super) struct Draw {
    /// Prompts, ascending.
    prompts: Vec<u64>,
    responses: u32,
    /// Item numbers, in the pool's order.
    pub(super) items: Vec<u64>,
    /// First item of each prompt in the pool, and their number.
    starts: Vec<u32>,
    /// Pairs that have a label, by their numbers in the pool, ascending.
    pub(super) labelled: Vec<u64>,
}

impl Draw {
    /// Draws the prompts of a round among those that have a pair without a label; no prompt, if
    /// there is none left.
    pub(super) fn new(
        embeddings: &Embeddings,
        settings: &Settings,
        round: u64,
        labels: &[Label],
    ) -> Result<Self> {
        let labelled = labelled_pairs(embeddings, labels);
        let open = open_prompts(embeddings, &labelled);
        let mut prompts = vec![0; settings.prompts_per_round.min(open.len())];
        Stream::new(settings.seed, "pool", round)
            .sample(open.len() as u64, &mut prompts)
            .map_err(Error::core("drawing prompts"))?;
        for prompt in &mut prompts {
            // A place among the open prompts becomes the prompt; both ascend.
            *prompt = open[*prompt as usize];
        }
        let responses = embeddings.responses() as u64;
        let items = prompts.iter().flat_map(|prompt| prompt * responses..(prompt + 1) * responses);
        let items = items.collect();
        // Both fit: a file has at most 2³² prompts and 2¹⁶ responses, and memory holds the items.
        let responses = responses as u32;
        let starts = (0..=prompts.len() as u32).map(|prompt| prompt * responses).collect();
        let mut draw = Self { prompts, responses, items, starts, labelled: Vec::new() };
        if !draw.is_empty() {
            draw.labelled = draw.numbers_of(&labelled)?;
        }
        Ok(draw)
    }

    /// Whether no pair is left to ask about.
    pub(super) fn is_empty(&self) -> bool {
        self.prompts.is_empty()
    }

    /// The numbering of the pool's pairs; `first_pairs` is its memory.
    pub(super) fn numbering<'a>(&'a self, first_pairs: &'a mut Vec<u64>) -> Result<Prompts<'a>> {
        first_pairs.resize(self.starts.len(), 0);
        Prompts::new(&self.starts, first_pairs).map_err(Error::core("the pool"))
    }

    /// The numbers of the pairs that are in the pool; they ascend as the pairs do.
    fn numbers_of(&self, labelled: &[LabelledPair]) -> Result<Vec<u64>> {
        let mut first_pairs = Vec::new();
        let numbering = self.numbering(&mut first_pairs)?;
        let numbers = labelled.iter().filter_map(|pair| {
            let place = self.prompts.binary_search(&pair.prompt).ok()? as u32;
            let first = place * self.responses;
            numbering.pair_number(first + pair.a, first + pair.b)
        });
        Ok(numbers.collect())
    }
}

/// Two responses to one prompt that were asked about, `a < b`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct LabelledPair {
    prompt: u64,
    a: u32,
    b: u32,
}

/// Each pair that has a label, once, ascending. Labels across prompts are in no in-prompt pool.
fn labelled_pairs(embeddings: &Embeddings, labels: &[Label]) -> Vec<LabelledPair> {
    let place = |item| (embeddings.prompt_of(item), (item % embeddings.responses() as u64) as u32);
    let mut pairs: Vec<LabelledPair> = labels
        .iter()
        .filter_map(|label| {
            let ((prompt, a), (other, b)) = (place(label.a), place(label.b));
            (prompt == other).then(|| LabelledPair { prompt, a: a.min(b), b: a.max(b) })
        })
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// The prompts that have a pair without a label, ascending.
fn open_prompts(embeddings: &Embeddings, labelled: &[LabelledPair]) -> Vec<u64> {
    let mut counts = vec![0_u64; embeddings.prompts()];
    for pair in labelled {
        counts[pair.prompt as usize] += 1;
    }
    let pairs = pairs_of(embeddings.responses() as u64);
    (0..).zip(counts).filter(|(_, count)| *count < pairs).map(|(prompt, _)| prompt).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::Dataset;
    use crate::data::labels::Preference;

    /// As labels from files may be: the same pair twice, the other way round, across prompts.
    #[test]
    fn labels_of_any_form_leave_the_pool() {
        let embeddings = Dataset::bundled().unwrap().train.embeddings;
        let settings = Settings { prompts_per_round: embeddings.prompts(), ..Settings::default() };
        let label = |(a, b)| Label { round: 1, a, b, preference: Preference::Tie, score: None };
        let labels = [(9, 8), (8, 9), (0, 1), (0, 1), (0, 8), (15, 14)].map(label);
        let draw = Draw::new(&embeddings, &settings, 2, &labels).unwrap();
        // 28 pairs a prompt: the first of prompts 0 and 1, and the last of prompt 1.
        assert_eq!(draw.labelled, [0, 28, 55]);

        let all: Vec<Label> = (0..8)
            .flat_map(|a| (0..8).filter(move |b| *b != a).map(move |b| label((a, b))))
            .collect();
        let draw = Draw::new(&embeddings, &settings, 2, &all).unwrap();
        assert_eq!((draw.prompts.len(), draw.prompts[0]), (embeddings.prompts() - 1, 1));
    }
}
