//! [`InputTrunk`]: the embeddings themselves, standardised, as features.
//!
//! In a model's file: `input.mean` and `input.scale`, φ = (x − mean) · scale, the scale such that
//! ‖φ − φ̄‖² within a training prompt is 1 in the mean.

use pairpick_core::arith::Real;
use pairpick_core::columns::Columns;

use super::Context;
use super::differences::{Groups, Squares, blocks};
use super::file::{ModelFile, NamedTensor};
use super::kernel::{METRIC_ITEMS, check_dimensions};
use super::standardise::Standardisation;
use crate::data::embeddings::Embeddings;
use crate::error::{Error, Result};
use crate::memory::zeros;
use crate::progress::Progress;

/// The kind of trunk that a model's file names.
pub(super) const KIND: &str = "input";

pub(super) const MEAN: &str = "input.mean";
pub(super) const SCALE: &str = "input.scale";

/// Standardised embeddings.
#[derive(Clone, Debug, PartialEq)]
pub struct InputTrunk(Standardisation);

impl InputTrunk {
    /// Means and scales of all training embeddings, and one more scale for all dimensions.
    pub(super) fn fitted(context: Context<'_>, progress: &mut dyn Progress) -> Result<Self> {
        let Context { embeddings, settings, .. } = context;
        check_dimensions("features", embeddings)?;
        let trunk = Self(Standardisation::of(embeddings, progress)?);
        let mut squares = Squares::new(trunk.inputs());
        for block in blocks(&Groups::of(context)?.sample(settings.seed, METRIC_ITEMS)) {
            let inputs = trunk.inputs_of(embeddings, &block.items)?;
            let columns = Columns::new(&inputs, trunk.inputs(), block.items.len());
            squares.add(columns.map_err(Error::core("features"))?, &block.starts)?;
        }
        let factor = 1.0 / squares.mean()?.sqrt_of();
        let Self(Standardisation { mean, scale }) = trunk;
        let scale = scale.iter().map(|scale| (f64::from(*scale) * factor) as f32).collect();
        Ok(Self(Standardisation { mean, scale }))
    }

    /// Numbers in an embedding, and features of an item.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.0.mean.len()
    }

    pub(super) fn constants(&self) -> Vec<&[f32]> {
        vec![&self.0.mean, &self.0.scale]
    }

    /// Standardised embeddings of items, an item a column.
    pub(super) fn inputs_of(&self, embeddings: &Embeddings, items: &[u64]) -> Result<Vec<f32>> {
        let mut inputs = zeros("embeddings", items.len(), self.inputs())?;
        embeddings.read_items(items, &mut inputs)?;
        self.0.apply(&mut inputs);
        Ok(inputs)
    }

    /// Writes the features of inputs, which are the inputs.
    pub(super) fn apply(
        &self,
        inputs: Columns<'_, f32>,
        out: &mut [f32],
    ) -> Result<(), pairpick_core::Error> {
        out.copy_from_slice(inputs.as_slice());
        match out.iter().position(|value| !value.is_finite()) {
            Some(index) => Err(pairpick_core::Error::NonFinite { what: "features", index }),
            None => Ok(()),
        }
    }

    /// Reads the trunk's part of a model's file.
    pub(super) fn read(file: &mut ModelFile<'_>) -> Result<Self> {
        let [inputs] = file.shape(MEAN)?[..] else {
            return Err(file.damaged(format!("{MEAN} is no list of numbers")));
        };
        let (mean, scale) = (file.take(MEAN, &[inputs])?, file.take(SCALE, &[inputs])?);
        Ok(Self(Standardisation { mean, scale }))
    }

    /// The trunk's tensors.
    pub(super) fn tensors(&self) -> Vec<NamedTensor> {
        let Standardisation { mean, scale } = &self.0;
        let tensor = |name: &str, values: &Vec<f32>| {
            NamedTensor::new(name.to_owned(), vec![values.len()], values)
        };
        vec![tensor(MEAN, mean), tensor(SCALE, scale)]
    }
}
