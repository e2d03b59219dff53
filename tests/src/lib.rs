//! What the suites share: oracles that follow the definitions naively, generators, the data from
//! outside, and the bounds in one table.

pub mod data;
pub mod generate;
pub mod levels;
pub mod oracle;
pub mod threads;
