//! [`PoolImage`]: the pool that a device is given, in one piece of memory that is read where it lies.

mod error;
mod header;
mod sections;
mod settings;

pub use self::error::ImageError;
pub use self::header::{FORMAT, Header, Section};
pub use self::settings::{PairKind, Precision, Settings};

use super::bytes::element;
use super::half::widen;
use crate::columns::Columns;
use crate::error::Error;
use crate::pool::{ItemPair, PoolSize};

/// A pool's image, all of it checked.
#[derive(Clone, Copy, Debug)]
pub struct PoolImage<'a> {
    bytes: &'a [u8],
    header: Header,
}

/// What files call an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ItemName {
    /// A response to a prompt.
    Response {
        /// The prompt.
        prompt: u32,
        /// Its response.
        response: u32,
    },
    /// A row.
    Row(u32),
}

impl<'a> PoolImage<'a> {
    /// Reads an image at the front of some memory and checks every byte of it.
    ///
    /// # Errors
    /// [`ImageError::Foreign`], [`ImageError::Newer`], [`ImageError::Contract`],
    /// [`ImageError::Truncated`], [`ImageError::Checksum`]; [`ImageError::Invalid`] for what no image of
    /// a host holds.
    pub fn open(memory: &'a [u8]) -> Result<Self, ImageError> {
        let header = Header::decode(memory)?;
        let bytes = memory.get(..header.len()).unwrap_or_default();
        let image = Self { bytes, header };
        image.check()?;
        Ok(image)
    }

    /// What it says of itself.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The checksum of all of it.
    #[must_use]
    pub fn checksum(&self) -> u32 {
        let before = self.bytes.get(Header::LEN - 4..).unwrap_or_default();
        element(before, 0).map_or(0, u32::from_le_bytes)
    }

    /// N.
    #[must_use]
    pub const fn items(&self) -> usize {
        self.header.items as usize
    }

    /// H.
    #[must_use]
    pub const fn order(&self) -> usize {
        self.header.order as usize
    }

    /// How many prompts there are.
    #[must_use]
    pub const fn prompts(&self) -> usize {
        self.header.prompts as usize
    }

    /// The bytes of a section, none where it is missing.
    #[must_use]
    pub fn section(&self, section: Section) -> Option<&'a [u8]> {
        let place = self.header.place(section)?;
        let start = place.offset as usize;
        self.bytes.get(start..start.saturating_add(place.len as usize))
    }

    /// Writes the features of an item; nothing beyond the last. Whatever memory the image lies in.
    ///
    /// # Errors
    /// [`Error::Index`]; [`Error::Shape`] unless `out` has a place for each feature.
    pub fn features_of(&self, item: usize, out: &mut [f32]) -> Result<(), Error> {
        crate::error::check_shape("features", self.order(), out.len())?;
        if item >= self.items() {
            let (index, len) = (item as u64, self.items() as u64);
            return Err(Error::Index { what: "item", index, len });
        }
        let bytes = self.section(Section::Features).unwrap_or_default();
        let first = item.saturating_mul(self.order());
        for (place, value) in (first..).zip(out) {
            *value = self.feature(bytes, place);
        }
        Ok(())
    }

    fn feature(&self, bytes: &[u8], place: usize) -> f32 {
        let value = match self.header.settings.precision {
            Precision::F32 => element(bytes, place).map(f32::from_le_bytes),
            Precision::F16 => element(bytes, place).map(u16::from_le_bytes).map(widen),
        };
        value.unwrap_or(0.0)
    }

    /// Numbers that [`PoolImage::features`] needs: none where they can be used where they lie, which is
    /// so of f32 on a little-endian machine in memory that is aligned.
    #[must_use]
    pub fn widened_len(&self) -> usize {
        match self.in_place(Section::Features) {
            Some(_) => 0,
            None => self.items().saturating_mul(self.order()),
        }
    }

    /// All features, an item a column: where they lie, or else in `memory`.
    ///
    /// # Errors
    /// [`Error::Workspace`] for less memory than [`PoolImage::widened_len`].
    pub fn features<'m>(&self, memory: &'m mut [f32]) -> Result<Columns<'m, f32>, Error>
    where
        'a: 'm,
    {
        if let Some(values) = self.in_place(Section::Features) {
            return Columns::new(values, self.order(), self.items());
        }
        let (required, found) = (self.widened_len(), memory.len());
        let what = "features";
        let memory =
            memory.get_mut(..required).ok_or(Error::Workspace { what, required, found })?;
        let bytes = self.section(Section::Features).unwrap_or_default();
        for (place, value) in memory.iter_mut().enumerate() {
            *value = self.feature(bytes, place);
        }
        Columns::new(memory, self.order(), self.items())
    }

    /// The f32 numbers of a section where they lie, if they can be used there.
    pub(super) fn in_place(&self, section: Section) -> Option<&'a [f32]> {
        let halves =
            section == Section::Features && self.header.settings.precision == Precision::F16;
        if halves || cfg!(target_endian = "big") {
            return None;
        }
        bytemuck::try_cast_slice(self.section(section)?).ok()
    }

    /// Number `place` of a section of f32 numbers.
    pub(super) fn number(&self, section: Section, place: usize) -> Option<f32> {
        element(self.section(section)?, place).map(f32::from_le_bytes)
    }

    /// Where a prompt's items begin; for the number of prompts, where the last one's end.
    #[must_use]
    pub fn start(&self, prompt: usize) -> Option<u32> {
        element(self.section(Section::Starts)?, prompt).map(u32::from_le_bytes)
    }

    /// The prompt of an item: none beyond the last.
    #[must_use]
    pub fn prompt_of(&self, item: u32) -> Option<usize> {
        if item >= self.header.items {
            return None;
        }
        let (mut prompt, mut above) = (0, self.prompts());
        while above - prompt > 1 {
            let middle = prompt + (above - prompt) / 2;
            match self.start(middle)? <= item {
                true => prompt = middle,
                false => above = middle,
            }
        }
        Some(prompt)
    }

    /// What files call an item: none beyond the last.
    #[must_use]
    pub fn name(&self, item: u32) -> Option<ItemName> {
        let bytes: [u8; 8] = element(self.section(Section::Names)?, item as usize)?;
        let mut read = super::bytes::Reader(&bytes);
        let (first, response) = (read.u32(), read.u32());
        Some(match response {
            u32::MAX => ItemName::Row(first),
            response => ItemName::Response { prompt: first, response },
        })
    }

    /// The text of a prompt, empty where there is none.
    #[must_use]
    pub fn prompt_text(&self, prompt: usize) -> &'a str {
        match prompt < self.prompts() {
            true => self.text(prompt),
            false => "",
        }
    }

    /// The text of an item, empty where there is none.
    #[must_use]
    pub fn item_text(&self, item: u32) -> &'a str {
        self.text(self.prompts().saturating_add(item as usize))
    }

    /// Whether these are a pair of this kind, the first by its number first.
    #[must_use]
    pub fn has_pair(&self, pair: ItemPair, kind: PairKind) -> bool {
        let within = || self.prompt_of(pair.a) == self.prompt_of(pair.b);
        pair.a < pair.b && pair.b < self.header.items && (kind == PairKind::CrossPrompt || within())
    }

    /// Pairs that were asked about before: items a < b.
    #[must_use]
    pub fn asked_len(&self) -> usize {
        self.section(Section::Asked).map_or(0, |bytes| bytes.len() / 8)
    }

    /// One of them.
    #[must_use]
    pub fn asked(&self, place: usize) -> Option<ItemPair> {
        let bytes: [u8; 8] = element(self.section(Section::Asked)?, place)?;
        let mut read = super::bytes::Reader(&bytes);
        Some(ItemPair { a: read.u32(), b: read.u32() })
    }

    /// How large its pool is, which sizes memory.
    #[must_use]
    pub fn pool_size(&self) -> PoolSize {
        match self.header.settings.pairs {
            PairKind::CrossPrompt => PoolSize::cross_prompt(self.order(), self.items()),
            PairKind::InPrompt => {
                let starts = (0..self.prompts()).filter_map(|prompt| {
                    let (start, end) = (self.start(prompt)?, self.start(prompt + 1)?);
                    Some(end.saturating_sub(start) as usize)
                });
                let none = crate::pool::PromptSizes::NONE;
                starts.fold(none, crate::pool::PromptSizes::with).pool(self.order())
            }
        }
    }

    fn text(&self, place: usize) -> &'a str {
        self.text_bytes(place).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or("")
    }

    fn text_bytes(&self, place: usize) -> Option<&'a [u8]> {
        let starts = self.section(Section::TextStarts)?;
        let at = |place| element(starts, place).map(u32::from_le_bytes);
        let (start, end) = (at(place)?, at(place.checked_add(1)?)?);
        self.section(Section::Texts).unwrap_or_default().get(start as usize..end as usize)
    }
}
