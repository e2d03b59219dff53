//! [`Embeddings`]: the rows ψ of a file of shape (N prompts, K responses, D dimensions), read as
//! a round draws them. Item number = prompt · K + response. A flat file, of shape (M, D), is M
//! prompts of one response each, and an item's number is its row.

use std::ops::Range;
use std::path::Path;

use pairpick_core::digest::Digest;
use pairpick_core::trunk::mlp::MAX_INPUTS;

use super::array::ArrayReader;
use super::item::ItemName;
use super::pool_kind::PoolKind;
use super::source::Source;
use crate::digest::HexDigest;
use crate::error::{DataError, Error, Result, Shape};

/// The name of the tensor in a file that holds several.
const TENSOR: &str = "embeddings";

/// What the middle axis counts.
const RESPONSES: &str = "responses a prompt";

/// The most items of a file. Lists of items, and their rewards, are held in memory.
const MOST_ITEMS: u64 = 1 << 28;

/// The most numbers of a prompt's embeddings, which are read at once.
const MOST_VALUES: u64 = 1 << 28;

/// Numbers that a scan of the whole file holds at a time.
const SCAN_LEN: u64 = 1 << 18;

/// The embeddings of some consecutive prompts of a file, usually of all.
pub struct Embeddings {
    reader: ArrayReader,
    first_prompt: u64,
    prompts: usize,
    responses: usize,
    dimensions: usize,
    flat: bool,
}

impl Embeddings {
    /// Opens a file and checks its shape.
    ///
    /// # Errors
    /// Every defect of an array's file ([`ArrayReader::new`]); a shape other than (N, K, D) or (M, D); an empty axis, or one
    /// that is too long; more items than lists of them, or more numbers a prompt than memory, should hold.
    pub fn open(path: &Path) -> Result<Self> {
        Self::from_reader(ArrayReader::open(path, TENSOR)?)
    }

    /// The same from any source, called `path` in messages.
    ///
    /// # Errors
    /// As [`Embeddings::open`].
    pub fn from_source(source: impl Source + 'static, path: &Path) -> Result<Self> {
        Self::from_reader(ArrayReader::new(source, path, TENSOR)?)
    }

    fn from_reader(reader: ArrayReader) -> Result<Self> {
        let (prompts, responses, dimensions, flat) = match *reader.shape() {
            [prompts, responses, dimensions] => (prompts, responses, dimensions, false),
            [rows, dimensions] => (rows, 1, dimensions, true),
            _ => {
                let expected = "(N prompts, K responses, D dimensions) or (M rows, D dimensions)";
                return Err(wrong_rank(&reader, expected));
            }
        };
        let check = |axis, found, most| check_axis(&reader, axis, found, 1, most);
        let prompts = check(if flat { "rows" } else { "prompts" }, prompts, u64::from(u32::MAX))?;
        let responses = check(RESPONSES, responses, u64::from(u16::MAX))?;
        let dimensions = check("dimensions", dimensions, MAX_INPUTS as u64)?;
        // Each is below 2³² by now.
        check("items", (prompts as u64).saturating_mul(responses as u64), MOST_ITEMS)?;
        let values = (responses as u64).saturating_mul(dimensions as u64);
        check("numbers a prompt", values, MOST_VALUES)?;
        Ok(Self { reader, first_prompt: 0, prompts, responses, dimensions, flat })
    }

    /// Checks that pairs can be made of these embeddings as a pool of this kind makes them.
    ///
    /// # Errors
    /// [`DataError::NoPrompts`] for in-prompt pairs of a flat file; [`DataError::AxisLength`] for those of
    /// fewer than two responses; [`DataError::SingleItem`].
    pub fn check_pool(&self, pool: PoolKind) -> Result<()> {
        match pool {
            PoolKind::InPrompt if self.flat => {
                Err(DataError::NoPrompts { found: self.file_shape() }.at(self.path()))
            }
            PoolKind::InPrompt => self.check_in_prompt(),
            PoolKind::CrossPrompt if self.items() < 2 => {
                Err(DataError::SingleItem { shape: self.file_shape() }.at(self.path()))
            }
            PoolKind::CrossPrompt | PoolKind::Listed => Ok(()),
        }
    }

    /// Checks that a round which draws so many prompts has a pair, as a pool of this kind makes them.
    ///
    /// # Errors
    /// [`DataError::SingleItemARound`]; as [`Embeddings::check_pool`].
    pub fn check_round(&self, pool: PoolKind, prompts: usize) -> Result<()> {
        self.check_pool(pool)?;
        if pool == PoolKind::CrossPrompt && prompts < 2 && self.responses < 2 {
            return Err(DataError::SingleItemARound { shape: self.file_shape() }.at(self.path()));
        }
        Ok(())
    }

    /// Checks that pairs of responses to one prompt can be made of these embeddings.
    ///
    /// # Errors
    /// [`DataError::Rank`] for a flat file; [`DataError::AxisLength`] for fewer than two responses.
    pub fn check_in_prompt(&self) -> Result<()> {
        if self.flat {
            return Err(wrong_rank(&self.reader, "(N prompts, K responses, D dimensions)"));
        }
        let most = u64::from(u16::MAX);
        check_axis(&self.reader, RESPONSES, self.responses as u64, 2, most).map(|_| ())
    }

    /// Only the prompts of `range`, renumbered from 0; none if there is not one.
    #[must_use]
    pub fn restricted_to(mut self, range: Range<usize>) -> Option<Self> {
        if range.is_empty() || range.end > self.prompts {
            return None;
        }
        self.first_prompt = self.first_prompt.saturating_add(range.start as u64);
        self.prompts = range.len();
        Some(self)
    }

    /// The file's path, or the name given to the source.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.reader.path()
    }

    /// The shape of the whole file.
    #[must_use]
    pub fn file_shape(&self) -> Shape {
        Shape(self.reader.shape().to_vec())
    }

    /// Whether the file has one axis of rows, and items are named by them.
    #[must_use]
    pub fn is_flat(&self) -> bool {
        self.flat
    }

    /// N, at least 1; of a flat file M.
    #[must_use]
    pub fn prompts(&self) -> usize {
        self.prompts
    }

    /// K, at least 1; of a flat file 1.
    #[must_use]
    pub fn responses(&self) -> usize {
        self.responses
    }

    /// D, from 1 to [`MAX_INPUTS`].
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// N · K.
    #[must_use]
    pub fn items(&self) -> u64 {
        (self.prompts as u64).saturating_mul(self.responses as u64)
    }

    /// The number of an item that a file names.
    ///
    /// # Errors
    /// [`DataError::ItemForm`] for a row of an array with prompts and responses, or the reverse;
    /// [`DataError::NoSuchItem`].
    pub fn item(&self, name: ItemName) -> Result<u64> {
        let responses = self.responses as u64;
        let (prompt, response) = match name {
            ItemName::Row(row) if self.flat => (row, 0),
            ItemName::Response([prompt, response]) if !self.flat => (prompt, response),
            _ => {
                let expected = match self.flat {
                    true => "by their rows, such as 17",
                    false => "[prompt, response], such as [3, 5]",
                };
                let (name, shape) = (name.to_string(), self.file_shape());
                return Err(DataError::ItemForm { name, shape, expected }.at(self.path()));
            }
        };
        if prompt < self.prompts as u64 && response < responses {
            return Ok(prompt.saturating_mul(responses).saturating_add(response));
        }
        let (name, last) =
            (name.to_string(), self.name(self.items().saturating_sub(1)).to_string());
        Err(DataError::NoSuchItem { name, last }.at(self.path()))
    }

    /// How files name the item of this number.
    #[must_use]
    pub fn name(&self, item: u64) -> ItemName {
        let responses = self.responses as u64;
        match self.flat {
            true => ItemName::Row(item),
            false => ItemName::Response([
                item.checked_div(responses).unwrap_or(0),
                item.checked_rem(responses).unwrap_or(0),
            ]),
        }
    }

    /// The prompt of an item; of a flat file its row.
    #[must_use]
    pub fn prompt_of(&self, item: u64) -> u64 {
        item.checked_div(self.responses as u64).unwrap_or(item)
    }

    /// The items of a prompt.
    #[must_use]
    pub fn items_of(&self, prompt: u64) -> Range<u64> {
        let first = prompt.saturating_mul(self.responses as u64);
        first..first.saturating_add(self.responses as u64)
    }

    /// Reads items by their numbers, D values each, in the order given, and nothing else of the
    /// file. Consecutive numbers are one read.
    ///
    /// # Errors
    /// [`Error::Core`] unless `out` has D places for each item and every item exists;
    /// [`DataError::NonFiniteEmbedding`] with its place; [`Error::Io`].
    pub fn read_items(&self, items: &[u64], out: &mut [f32]) -> Result<()> {
        self.check_out(items.len(), out)?;
        if let Some(&index) = items.iter().find(|item| **item >= self.items()) {
            return Err(self.no_such_item(index));
        }
        let mut rest = out;
        for run in items.chunk_by(|item, next| item.checked_add(1) == Some(*next)) {
            let (rows, after) = rest.split_at_mut(run.len().saturating_mul(self.dimensions));
            rest = after;
            if let Some(first) = run.first() {
                self.read_rows(*first, rows)?;
            }
        }
        Ok(())
    }

    /// Reads all items of consecutive prompts, K · D values each.
    ///
    /// # Errors
    /// As [`Embeddings::read_items`].
    pub fn read_prompts(&self, prompts: Range<usize>, out: &mut [f32]) -> Result<()> {
        self.check_out(prompts.len().saturating_mul(self.responses), out)?;
        if prompts.end > self.prompts {
            return Err(
                self.no_such_item(self.items_of(prompts.end as u64).start.saturating_sub(1))
            );
        }
        self.read_rows(self.items_of(prompts.start as u64).start, out)
    }

    /// Reads every value once and stops at the first NaN or infinity; gives back the digest of all.
    /// `advance` is told the number of values read so far, of [`Embeddings::values`].
    ///
    /// # Errors
    /// [`DataError::NonFiniteEmbedding`] with its place; [`Error::Io`].
    pub fn scan_finite(&self, advance: &mut dyn FnMut(u64)) -> Result<HexDigest> {
        let start = self.first_value();
        let (mut values, mut digest) = (Vec::new(), Digest::new());
        let mut done = 0;
        while done < self.values() {
            let left = self.values().saturating_sub(done);
            let len = if left < SCAN_LEN { left } else { SCAN_LEN };
            values.resize(len as usize, 0.0);
            let first = start.saturating_add(done);
            self.reader.read(first, &mut values)?;
            self.check_finite(first, &values)?;
            digest.numbers(&values).map_err(Error::core("digest of the embeddings"))?;
            done = done.saturating_add(len);
            advance(done);
        }
        Ok(HexDigest(digest.value()))
    }

    /// N · K · D.
    #[must_use]
    pub fn values(&self) -> u64 {
        self.items().saturating_mul(self.dimensions as u64)
    }

    fn first_value(&self) -> u64 {
        self.items_of(self.first_prompt).start.saturating_mul(self.dimensions as u64)
    }

    fn read_rows(&self, first_item: u64, out: &mut [f32]) -> Result<()> {
        let before = first_item.saturating_mul(self.dimensions as u64);
        let first = self.first_value().saturating_add(before);
        self.reader.read(first, out)?;
        self.check_finite(first, out)
    }

    /// Looks at numbers that were read, from the one at `first` in the file on.
    fn check_finite(&self, first: u64, values: &[f32]) -> Result<()> {
        match values.iter().position(|value| !value.is_finite()) {
            Some(found) => Err(self.non_finite(first.saturating_add(found as u64), values[found])),
            None => Ok(()),
        }
    }

    fn check_out(&self, items: usize, out: &[f32]) -> Result<()> {
        let expected = items.saturating_mul(self.dimensions);
        if out.len() == expected {
            return Ok(());
        }
        let (what, found) = ("memory for embeddings", out.len());
        let source = pairpick_core::Error::Shape { what, expected, found };
        Err(Error::Core { context: self.path().display().to_string(), source })
    }

    /// The error of what overflows at an item, such as "the features".
    pub(crate) fn overflow(&self, item: u64, what: &'static str) -> Error {
        DataError::Overflow { what, item: self.name(item).place(None) }.at(self.path())
    }

    /// What the core refuses of rewards, by the item whose reward overflows; any other error as
    /// `otherwise` tells it. The items are those of the rewards, in their order.
    pub(crate) fn refused_rewards(
        &self,
        items: &[u64],
        otherwise: impl FnOnce(pairpick_core::Error) -> Error,
    ) -> impl FnOnce(pairpick_core::Error) -> Error {
        move |error| match error {
            pairpick_core::Error::NonFinite { what: "rewards", index } => {
                self.overflow(items[index], "the rewards")
            }
            error => otherwise(error),
        }
    }

    fn no_such_item(&self, index: u64) -> Error {
        let source = pairpick_core::Error::Index { what: "item", index, len: self.items() };
        Error::Core { context: self.path().display().to_string(), source }
    }

    fn non_finite(&self, index: u64, value: f32) -> Error {
        let dimensions = self.dimensions as u64;
        let item = index.checked_div(dimensions).unwrap_or(0);
        let place = self.name(item).place(index.checked_rem(dimensions));
        DataError::NonFiniteEmbedding { place, value }.at(self.path())
    }
}

fn wrong_rank(reader: &ArrayReader, expected: &'static str) -> Error {
    let found = Shape(reader.shape().to_vec());
    DataError::Rank { found, expected }.at(reader.path())
}

fn check_axis(
    reader: &ArrayReader,
    axis: &'static str,
    found: u64,
    least: u64,
    most: u64,
) -> Result<usize> {
    if (least..=most).contains(&found) {
        return Ok(found as usize);
    }
    let expected = if found < least {
        format!("at least {least} are needed")
    } else {
        format!("the limit is {most}")
    };
    let shape = Shape(reader.shape().to_vec());
    Err(DataError::AxisLength { shape, axis, found, expected }.at(reader.path()))
}
