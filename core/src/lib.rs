//! `pairpick-core` picks the pairs worth asking a human about: the numerical core of pairpick,
//! `no_std`, without allocation, without `unsafe` and without a panic, with the same bits on every
//! machine.
//!
//! A reward model learns from answers to *is response A better than B?* Which pairs to ask about
//! is chosen here by D-optimal design on the last layer of a Bradley–Terry network (Shen, Sun and
//! Ton, *Active Reward Modeling*, ICML 2025), and by the strategies it is compared with.
//!
//! # The map, in the order that data takes
//!
//! | module | from | to |
//! | --- | --- | --- |
//! | [`trunk`] | embeddings, standardised | features φ, an item a column; and its training |
//! | [`head`] | features and answers | rewards r = φᵀβ; β by Newton's method, λ by evidence |
//! | [`pool`] | items, prompts, answers | the pairs on offer: numbers, never rows |
//! | [`fisher`](mod@fisher) | rewards and pairs | Fisher information Σ w (φ_a − φ_b)(φ_a − φ_b)ᵀ |
//! | [`linalg`] | Fisher information | M = LLᵀ, log det M, condition |
//! | [`whiten`] | factor and features | whitened items L⁻¹φ |
//! | [`score`] | whitened items | scores w‖u_a − u_b‖² |
//! | [`topk`] | scores | the best k pairs |
//! | [`select`] | pool and posterior | a batch, by one of the strategies |
//! | [`certificate`] | a batch | how far it is from the best there could be |
//! | [`metric`] | rewards | Spearman, best-of-N, accuracy |
//! | [`scenario`] | a few sizes | all of this on data of its own, for machines to compare bit by bit |
//!
//! Beneath them:
//!
//! | module | what it is |
//! | --- | --- |
//! | [`kernel`] | the hot loops, one body for every scalar, size and instruction set |
//! | [`columns`] | items as the columns of a matrix |
//! | [`arith`] | vectors, and the elementary functions on them |
//! | [`parallel`] | how a host lends threads |
//! | [`profile`] | whose elementary functions are computed with |
//! | [`rng`] | named streams of random numbers |
//! | `heap` | what rankings stand on |
//! | [`digest`] | fingerprints of results |
//! | [`error`](mod@error) | everything that can go wrong |
//!
//! No two modules import from each other, however long the way round.
//!
//! # What cannot happen
//!
//! Kernels borrow memory and allocate none: beside each stands a `…_len` function that sizes its
//! workspace. Invalid input gives an [`Error`]; no input gives a panic. Matrices of symmetric
//! type take their memory from an array (a device, capacity in the type) or from a slice (a host),
//! with one body for both:
//!
//! ```
//! use pairpick_core::linalg::{Cholesky, Packed, packed_len};
//!
//! // A 2 × 2 matrix in memory that could hold 8 × 8: (4, 2; 2, 10).
//! let mut matrix = Packed::<f32, [f32; packed_len(8)]>::zeros(2)?;
//! matrix.as_mut_slice().copy_from_slice(&[4.0, 2.0, 10.0]);
//! let factor = Cholesky::factor(matrix)?;
//! assert_eq!(factor.as_slice(), [2.0, 1.0, 3.0]);
//! # Ok::<(), pairpick_core::Error>(())
//! ```
//!
//! A device lends the kernels what it owns, such as the batch in a `heapless::Vec`:
//!
//! ```
//! use pairpick_core::topk::{Scored, TopK};
//!
//! let mut batch: heapless::Vec<Scored<f32>, 2> = heapless::Vec::new();
//! batch.resize_default(2).expect("within its capacity");
//! let mut best = TopK::new(&mut batch);
//! for (pair, score) in [(0, 0.1), (1, 0.7), (2, 0.4)] {
//!     best.offer(Scored { pair, score });
//! }
//! best.finish();
//! assert_eq!(batch.iter().map(|kept| kept.pair).collect::<Vec<_>>(), [1, 2]);
//! ```
#![doc = "\n"]
#![doc = include_str!("CONTRACT.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unreachable,
    clippy::unwrap_used
)]

#[cfg(all(target_arch = "x86", not(target_feature = "sse2")))]
compile_error!("x86 without SSE2 computes in x87 registers, whose results have other bits");

pub mod arith;
pub mod certificate;
pub mod columns;
pub mod digest;
pub mod error;
pub mod fisher;
pub mod head;
mod heap;
pub mod kernel;
pub mod linalg;
pub mod metric;
pub mod parallel;
pub mod pool;
pub mod profile;
pub mod rng;
pub mod scenario;
pub mod score;
pub mod select;
pub mod topk;
pub mod trunk;
pub mod whiten;

pub use error::Error;
