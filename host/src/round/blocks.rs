//! [`Block`]: consecutive prompts whose responses a model embeds at once, so that all of a file is gone
//! through in the memory of a part of it.

use std::iter;
use std::ops::Range;

use crate::data::embeddings::Embeddings;
use crate::error::Result;
use crate::model::{Features, Model};
use crate::parallel::Threads;
use crate::progress::Progress;

/// Items embedded at a time, but for prompts of more responses.
const ITEMS: u64 = 2048;

/// Consecutive prompts, what the model makes of their responses.
pub(super) struct Block {
    /// The prompts.
    pub prompts: Range<u64>,
    /// The number of the first response; the others follow.
    pub first: u64,
    /// φ, a response a column.
    pub features: Features,
    /// φᵀβ, in f64.
    pub rewards: Vec<f64>,
}

impl Block {
    /// The places of each prompt's responses; of rows without prompts, all places.
    pub fn groups(&self, embeddings: &Embeddings) -> Vec<Range<usize>> {
        let of_prompt = |prompt| self.places(embeddings, prompt);
        match embeddings.has_prompts() {
            true => self.prompts.clone().map(of_prompt).collect(),
            false => iter::once(0..self.rewards.len()).collect(),
        }
    }

    /// The places of a prompt's responses.
    pub fn places(&self, embeddings: &Embeddings, prompt: u64) -> Range<usize> {
        let items = embeddings.items_of(prompt);
        let place = |item: u64| item.saturating_sub(self.first) as usize;
        place(items.start)..place(items.end)
    }
}

/// Gives `each` all prompts, block by block; rows without prompts are one block. Progress is by
/// prompts.
///
/// # Errors
/// What reading the embeddings refuses; those of `each`.
pub(super) fn for_each_block(
    model: &Model,
    embeddings: &Embeddings,
    threads: &Threads,
    progress: &mut dyn Progress,
    each: &mut dyn FnMut(&Block) -> Result<()>,
) -> Result<()> {
    let mut start = 0;
    while start < embeddings.prompts() as u64 {
        let prompts = start..end_of_block(embeddings, start);
        let first = embeddings.items_of(prompts.start).start;
        let items: Vec<u64> = (first..embeddings.items_of(prompts.end).start).collect();
        let features = model.trunk().features_of(embeddings, &items, threads)?;
        let rewards = model.rewards(threads, features.columns()?)?;
        start = prompts.end;
        each(&Block { prompts, first, features, rewards })?;
        progress.advance(start);
    }
    Ok(())
}

/// The prompt behind those of a block, the first of which this is.
fn end_of_block(embeddings: &Embeddings, first: u64) -> u64 {
    let prompts = embeddings.prompts() as u64;
    if !embeddings.has_prompts() {
        return prompts;
    }
    let start = embeddings.items_of(first).start;
    let mut end = first.saturating_add(1);
    while end < prompts && embeddings.items_of(end).end.saturating_sub(start) <= ITEMS {
        end = end.saturating_add(1);
    }
    end
}
