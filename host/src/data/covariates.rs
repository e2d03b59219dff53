//! [`Covariates`]: known numbers of each response, such as its length. They are few, so they are read
//! whole and checked at once.

use std::path::{Path, PathBuf};

use pairpick_core::digest::Digest;

use super::array::ArrayReader;
use super::lengths;
pub use super::lengths::LENGTH;
use super::rows::Rows;
use crate::digest::HexDigest;
use crate::error::{DataError, Error, Result, Shape};

/// The name of the tensor in a file that holds several.
const TENSOR: &str = "covariates";

/// The most covariates of a response.
const MOST_COVARIATES: u64 = 64;

/// What a file's name may begin with that says which part of the data it is of.
const PARTS: [&str; 2] = ["train_", "test_"];

/// Where covariates are to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CovariatesFile<'a> {
    /// An array of them.
    Array {
        /// The file.
        path: &'a Path,
        /// What they are called, in the array's order; of none, a single one is called as the array
        /// is, or else as the file.
        names: &'a [String],
    },
    /// The lengths of the texts of a file, JSON Lines.
    Lengths(&'a Path),
}

/// Known numbers of the responses of some [`Embeddings`](super::embeddings::Embeddings).
#[derive(Clone, Debug, PartialEq)]
pub struct Covariates {
    path: PathBuf,
    names: Vec<String>,
    /// (M, C), in the order of the items.
    values: Vec<f32>,
}

impl Covariates {
    /// Reads an array of floats or integers, of shape (N, K) or (N, K, C), or for a flat file of
    /// embeddings (M,) or (M, C), which must be that of the embeddings; or the lengths of texts.
    ///
    /// # Errors
    /// Every defect of an array's file ([`ArrayReader::new`]) and of a file of texts; another shape, or
    /// more covariates than supported; a value that is not finite, with its place; names that are not
    /// one a covariate, each its own.
    pub(super) fn open(file: CovariatesFile<'_>, rows: Rows<'_>) -> Result<Self> {
        match file {
            CovariatesFile::Array { path, names } => {
                Self::from_reader(&ArrayReader::open_numbers(path, TENSOR)?, names, rows)
            }
            CovariatesFile::Lengths(path) => Ok(Self::of_lengths(path, lengths::open(path, rows)?)),
        }
    }

    /// The lengths of the texts of a source, called `path` in messages.
    ///
    /// # Errors
    /// As [`Covariates::open`].
    pub(super) fn lengths_from_source(
        mut source: &[u8],
        path: &Path,
        rows: Rows<'_>,
    ) -> Result<Self> {
        Ok(Self::of_lengths(path, lengths::read(&mut source, path, rows)?))
    }

    fn of_lengths(path: &Path, values: Vec<f32>) -> Self {
        Self { path: path.to_owned(), names: vec![LENGTH.to_owned()], values }
    }

    fn from_reader(reader: &ArrayReader, names: &[String], rows: Rows<'_>) -> Result<Self> {
        let count = match reader.shape() {
            axes if axes == rows.axes() => 1,
            [axes @ .., count] if axes == rows.axes() => *count,
            _ => return Err(disagreement(reader, rows)),
        };
        if !(1..=MOST_COVARIATES).contains(&count) {
            let shape = Shape(reader.shape().to_vec());
            let expected = format!("from 1 to {MOST_COVARIATES} are supported");
            let (axis, found) = ("covariates", count);
            return Err(DataError::AxisLength { shape, axis, found, expected }.at(reader.path()));
        }
        let names = named(reader, names, count as usize)?;
        // The length is that of the embeddings, which are not too many, a few times over.
        let mut values = vec![0.0; reader.len() as usize];
        reader.read(0, &mut values)?;
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            let (row, which) = (index.checked_div(names.len()), index.checked_rem(names.len()));
            let place = rows.name(row.unwrap_or(0) as u64).place(None);
            let (name, value) = (names[which.unwrap_or(0)].clone(), values[index]);
            return Err(DataError::NonFiniteCovariate { name, place, value }.at(reader.path()));
        }
        Ok(Self { path: reader.path().to_owned(), names, values })
    }

    /// Those of these rows, one after the other.
    pub(super) fn of_rows(self, rows: impl Iterator<Item = u64>) -> Self {
        let values = rows.flat_map(|row| self.of_item(row)).copied().collect();
        Self { values, ..self }
    }

    /// The file's path, or the name given to the source.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What each is called.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// All values, (M, C) in the order of the items.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Those of an item, C of them; none beyond the last item.
    #[must_use]
    pub fn of_item(&self, item: u64) -> &[f32] {
        let start = (item as usize).saturating_mul(self.names.len());
        let end = start.saturating_add(self.names.len());
        self.values.get(start..end).unwrap_or_default()
    }

    /// Of all values.
    ///
    /// # Errors
    /// None: every value is finite.
    pub fn digest(&self) -> Result<HexDigest> {
        let mut digest = Digest::new();
        digest.numbers(&self.values).map_err(Error::core("digest of the covariates"))?;
        Ok(HexDigest(digest.value()))
    }
}

/// What so many covariates are called.
fn named(reader: &ArrayReader, names: &[String], count: usize) -> Result<Vec<String>> {
    if names.is_empty() && count == 1 {
        return Ok(vec![own_name(reader)]);
    }
    let differ = |place: usize| !names[..place].contains(&names[place]);
    let are_names = names.iter().all(|name| !name.trim().is_empty());
    if names.len() == count && are_names && (0..count).all(differ) {
        return Ok(names.to_vec());
    }
    let path = reader.path().display();
    let expected =
        format!("a name of its own is needed for each of the {count} covariates of {path}");
    Err(Error::setting("covariate_names", names.join(","), expected))
}

/// What the array is called, or else the file, whichever part of the data it is of.
fn own_name(reader: &ArrayReader) -> String {
    if let Some(name) = reader.name().filter(|name| *name != TENSOR) {
        return name.to_owned();
    }
    let stem = reader.path().file_stem().unwrap_or_default().to_string_lossy();
    let whole = PARTS.iter().find_map(|part| stem.strip_prefix(part));
    whole.unwrap_or(&stem).to_owned()
}

fn disagreement(reader: &ArrayReader, rows: Rows<'_>) -> Error {
    let found = Shape(reader.shape().to_vec());
    let (shape, embeddings) = (rows.shape.clone(), rows.embeddings.into());
    DataError::CovariatesShape { found, embeddings, shape }.at(reader.path())
}
