//! [`AskedPairs`], and which prompts a round draws from: any, or where pairs run short those that have
//! not been asked about in full.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::cmp::Reverse;

use pairpick_core::pool::pairs_of;
use pairpick_core::rng::Stream;

use super::request::Request;
use crate::data::embeddings::Embeddings;
use crate::data::question::Question;
use crate::error::{Error, Result};

/// Pairs of items that were asked about, each once, the smaller item first, ascending.
#[derive(Debug, Default)]
pub(super) struct AskedPairs(Vec<(u64, u64)>);

impl AskedPairs {
    pub(super) fn of<'a>(questions: impl Iterator<Item = &'a Question>) -> Self {
        let mut pairs: Vec<(u64, u64)> = questions.map(Question::ascending).collect();
        pairs.sort_unstable();
        pairs.dedup();
        Self(pairs)
    }

    /// The same, and these besides, the smaller item first in each.
    pub(super) fn and(&self, others: impl Iterator<Item = (u64, u64)>) -> Self {
        let mut pairs: Vec<(u64, u64)> = self.0.iter().copied().chain(others).collect();
        pairs.sort_unstable();
        pairs.dedup();
        Self(pairs)
    }

    /// The pairs, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = &(u64, u64)> {
        self.0.iter()
    }

    /// How many there are within each prompt; and the prompts of those across prompts, either first,
    /// ascending.
    fn by_prompts(&self, embeddings: &Embeddings) -> (Vec<u64>, Vec<(usize, usize)>) {
        let mut within = vec![0_u64; embeddings.prompts()];
        let mut across = Vec::new();
        for (a, b) in &self.0 {
            let (a, b) = (embeddings.prompt_of(*a) as usize, embeddings.prompt_of(*b) as usize);
            if a == b {
                within[a] = within[a].saturating_add(1);
            } else {
                across.extend([(a, b), (b, a)]);
            }
        }
        across.sort_unstable();
        (within, across)
    }

    pub(super) fn has(&self, (a, b): (u64, u64)) -> bool {
        self.0.binary_search(&(a.min(b), a.max(b))).is_ok()
    }
}

/// As many of these prompts as a round draws, ascending; all, if there are no more.
pub(super) fn draw(request: &Request<'_>, prompts: &[u64]) -> Result<Vec<u64>> {
    let settings = request.context.settings;
    let mut places = vec![0; settings.asking.prompts_per_round.min(prompts.len())];
    Stream::new(settings.seed, "pool", request.round)
        .sample(prompts.len() as u64, &mut places)
        .map_err(Error::core("drawing prompts"))?;
    Ok(places.into_iter().map(|place| prompts[place as usize]).collect())
}

/// The prompts that have a pair of their own responses that was not asked about, ascending.
pub(super) fn open(embeddings: &Embeddings, asked: &AskedPairs) -> Vec<u64> {
    let (counts, _) = asked.by_prompts(embeddings);
    let is_open = |(prompt, count): &(u64, u64)| *count < pairs_of(size(embeddings, *prompt));
    (0..).zip(counts).filter(is_open).map(|(prompt, _)| prompt).collect()
}

/// How many responses a prompt has.
fn size(embeddings: &Embeddings, prompt: u64) -> u64 {
    let items = embeddings.items_of(prompt);
    items.end.saturating_sub(items.start)
}

/// As many prompts as a round draws, ascending, taken one by one, each the one with the most open pairs
/// among its own responses and with those taken before: the first with all others, and of equal ones
/// any. So where two prompts or more are drawn, an open pair is, if there is one.
pub(super) fn least_asked(request: &Request<'_>, asked: &AskedPairs) -> Vec<u64> {
    let (embeddings, settings) = (request.context.embeddings, request.context.settings);
    let mut order: Vec<usize> = (0..embeddings.prompts()).collect();
    Stream::new(settings.seed, "least-asked", request.round).shuffle(&mut order);
    let (mut counts, across) = asked.by_prompts(embeddings);
    let others_of = |prompt: usize| {
        let from = across.partition_point(|(own, _)| *own < prompt);
        across[from..].iter().take_while(move |(own, _)| *own == prompt).map(|(_, other)| *other)
    };
    let mut taken: Vec<u64> = Vec::new();
    let mut is_taken = vec![false; counts.len()];
    let mut items_taken: u64 = 0;
    for place in 0..settings.asking.prompts_per_round.min(counts.len()) {
        let with_all = place == 0 && settings.asking.prompts_per_round > 1;
        let open = |prompt: usize| {
            let own = size(embeddings, prompt as u64);
            let (others, asked) = match with_all {
                true => (embeddings.items().saturating_sub(own), others_of(prompt).count() as u64),
                false => (items_taken, 0),
            };
            let pairs = pairs_of(own).saturating_add(own.saturating_mul(others));
            pairs.saturating_sub(counts[prompt]).saturating_sub(asked)
        };
        let left = order.iter().copied().filter(|prompt| !is_taken[*prompt]);
        // The first of equal ones.
        let Some(next) = left.min_by_key(|prompt| Reverse(open(*prompt))) else {
            break;
        };
        is_taken[next] = true;
        taken.push(next as u64);
        items_taken = items_taken.saturating_add(size(embeddings, next as u64));
        others_of(next).for_each(|other| counts[other] = counts[other].saturating_add(1));
    }
    taken.sort_unstable();
    taken
}
