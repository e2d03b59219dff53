//! [`RoundPool`]: what a round may ask about: its items, their pairs, and which of them were asked
//! about before.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use pairpick_core::columns::Columns;
use pairpick_core::pool::{ItemPair, Pairs, Pool, Prompts, pairs_of_ranks};
use pairpick_core::rng::Stream;

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
    /// Pairs that were asked about, by their numbers in the pool, ascending.
    asked: Vec<u64>,
}

/// Which pairs of the items a pool has.
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
        let (embeddings, asking) = (request.context.embeddings, &request.context.settings.asking);
        let pool = match asking.pool {
            PoolKind::CrossPrompt => Self::across_prompts(request, asked)?,
            PoolKind::InPrompt | PoolKind::Listed => {
                let drawn = prompts::draw(request, &prompts::open(embeddings, asked))?;
                Self::of_prompts(embeddings, &drawn, OfferedPairs::InPrompt, asked)?
            }
        };
        match asking.pairs {
            Amount::Only(count) => pool.sampled(request, count),
            Amount::All => Ok(pool),
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
        let available = pool.available()?;
        if available >= settings.asking.batch as u64 || drawn.len() == all.len() {
            return Ok(pool);
        }
        let other = of(&prompts::least_asked(request, asked))?;
        Ok(if available < other.available()? { other } else { pool })
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
        let starts = prompt_starts(embeddings, &items);
        let pool = Self { items, starts, pairs, asked: Vec::new() };
        if pool.items.is_empty() {
            return Ok(pool);
        }
        Ok(Self { asked: pool.numbers_of(asked)?, ..pool })
    }

    /// The pool; `first_pairs` is the memory of its numbering.
    pub(super) fn pool<'a>(
        &'a self,
        features: Columns<'a, f32>,
        first_pairs: &'a mut Vec<u64>,
    ) -> Result<Pool<'a>> {
        let pool = match self.numbering(first_pairs)? {
            Pairs::InPrompt(prompts) => Pool::in_prompt(features, prompts, &self.asked),
            Pairs::CrossPrompt(_) => Pool::cross_prompt(features, &self.asked),
            Pairs::Listed(pairs) => Pool::listed(features, pairs, &self.asked),
        };
        pool.and_then(|pool| pool.with_prompts(&self.starts)).map_err(Error::core("the pool"))
    }

    /// How many pairs were not asked about yet.
    pub(super) fn available(&self) -> Result<u64> {
        if self.items.is_empty() {
            return Ok(0);
        }
        Ok(self.numbering(&mut Vec::new())?.len().saturating_sub(self.asked.len() as u64))
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
        pairs_of_ranks(&self.asked, &mut numbers);
        let mut first_pairs = Vec::new();
        let numbering = self.numbering(&mut first_pairs)?;
        let pairs = numbers.iter().filter_map(|number| numbering.items_of_pair(*number)).collect();
        let pairs = OfferedPairs::Listed { pairs, places: Vec::new() };
        Ok(Self { pairs, asked: Vec::new(), ..self })
    }
}

/// The candidates that were not asked about, or so many of them.
fn of_candidates(
    request: &Request<'_>,
    candidates: &Candidates,
    asked: &AskedPairs,
) -> Result<RoundPool> {
    let open = (0..).zip(&candidates.pairs).filter(|(_, pair)| !asked.has(**pair));
    let mut open: Vec<(u64, (u64, u64))> = open.map(|(place, pair)| (place, *pair)).collect();
    if let Amount::Only(count) = request.context.settings.asking.pairs
        && count < open.len() as u64
    {
        let chosen = draw_pairs(request, open.len() as u64, count)?;
        open = chosen.into_iter().map(|place| open[place as usize]).collect();
    }
    let mut items: Vec<u64> = open.iter().flat_map(|(_, (a, b))| [*a, *b]).collect();
    items.sort_unstable();
    items.dedup();
    let starts = prompt_starts(request.context.embeddings, &items);
    // Fewer than 2³¹ pairs are read.
    let place = |item: &u64| items.partition_point(|other| other < item) as u32;
    let pair = |(a, b): &(u64, u64)| ItemPair { a: place(a), b: place(b) };
    let pairs = open.iter().map(|(_, items)| pair(items)).collect();
    let places = open.iter().map(|(place, _)| *place).collect();
    let pairs = OfferedPairs::Listed { pairs, places };
    Ok(RoundPool { items, starts, pairs, asked: Vec::new() })
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
        let context = Context { embeddings, settings, threads };
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
        assert_eq!(draw(&all_prompts(PoolKind::InPrompt), &asked).asked, [0, 28, 55]);
        // 624 items: (0, 1) and (0, 8) are pairs 0 and 7.
        let cross = draw(&all_prompts(PoolKind::CrossPrompt), &asked);
        assert_eq!((cross.asked.len(), &cross.asked[..2]), (4, &[0, 7][..]));
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
        let pairs = vec![(30, 2), (2, 9), (17, 30), (5, 6)];
        let candidates = Candidates { pairs, answers: None };
        let settings = asking(PoolKind::Listed, 500, Amount::All);
        let pool = draw_from(Some(&candidates), &settings, &[(9, 2)]);
        assert_eq!(pool.items, [2, 5, 6, 17, 30]);
        let OfferedPairs::Listed { pairs, .. } = &pool.pairs else { panic!("a list") };
        assert_eq!(pairs.as_slice(), [(4, 0), (3, 4), (1, 2)].map(ItemPair::from));
        assert_eq!([pool.place(0), pool.place(1), pool.place(3)], [Some(0), Some(2), None]);
    }
}
