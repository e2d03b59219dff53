//! `pairpick` picks which pairs of responses are worth asking a human about, so that a reward
//! model learns from as few answers as possible.
//!
//! The numerical work is `pairpick-core`'s, the same bits on every machine. This crate gives it
//! files, threads and a terminal.
//!
//! # The map, in the order that data takes
//!
//! | module | what it is |
//! | --- | --- |
//! | [`data`] | embeddings, golden rewards, candidate pairs and labels in their files, checked as they come in, so that what follows can trust its shapes |
//! | [`formats`] | preferences as other programs keep them: read, and written back |
//! | [`settings`] | everything that decides a result, and nothing else, each setting defined once |
//! | [`model`] | what is learnt from the labels: trunk and head, their training and their file |
//! | [`label`] | who answers: each an answerer that the rounds ask |
//! | [`round`] | pool, selection, questions and answers, training, evaluation, record, and round again |
//! | `session` | people who answer, and the one file that keeps what they said, behind the default feature `label` |
//! | [`grid`] | the rounds again by other seeds, strategies and set-ups, so that chance is told from them |
//! | [`output`] | the folder of a run, complete or not there at all: a journal of the rounds |
//! | [`report`] | what came of it, as tables, curves and JSON |
//! | [`cost`] | what a round takes, before it is run |
//! | [`device`] | a labelling device without a network: what it is given, and what comes home |
//! | [`verify`] | whether this machine computes the bits that it should |
//! | `cli` | the command, behind the default feature of that name: only here are options read and terminals written to |
//!
//! Beneath them:
//!
//! | module | what it is |
//! | --- | --- |
//! | [`mod@error`] | what can go wrong, told to a person; a message names settings |
//! | [`named`] | choices among names: one list for the command line, its help and the files |
//! | `json` | JSON from files, and what is wrong with it in a person's words; the lines of such files |
//! | [`digest`] | fingerprints as files have them |
//! | [`progress`] | how long work tells whoever waits for it |
//! | [`runtime`] | what decides how fast a result comes, and never which |
//! | [`parallel`] | threads and instruction set, lent to the core |
//! | [`memory`] | what the core picks and measures batches in |

#![forbid(unsafe_code)]

pub mod cost;
pub mod data;
pub mod device;
pub mod digest;
pub mod error;
pub mod formats;
pub mod grid;
mod json;
pub mod label;
pub mod memory;
pub mod model;
pub mod named;
pub mod output;
pub mod parallel;
pub mod progress;
pub mod report;
pub mod round;
pub mod runtime;
#[cfg(feature = "label")]
pub mod session;
pub mod settings;
pub mod verify;

#[cfg(feature = "cli")]
pub mod cli;

pub use error::Error;
