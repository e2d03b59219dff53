//! What a run found, for people and for programs.

pub mod curves;
pub mod metrics;
#[cfg(feature = "cli")]
pub mod table;
mod ticks;
#[cfg(feature = "cli")]
pub mod training;
