//! [`MlpTrunk`]: the hidden layers of a network and the standardisation of its inputs.
//!
//! In a model's file: `layers.{0,1,2}.{weight,bias}`, weights in PyTorch's orientation (out, in), row
//! by row; where inputs are standardised also `input.mean` and `input.scale`, x ↦ (x − mean) · scale.

use pairpick_core::columns::Columns;
use pairpick_core::rng::Stream;
use pairpick_core::trunk::mlp::{LAYERS, MAX_HIDDEN, MAX_INPUTS};
use pairpick_core::trunk::{Activation, Mlp, init};
use serde::{Deserialize, Serialize};

use super::file::{FORMAT_VERSION, ModelFile, NamedTensor};
use super::input::{MEAN, SCALE};
use super::standardise::Standardisation;
use crate::data::embeddings::Embeddings;
use crate::error::{Error, Result};
use crate::memory::zeros;
use crate::named;
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::settings::Network;

/// The kind of trunk that a model's file names, or that it has if it names none.
pub(super) const KIND: &str = "mlp";

/// The hidden layers of a network, trained on labels together with the head.
#[derive(Clone, Debug, PartialEq)]
pub struct MlpTrunk {
    mlp: Mlp,
    parameters: Vec<f32>,
    standardisation: Option<Standardisation>,
}

/// What the file says beside the tensors.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    format_version: u32,
    #[serde(default, skip_serializing, rename = "trunk")]
    _trunk: Option<String>,
    #[serde(with = "named")]
    activation: Activation,
}

impl MlpTrunk {
    /// The hidden layers of a network with their parameters, in the core's order, and the
    /// standardisation that comes before them, if there is one.
    ///
    /// # Errors
    /// [`Error::Core`] for parts whose lengths do not fit together.
    pub fn new(
        mlp: Mlp,
        parameters: Vec<f32>,
        standardisation: Option<Standardisation>,
    ) -> Result<Self> {
        let check = |what, expected, found| match expected == found {
            true => Ok(()),
            false => {
                let source = pairpick_core::Error::Shape { what, expected, found };
                Err(Error::core("the network")(source))
            }
        };
        check("parameters", mlp.head(), parameters.len())?;
        if let Some(Standardisation { mean, scale }) = &standardisation {
            check(MEAN, mlp.inputs(), mean.len())?;
            check(SCALE, mlp.inputs(), scale.len())?;
        }
        Ok(Self { mlp, parameters, standardisation })
    }

    /// A network without parameters yet, for these training embeddings.
    pub(super) fn untrained(
        embeddings: &Embeddings,
        network: &Network,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        let mlp = Mlp::new(embeddings.dimensions(), network.hidden, network.activation)
            .map_err(Error::core("the network"))?;
        let standardisation =
            network.standardise.then(|| Standardisation::of(embeddings, progress)).transpose()?;
        Ok(Self { mlp, parameters: vec![0.0; mlp.head()], standardisation })
    }

    /// The network's shape.
    #[must_use]
    pub fn mlp(&self) -> &Mlp {
        &self.mlp
    }

    /// The parameters of the hidden layers, in the core's order.
    #[must_use]
    pub fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// How inputs are standardised, if they are.
    #[must_use]
    pub fn standardisation(&self) -> Option<&Standardisation> {
        self.standardisation.as_ref()
    }

    /// Means and scales.
    pub(super) fn constants(&self) -> Vec<&[f32]> {
        let standardisation = self.standardisation.iter();
        standardisation.flat_map(|Standardisation { mean, scale }| [&mean[..], scale]).collect()
    }

    /// Draws new parameters, the head's last.
    pub(super) fn reset(&mut self, rng: &mut Stream, head: &mut [f32]) -> Result<()> {
        self.change_with(head, |mlp, parameters| init::uniform(mlp, rng, parameters))
            .map_err(Error::core("initial parameters"))
    }

    /// Standardised embeddings of items, an item a column.
    pub(super) fn inputs_of(&self, embeddings: &Embeddings, items: &[u64]) -> Result<Vec<f32>> {
        let mut inputs = zeros("embeddings", items.len(), self.mlp.inputs())?;
        embeddings.read_items(items, &mut inputs)?;
        if let Some(standardisation) = &self.standardisation {
            standardisation.apply(&mut inputs);
        }
        Ok(inputs)
    }

    /// Writes the features of inputs.
    pub(super) fn apply(
        &self,
        threads: &Threads,
        inputs: Columns<'_, f32>,
        out: &mut [f32],
        workspace: &mut [f32],
    ) -> Result<(), pairpick_core::Error> {
        self.mlp.features_of(threads, &self.parameters, inputs, out, workspace)
    }

    /// Changes the parameters and the head as the core has them, in one piece.
    pub(super) fn change_with<R>(
        &mut self,
        head: &mut [f32],
        change: impl FnOnce(&Mlp, &mut [f32]) -> R,
    ) -> R {
        let mut all = [&self.parameters, &*head].concat();
        let changed = change(&self.mlp, &mut all);
        let (parameters, rest) = all.split_at(self.parameters.len());
        self.parameters.copy_from_slice(parameters);
        head.copy_from_slice(rest);
        changed
    }

    /// Reads the trunk's part of a model's file.
    pub(super) fn read(file: &mut ModelFile<'_>) -> Result<Self> {
        let Metadata { activation, .. } = file.metadata()?;
        let (inputs, hidden) = sizes(file)?;
        let mlp = Mlp::new(inputs, hidden, activation).map_err(Error::core("the network"))?;
        let mut parameters = Vec::with_capacity(mlp.parameters());
        for (index, layer) in mlp.layers().iter().enumerate() {
            let weight = file.take(&weight_name(index), &[layer.outputs, layer.inputs])?;
            for input in 0..layer.inputs {
                parameters.extend(weight.iter().skip(input).step_by(layer.inputs));
            }
            parameters.extend(file.take(&bias_name(index), &[layer.outputs])?);
        }
        let standardisation = match file.has(MEAN) {
            true => {
                let (mean, scale) = (file.take(MEAN, &[inputs])?, file.take(SCALE, &[inputs])?);
                Some(Standardisation { mean, scale })
            }
            false => None,
        };
        Self::new(mlp, parameters, standardisation)
    }

    /// The trunk's tensors: weights by rows of outputs, where the core has columns.
    pub(super) fn tensors(&self) -> Vec<NamedTensor> {
        let mut tensors = Vec::new();
        for (index, layer) in self.mlp.layers().iter().enumerate() {
            let weight = &self.parameters[layer.start..layer.bias()];
            let by_rows = (0..layer.outputs)
                .flat_map(|output| weight.iter().skip(output).step_by(layer.outputs).copied());
            let shape = vec![layer.outputs, layer.inputs];
            tensors.push(NamedTensor::new(
                weight_name(index),
                shape,
                &by_rows.collect::<Vec<f32>>(),
            ));
            let bias = &self.parameters[layer.bias()..layer.end()];
            tensors.push(NamedTensor::new(bias_name(index), vec![layer.outputs], bias));
        }
        if let Some(Standardisation { mean, scale }) = &self.standardisation {
            for (name, values) in [(MEAN, mean), (SCALE, scale)] {
                tensors.push(NamedTensor::new(name.to_owned(), vec![values.len()], values));
            }
        }
        tensors
    }

    /// What the file says beside the tensors.
    pub(super) fn metadata(&self) -> serde_json::Result<String> {
        let (format_version, activation) = (FORMAT_VERSION, self.mlp.activation());
        serde_json::to_string(&Metadata { format_version, _trunk: None, activation })
    }
}

fn weight_name(layer: usize) -> String {
    format!("layers.{layer}.weight")
}

fn bias_name(layer: usize) -> String {
    format!("layers.{layer}.bias")
}

/// Inputs and hidden sizes, from the shapes of the weights.
fn sizes(file: &ModelFile<'_>) -> Result<(usize, [usize; LAYERS])> {
    let mut hidden = [0; LAYERS];
    let mut inputs = 0;
    for (index, size) in hidden.iter_mut().enumerate() {
        let name = weight_name(index);
        let [rows, columns] = file.shape(&name)?[..] else {
            return Err(file.damaged(format!("{name} is not a matrix")));
        };
        if index == 0 {
            inputs = columns;
        }
        if !(1..=MAX_HIDDEN).contains(&rows) || !(1..=MAX_INPUTS).contains(&columns) {
            let problem = format!(
                "{name} is ({rows}, {columns}); the limits are {MAX_HIDDEN} and {MAX_INPUTS}"
            );
            return Err(file.damaged(problem));
        }
        *size = rows;
    }
    Ok((inputs, hidden))
}
