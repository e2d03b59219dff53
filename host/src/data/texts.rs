//! [`Texts`]: what people read, prompts and responses, found in their file as they are shown.

use std::path::Path;

use super::embeddings::Embeddings;
use crate::digest::HexDigest;
use crate::error::Result;

/// The texts of all items of some embeddings.
pub struct Texts {
    digest: HexDigest,
}

/// The texts of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemText {
    /// What it is a response to, where the file says.
    pub prompt: Option<String>,
    /// The response.
    pub response: String,
}

impl Texts {
    /// Reads a file of JSON Lines once, a prompt a line with its `responses`, or a response a line, in
    /// the order of the embeddings' rows, and checks that it has a text for each.
    ///
    /// # Errors
    /// A missing or unreadable file; [`Error::Line`](crate::Error::Line); another number of texts than
    /// of rows.
    pub fn open(path: &Path, embeddings: &Embeddings) -> Result<Self> {
        let _ = (path, embeddings);
        todo!("being built")
    }

    /// The texts that are part of the program.
    ///
    /// # Errors
    /// As [`Texts::open`].
    pub fn bundled(embeddings: &Embeddings) -> Result<Self> {
        let _ = embeddings;
        todo!("being built")
    }

    /// The texts of an item.
    ///
    /// # Errors
    /// What reading the file refuses.
    pub fn of_item(&self, item: u64) -> Result<ItemText> {
        let _ = item;
        todo!("being built")
    }

    /// Of the file's lines.
    #[must_use]
    pub fn digest(&self) -> HexDigest {
        self.digest
    }
}
