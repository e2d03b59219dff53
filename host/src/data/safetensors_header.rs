//! The header of a `safetensors` file: its length in eight bytes, and JSON that names each tensor's
//! type, shape and place. The crate's own parser reads it, which takes up to 27 bytes for each byte
//! of hostile text: [`HEADER_LIMIT`] is what bounds the memory.

use std::io::Read;
use std::path::Path;

use safetensors::tensor::{Dtype, Metadata, TensorInfo};

use super::header::{Element, Header, Integer, Wanted, listed, read_text, read_up_to};
use crate::error::{ArrayError, Result, Shape, quotable};
use crate::json;

/// The most bytes of header text that are read. A tensor takes about 100.
pub const HEADER_LIMIT: u64 = 1 << 17;

/// What messages call the form.
const FORM: &str = "safetensors";

/// Bytes of the header's length, which the text follows.
const LENGTH_BYTES: u64 = 8;

/// Whether a file begins as this form does: the length, then `{`. The eight bytes of a text would
/// be a length of exabytes.
pub(crate) fn begins(start: &[u8]) -> bool {
    matches!(start, [_, _, _, _, _, _, 0, 0, b'{', ..])
}

/// The length of the text that the first bytes announce.
///
/// # Errors
/// [`ArrayError::HeaderTooLong`] beyond the limit.
pub(crate) fn text_len(start: &[u8], path: &Path) -> Result<u64> {
    let mut little_endian = [0; LENGTH_BYTES as usize];
    for (byte, read) in little_endian.iter_mut().zip(start) {
        *byte = *read;
    }
    let found = u64::from_le_bytes(little_endian);
    match found > HEADER_LIMIT {
        true => {
            let limit = HEADER_LIMIT;
            Err(ArrayError::HeaderTooLong { form: FORM, found, limit }.at(path))
        }
        false => Ok(found),
    }
}

/// Reads the header at the beginning of a file: the tensor of that name, or the only one.
pub(super) fn read(
    source: &mut dyn Read,
    path: &Path,
    tensor: &'static str,
    wanted: Wanted,
) -> Result<Header> {
    let start = read_up_to(source, LENGTH_BYTES, path)?;
    let text_len = text_len(&start, path)?;
    let text = read_text(source, LENGTH_BYTES, text_len, path)?;
    let metadata: Metadata = json::object(&text).map_err(|problem| {
        ArrayError::DamagedHeader { form: FORM, problem: problem.to_string() }.at(path)
    })?;
    let (name, info) = choose(&metadata, path, tensor)?;
    let element = element(&name, info.dtype, path, wanted)?;
    let shape: Vec<u64> = info.shape.iter().map(|length| *length as u64).collect();
    let place = |offset: usize| (offset as u64).checked_add(LENGTH_BYTES)?.checked_add(text_len);
    match (place(info.data_offsets.0), place(metadata.data_len())) {
        (Some(data_start), Some(file_len)) => {
            Ok(Header { element, name: Some(name), shape, data_start, file_len })
        }
        _ => Err(ArrayError::ShapeOverflow { shape: Shape(shape) }.at(path)),
    }
}

fn choose<'a>(
    metadata: &'a Metadata,
    path: &Path,
    wanted: &'static str,
) -> Result<(String, &'a TensorInfo)> {
    let names = metadata.offset_keys();
    let name = match names.as_slice() {
        [only] => only.clone(),
        _ => wanted.to_owned(),
    };
    if let Some(info) = metadata.info(&name) {
        return Ok((name, info));
    }
    let found = listed(names);
    Err(ArrayError::NoTensor { wanted, found }.at(path))
}

fn element(tensor: &str, dtype: Dtype, path: &Path, wanted: Wanted) -> Result<Element> {
    let integer = |bytes, signed| Element::Integer(Integer { bytes, signed });
    let integer = match dtype {
        Dtype::I8 => Some(integer(1, true)),
        Dtype::I16 => Some(integer(2, true)),
        Dtype::I32 => Some(integer(4, true)),
        Dtype::I64 => Some(integer(8, true)),
        Dtype::U8 => Some(integer(1, false)),
        Dtype::U16 => Some(integer(2, false)),
        Dtype::U32 => Some(integer(4, false)),
        Dtype::U64 => Some(integer(8, false)),
        _ => None,
    };
    if let (Some(integer), Wanted::Numbers) = (integer, wanted) {
        return Ok(integer);
    }
    match dtype {
        Dtype::F64 => Ok(Element::F64),
        Dtype::F32 => Ok(Element::F32),
        Dtype::F16 => Ok(Element::F16),
        Dtype::BF16 => Ok(Element::Bf16),
        other => {
            let found = format!("{other:?}");
            Err(ArrayError::TensorType { tensor: quotable(tensor), found }.at(path))
        }
    }
}
