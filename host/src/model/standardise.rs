//! [`Standardisation`] of inputs by all training embeddings.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use pairpick_core::columns::Columns;
use pairpick_core::trunk::standardise::{self, Sums, scales};

use crate::data::embeddings::Embeddings;
use crate::error::{Error, Result};
use crate::progress::Progress;

/// Items read at a time.
const BLOCK: usize = 1024;

/// x ↦ (x − mean) · scale, for each dimension.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standardisation {
    /// What is subtracted.
    pub mean: Vec<f32>,
    /// What is multiplied by.
    pub scale: Vec<f32>,
}

impl Standardisation {
    /// Means and scales over all training embeddings, in two passes over the file.
    pub(super) fn of(embeddings: &Embeddings, progress: &mut dyn Progress) -> Result<Self> {
        let dimensions = embeddings.dimensions();
        progress.begin("standardising", embeddings.items().saturating_mul(2));
        let (mut mean, mut variance) = (vec![0.0; dimensions], vec![0.0; dimensions]);
        pass(embeddings, None, &mut mean, progress)?;
        pass(embeddings, Some(&mean), &mut variance, progress)?;
        progress.end();
        let mut scale = vec![0.0; dimensions];
        scales(&mean, &variance, &mut scale).map_err(Error::core("standardisation"))?;
        let constant = scale.iter().filter(|scale| **scale == 0.0).count();
        if constant > 0 {
            let path = embeddings.path().display();
            progress.note(&format!(
                "{path}: {constant} of {dimensions} dimensions do not vary, and are left out"
            ));
        }
        // Rounded once to the trunk's precision.
        let mean = mean.into_iter().map(|value| value as f32).collect();
        Ok(Self { mean, scale })
    }

    /// Standardises items in place.
    pub(super) fn apply(&self, items: &mut [f32]) {
        standardise::apply(&self.mean, &self.scale, items);
    }
}

/// The mean of x, or of (x − mean)², over all items.
fn pass(
    embeddings: &Embeddings,
    mean: Option<&[f64]>,
    out: &mut [f64],
    progress: &mut dyn Progress,
) -> Result<()> {
    let dimensions = embeddings.dimensions();
    let mut block = vec![0.0; dimensions];
    let mut sums = Sums::new(out, &mut block).map_err(Error::core("standardisation"))?;
    let before = if mean.is_some() { embeddings.items() } else { 0 };
    let mut values = Vec::new();
    for first in (0..embeddings.items()).step_by(BLOCK) {
        let end = first.saturating_add(BLOCK as u64).min(embeddings.items());
        let items = end.saturating_sub(first) as usize;
        values.resize(items.saturating_mul(dimensions), 0.0);
        embeddings.read_range(first..end, &mut values)?;
        Columns::new(&values, dimensions, items)
            .and_then(|items| sums.add(items, mean))
            .map_err(Error::core("standardisation"))?;
        progress.advance(before.saturating_add(end));
    }
    sums.finish().map_err(Error::core("standardisation"))?;
    Ok(())
}
