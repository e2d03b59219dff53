//! What a run reads and what it leaves behind, each form in a file of its own, checked at the
//! border: past these readers shapes agree and sizes fit.

pub mod bundled;
pub mod dataset;
pub mod embeddings;
pub mod item;
pub mod labels;
pub mod npy;
mod npy_header;
pub mod rewards;
pub mod safetensors;
