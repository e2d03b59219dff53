//! [`ModelTensors`]: a model in the `safetensors` form that PyTorch users load in one line.
//!
//! `layers.{0,1,2}.{weight,bias}` and `head.weight`, all F32, weights in PyTorch's orientation
//! (out, in), row by row; where inputs are standardised also `input.mean` and `input.scale`,
//! x ↦ (x − mean) · scale. The metadata is one key that holds JSON, since the crate writes several
//! keys in the order of a hash: the same model is then the same bytes.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use pairpick_core::trunk::Activation;
use pairpick_core::trunk::mlp::{LAYERS, MAX_HIDDEN, MAX_INPUTS};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use crate::data::safetensors_header;
use crate::error::{Error, Result, quotable};
use crate::settings::named;

/// The version of the file's meaning; a file of another version is not read.
pub const FORMAT_VERSION: u32 = 1;

/// The metadata's one key.
const METADATA_KEY: &str = "pairpick";

/// No model is larger: the widest embedding into the widest layers, and room for the header.
const LARGEST_FILE: u64 = 4 * (MAX_INPUTS as u64 + 3 * MAX_HIDDEN as u64) * (MAX_HIDDEN as u64 + 2);

/// A layer's parameters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerTensors {
    /// (out, in), row by row.
    pub weight: Vec<f32>,
    /// (out).
    pub bias: Vec<f32>,
}

/// x ↦ (x − mean) · scale, for each dimension.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standardisation {
    /// What is subtracted.
    pub mean: Vec<f32>,
    /// What is multiplied by.
    pub scale: Vec<f32>,
}

/// A reward model as its file has it.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelTensors {
    /// Numbers in an embedding.
    pub inputs: usize,
    /// Units of the hidden layers.
    pub hidden: [usize; LAYERS],
    /// What the hidden layers apply.
    pub activation: Activation,
    /// The hidden layers, the first first.
    pub layers: [LayerTensors; LAYERS],
    /// β, of the last hidden layer's length.
    pub head: Vec<f32>,
    /// How inputs are standardised, if they are.
    pub standardisation: Option<Standardisation>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    format_version: u32,
    #[serde(with = "named")]
    activation: Activation,
}

impl ModelTensors {
    /// The bytes of the file; `path` names it in messages.
    ///
    /// # Errors
    /// [`Error::ModelFile`] if a tensor does not have the length that the shape implies.
    pub fn to_bytes(&self, path: &Path) -> Result<Vec<u8>> {
        let tensors = self.named_tensors();
        let bytes: Vec<Vec<u8>> =
            tensors.iter().map(|tensor| little_endian(tensor.values)).collect();
        let views = tensors.iter().zip(&bytes).map(|(tensor, bytes)| {
            let view = TensorView::new(Dtype::F32, tensor.shape.clone(), bytes)
                .map_err(|error| damaged(path, format!("{}: {error}", tensor.name)))?;
            Ok((tensor.name.clone(), view))
        });
        let views = views.collect::<Result<Vec<_>>>()?;
        let metadata = [(METADATA_KEY.to_owned(), self.metadata(path)?)].into();
        safetensors::serialize(views, Some(metadata))
            .map_err(|error| damaged(path, error.to_string()))
    }

    /// Reads a model's file.
    ///
    /// # Errors
    /// [`Error::ModelFile`] for anything that [`ModelTensors::to_bytes`] would not write;
    /// [`Error::Io`].
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| Error::io(path, "open", error))?;
        let mut bytes = Vec::new();
        file.take(LARGEST_FILE + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| Error::io(path, "read", error))?;
        if bytes.len() as u64 > LARGEST_FILE {
            return Err(damaged(path, format!("larger than {LARGEST_FILE} bytes")));
        }
        Self::from_bytes(&bytes, path)
    }

    /// Reads the bytes of a model's file; `path` names it in messages.
    ///
    /// # Errors
    /// [`Error::ModelFile`]; [`ArrayError::HeaderTooLong`](crate::error::ArrayError::HeaderTooLong).
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self> {
        if !safetensors_header::begins(bytes) {
            return Err(damaged(path, "it is no safetensors file".to_owned()));
        }
        safetensors_header::text_len(bytes, path)?;
        let foreign = |error: safetensors::SafeTensorError| damaged(path, error.to_string());
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(foreign)?;
        let text = header.metadata().as_ref().and_then(|metadata| metadata.get(METADATA_KEY));
        let metadata = read_metadata(text.map(String::as_str), path)?;
        let mut file = Tensors { tensors: SafeTensors::deserialize(bytes).map_err(foreign)?, path };
        let (inputs, hidden) = file.sizes()?;
        let mut layers: [LayerTensors; LAYERS] = Default::default();
        let mut columns = inputs;
        for (index, (layer, rows)) in layers.iter_mut().zip(hidden).enumerate() {
            layer.weight = file.take(&format!("layers.{index}.weight"), &[rows, columns])?;
            layer.bias = file.take(&format!("layers.{index}.bias"), &[rows])?;
            columns = rows;
        }
        let head = file.take("head.weight", &[1, columns])?;
        let standardisation = file.standardisation(inputs)?;
        let expected = 2 * LAYERS + 1 + if standardisation.is_some() { 2 } else { 0 };
        if file.tensors.len() != expected {
            let found = file.tensors.len();
            return Err(damaged(path, format!("{found} tensors, not {expected}")));
        }
        let activation = metadata.activation;
        Ok(Self { inputs, hidden, activation, layers, head, standardisation })
    }

    fn metadata(&self, path: &Path) -> Result<String> {
        let metadata = Metadata { format_version: FORMAT_VERSION, activation: self.activation };
        serde_json::to_string(&metadata).map_err(|error| damaged(path, error.to_string()))
    }

    fn named_tensors(&self) -> Vec<NamedTensor<'_>> {
        let mut tensors = Vec::new();
        let mut add = |name: String, shape: Vec<usize>, values| {
            tensors.push(NamedTensor { name, shape, values });
        };
        let mut columns = self.inputs;
        for (index, (layer, rows)) in self.layers.iter().zip(self.hidden).enumerate() {
            add(format!("layers.{index}.weight"), vec![rows, columns], &layer.weight);
            add(format!("layers.{index}.bias"), vec![rows], &layer.bias);
            columns = rows;
        }
        add("head.weight".to_owned(), vec![1, columns], &self.head);
        if let Some(standardisation) = &self.standardisation {
            add("input.mean".to_owned(), vec![self.inputs], &standardisation.mean);
            add("input.scale".to_owned(), vec![self.inputs], &standardisation.scale);
        }
        tensors
    }
}

struct NamedTensor<'a> {
    name: String,
    shape: Vec<usize>,
    values: &'a Vec<f32>,
}

/// The tensors of a file that is being read.
struct Tensors<'a> {
    tensors: SafeTensors<'a>,
    path: &'a Path,
}

impl Tensors<'_> {
    /// Inputs and hidden sizes, from the shapes of the weights.
    fn sizes(&self) -> Result<(usize, [usize; LAYERS])> {
        let mut hidden = [0; LAYERS];
        let mut inputs = 0;
        for (index, size) in hidden.iter_mut().enumerate() {
            let name = format!("layers.{index}.weight");
            let &[rows, columns] = self.view(&name)?.shape() else {
                return Err(damaged(self.path, format!("{name} is not a matrix")));
            };
            if index == 0 {
                inputs = columns;
            }
            if !(1..=MAX_HIDDEN).contains(&rows) || !(1..=MAX_INPUTS).contains(&columns) {
                let problem = format!(
                    "{name} is ({rows}, {columns}); the limits are {MAX_HIDDEN} and {MAX_INPUTS}"
                );
                return Err(damaged(self.path, problem));
            }
            *size = rows;
        }
        Ok((inputs, hidden))
    }

    fn standardisation(&mut self, inputs: usize) -> Result<Option<Standardisation>> {
        if self.tensors.tensor("input.mean").is_err() {
            return Ok(None);
        }
        let mean = self.take("input.mean", &[inputs])?;
        let scale = self.take("input.scale", &[inputs])?;
        Ok(Some(Standardisation { mean, scale }))
    }

    fn view(&self, name: &str) -> Result<TensorView<'_>> {
        self.tensors.tensor(name).map_err(|_| damaged(self.path, format!("no tensor {name}")))
    }

    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let view = self.view(name)?;
        if view.dtype() != Dtype::F32 || view.shape() != shape {
            let (dtype, found) = (view.dtype(), view.shape());
            let problem = format!("{name} is {dtype:?} {found:?}, not F32 {shape:?}");
            return Err(damaged(self.path, problem));
        }
        let (values, _) = view.data().as_chunks();
        let values: Vec<f32> = values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        match values.iter().position(|value| !value.is_finite()) {
            Some(index) => {
                let problem = format!("{name}: {} at index {index}", values[index]);
                Err(damaged(self.path, problem))
            }
            None => Ok(values),
        }
    }
}

fn read_metadata(text: Option<&str>, path: &Path) -> Result<Metadata> {
    let text =
        text.ok_or_else(|| damaged(path, format!("its metadata has no key \"{METADATA_KEY}\"")))?;
    let metadata: Metadata =
        serde_json::from_str(text).map_err(|error| damaged(path, format!("metadata: {error}")))?;
    if metadata.format_version != FORMAT_VERSION {
        let found = metadata.format_version;
        return Err(damaged(path, format!("format version {found}, not {FORMAT_VERSION}")));
    }
    Ok(metadata)
}

fn little_endian(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn damaged(path: &Path, problem: String) -> Error {
    Error::ModelFile { path: path.into(), problem: quotable(&problem) }
}
