//! [`Features`] of items, and those that a model has computed already.

use pairpick_core::columns::Columns;

use crate::error::{Error, Result};

/// Features of some items, an item a column.
#[derive(Default)]
pub struct Features {
    pub(super) values: Vec<f32>,
    pub(super) rows: usize,
}

/// Items that a model has embedded.
#[derive(Default)]
pub struct FeatureCache {
    /// Their numbers, ascending.
    pub items: Vec<u64>,
    /// Their features, in that order.
    pub features: Features,
}

impl FeatureCache {
    /// The features of an item, if it is among these.
    pub(super) fn column(&self, item: u64) -> Option<&[f32]> {
        let place = self.items.binary_search(&item).ok()?;
        let start = place * self.features.rows;
        self.features.values.get(start..start + self.features.rows)
    }
}

impl Features {
    /// The matrix.
    ///
    /// # Errors
    /// [`Error::Core`] if there is none.
    pub fn columns(&self) -> Result<Columns<'_, f32>> {
        Columns::new(&self.values, self.rows, self.values.len() / self.rows)
            .map_err(Error::core("features"))
    }
}
