//! [`Chosen`]: the items that a device is given, whole prompts of them.

use std::path::Path;

use pairpick_core::device::{PairKind, PoolImage};
use pairpick_core::digest::Digest;
use pairpick_core::rng::Stream;

use super::name_of;
use crate::data::embeddings::Embeddings;
use crate::digest::HexDigest;
use crate::error::{Error, Result};

/// Numbers of embeddings that are held at a time.
const BLOCK: usize = 1 << 18;

/// Items by their numbers, ascending, and where each prompt's begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The items.
    pub items: Vec<u64>,
    /// Their prompts.
    pub prompts: Vec<u64>,
    /// Where each prompt's items begin among them, and the last one's end.
    pub starts: Vec<u32>,
}

impl Chosen {
    /// Prompts drawn at random, as many as have no more than so many items; without a limit all. Of
    /// pairs within prompts only prompts that have one.
    ///
    /// # Errors
    /// [`Error::Setting`] where not two items are left.
    pub fn draw(
        embeddings: &Embeddings,
        pairs: PairKind,
        limit: Option<usize>,
        seed: u64,
    ) -> Result<Self> {
        let size = |prompt: u64| {
            let items = embeddings.items_of(prompt);
            items.end.saturating_sub(items.start) as usize
        };
        let least = if pairs == PairKind::InPrompt { 2 } else { 1 };
        let mut prompts: Vec<u64> = (0..embeddings.prompts() as u64).collect();
        prompts.retain(|prompt| size(*prompt) >= least);
        if let Some(limit) = limit {
            let mut left = limit;
            Stream::new(seed, "device", 0).shuffle(&mut prompts);
            prompts.retain(|prompt| {
                let own = size(*prompt);
                let fits = own <= left;
                left -= if fits { own } else { 0 };
                fits
            });
            prompts.sort_unstable();
        }
        let items: Vec<u64> =
            prompts.iter().flat_map(|prompt| embeddings.items_of(*prompt)).collect();
        if items.len() < 2 {
            let found = limit.map_or_else(|| "all".to_owned(), |limit| limit.to_string());
            return Err(Error::setting("items", found, "leaves no pair: no prompt is so small"));
        }
        let mut starts = vec![0];
        for prompt in &prompts {
            let end =
                starts.last().map_or(0, |start: &u32| start.saturating_add(size(*prompt) as u32));
            starts.push(end);
        }
        Ok(Self { items, prompts, starts })
    }

    /// Those of an image.
    ///
    /// # Errors
    /// [`Error::Device`], naming the image, unless its pool is of these embeddings.
    pub fn of_image(path: &Path, image: &PoolImage<'_>, embeddings: &Embeddings) -> Result<Self> {
        let starts = (0..=image.prompts()).filter_map(|prompt| image.start(prompt)).collect();
        let item = |item| embeddings.item(name_of(image, item));
        let items: Result<Vec<u64>> = (0..image.header().items).map(item).collect();
        let of_others = |what: String| {
            Error::device(path)(format!("of another pool than these embeddings: {what}"))
        };
        let items = items.map_err(|error| of_others(error.to_string()))?;
        let mut prompts: Vec<u64> = items.iter().map(|item| embeddings.prompt_of(*item)).collect();
        prompts.dedup();
        let chosen = Self { items, prompts, starts };
        let (expected, found) = (image.header().pool, chosen.digest(embeddings)?);
        match expected == found {
            true => Ok(chosen),
            false => Err(of_others(format!(
                "expected digest {}, found {}",
                HexDigest(expected),
                HexDigest(found)
            ))),
        }
    }

    /// The place of an item, if it is among these.
    #[must_use]
    pub fn place(&self, item: u64) -> Option<u32> {
        self.items.binary_search(&item).ok().map(|place| place as u32)
    }

    /// The prompt of the item of a place, by its place.
    #[must_use]
    pub fn prompt_of(&self, place: u32) -> usize {
        self.starts.partition_point(|start| *start <= place).saturating_sub(1)
    }

    /// Whether two items, by their places, may be asked about.
    #[must_use]
    pub fn are_pair(&self, a: u32, b: u32, pairs: PairKind) -> bool {
        a != b && (pairs == PairKind::CrossPrompt || self.prompt_of(a) == self.prompt_of(b))
    }

    /// Of which items these are, of which prompts, and of their embeddings.
    ///
    /// # Errors
    /// What reading the embeddings refuses.
    pub fn digest(&self, embeddings: &Embeddings) -> Result<u64> {
        let mut digest = Digest::new();
        self.starts.iter().for_each(|start| digest.integer(u64::from(*start)));
        self.items.iter().for_each(|item| digest.integer(*item));
        let dimensions = embeddings.dimensions().max(1);
        let mut rows = Vec::new();
        for block in self.items.chunks((BLOCK / dimensions).max(1)) {
            rows.resize(block.len() * dimensions, 0.0);
            embeddings.read_items(block, &mut rows)?;
            digest.numbers(&rows).map_err(Error::core("the pool's digest"))?;
        }
        Ok(digest.value())
    }
}
