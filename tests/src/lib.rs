//! What the suites share: oracles that follow the definitions naively, in f64
//! ([`oracle`]) or to the bit ([`naive`]), generators, the data from
//! outside, and the bounds in one table.

pub mod bounds;
#[cfg(all(feature = "host", unix))]
pub mod campaign;
#[cfg(feature = "host")]
pub mod coreset;
pub mod data;
#[cfg(feature = "host")]
pub mod design;
#[cfg(feature = "host")]
pub mod device;
pub mod elementary;
#[cfg(feature = "host")]
pub mod fuzz;
pub mod generate;
#[cfg(feature = "host")]
pub mod information;
pub mod kind;
pub mod levels;
#[cfg(feature = "host")]
pub mod model;
pub mod naive;
pub mod normal;
pub mod oracle;
#[cfg(feature = "host")]
pub mod selecting;
#[cfg(feature = "host")]
pub mod small;
pub mod threads;
pub mod ulp;
