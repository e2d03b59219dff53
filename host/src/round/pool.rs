//! [`RoundPool`]: what a round may ask about: its items, their pairs, and which of them have a label.

use pairpick_core::columns::Columns;
use pairpick_core::pool::{ItemPair, Pairs, Pool, Prompts, pairs_of, pairs_of_ranks};
use pairpick_core::rng::Stream;

use crate::data::candidates::Candidates;
use crate::data::embeddings::Embeddings;
use crate::data::labels::Label;
use crate::data::pool_kind::PoolKind;
use crate::error::{Error, Result};
use crate::settings::{Amount, Settings};

/// What a round may ask about.
pub(super) struct RoundPool {
    /// Item numbers, ascending: the pool's items in its order.
    pub(super) items: Vec<u64>,
    pairs: OfferedPairs,
    /// Pairs that have a label, by their numbers in the pool, ascending.
    labelled: Vec<u64>,
}

/// Which pairs of the items a pool has.
enum OfferedPairs {
    /// Every two responses to one prompt: the first item of each prompt, and their number.
    InPrompt(Vec<u32>),
    /// Every two items.
    CrossPrompt,
    /// These; `places` are those in the candidates' file, where there is one.
    Listed { pairs: Vec<ItemPair>, places: Vec<u64> },
}

impl RoundPool {
    /// Draws a round's pool; one without a pair on offer, if every pair has a label.
    pub(super) fn new(
        embeddings: &Embeddings,
        candidates: Option<&Candidates>,
        settings: &Settings,
        round: u64,
        labels: &[Label],
    ) -> Result<Self> {
        let labelled = labelled_pairs(labels);
        if let Some(candidates) = candidates {
            return of_candidates(candidates, settings, round, &labelled);
        }
        let responses = embeddings.responses() as u64;
        let prompts = match settings.asking.pool {
            PoolKind::CrossPrompt => (0..embeddings.prompts() as u64).collect(),
            PoolKind::InPrompt | PoolKind::Listed => open_prompts(embeddings, &labelled),
        };
        let prompts = draw_prompts(&prompts, settings.asking.prompts_per_round, settings, round)?;
        let items: Vec<u64> = prompts
            .iter()
            .flat_map(|prompt| prompt * responses..(prompt + 1) * responses)
            .collect();
        let pairs = match settings.asking.pool {
            PoolKind::CrossPrompt => OfferedPairs::CrossPrompt,
            // A file has at most 2³² prompts and 2¹⁶ responses, and memory holds the items.
            PoolKind::InPrompt | PoolKind::Listed => OfferedPairs::InPrompt(
                (0..=prompts.len() as u32).map(|prompt| prompt * responses as u32).collect(),
            ),
        };
        let mut pool = Self { items, pairs, labelled: Vec::new() };
        if pool.items.is_empty() {
            return Ok(pool);
        }
        pool.labelled = pool.numbers_of(&labelled)?;
        match settings.asking.pairs {
            Amount::Only(count) => pool.sampled(count, settings, round),
            Amount::All => Ok(pool),
        }
    }

    /// The pool; `first_pairs` is the memory of its numbering.
    pub(super) fn pool<'a>(
        &'a self,
        features: Columns<'a, f32>,
        first_pairs: &'a mut Vec<u64>,
    ) -> Result<Pool<'a>> {
        let pool = match self.numbering(first_pairs)? {
            Pairs::InPrompt(prompts) => Pool::in_prompt(features, prompts, &self.labelled),
            Pairs::CrossPrompt(_) => Pool::cross_prompt(features, &self.labelled),
            Pairs::Listed(pairs) => Pool::listed(features, pairs, &self.labelled),
        };
        pool.map_err(Error::core("the pool"))
    }

    /// How many pairs have no label.
    pub(super) fn available(&self) -> Result<u64> {
        if self.items.is_empty() {
            return Ok(0);
        }
        Ok(self.numbering(&mut Vec::new())?.len() - self.labelled.len() as u64)
    }

    /// Where a pair of the pool stands in the candidates' file, if it comes from one.
    pub(super) fn place(&self, pair: u64) -> Option<u64> {
        match &self.pairs {
            OfferedPairs::Listed { places, .. } => places.get(pair as usize).copied(),
            OfferedPairs::InPrompt(_) | OfferedPairs::CrossPrompt => None,
        }
    }

    fn numbering<'a>(&'a self, first_pairs: &'a mut Vec<u64>) -> Result<Pairs<'a>> {
        match &self.pairs {
            OfferedPairs::InPrompt(starts) => {
                first_pairs.resize(starts.len(), 0);
                let prompts = Prompts::new(starts, first_pairs).map_err(Error::core("the pool"))?;
                Ok(Pairs::InPrompt(prompts))
            }
            OfferedPairs::CrossPrompt => {
                let items = self.items.len();
                let items = u32::try_from(items).map_err(|_| {
                    let expected = format!("at most {} items a round", u32::MAX);
                    Error::setting("prompts_per_round", items, expected)
                })?;
                Ok(Pairs::CrossPrompt(items))
            }
            OfferedPairs::Listed { pairs, .. } => Ok(Pairs::Listed(pairs)),
        }
    }

    /// The numbers of the labelled pairs that are in the pool, ascending.
    fn numbers_of(&self, labelled: &[(u64, u64)]) -> Result<Vec<u64>> {
        let mut first_pairs = Vec::new();
        let numbering = self.numbering(&mut first_pairs)?;
        let place = |item: &u64| Some(self.items.binary_search(item).ok()? as u32);
        let numbers =
            labelled.iter().filter_map(|(a, b)| numbering.pair_number(place(a)?, place(b)?));
        Ok(numbers.collect())
    }

    /// So many of the pairs on offer, drawn without replacement; all, if there are no more.
    fn sampled(self, count: u64, settings: &Settings, round: u64) -> Result<Self> {
        let available = self.available()?;
        if available <= count {
            return Ok(self);
        }
        let mut numbers = draw_pairs(available, count, settings, round)?;
        pairs_of_ranks(&self.labelled, &mut numbers);
        let mut first_pairs = Vec::new();
        let numbering = self.numbering(&mut first_pairs)?;
        let pairs = numbers.iter().filter_map(|number| numbering.items_of_pair(*number)).collect();
        let pairs = OfferedPairs::Listed { pairs, places: Vec::new() };
        Ok(Self { items: self.items, pairs, labelled: Vec::new() })
    }
}

/// The candidates that have no label, or so many of them.
fn of_candidates(
    candidates: &Candidates,
    settings: &Settings,
    round: u64,
    labelled: &[(u64, u64)],
) -> Result<RoundPool> {
    let open = (0..).zip(&candidates.pairs).filter(|(_, (a, b))| {
        let pair = if a < b { (*a, *b) } else { (*b, *a) };
        labelled.binary_search(&pair).is_err()
    });
    let mut open: Vec<(u64, (u64, u64))> = open.map(|(place, pair)| (place, *pair)).collect();
    if let Amount::Only(count) = settings.asking.pairs
        && count < open.len() as u64
    {
        let chosen = draw_pairs(open.len() as u64, count, settings, round)?;
        open = chosen.into_iter().map(|place| open[place as usize]).collect();
    }
    let mut items: Vec<u64> = open.iter().flat_map(|(_, (a, b))| [*a, *b]).collect();
    items.sort_unstable();
    items.dedup();
    // At most 2³² − 1 pairs are read, and memory holds their items.
    let place = |item: &u64| items.partition_point(|other| other < item) as u32;
    let pair = |(a, b): &(u64, u64)| ItemPair { a: place(a), b: place(b) };
    let pairs = open.iter().map(|(_, items)| pair(items)).collect();
    let places = open.iter().map(|(place, _)| *place).collect();
    Ok(RoundPool { items, pairs: OfferedPairs::Listed { pairs, places }, labelled: Vec::new() })
}

/// `count` of these prompts, ascending; all, if there are no more.
fn draw_prompts(
    prompts: &[u64],
    count: usize,
    settings: &Settings,
    round: u64,
) -> Result<Vec<u64>> {
    let mut places = vec![0; count.min(prompts.len())];
    Stream::new(settings.seed, "pool", round)
        .sample(prompts.len() as u64, &mut places)
        .map_err(Error::core("drawing prompts"))?;
    Ok(places.into_iter().map(|place| prompts[place as usize]).collect())
}

/// `count` of the numbers below `available`, ascending.
fn draw_pairs(available: u64, count: u64, settings: &Settings, round: u64) -> Result<Vec<u64>> {
    let mut numbers = vec![0; count as usize];
    Stream::new(settings.seed, "pairs", round)
        .sample(available, &mut numbers)
        .map_err(Error::core("drawing pairs"))?;
    Ok(numbers)
}

/// Each pair that has a label, once, the smaller item first, ascending.
fn labelled_pairs(labels: &[Label]) -> Vec<(u64, u64)> {
    let ordered = |label: &Label| (label.a.min(label.b), label.a.max(label.b));
    let mut pairs: Vec<(u64, u64)> = labels.iter().map(ordered).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// The prompts that have a pair of their own responses without a label, ascending.
fn open_prompts(embeddings: &Embeddings, labelled: &[(u64, u64)]) -> Vec<u64> {
    let mut counts = vec![0_u64; embeddings.prompts()];
    for (a, b) in labelled {
        let prompt = embeddings.prompt_of(*a);
        if prompt == embeddings.prompt_of(*b) {
            counts[prompt as usize] += 1;
        }
    }
    let pairs = pairs_of(embeddings.responses() as u64);
    (0..).zip(counts).filter(|(_, count)| *count < pairs).map(|(prompt, _)| prompt).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::Dataset;
    use crate::data::preference::Preference;
    use crate::settings::Asking;

    fn label((a, b): (u64, u64)) -> Label {
        Label { round: 1, a, b, preference: Preference::Tie, score: None }
    }

    fn draw(settings: &Settings, labels: &[Label]) -> RoundPool {
        let embeddings = Dataset::bundled().unwrap().train.embeddings;
        RoundPool::new(&embeddings, None, settings, 2, labels).unwrap()
    }

    fn asking(pool: PoolKind, prompts_per_round: usize, pairs: Amount) -> Settings {
        let settings = Settings::default();
        let asking = Asking { pool, prompts_per_round, pairs, ..settings.asking };
        Settings { asking, ..settings }
    }

    fn all_prompts(pool: PoolKind) -> Settings {
        let embeddings = Dataset::bundled().unwrap().train.embeddings;
        asking(pool, embeddings.prompts(), Amount::All)
    }

    /// As labels from files may be: the same pair twice, the other way round, across prompts.
    #[test]
    fn labels_of_any_form_leave_the_pool() {
        let labels = [(9, 8), (8, 9), (0, 1), (0, 1), (0, 8), (15, 14)].map(label);
        // 28 pairs a prompt: the first of prompts 0 and 1, and the last of prompt 1.
        assert_eq!(draw(&all_prompts(PoolKind::InPrompt), &labels).labelled, [0, 28, 55]);
        // 624 items: (0, 1) and (0, 8) are pairs 0 and 7.
        let cross = draw(&all_prompts(PoolKind::CrossPrompt), &labels);
        assert_eq!((cross.labelled.len(), &cross.labelled[..2]), (4, &[0, 7][..]));
        assert_eq!(cross.available().unwrap(), 624 * 623 / 2 - 4);

        let all: Vec<Label> = (0..8)
            .flat_map(|a| (0..8).filter(move |b| *b != a).map(move |b| label((a, b))))
            .collect();
        let draw = draw(&all_prompts(PoolKind::InPrompt), &all);
        assert_eq!((draw.items.len(), draw.items[0]), (77 * 8, 8), "prompt 0 is exhausted");
    }

    #[test]
    fn sampled_pairs_are_distinct_and_never_labelled() {
        for pool in [PoolKind::InPrompt, PoolKind::CrossPrompt] {
            let all = asking(pool, 2, Amount::All);
            let drawn = draw(&all, &[]);
            let (a, b) = (drawn.items[0], drawn.items[1]);
            let labels = [label((a, b))];
            let open = draw(&all, &labels).available().unwrap();
            let sampled = draw(&asking(pool, 2, Amount::Only(open - 1)), &labels);
            let OfferedPairs::Listed { pairs, .. } = &sampled.pairs else { panic!("a list") };
            assert_eq!(pairs.len() as u64, open - 1);
            assert!(pairs.is_sorted_by(|pair, next| pair < next) && !pairs.contains(&(0, 1).into()));
            let every = asking(pool, 2, Amount::Only(open));
            assert!(
                !matches!(draw(&every, &labels).pairs, OfferedPairs::Listed { .. }),
                "{pool:?}"
            );
        }
    }

    #[test]
    fn candidates_keep_their_order_and_places() {
        let embeddings = Dataset::bundled().unwrap().train.embeddings;
        let pairs = vec![(30, 2), (2, 9), (17, 30), (5, 6)];
        let candidates = Candidates { pairs, answers: None };
        let labels = [label((9, 2))];
        let settings = all_prompts(PoolKind::Listed);
        let draw = RoundPool::new(&embeddings, Some(&candidates), &settings, 2, &labels).unwrap();
        assert_eq!(draw.items, [2, 5, 6, 17, 30]);
        let OfferedPairs::Listed { pairs, .. } = &draw.pairs else { panic!("a list") };
        assert_eq!(pairs.as_slice(), [(4, 0), (3, 4), (1, 2)].map(ItemPair::from));
        assert_eq!([draw.place(0), draw.place(1), draw.place(3)], [Some(0), Some(2), None]);
    }
}
