//! [`Model`]: the network with its parameters and the standardisation of its inputs.

mod features;
pub mod file;
pub(crate) mod items;
pub mod last_layer;
pub(crate) mod prior;
mod standardise;
pub mod train;

use std::path::Path;

use pairpick_core::columns::Columns;
use pairpick_core::digest::Digest;
use pairpick_core::rng::Stream;
use pairpick_core::trunk::standardise::apply;
use pairpick_core::trunk::{Mlp, init};

pub use self::features::{FeatureCache, Features};
use self::file::{LayerTensors, ModelTensors, Standardisation};
use self::standardise::standardisation;
use crate::data::embeddings::Embeddings;
use crate::data::labels::HexDigest;
use crate::error::{Error, Result};
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::settings::Settings;

/// Items embedded at a time: enough to keep every thread busy, few enough to stay in memory.
const BLOCK: usize = 1024;

/// A reward model.
pub struct Model {
    mlp: Mlp,
    parameters: Vec<f32>,
    standardisation: Option<Standardisation>,
}

impl Model {
    /// The network before its first training, and the standardisation of all training embeddings.
    ///
    /// # Errors
    /// [`Error::Core`] for sizes beyond the core's; what reading the embeddings refuses.
    pub fn untrained(
        embeddings: &Embeddings,
        settings: &Settings,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        let mlp = Mlp::new(embeddings.dimensions(), settings.hidden, settings.activation)
            .map_err(Error::core("the network"))?;
        let standardisation =
            settings.standardise.then(|| standardisation(embeddings, progress)).transpose()?;
        let mut model = Self { mlp, parameters: vec![0.0; mlp.parameters()], standardisation };
        model.reset(settings.seed, 0)?;
        Ok(model)
    }

    /// A trained network from its file.
    ///
    /// # Errors
    /// [`Error::Core`] if a tensor does not have the length that the shape implies.
    pub fn from_tensors(tensors: &ModelTensors) -> Result<Self> {
        let mlp = Mlp::new(tensors.inputs, tensors.hidden, tensors.activation)
            .map_err(Error::core("the network"))?;
        let mut parameters = Vec::with_capacity(mlp.parameters());
        for (layer, LayerTensors { weight, bias }) in mlp.layers().iter().zip(&tensors.layers) {
            for input in 0..layer.inputs {
                parameters.extend(weight.iter().skip(input).step_by(layer.inputs));
            }
            parameters.extend(bias);
        }
        parameters.extend(&tensors.head);
        if parameters.len() != mlp.parameters() {
            let (expected, found) = (mlp.parameters(), parameters.len());
            let source = pairpick_core::Error::Shape { what: "parameters", expected, found };
            return Err(Error::core("the model")(source));
        }
        Ok(Self { mlp, parameters, standardisation: tensors.standardisation.clone() })
    }

    /// The model of a file, for these embeddings.
    ///
    /// # Errors
    /// [`Error::ModelInputs`] for embeddings of another length; as [`ModelTensors::open`].
    pub fn open(path: &Path, embeddings: &Embeddings) -> Result<Self> {
        let model = Self::from_tensors(&ModelTensors::open(path)?)?;
        let (inputs, dimensions) = (model.mlp.inputs(), embeddings.dimensions());
        if inputs != dimensions {
            let (model, embeddings) = (path.into(), embeddings.path().into());
            return Err(Error::ModelInputs { embeddings, dimensions, model, inputs });
        }
        Ok(model)
    }

    /// New random parameters, those of this round.
    ///
    /// # Errors
    /// None that the network's own parameters give.
    pub fn reset(&mut self, seed: u64, round: u64) -> Result<()> {
        let mut rng = Stream::new(seed, "init", round);
        init::uniform(&self.mlp, &mut rng, &mut self.parameters)
            .map_err(Error::core("initial parameters"))
    }

    /// The network.
    pub fn mlp(&self) -> &Mlp {
        &self.mlp
    }

    /// Order of every Fisher matrix: features of the last layer.
    pub fn features(&self) -> usize {
        self.mlp.features()
    }

    /// β.
    pub fn head(&self) -> &[f32] {
        self.mlp.head_of(&self.parameters)
    }

    /// Puts other weights in the head's place, each rounded once.
    pub fn set_head(&mut self, head: &[f64]) {
        for (parameter, weight) in self.parameters.iter_mut().skip(self.mlp.head()).zip(head) {
            *parameter = *weight as f32;
        }
    }

    /// All parameters, to train.
    pub fn parameters_mut(&mut self) -> &mut [f32] {
        &mut self.parameters
    }

    /// Standardised embeddings of items, an item a column.
    ///
    /// # Errors
    /// As [`Embeddings::read_items`].
    pub fn inputs_of(&self, embeddings: &Embeddings, items: &[u64]) -> Result<Vec<f32>> {
        let mut inputs = vec![0.0; items.len() * self.mlp.inputs()];
        embeddings.read_items(items, &mut inputs)?;
        if let Some(standardisation) = &self.standardisation {
            apply(&standardisation.mean, &standardisation.scale, &mut inputs);
        }
        Ok(inputs)
    }

    /// Features φ of items, each embedded once.
    ///
    /// # Errors
    /// As [`Model::inputs_of`]; [`Error::Core`] if a feature overflows.
    pub fn features_of(
        &self,
        embeddings: &Embeddings,
        items: &[u64],
        threads: &Threads,
    ) -> Result<Features> {
        self.features_cached(&FeatureCache::default(), embeddings, items, threads)
    }

    /// The same, of which those that this model has embedded before are neither read nor embedded
    /// again.
    ///
    /// # Errors
    /// As [`Model::features_of`].
    pub fn features_cached(
        &self,
        known: &FeatureCache,
        embeddings: &Embeddings,
        items: &[u64],
        threads: &Threads,
    ) -> Result<Features> {
        let rows = self.features();
        let mut values = vec![0.0; items.len() * rows];
        let mut block = vec![0.0; BLOCK.min(items.len()) * rows];
        let mut workspace = vec![0.0; self.mlp.workspace_len(BLOCK)];
        for (items, out) in items.chunks(BLOCK).zip(values.chunks_mut(BLOCK * rows)) {
            let unknown = items.iter().copied().filter(|item| known.column(*item).is_none());
            let unknown: Vec<u64> = unknown.collect();
            let new = &mut block[..unknown.len() * rows];
            if !unknown.is_empty() {
                let inputs = self.inputs_of(embeddings, &unknown)?;
                Columns::new(&inputs, self.mlp.inputs(), unknown.len())
                    .and_then(|inputs| {
                        self.mlp.features_of(threads, &self.parameters, inputs, new, &mut workspace)
                    })
                    .map_err(Error::core("features"))?;
            }
            let mut new = new.chunks_exact(rows);
            for (item, out) in items.iter().zip(out.chunks_exact_mut(rows)) {
                if let Some(column) = known.column(*item).or_else(|| new.next()) {
                    out.copy_from_slice(column);
                }
            }
        }
        Ok(Features { values, rows })
    }

    /// FNV-1a of the model's bits: parameters, then means and scales.
    ///
    /// # Errors
    /// [`Error::Core`] if a parameter is no number.
    pub fn digest(&self) -> Result<HexDigest> {
        let mut digest = Digest::new();
        digest.numbers(&self.parameters).map_err(Error::core("the model's digest"))?;
        if let Some(Standardisation { mean, scale }) = &self.standardisation {
            digest.numbers(mean).map_err(Error::core("the model's digest"))?;
            digest.numbers(scale).map_err(Error::core("the model's digest"))?;
        }
        Ok(HexDigest(digest.value()))
    }

    /// The model as its file has it: weights by rows of outputs, where the core has columns.
    pub fn tensors(&self) -> ModelTensors {
        let layers = self.mlp.layers().map(|layer| {
            let weight = &self.parameters[layer.start..layer.bias()];
            let by_rows = (0..layer.outputs)
                .flat_map(|output| weight.iter().skip(output).step_by(layer.outputs).copied());
            let bias = self.parameters[layer.bias()..layer.end()].to_vec();
            LayerTensors { weight: by_rows.collect(), bias }
        });
        ModelTensors {
            inputs: self.mlp.inputs(),
            hidden: self.mlp.hidden(),
            activation: self.mlp.activation(),
            layers,
            head: self.head().to_vec(),
            standardisation: self.standardisation.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::Dataset;
    use crate::progress::Silent;
    use crate::runtime::Runtime;

    #[test]
    fn what_was_embedded_before_is_taken_and_all_else_embedded() {
        let embeddings = Dataset::bundled().unwrap().train.embeddings;
        let settings = Settings::default();
        let model = Model::untrained(&embeddings, &settings, &mut Silent).unwrap();
        let threads = Threads::start(&Runtime::default()).unwrap();
        let all: Vec<u64> = (0..embeddings.items()).rev().step_by(3).collect();
        let plain = model.features_of(&embeddings, &all, &threads).unwrap();
        for stride in [1, 2, 5, all.len()] {
            let known: Vec<u64> = (0..embeddings.items()).step_by(stride).collect();
            // Not what the model would say, so that what is embedded again shows.
            let mark = |item: &u64| vec![*item as f32 + 0.5; plain.rows];
            let values = known.iter().flat_map(mark).collect();
            let features = Features { values, rows: plain.rows };
            let known = FeatureCache { items: known, features };
            let found = model.features_cached(&known, &embeddings, &all, &threads).unwrap();
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
