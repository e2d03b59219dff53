//! [`Embeddings`]: the rows ψ of a file of shape (N prompts, K responses, D dimensions), read as
//! a round draws them. Item number = prompt · K + response. A flat file, of shape (M, D), is M
//! prompts of one response each, and an item's number is its row, unless ids tell the prompts.

mod reading;

use std::ops::Range;
use std::path::Path;

use pairpick_core::trunk::mlp::MAX_INPUTS;

pub use self::reading::Scan;
use super::array::{ArrayReader, Element};
use super::covariates::{Covariates, CovariatesFile};
use super::groups::Groups;
use super::item::ItemName;
use super::pool_kind::PoolKind;
use super::prompt_ids::{PromptIds, PromptIdsFile};
use super::responses::Responses;
use super::rows::Rows;
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

/// The most responses to a prompt.
const MOST_RESPONSES: u64 = u16::MAX as u64;

/// The embeddings of some consecutive prompts of a file, usually of all.
pub struct Embeddings {
    reader: ArrayReader,
    first_prompt: u64,
    prompts: usize,
    /// K; of a flat file 1.
    responses: usize,
    dimensions: usize,
    flat: bool,
    /// The prompts of a flat file, where ids tell them.
    ids: Option<Ids>,
    covariates: Option<Covariates>,
}

/// Prompts that ids tell.
struct Ids {
    groups: Groups,
    responses: Responses,
    digest: HexDigest,
    /// A digest of each prompt's id; empty where the ids only count prompts.
    names: Vec<u64>,
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

    /// The same of a file whose prompts another tells, if there is one.
    ///
    /// # Errors
    /// As [`Embeddings::open`], [`PromptIds::open`] and [`Embeddings::with_prompts`].
    pub fn open_with(path: &Path, prompt_ids: Option<PromptIdsFile<'_>>) -> Result<Self> {
        let embeddings = Self::open(path)?;
        match prompt_ids {
            Some(file) => embeddings.with_prompts(&PromptIds::open(file)?),
            None => Ok(embeddings),
        }
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
        let responses = check(RESPONSES, responses, MOST_RESPONSES)?;
        let dimensions = check("dimensions", dimensions, MAX_INPUTS as u64)?;
        // Each is below 2³² by now.
        check("items", (prompts as u64).saturating_mul(responses as u64), MOST_ITEMS)?;
        let values = (responses as u64).saturating_mul(dimensions as u64);
        check("numbers a prompt", values, MOST_VALUES)?;
        let (first_prompt, ids, covariates) = (0, None, None);
        Ok(Self { reader, first_prompt, prompts, responses, dimensions, flat, ids, covariates })
    }

    /// The rows of a flat file as the responses to prompts, of any number each: those of equal ids are
    /// one prompt's, wherever they stand. Covariates are read after that, if there are any.
    ///
    /// # Errors
    /// [`DataError::NeedlessPromptIds`] unless the file is flat; [`DataError::PromptIdsCount`] unless
    /// there is an id for each row; [`DataError::PromptLength`] for a prompt of too many.
    pub fn with_prompts(self, ids: &PromptIds) -> Result<Self> {
        let (embeddings, shape) = (self.path().to_owned(), self.file_shape());
        if !self.flat {
            return Err(DataError::NeedlessPromptIds { embeddings, shape }.at(ids.path()));
        }
        let found = ids.prompts().len();
        if found as u64 != self.items() {
            return Err(DataError::PromptIdsCount { found, embeddings, shape }.at(ids.path()));
        }
        let responses = ids.responses();
        let values = MOST_VALUES.checked_div(self.dimensions as u64).unwrap_or(0);
        let limit = MOST_RESPONSES.min(values);
        let found = responses.most();
        if found as u64 > limit {
            return Err(DataError::PromptLength { found, limit }.at(ids.path()));
        }
        let (groups, digest) = (Groups::of(ids), ids.digest());
        let (prompts, names) = (groups.prompts(), ids.names().to_vec());
        let ids = Some(Ids { groups, responses, digest, names });
        Ok(Self { prompts, ids, covariates: None, ..self })
    }

    /// The same with what else is known of each response, if anything is.
    ///
    /// # Errors
    /// Every defect of the file; covariates that are not those of these embeddings.
    pub fn with_covariates(self, file: Option<CovariatesFile<'_>>) -> Result<Self> {
        match file {
            Some(file) => self.with(|rows| Covariates::open(file, rows)),
            None => Ok(self),
        }
    }

    /// The same with the lengths of the texts of a source, called `path` in messages.
    ///
    /// # Errors
    /// Every defect of the file; covariates that are not those of these embeddings.
    pub fn with_lengths_from_source(self, source: &[u8], path: &Path) -> Result<Self> {
        self.with(|rows| Covariates::lengths_from_source(source, path, rows))
    }

    fn with(self, read: impl FnOnce(Rows<'_>) -> Result<Covariates>) -> Result<Self> {
        let shape = &self.file_shape();
        let covariates = read(Rows { embeddings: self.path(), shape })?;
        let covariates = covariates.of_rows((0..self.items()).map(|item| self.row(item)));
        Ok(Self { covariates: Some(covariates), ..self })
    }

    /// The same with what else is known of the responses to these prompts of others, of which they are
    /// a copy.
    pub(super) fn with_covariates_of(self, others: &Self, prompts: &[u64]) -> Self {
        let items = prompts.iter().flat_map(|prompt| others.items_of(*prompt));
        let covariates = others.covariates.clone().map(|covariates| covariates.of_rows(items));
        Self { covariates, ..self }
    }

    /// What else is known of each response.
    #[must_use]
    pub fn covariates(&self) -> Option<&Covariates> {
        self.covariates.as_ref()
    }

    /// Checks that pairs can be made of these embeddings as a pool of this kind makes them.
    ///
    /// # Errors
    /// [`DataError::NoPrompts`] for in-prompt pairs of a flat file without ids; [`DataError::AxisLength`]
    /// or [`DataError::SingleResponses`] for those of fewer than two responses;
    /// [`DataError::SingleItem`].
    pub fn check_pool(&self, pool: PoolKind) -> Result<()> {
        match pool {
            PoolKind::InPrompt if !self.has_prompts() => {
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
        if pool == PoolKind::CrossPrompt && prompts < 2 && self.responses().most() < 2 {
            return Err(DataError::SingleItemARound { shape: self.file_shape() }.at(self.path()));
        }
        Ok(())
    }

    /// Checks that pairs of responses to one prompt can be made of these embeddings.
    ///
    /// # Errors
    /// [`DataError::NoTestPrompts`] for a flat file without ids; [`DataError::AxisLength`] or
    /// [`DataError::SingleResponses`] for fewer than two responses.
    pub fn check_in_prompt(&self) -> Result<()> {
        match self.ids {
            None if self.flat => {
                Err(DataError::NoTestPrompts { found: self.file_shape() }.at(self.path()))
            }
            None => {
                let responses = self.responses as u64;
                check_axis(&self.reader, RESPONSES, responses, 2, MOST_RESPONSES).map(|_| ())
            }
            Some(_) if self.responses().most() < 2 => {
                Err(DataError::SingleResponses.at(self.path()))
            }
            Some(_) => Ok(()),
        }
    }

    /// Only the prompts of `range`, renumbered from 0; none if there is not one, or if ids tell the
    /// prompts.
    #[must_use]
    pub fn restricted_to(mut self, range: Range<usize>) -> Option<Self> {
        if range.is_empty() || range.end > self.prompts || self.ids.is_some() {
            return None;
        }
        let [start, end] = [range.start, range.end].map(|at| self.items_of(at as u64).start);
        self.covariates = self.covariates.map(|covariates| covariates.of_rows(start..end));
        self.first_prompt = self.first_prompt.saturating_add(range.start as u64);
        self.prompts = range.len();
        Some(self)
    }

    /// The file's path, or the name given to the source.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.reader.path()
    }

    /// How the file stores numbers.
    #[must_use]
    pub fn element(&self) -> Element {
        self.reader.element()
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

    /// Whether its items are responses to prompts.
    #[must_use]
    pub fn has_prompts(&self) -> bool {
        !self.flat || self.ids.is_some()
    }

    /// N, at least 1; of a flat file the number of different ids, or M without them.
    #[must_use]
    pub fn prompts(&self) -> usize {
        self.prompts
    }

    /// K, at least 1; of a flat file without ids 1, with ids the size of each prompt.
    #[must_use]
    pub fn responses(&self) -> Responses {
        match &self.ids {
            Some(ids) => ids.responses.clone(),
            None => Responses::Each(self.responses),
        }
    }

    /// Of which rows are of which prompt, where ids tell.
    #[must_use]
    pub fn prompt_ids(&self) -> Option<HexDigest> {
        self.ids.as_ref().map(|ids| ids.digest)
    }

    /// A digest of a prompt's id, which is that prompt's in other files too; none without ids, and
    /// where they only count prompts.
    pub(super) fn prompt_id(&self, prompt: u64) -> Option<u64> {
        self.ids.as_ref()?.names.get(prompt as usize).copied()
    }

    /// D, from 1 to [`MAX_INPUTS`].
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// N · K, or M.
    #[must_use]
    pub fn items(&self) -> u64 {
        self.items_of(self.prompts as u64).start
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
        let row = prompt.saturating_mul(responses).saturating_add(response);
        if row < self.items() && response < responses {
            return Ok(self.ids.as_ref().map_or(row, |ids| ids.groups.item(row)));
        }
        let last = self.row_name(self.items().saturating_sub(1)).to_string();
        Err(DataError::NoSuchItem { name: name.to_string(), last }.at(self.path()))
    }

    /// How files name the item of this number.
    #[must_use]
    pub fn name(&self, item: u64) -> ItemName {
        self.row_name(self.row(item))
    }

    /// Rows of the whole file.
    pub(super) fn rows_of_file(&self) -> u64 {
        Rows { embeddings: self.path(), shape: &self.file_shape() }.count()
    }

    /// K of the whole file, where it has an axis of prompts.
    pub(super) fn responses_of_file(&self) -> Option<u64> {
        Rows { embeddings: self.path(), shape: &self.file_shape() }.responses()
    }

    /// How files name the item of a row of the array.
    pub(super) fn row_name(&self, row: u64) -> ItemName {
        let responses = self.responses as u64;
        match self.flat {
            true => ItemName::Row(row),
            false => ItemName::Response([
                row.checked_div(responses).unwrap_or(0),
                row.checked_rem(responses).unwrap_or(0),
            ]),
        }
    }

    /// The row of an item, counted from the first prompt's.
    pub(super) fn row(&self, item: u64) -> u64 {
        self.ids.as_ref().map_or(item, |ids| ids.groups.row(item))
    }

    /// Whether items of consecutive numbers are consecutive rows.
    fn are_rows_in_order(&self) -> bool {
        self.ids.as_ref().is_none_or(|ids| ids.groups.are_rows_in_order())
    }

    /// The prompt of an item; of a flat file without ids its row.
    #[must_use]
    pub fn prompt_of(&self, item: u64) -> u64 {
        match &self.ids {
            Some(ids) => ids.groups.prompt_of(item),
            None => item.checked_div(self.responses as u64).unwrap_or(item),
        }
    }

    /// The items of a prompt.
    #[must_use]
    pub fn items_of(&self, prompt: u64) -> Range<u64> {
        if let Some(ids) = &self.ids {
            return ids.groups.items_of(prompt);
        }
        let first = prompt.saturating_mul(self.responses as u64);
        first..first.saturating_add(self.responses as u64)
    }

    /// D of each item.
    #[must_use]
    pub fn values(&self) -> u64 {
        self.items().saturating_mul(self.dimensions as u64)
    }

    fn first_value(&self) -> u64 {
        self.items_of(self.first_prompt).start.saturating_mul(self.dimensions as u64)
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
