//! Sessions: the same answers come to the same bits, however fast they come and whatever is killed.

#![cfg(feature = "label")]

mod bits;
mod files;
mod kills;
mod latency;
#[path = "../npy/mod.rs"]
mod npy;
mod people;
mod person;
#[path = "../skip/mod.rs"]
mod skip;
mod transfer;
