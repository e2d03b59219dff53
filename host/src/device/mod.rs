//! A labelling device without a network, from its host's side: the image that it is given, and the
//! log that comes home. The formats and the device's loop are [`pairpick_core::device`]'s.

pub mod choice;
pub mod info;
#[cfg(feature = "label")]
pub mod intake;
pub mod log;
pub mod merge;
pub mod pack;
pub mod replay;

use std::path::Path;

use pairpick_core::device::{ItemName as StoredName, PairKind, PoolImage, Precision};

use crate::data::item::ItemName;
use crate::error::{Error, Result};
use crate::named::named;

named!(Precision, "precision of features",
    F32 = "f32": "as they are: a device uses them where they lie in its flash",
    F16 = "f16": "in half the flash, each rounded once; a device widens them into its memory",
);

named!(PairKind, "kind of pairs",
    InPrompt = "in-prompt": "two responses to the same prompt",
    CrossPrompt = "cross-prompt": "two responses to any prompts",
);

/// Reads a file of a device whole.
///
/// # Errors
/// [`Error::MissingFile`], [`Error::Io`].
pub fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| Error::io(path, "open", error))
}

/// Checks an image that is a file's bytes, and nothing else.
///
/// # Errors
/// [`Error::Device`] with the reason.
pub fn open_image<'a>(path: &Path, bytes: &'a [u8]) -> Result<PoolImage<'a>> {
    let image = PoolImage::open(bytes).map_err(Error::device(path))?;
    let (expected, found) = (image.as_bytes().len(), bytes.len());
    match found == expected {
        true => Ok(image),
        false => {
            let problem = format!("expected {expected} bytes, as its header says, found {found}");
            Err(Error::device(path)(problem))
        }
    }
}

/// What files call an item of an image; the image has names for all of its items.
fn name_of(image: &PoolImage<'_>, item: u32) -> ItemName {
    match image.name(item) {
        Some(StoredName::Response { prompt, response }) => {
            ItemName::Response([prompt.into(), response.into()])
        }
        Some(StoredName::Row(row)) => ItemName::Row(row.into()),
        None => ItemName::Row(item.into()),
    }
}
