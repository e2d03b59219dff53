//! [`Features`] of items, and [`FeatureCache`], those that a trunk has computed already.

use pairpick_core::columns::Columns;

use super::Trunk;
use crate::data::embeddings::Embeddings;
use crate::error::{Error, Result};
use crate::memory::zeros;
use crate::parallel::Threads;

/// Items embedded at a time: enough to keep every thread busy, few enough to stay in memory.
const BLOCK: usize = 1024;

/// Features of some items, an item a column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Features {
    values: Vec<f32>,
    rows: usize,
}

impl Features {
    /// The matrix, features × items.
    ///
    /// # Errors
    /// [`Error::Core`] if there is no item.
    pub fn columns(&self) -> Result<Columns<'_, f32>> {
        Columns::new(&self.values, self.rows, self.values.len() / self.rows)
            .map_err(Error::core("features"))
    }

    /// All of them by a factor, each rounded once.
    pub(crate) fn scaled(&self, factor: f64) -> Self {
        let scaled = |value: &f32| (f64::from(*value) * factor) as f32;
        Self { values: self.values.iter().map(scaled).collect(), rows: self.rows }
    }
}

/// Features that a trunk has computed: of no use to another one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FeatureCache {
    /// Numbers of the items, ascending.
    pub items: Vec<u64>,
    /// Their features, in that order.
    pub features: Features,
}

impl FeatureCache {
    /// The features of an item, if it is among these.
    fn column(&self, item: u64) -> Option<&[f32]> {
        let place = self.items.binary_search(&item).ok()?;
        let start = place * self.features.rows;
        self.features.values.get(start..start + self.features.rows)
    }
}

impl Trunk {
    /// Features φ of items, in the order given.
    ///
    /// # Errors
    /// As [`Trunk::inputs_of`]; [`DataError::Overflow`](crate::error::DataError::Overflow), naming the
    /// item, if a feature overflows.
    pub fn features_of(
        &self,
        embeddings: &Embeddings,
        items: &[u64],
        threads: &Threads,
    ) -> Result<Features> {
        self.features_cached(&FeatureCache::default(), embeddings, items, threads)
    }

    /// The same; what this trunk has computed before is neither read nor computed again.
    ///
    /// # Errors
    /// As [`Trunk::features_of`].
    pub fn features_cached(
        &self,
        cache: &FeatureCache,
        embeddings: &Embeddings,
        items: &[u64],
        threads: &Threads,
    ) -> Result<Features> {
        let rows = self.features();
        let mut values = zeros("features", items.len(), rows)?;
        let mut block = vec![0.0; BLOCK.min(items.len()) * rows];
        let mut workspace = vec![0.0; self.workspace_len(BLOCK)];
        for (items, out) in items.chunks(BLOCK).zip(values.chunks_mut(BLOCK * rows)) {
            let (mut missing, mut places) = (Vec::new(), Vec::new());
            for (item, place) in items.iter().zip(out.chunks_exact_mut(rows)) {
                match cache.column(*item) {
                    Some(column) => place.copy_from_slice(column),
                    None => {
                        missing.push(*item);
                        places.push(place);
                    }
                }
            }
            if missing.is_empty() {
                continue;
            }
            let computed = &mut block[..missing.len() * rows];
            self.compute(threads, embeddings, &missing, computed, &mut workspace)?;
            for (place, column) in places.into_iter().zip(computed.chunks_exact(rows)) {
                place.copy_from_slice(column);
            }
        }
        Ok(Features { values, rows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::Dataset;
    use crate::model::{Context, Model};
    use crate::progress::Silent;
    use crate::runtime::Runtime;
    use crate::settings::Settings;

    #[test]
    fn what_was_embedded_before_is_taken_and_all_else_embedded() {
        let embeddings = Dataset::bundled().unwrap().train.embeddings;
        let (settings, threads) =
            (Settings::default(), Threads::start(&Runtime::default()).unwrap());
        let context = Context {
            embeddings: &embeddings,
            settings: &settings,
            threads: &threads,
            listed: None,
        };
        let model = Model::untrained(context, &mut Silent).unwrap();
        let trunk = model.trunk();
        let all: Vec<u64> = (0..embeddings.items()).rev().step_by(3).collect();
        let plain = trunk.features_of(&embeddings, &all, &threads).unwrap();
        for stride in [1, 2, 5, all.len()] {
            let items: Vec<u64> = (0..embeddings.items()).step_by(stride).collect();
            // Not what the trunk would say, so that what is embedded again shows.
            let mark = |item: &u64| vec![*item as f32 + 0.5; plain.rows];
            let values = items.iter().flat_map(mark).collect();
            let cache = FeatureCache { items, features: Features { values, rows: plain.rows } };
            let found = trunk.features_cached(&cache, &embeddings, &all, &threads).unwrap();
            let columns = found.values.chunks(found.rows).zip(plain.values.chunks(plain.rows));
            for (item, (found, plain)) in all.iter().zip(columns) {
                match item % stride as u64 {
                    0 => assert_eq!(found, mark(item), "{item}"),
                    _ => assert_eq!(found, plain, "{item}"),
                }
            }
        }
    }
}
