//! `pairpick-core` picks the pairs worth asking a human about: the numerical core of pairpick,
//! `no_std`, without allocation, without `unsafe` and without a panic, with the same bits on every
//! machine.
//!
//! A reward model learns from answers to *is response A better than B?* Which pairs to ask about
//! is chosen here by D-optimal design on the last layer of a Bradley–Terry network (Shen, Sun and
//! Ton, *Active Reward Modeling*, ICML 2025), and by the strategies it is compared with.
//!
//! ```
//! use pairpick_core::columns::Columns;
//! use pairpick_core::head::Covariates;
//! use pairpick_core::linalg::Packed;
//! use pairpick_core::memory::Growing;
//! use pairpick_core::parallel::Sequential;
//! use pairpick_core::pool::{Pool, Prompts};
//! use pairpick_core::rng::Stream;
//! use pairpick_core::select::{Options, Posterior, Problem, Selector, Strategy};
//!
//! // Two prompts of three responses each, whose features are two numbers.
//! let features = [0.9, 0.1, 0.2, 0.8, 0.5, 0.5, 0.3, 0.3, 0.7, 0.1, 0.0, 0.6];
//! let (starts, mut first_pairs) = ([0, 3, 6], [0; 3]);
//! let prompts = Prompts::new(&starts, &mut first_pairs)?;
//! let pool = &Pool::in_prompt(Columns::new(&features, 2, 6)?, prompts, &[])?;
//! // What is known of the last layer: its weights β, and that no label is there yet.
//! let past = Packed::new(2, [0.0; 3].as_slice())?;
//! let posterior = &Posterior {
//!     head: &[1.0, -0.5],
//!     prior_precision: 1.0,
//!     covariates: Covariates::NONE,
//!     jitter: 0.0,
//!     past,
//! };
//! let (executor, options) = (&Sequential::default(), &Options::default());
//! let problem = Problem { executor, pool, posterior, options };
//! let (numbers, heaps) = (Growing(vec![]), Growing(vec![]));
//! let (ranks, batch) = (Growing(vec![]), Growing(vec![]));
//! let mut selector = Selector { numbers, heaps, ranks, batch };
//! let mut rng = Stream::new(7, "select", 1);
//! let batch = selector.select(Strategy::Dopt, &problem, 2, &mut rng)?;
//! for picked in batch.pairs {
//!     println!("{:?}: {}", pool.pairs().items_of_pair(picked.pair), picked.score);
//! }
//! # assert_eq!(batch.pairs.iter().map(|picked| picked.pair).collect::<Vec<_>>(), [0, 5]);
//! # Ok::<(), pairpick_core::Error>(())
//! ```
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
//! | [`mutual_information`] | a batch | what its answers are expected to tell |
//! | [`certificate`] | a batch | how far it is from the best there could be |
//! | [`metric`] | rewards | Spearman, best-of-N, accuracy |
//! | [`device`] | a pool's image, a log of answers | the loop of all this, offline |
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
//! | [`memory`] | where a computation finds room to work |
//! | [`rng`] | named streams of random numbers |
//! | `heap` | what rankings stand on |
//! | `sort` | and what puts them in order |
//! | [`digest`] | fingerprints of results |
//! | [`error`](mod@error) | everything that can go wrong |
//!
//! No two modules import from each other, however long the way round.
//!
//! # What cannot happen
//!
//! Kernels borrow memory and allocate none: beside each stands a `const` `…_len` function that sizes
//! its workspace. Invalid input gives an [`Error`]; no input gives a panic. Who owns memory takes it
//! from an array, of a capacity in its type, or from a slice, with one body for both: a
//! [`Selector`](select::Selector), which on a device is an
//! [`ArraySelector`](select::ArraySelector) that fits its work or does not build, and every matrix of
//! symmetric type:
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
//! A device lends the kernels what it owns, such as the labels in a `heapless::Vec`:
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
#![cfg_attr(docsrs, feature(doc_cfg))]
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
pub mod device;
pub mod digest;
pub mod error;
pub mod fisher;
pub mod head;
mod heap;
pub mod kernel;
pub mod linalg;
pub mod memory;
pub mod metric;
pub mod mutual_information;
pub mod parallel;
pub mod pool;
pub mod profile;
pub mod rng;
pub mod scenario;
pub mod score;
pub mod select;
mod sort;
pub mod topk;
pub mod trunk;
pub mod whiten;

pub use error::Error;
