//! [`RoundPool`]: what a round may ask about: its items, their pairs, and which of them were asked
//! about before.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use pairpick_core::columns::Columns;
use pairpick_core::pool::{ItemPair, Pairs, Pool, Prompts, pairs_of_ranks};
use pairpick_core::rng::Stream;

use super::identical::Identical;
use super::prompts::{self, AskedPairs};
use super::request::Request;
use crate::data::candidates::Candidates;
use crate::data::embeddings::Embeddings;
use crate::data::pool_kind::PoolKind;
use crate::error::{Error, Result};
use crate::memory::zeros;
use crate::model::Context;
use crate::settings::Amount;

/// What a round may ask about.
pub(super) struct RoundPool {
    /// Item numbers, ascending: the pool's items in its order.
    pub(super) items: Vec<u64>,
    /// Where each prompt's items begin among these, and where the last one's end.
    pub(super) starts: Vec<u32>,
    pairs: OfferedPairs,
    /// Pairs that are not on offer, by their numbers in the pool, ascending: those that were asked
    /// about, and those of identical items.
    taken: Vec<u64>,
    pub(super) identical: IdenticalPairs,
}

/// What becomes of pairs of items with equal embeddings that were not asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdenticalPairs {
    /// So many are not on offer.
    Left(u64),
    /// All others of items that have copies are not on offer, so many items: there are too many pairs.
    Copies(u64),
    /// There are no others, so they are on offer.
    All,
}

impl Default for IdenticalPairs {
    fn default() -> Self {
        Self::Left(0)
    }
}

impl IdenticalPairs {
    /// What a person is told of them.
    pub(super) fn note(self, round: u64) -> Option<String> {
        match self {
            Self::Left(0) => None,
            Self::Left(pairs) => Some(format!(
                "round {round}: pairs of identical embeddings are not asked about, {pairs} here: \
                 their answers would teach nothing"
            )),
            Self::Copies(items) => Some(format!(
                "round {round}: of items with identical embeddings one is asked about, and {items} \
                 are left out: answers about pairs of these would teach nothing"
            )),
            Self::All => Some(format!(
                "round {round}: every pair left is of identical embeddings: answers teach nothing"
            )),
        }
    }
}

/// Which pairs of the items a pool has.
#[derive(Clone)]
enum OfferedPairs {
    /// Every two responses to one prompt.
    InPrompt,
    /// Every two items.
    CrossPrompt,
    /// These; `places` are those in the candidates' file, where there is one.
    Listed { pairs: Vec<ItemPair>, places: Vec<u64> },
}

impl RoundPool {
    /// Draws a round's pool; one without a pair on offer, if every pair that a round can draw was asked
    /// about.
    pub(super) fn draw(request: &Request<'_>, asked: &AskedPairs) -> Result<Self> {
        if let Some(candidates) = request.candidates {
            return of_candidates(request, candidates, asked);
        }
        let asking = &request.context.settings.asking;
        let pool = match asking.pool {
            PoolKind::CrossPrompt => Self::across_prompts(request, asked)?,
            PoolKind::InPrompt | PoolKind::Listed => Self::within_prompts(request, asked)?,
        };
        match asking.pairs {
            Amount::Only(count) => pool.sampled(request, count),
            Amount::All => Ok(pool),
        }
    }

    /// All pairs of responses to each of some prompts drawn at random, of those that have a pair left.
    fn within_prompts(request: &Request<'_>, asked: &AskedPairs) -> Result<Self> {
        let embeddings = request.context.embeddings;
        let of = |open: &[u64]| {
            let drawn = prompts::draw(request, open)?;
            Self::of_prompts(embeddings, &drawn, OfferedPairs::InPrompt, asked)
        };
        let pool = of(&prompts::open(embeddings, asked))?;
        if pool.identical != IdenticalPairs::All {
            return Ok(pool);
        }
        // Other prompts may have pairs worth asking about.
        match prompts::open(embeddings, &with_identical(embeddings, asked, true)?) {
            open if open.is_empty() => Ok(pool),
            open => of(&open),
        }
    }

    /// All pairs of prompts drawn at random; where these leave fewer than a batch, of those that have
    /// been asked least about, if that is more.
    fn across_prompts(request: &Request<'_>, asked: &AskedPairs) -> Result<Self> {
        let Context { embeddings, settings, .. } = request.context;
        let all: Vec<u64> = (0..embeddings.prompts() as u64).collect();
        let of = |prompts: &[u64]| {
            Self::of_prompts(embeddings, prompts, OfferedPairs::CrossPrompt, asked)
        };
        let drawn = prompts::draw(request, &all)?;
        let pool = of(&drawn)?;
        let worth = pool.worth()?;
        if worth >= (true, settings.asking.batch as u64) || drawn.len() == all.len() {
            return Ok(pool);
        }
        let mut best = pool;
        // Where pairs of identical items alone are left, those prompts are not found without them.
        for without in [&with_identical(embeddings, asked, false)?, asked] {
            let other = of(&prompts::least_asked(request, without))?;
            if best.worth()? < other.worth()? {
                best = other;
            }
            if best.available()? > 0 {
                break;
            }
        }
        Ok(best)
    }

    /// Whether the pairs on offer teach something, and how many they are.
    fn worth(&self) -> Result<(bool, u64)> {
        Ok((self.identical != IdenticalPairs::All, self.available()?))
    }

    /// The pairs of some prompts, which ascend.
    fn of_prompts(
        embeddings: &Embeddings,
        prompts: &[u64],
        pairs: OfferedPairs,
        asked: &AskedPairs,
    ) -> Result<Self> {
        let items: Vec<u64> =
            prompts.iter().flat_map(|prompt| embeddings.items_of(*prompt)).collect();
        if items.is_empty() {
            return Ok(Self::of_items(embeddings, items, pairs));
        }
        let within_prompts = matches!(pairs, OfferedPairs::InPrompt);
        let identical = Identical::of(embeddings, &items, within_prompts)?;
        let pool = Self::of_items(embeddings, items, pairs);
        let taken = pool.numbers_of(asked)?;
        if identical.is_empty() {
            return Ok(Self { taken, ..pool });
        }
        if identical.are_too_many() {
            let without = pool.without(&identical.copies(), embeddings, asked)?;
            return Ok(without.unwrap_or(Self { taken, identical: IdenticalPairs::All, ..pool }));
        }
        let all = pool.numbers_of(&asked.and(identical.pairs()))?;
        if all.len() as u64 == pool.numbering(&mut Vec::new())?.len() {
            return Ok(Self { taken, identical: IdenticalPairs::All, ..pool });
        }
        let left = all.len().saturating_sub(taken.len()) as u64;
        Ok(Self { taken: all, identical: IdenticalPairs::Left(left), ..pool })
    }

    fn of_items(embeddings: &Embeddings, items: Vec<u64>, pairs: OfferedPairs) -> Self {
        let starts = prompt_starts(embeddings, &items);
        Self { items, starts, pairs, taken: Vec::new(), identical: IdenticalPairs::default() }
    }

    /// Without items that are copies of others, if pairs are left then.
    fn without(
        &self,
        copies: &[u64],
        embeddings: &Embeddings,
        asked: &AskedPairs,
    ) -> Result<Option<Self>> {
        let is_kept = |item: &u64| copies.binary_search(item).is_err();
        let items: Vec<u64> = self.items.iter().copied().filter(is_kept).collect();
        let pool = Self::of_items(embeddings, items, self.pairs.clone());
        let taken = pool.numbers_of(asked)?;
        let identical = IdenticalPairs::Copies(copies.len() as u64);
        let pool = Self { taken, identical, ..pool };
        Ok((pool.available()? > 0).then_some(pool))
    }

    /// The pool; `first_pairs` is the memory of its numbering.
    pub(super) fn pool<'a>(
        &'a self,
        features: Columns<'a, f32>,
        first_pairs: &'a mut Vec<u64>,
    ) -> Result<Pool<'a>> {
        let pool = match self.numbering(first_pairs)? {
            Pairs::InPrompt(prompts) => Pool::in_prompt(features, prompts, &self.taken),
            Pairs::CrossPrompt(_) => Pool::cross_prompt(features, &self.taken),
            Pairs::Listed(pairs) => Pool::listed(features, pairs, &self.taken),
        };
        pool.and_then(|pool| pool.with_prompts(&self.starts)).map_err(Error::core("the pool"))
    }

    /// How many pairs are on offer.
    pub(super) fn available(&self) -> Result<u64> {
        if self.items.is_empty() {
            return Ok(0);
        }
        Ok(self.numbering(&mut Vec::new())?.len().saturating_sub(self.taken.len() as u64))
    }

    /// Where a pair of the pool stands in the candidates' file, if it comes from one.
    pub(super) fn place(&self, pair: u64) -> Option<u64> {
        match &self.pairs {
            OfferedPairs::Listed { places, .. } => places.get(pair as usize).copied(),
            OfferedPairs::InPrompt | OfferedPairs::CrossPrompt => None,
        }
    }

    fn numbering<'a>(&'a self, first_pairs: &'a mut Vec<u64>) -> Result<Pairs<'a>> {
        match &self.pairs {
            OfferedPairs::InPrompt => {
                first_pairs.resize(self.starts.len(), 0);
                let prompts =
                    Prompts::new(&self.starts, first_pairs).map_err(Error::core("the pool"))?;
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

    /// The numbers of the pairs that are in the pool, ascending.
    fn numbers_of(&self, asked: &AskedPairs) -> Result<Vec<u64>> {
        let mut first_pairs = Vec::new();
        let numbering = self.numbering(&mut first_pairs)?;
        let place = |item: &u64| Some(self.items.binary_search(item).ok()? as u32);
        let number = |(a, b): &(u64, u64)| numbering.pair_number(place(a)?, place(b)?);
        Ok(asked.iter().filter_map(number).collect())
    }

    /// So many of the pairs on offer, drawn without replacement; all, if there are no more: listed
    /// for a strategy that goes through them one by one.
    fn sampled(self, request: &Request<'_>, count: u64) -> Result<Self> {
        let available = self.available()?;
        let listed =
            matches!(self.pairs, OfferedPairs::CrossPrompt) && !request.strategy.facts().all_pairs;
        if available <= count && !listed || available == 0 {
            return Ok(self);
        }
        let mut numbers = draw_pairs(request, available, count.min(available))?;
        pairs_of_ranks(&self.taken, &mut numbers);
        let mut first_pairs = Vec::new();
        let numbering = self.numbering(&mut first_pairs)?;
        let pairs = numbers.iter().filter_map(|number| numbering.items_of_pair(*number)).collect();
        let pairs = OfferedPairs::Listed { pairs, places: Vec::new() };
        Ok(Self { pairs, taken: Vec::new(), ..self })
    }
}

/// The candidates that were not asked about, or so many of them.
fn of_candidates(
    request: &Request<'_>,
    candidates: &Candidates,
    asked: &AskedPairs,
) -> Result<RoundPool> {
    let embeddings = request.context.embeddings;
    let open = candidates.on_offer().filter(|(_, pair)| !asked.has(*pair)).collect();
    let (mut open, identical) = worth_asking(embeddings, open)?;
    if let Amount::Only(count) = request.context.settings.asking.pairs
        && count < open.len() as u64
    {
        let chosen = draw_pairs(request, open.len() as u64, count)?;
        open = chosen.into_iter().map(|place| open[place as usize]).collect();
    }
    let items = items_of(&open);
    // Fewer than 2³¹ pairs are read.
    let place = |item: &u64| items.partition_point(|other| other < item) as u32;
    let pair = |(a, b): &(u64, u64)| ItemPair { a: place(a), b: place(b) };
    let pairs = open.iter().map(|(_, items)| pair(items)).collect();
    let places = open.iter().map(|(place, _)| *place).collect();
    let pairs = OfferedPairs::Listed { pairs, places };
    Ok(RoundPool { identical, ..RoundPool::of_items(embeddings, items, pairs) })
}

/// Candidates and their places.
type Open = Vec<(u64, (u64, u64))>;

/// Those of some candidates whose embeddings differ; if there is none, all.
fn worth_asking(embeddings: &Embeddings, open: Open) -> Result<(Open, IdenticalPairs)> {
    let firsts = Identical::of(embeddings, &items_of(&open), false)?.firsts();
    let differ = |(_, (a, b)): &(u64, (u64, u64))| {
        firsts.get(a).is_none_or(|first| firsts.get(b) != Some(first))
    };
    let (differing, same): (Open, Open) = open.into_iter().partition(differ);
    Ok(match (differing.is_empty(), same.is_empty()) {
        (true, false) => (same, IdenticalPairs::All),
        _ => (differing, IdenticalPairs::Left(same.len() as u64)),
    })
}

/// The items of some candidates, ascending.
fn items_of(open: &Open) -> Vec<u64> {
    let mut items: Vec<u64> = open.iter().flat_map(|(_, (a, b))| [*a, *b]).collect();
    items.sort_unstable();
    items.dedup();
    items
}

/// Asked pairs, and those of all items that are identical, unless these are too many.
fn with_identical(
    embeddings: &Embeddings,
    asked: &AskedPairs,
    within_prompts: bool,
) -> Result<AskedPairs> {
    let items: Vec<u64> = (0..embeddings.items()).collect();
    let identical = Identical::of(embeddings, &items, within_prompts)?;
    let pairs = (!identical.are_too_many()).then(|| identical.pairs());
    Ok(asked.and(pairs.into_iter().flatten()))
}

/// `count` of the numbers below `available`, ascending.
fn draw_pairs(request: &Request<'_>, available: u64, count: u64) -> Result<Vec<u64>> {
    let mut numbers = zeros("pairs of a round", count as usize, 1)?;
    Stream::new(request.context.settings.seed, "pairs", request.round)
        .sample(available, &mut numbers)
        .map_err(Error::core("drawing pairs"))?;
    Ok(numbers)
}

/// Where each prompt's items begin among these, which ascend, and where the last one's end.
fn prompt_starts(embeddings: &Embeddings, items: &[u64]) -> Vec<u32> {
    let prompts = items.chunk_by(|a, b| embeddings.prompt_of(*a) == embeddings.prompt_of(*b));
    let mut end = 0;
    let mut starts = vec![0];
    starts.extend(prompts.map(|prompt| {
        // A pool has at most 2³² − 1 items.
        end = u32::saturating_add(end, prompt.len() as u32);
        end
    }));
    starts
}

#[cfg(test)]
mod tests {
    use pairpick_core::select::Strategy;

    use super::*;
    use crate::data::dataset::Dataset;
    use crate::data::question::Question;
    use crate::parallel::Threads;
    use crate::runtime::Runtime;
    use crate::settings::{Asking, Settings};

    fn draw(settings: &Settings, asked: &[(u64, u64)]) -> RoundPool {
        draw_from(None, settings, asked)
    }

    fn draw_from(
        candidates: Option<&Candidates>,
        settings: &Settings,
        asked: &[(u64, u64)],
    ) -> RoundPool {
        let embeddings = &Dataset::bundled().unwrap().train.embeddings;
        let threads = &Threads::start(&Runtime::default()).unwrap();
        let context = Context { embeddings, settings, threads, listed: None };
        let request = Request { context, candidates, round: 2, strategy: Strategy::Random };
        let asked: Vec<Question> = asked.iter().map(|(a, b)| Question::new(1, *a, *b)).collect();
        RoundPool::draw(&request, &AskedPairs::of(asked.iter())).unwrap()
    }

    fn asking(pool: PoolKind, prompts_per_round: usize, pairs: Amount) -> Settings {
        let settings = Settings::default();
        let asking = Asking { pool, prompts_per_round, pairs, batch: 1, ..settings.asking };
        Settings { asking, ..settings }
    }

    fn all_prompts(pool: PoolKind) -> Settings {
        let embeddings = Dataset::bundled().unwrap().train.embeddings;
        asking(pool, embeddings.prompts(), Amount::All)
    }

    /// As labels from files may be: the same pair twice, the other way round, across prompts.
    #[test]
    fn pairs_asked_about_in_any_form_leave_the_pool() {
        let asked = [(9, 8), (8, 9), (0, 1), (0, 1), (0, 8), (15, 14)];
        // 28 pairs a prompt: the first of prompts 0 and 1, and the last of prompt 1.
        assert_eq!(draw(&all_prompts(PoolKind::InPrompt), &asked).taken, [0, 28, 55]);
        // 624 items: (0, 1) and (0, 8) are pairs 0 and 7.
        let cross = draw(&all_prompts(PoolKind::CrossPrompt), &asked);
        assert_eq!((cross.taken.len(), &cross.taken[..2]), (4, &[0, 7][..]));
        assert_eq!(cross.available().unwrap(), 624 * 623 / 2 - 4);

        let all: Vec<(u64, u64)> =
            (0..8).flat_map(|a| (0..8).filter(move |b| *b != a).map(move |b| (a, b))).collect();
        let pool = draw(&all_prompts(PoolKind::InPrompt), &all);
        assert_eq!((pool.items.len(), pool.items[0]), (77 * 8, 8), "prompt 0 is exhausted");
    }

    #[test]
    fn sampled_pairs_are_distinct_and_never_asked_about() {
        for pool in [PoolKind::InPrompt, PoolKind::CrossPrompt] {
            let all = asking(pool, 2, Amount::All);
            let drawn = draw(&all, &[]);
            let asked = [(drawn.items[0], drawn.items[1])];
            let open = draw(&all, &asked).available().unwrap();
            let sampled = draw(&asking(pool, 2, Amount::Only(open - 1)), &asked);
            let OfferedPairs::Listed { pairs, .. } = &sampled.pairs else { panic!("a list") };
            assert_eq!(pairs.len() as u64, open - 1);
            assert!(pairs.is_sorted_by(|pair, next| pair < next));
            assert!(!pairs.contains(&ItemPair { a: 0, b: 1 }));
            let every = asking(pool, 2, Amount::Only(open));
            let listed = matches!(draw(&every, &asked).pairs, OfferedPairs::Listed { .. });
            assert!(!listed, "{pool:?}");
        }
    }

    #[test]
    fn candidates_keep_their_order_and_places() {
        let candidates = Candidates::new(vec![(2, 30), (2, 9), (17, 30), (5, 6)]);
        let settings = asking(PoolKind::Listed, 500, Amount::All);
        let pool = draw_from(Some(&candidates), &settings, &[(9, 2)]);
        assert_eq!(pool.items, [2, 5, 6, 17, 30]);
        let OfferedPairs::Listed { pairs, .. } = &pool.pairs else { panic!("a list") };
        assert_eq!(pairs.as_slice(), [(0, 4), (3, 4), (1, 2)].map(ItemPair::from));
        assert_eq!([pool.place(0), pool.place(1), pool.place(3)], [Some(0), Some(2), None]);
    }
}
