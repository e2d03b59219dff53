//! A model in the `safetensors` form that PyTorch users load in one line.
//!
//! The trunk's tensors, whose names are those of its kind, and `head.weight`, all F32. The metadata
//! is one key that holds JSON, since the crate writes several keys in the order of a hash: the same
//! model is then the same bytes. It names the kind of `trunk`; without a name it is a network.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use pairpick_core::trunk::mlp::{MAX_HIDDEN, MAX_INPUTS};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Model, Trunk};
use crate::data::embeddings::Embeddings;
use crate::data::safetensors_header;
use crate::error::{DataError, Error, Result, quotable};
use crate::json;

/// The version of the file's meaning; a file of another version is not read.
pub const FORMAT_VERSION: u32 = 1;

/// The metadata's one key.
const METADATA_KEY: &str = "pairpick";

/// No model is larger: the widest embedding into the widest layers, and room for the header.
const LARGEST_FILE: u64 = 4 * (MAX_INPUTS as u64 + 3 * MAX_HIDDEN as u64) * (MAX_HIDDEN as u64 + 2);

const HEAD: &str = "head.weight";

impl Model {
    /// Reads a model's file.
    ///
    /// # Errors
    /// [`Error::ModelFile`] for anything that [`Model::to_bytes`] would not write; [`Error::Io`].
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

    /// Reads the file of a model for these embeddings.
    ///
    /// # Errors
    /// [`DataError::ModelInputs`] for embeddings of another length; as [`Model::open`].
    pub fn open_for(embeddings: &Embeddings, path: &Path) -> Result<Self> {
        let model = Self::open(path)?;
        model.check_fits(embeddings, path)?;
        Ok(model)
    }

    /// Checks that the model takes embeddings of this length; `path` names it in messages.
    ///
    /// # Errors
    /// [`DataError::ModelInputs`].
    pub fn check_fits(&self, embeddings: &Embeddings, path: &Path) -> Result<()> {
        let (found, expected) = (embeddings.dimensions(), self.trunk().inputs());
        if found != expected {
            let model = path.into();
            return Err(DataError::ModelInputs { found, model, expected }.at(embeddings.path()));
        }
        Ok(())
    }

    /// Reads the bytes of a model's file; `path` names it in messages.
    ///
    /// # Errors
    /// [`Error::ModelFile`]; [`ArrayError::HeaderTooLong`](crate::error::ArrayError::HeaderTooLong).
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self> {
        let mut file = ModelFile::new(bytes, path)?;
        let trunk = Trunk::read(&mut file).map_err(|error| of_file(error, path))?;
        let head = file.take(HEAD, &[1, trunk.features()])?;
        file.check_all_taken()?;
        Self::new(trunk, head).map_err(|error| of_file(error, path))
    }

    /// The bytes of the file; `path` names it in messages.
    ///
    /// # Errors
    /// [`Error::ModelFile`] for what the form cannot say.
    pub fn to_bytes(&self, path: &Path) -> Result<Vec<u8>> {
        let metadata = self.trunk().metadata().map_err(|error| damaged(path, error.to_string()))?;
        let mut tensors = self.trunk().tensors();
        tensors.push(NamedTensor::new(HEAD.to_owned(), vec![1, self.head().len()], self.head()));
        let views = tensors.iter().map(|tensor| {
            let view = TensorView::new(Dtype::F32, tensor.shape.clone(), &tensor.bytes)
                .map_err(|error| damaged(path, format!("{}: {error}", tensor.name)))?;
            Ok((tensor.name.clone(), view))
        });
        let views = views.collect::<Result<Vec<_>>>()?;
        let metadata = [(METADATA_KEY.to_owned(), metadata)].into();
        safetensors::serialize(views, Some(metadata))
            .map_err(|error| damaged(path, error.to_string()))
    }
}

/// A tensor of F32 to be written.
pub(super) struct NamedTensor {
    name: String,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl NamedTensor {
    /// Values row by row.
    pub(super) fn new(name: String, shape: Vec<usize>, values: &[f32]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self { name, shape, bytes }
    }
}

/// What every model's metadata says.
#[derive(Deserialize)]
struct Metadata {
    format_version: u32,
    trunk: Option<String>,
}

/// What the metadata of fixed features says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FixedMetadata {
    pub(super) format_version: u32,
    pub(super) trunk: String,
    /// Names of covariates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) covariates: Vec<String>,
}

/// A model's file that is being read.
pub(super) struct ModelFile<'a> {
    path: &'a Path,
    metadata: String,
    tensors: SafeTensors<'a>,
    taken: usize,
}

impl<'a> ModelFile<'a> {
    fn new(bytes: &'a [u8], path: &'a Path) -> Result<Self> {
        if !safetensors_header::begins(bytes) {
            return Err(damaged(path, "it is no safetensors file".to_owned()));
        }
        safetensors_header::text_len(bytes, path)?;
        let foreign = |error: safetensors::SafeTensorError| {
            damaged(path, json::explained(&error.to_string()))
        };
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(foreign)?;
        let text = header.metadata().as_ref().and_then(|metadata| metadata.get(METADATA_KEY));
        let metadata = text
            .cloned()
            .ok_or_else(|| damaged(path, format!("its metadata has no key \"{METADATA_KEY}\"")))?;
        let tensors = SafeTensors::deserialize(bytes).map_err(foreign)?;
        Ok(Self { path, metadata, tensors, taken: 0 })
    }

    /// The kind of trunk that it names, in this version.
    pub(super) fn trunk(&self) -> Result<Option<String>> {
        let Metadata { format_version, trunk } = self.metadata()?;
        match format_version == FORMAT_VERSION {
            true => Ok(trunk),
            false => {
                Err(self.damaged(format!("format version {format_version}, not {FORMAT_VERSION}")))
            }
        }
    }

    /// What it says beside the tensors.
    pub(super) fn metadata<M: DeserializeOwned>(&self) -> Result<M> {
        json::object(self.metadata.as_bytes())
            .map_err(|problem| self.damaged(format!("metadata: {problem}")))
    }

    /// Whether there is a tensor of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.tensors.tensor(name).is_ok()
    }

    /// The shape of a tensor.
    pub(super) fn shape(&self, name: &str) -> Result<Vec<usize>> {
        Ok(self.view(name)?.shape().to_vec())
    }

    /// The values of a tensor of this shape, row by row, all finite.
    pub(super) fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let view = self.view(name)?;
        if view.dtype() != Dtype::F32 || view.shape() != shape {
            let (dtype, found) = (view.dtype(), view.shape());
            let problem = format!("{name} is {dtype:?} {found:?}, not F32 {shape:?}");
            return Err(self.damaged(problem));
        }
        let (values, _) = view.data().as_chunks();
        let values: Vec<f32> = values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            return Err(self.damaged(format!("{name}: {} at index {index}", values[index])));
        }
        self.taken += 1;
        Ok(values)
    }

    /// Refuses tensors that no model of this kind has.
    fn check_all_taken(&self) -> Result<()> {
        let (found, expected) = (self.tensors.len(), self.taken);
        match found == expected {
            true => Ok(()),
            false => Err(self.damaged(format!("{found} tensors, not {expected}"))),
        }
    }

    /// What is wrong with the file.
    pub(super) fn damaged(&self, problem: String) -> Error {
        damaged(self.path, problem)
    }

    fn view(&self, name: &str) -> Result<TensorView<'a>> {
        self.tensors.tensor(name).map_err(|_| self.damaged(format!("no tensor {name}")))
    }
}

/// What the core refuses of a model that was read is wrong with its file.
fn of_file(error: Error, path: &Path) -> Error {
    match error {
        Error::Core { context, source } => damaged(path, format!("{context}: {source}")),
        other => other,
    }
}

fn damaged(path: &Path, problem: String) -> Error {
    Error::ModelFile { path: path.into(), problem: quotable(&problem) }
}
