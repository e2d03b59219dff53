//! [`Rewards`]: the golden rewards that stand in for a person, one for each response. They are
//! small, so they are read whole and checked at once.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::array::ArrayReader;
use super::embeddings::Embeddings;
use super::source::Source;
use crate::error::{DataError, Error, Result, Shape};

/// The name of the tensor in a file that holds several.
const TENSOR: &str = "rewards";

/// Golden rewards of the same prompts and responses as some [`Embeddings`].
#[derive(Clone, Debug)]
pub struct Rewards {
    path: PathBuf,
    values: Vec<f32>,
    responses: usize,
}

impl Rewards {
    /// Reads a file of shape (N, K) or (N, K, 1), or of shape (M,) for a flat file of embeddings,
    /// which must be that of the embeddings.
    ///
    /// # Errors
    /// Every defect of an array's file ([`ArrayReader::new`]); another shape; a value that is not finite, with its place.
    pub fn open(path: &Path, embeddings: &Embeddings) -> Result<Self> {
        Self::from_reader(ArrayReader::open(path, TENSOR)?, embeddings)
    }

    /// The same from any source, called `path` in messages.
    ///
    /// # Errors
    /// As [`Rewards::open`].
    pub fn from_source(
        source: impl Source + 'static,
        path: &Path,
        embeddings: &Embeddings,
    ) -> Result<Self> {
        Self::from_reader(ArrayReader::new(source, path, TENSOR)?, embeddings)
    }

    fn from_reader(reader: ArrayReader, embeddings: &Embeddings) -> Result<Self> {
        let (prompts, responses) = match *reader.shape() {
            [rows] if embeddings.is_flat() => (rows, 1),
            [prompts, responses] | [prompts, responses, 1] => (prompts, responses),
            _ => return Err(disagreement(&reader, embeddings)),
        };
        let wanted = (embeddings.prompts() as u64, embeddings.responses() as u64);
        if (prompts, responses) != wanted {
            return Err(disagreement(&reader, embeddings));
        }
        // The length is that of the embeddings, which are not too many.
        let mut values = vec![0.0; reader.len() as usize];
        reader.read(0, &mut values)?;
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            let place = embeddings.name(index as u64).place(None);
            let value = values[index];
            return Err(DataError::NonFiniteReward { place, value }.at(reader.path()));
        }
        Ok(Self { path: reader.path().into(), values, responses: embeddings.responses() })
    }

    /// Only the prompts of `range`, renumbered from 0; none if there is not one.
    #[must_use]
    pub fn restricted_to(mut self, range: Range<usize>) -> Option<Self> {
        if range.is_empty() || range.end > self.values.len() / self.responses {
            return None;
        }
        self.values.truncate(range.end * self.responses);
        self.values.drain(..range.start * self.responses);
        Some(self)
    }

    /// The file's path, or the name given to the source.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All rewards, in the order of the items.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The rewards of one prompt's responses; empty beyond the last prompt.
    #[must_use]
    pub fn of_prompt(&self, prompt: usize) -> &[f32] {
        self.values.chunks_exact(self.responses).nth(prompt).unwrap_or_default()
    }
}

fn disagreement(reader: &ArrayReader, embeddings: &Embeddings) -> Error {
    let found = Shape(reader.shape().to_vec());
    let (shape, embeddings) = (embeddings.file_shape(), embeddings.path().into());
    DataError::RewardsShape { found, embeddings, shape }.at(reader.path())
}
