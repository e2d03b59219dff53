//! The trunk of the Bradley–Terry model: what turns an item's standardised inputs into the features
//! φ that the head and a selection work on. An MLP of three hidden layers, and its training
//! together with the head; or features of a kernel, which no label changes.

pub mod activation;
pub mod adam;
pub mod init;
pub mod mlp;
pub mod nystrom;
pub mod standardise;
pub mod train;

pub use self::activation::Activation;
pub use self::mlp::Mlp;
pub use self::nystrom::Nystrom;
