//! [`Rewards`]: the golden rewards that stand in for a person, one for each response. They are
//! small, so they are read whole and checked at once.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::array::ArrayReader;
use super::embeddings::Embeddings;
use super::npy_header;
use super::source::Source;
use crate::error::{DataError, Error, Result, Shape};

/// The name of the tensor in a file that holds several.
const TENSOR: &str = "rewards";

/// Golden rewards of the same prompts and responses as some [`Embeddings`].
#[derive(Clone, Debug)]
pub struct Rewards {
    path: PathBuf,
    /// In the order of the items.
    values: Vec<f32>,
}

impl Rewards {
    /// Reads a file of shape (N, K) or (N, K, 1), or of shape (M,) for a flat file of embeddings,
    /// which must be that of the embeddings.
    ///
    /// # Errors
    /// Every defect of an array's file ([`ArrayReader::new`]); another shape; a value that is not
    /// finite, with its place.
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
        let fits = match (reader.shape(), embeddings.file_shape().0.as_slice()) {
            ([rows] | [rows, 1] | [rows, 1, 1], [expected, _]) => rows == expected,
            ([prompts, responses] | [prompts, responses, 1], [expected @ .., _]) => {
                [*prompts, *responses] == expected
            }
            _ => false,
        };
        if !fits {
            return Err(disagreement(&reader, embeddings));
        }
        // The length is that of the embeddings, which are not too many.
        let mut values = vec![0.0; reader.len() as usize];
        reader.read(0, &mut values)?;
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            return Err(non_finite(&reader, embeddings, &values, index));
        }
        let of_item = |item| values.get(embeddings.row(item) as usize).copied().unwrap_or(0.0);
        let values = (0..values.len() as u64).map(of_item).collect();
        Ok(Self { path: reader.path().into(), values })
    }

    /// Only these items, renumbered from 0; none if there is not one.
    #[must_use]
    pub fn restricted_to(self, items: Range<u64>) -> Option<Self> {
        match self.of_items(items) {
            [] => None,
            values => Some(Self { values: values.to_vec(), ..self }),
        }
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

    /// Whether there are several, and all the same.
    #[must_use]
    pub fn all_equal(&self) -> bool {
        self.values.len() > 1 && self.values.iter().all(|value| self.values.first() == Some(value))
    }

    /// The rewards of items of consecutive numbers, such as one prompt's; empty beyond the last.
    #[must_use]
    pub fn of_items(&self, items: Range<u64>) -> &[f32] {
        self.values.get(items.start as usize..items.end as usize).unwrap_or_default()
    }
}

/// The error of a reward, the first that is no number.
fn non_finite(
    reader: &ArrayReader,
    embeddings: &Embeddings,
    values: &[f32],
    index: usize,
) -> Error {
    let (place, value) = (embeddings.row_name(index as u64).place(None), values[index]);
    // Of a flat file, whose prompts need no filling up, an item is a row.
    let end = embeddings.items_of(embeddings.prompt_of(index as u64)).end as usize;
    let rest = values.get(index..end).unwrap_or_default();
    let padding = !embeddings.is_flat() && rest.iter().all(|value| value.is_nan());
    match padding {
        true => DataError::PaddedReward { place }.at(reader.path()),
        false => DataError::NonFiniteReward { place, value }.at(reader.path()),
    }
}

/// The bytes of a `.npy` file of float64 rewards, in the shape of these embeddings without their last
/// axis.
#[must_use]
pub fn rewards_file(embeddings: &Embeddings, rewards: &[f64]) -> Vec<u8> {
    let (prompts, items) = (embeddings.prompts() as u64, embeddings.items());
    let shape = match embeddings.is_flat() {
        true => vec![items],
        false => vec![prompts, items.checked_div(prompts).unwrap_or(0)],
    };
    let mut file = npy_header::write("<f8", &Shape(shape));
    file.extend(rewards.iter().flat_map(|reward| reward.to_le_bytes()));
    file
}

fn disagreement(reader: &ArrayReader, embeddings: &Embeddings) -> Error {
    let found = Shape(reader.shape().to_vec());
    let (shape, embeddings) = (embeddings.file_shape(), embeddings.path().into());
    DataError::RewardsShape { found, embeddings, shape }.at(reader.path())
}
