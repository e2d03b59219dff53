//! What a run found, for people and for programs.

#[cfg(feature = "cli")]
pub mod agreement;
#[cfg(feature = "cli")]
mod apart;
#[cfg(feature = "cli")]
mod axis_blocks;
#[cfg(feature = "cli")]
pub mod axis_standing;
#[cfg(feature = "cli")]
mod brief;
#[cfg(feature = "cli")]
pub mod comparison;
#[cfg(feature = "cli")]
pub mod cost;
#[cfg(feature = "cli")]
pub mod count;
pub mod curves;
mod described;
#[cfg(feature = "cli")]
pub mod device;
#[cfg(feature = "cli")]
pub mod document;
#[cfg(feature = "cli")]
pub mod evaluation;
#[cfg(feature = "cli")]
pub mod heat_maps;
pub mod import;
#[cfg(feature = "cli")]
pub mod last_layer;
mod panels;
#[cfg(feature = "cli")]
pub mod raster;
#[cfg(feature = "cli")]
mod rows;
#[cfg(feature = "cli")]
pub mod scores;
pub mod selection;
#[cfg(feature = "cli")]
pub mod standing;
#[cfg(feature = "cli")]
pub mod strategies_page;
#[cfg(feature = "cli")]
mod strategy_figures;
#[cfg(feature = "cli")]
pub mod table;
mod ticks;
#[cfg(feature = "cli")]
pub mod training;
