//! What a run reads and what it leaves behind, each form in a file of its own, checked at the
//! border: past these readers shapes agree and sizes fit.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

pub mod agreement;
pub mod array;
pub mod bundled;
pub mod candidates;
pub mod covariates;
pub mod dataset;
pub mod embeddings;
pub mod fields;
pub(crate) mod file_kind;
pub mod fingerprints;
mod groups;
mod header;
pub mod item;
pub mod labels;
mod lengths;
pub(crate) mod lines;
pub mod mixture;
mod npy_header;
mod npz;
pub mod overlap;
mod pairs;
pub mod pool_kind;
pub mod preference;
pub mod prompt_ids;
pub mod question;
pub mod record;
pub mod responses;
pub mod rewards;
mod rows;
pub(crate) mod safetensors_header;
pub mod source;
pub mod summary;
pub mod texts;
pub mod votes;
