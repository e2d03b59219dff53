//! What the suites share: oracles that follow the definitions naively, in f64
//! ([`oracle`]) or to the bit ([`naive`]), generators, the data from
//! outside, and the bounds in one table.

pub mod bounds;
pub mod coreset;
pub mod data;
pub mod design;
pub mod elementary;
#[cfg(feature = "host")]
pub mod fuzz;
pub mod generate;
pub mod information;
pub mod kind;
pub mod levels;
#[cfg(feature = "host")]
pub mod model;
pub mod naive;
pub mod normal;
pub mod oracle;
pub mod selecting;
pub mod small;
pub mod threads;
pub mod ulp;
