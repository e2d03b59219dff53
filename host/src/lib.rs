//! `pairpick` picks which pairs of responses are worth asking a human about, so that a reward
//! model learns from as few answers as possible.
//!
//! The numerical work is `pairpick-core`'s, the same bits on every machine. This crate gives it
//! files, threads and a terminal. In the order that data takes:
//!
//! - [`data`]: embeddings, golden rewards and labels in their files, checked as they come in, so that
//!   what follows can trust its shapes;
//! - [`settings`]: everything that decides a result, and nothing else; [`runtime`]: what only
//!   decides how fast it comes;
//! - [`memory`]: what the core picks and measures batches in;
//! - [`model`]: what is learnt from the labels, its training and its file;
//! - [`round`]: pool, selection, answers, training, evaluation, and round again;
//! - [`output`]: the folder of a run, complete or not there at all;
//! - [`report`]: metrics as a table and as curves;
//! - [`cost`]: what a round takes, before it is run;
//! - [`verify`]: whether this machine computes the bits that it should.
//!
//! Only `cli`, behind the default feature of that name, knows flags and terminals.

#![forbid(unsafe_code)]

pub mod cost;
pub mod data;
pub mod error;
pub mod label;
pub mod memory;
pub mod model;
pub mod output;
pub mod parallel;
pub mod progress;
pub mod report;
pub mod round;
pub mod runtime;
pub mod settings;
pub mod verify;

#[cfg(feature = "cli")]
pub mod cli;

pub use error::Error;
