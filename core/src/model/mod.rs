//! The Bradley–Terry reward model: an MLP of three hidden layers whose last layer gives the
//! features φ that a selection works on, and a linear head without bias, r = φᵀβ.

pub mod activation;
pub mod adam;
pub mod evidence;
pub mod init;
pub mod last_layer;
pub mod loss;
pub mod mlp;
pub mod standardise;
pub mod train;

pub use activation::Activation;
pub use loss::Comparison;
pub use mlp::Mlp;
