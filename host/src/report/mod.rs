//! What a run found, for people and for programs.

#[cfg(feature = "cli")]
pub mod agreement;
#[cfg(feature = "cli")]
pub mod comparison;
#[cfg(feature = "cli")]
pub mod cost;
#[cfg(feature = "cli")]
pub mod count;
pub mod curves;
#[cfg(feature = "cli")]
pub mod device;
#[cfg(feature = "cli")]
pub mod evaluation;
pub mod import;
#[cfg(feature = "cli")]
pub mod last_layer;
#[cfg(feature = "cli")]
pub mod scores;
pub mod selection;
#[cfg(feature = "cli")]
pub mod table;
mod ticks;
#[cfg(feature = "cli")]
pub mod training;
