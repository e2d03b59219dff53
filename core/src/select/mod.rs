//! Strategies: which pairs of a pool to ask about. One file a strategy, all of one shape:
//! `(problem, workspace, rng) → batch`, the problem being a pool and a posterior.
//!
//! Three matrices must not be confused. P = λI + Σ over the labelled pairs is the posterior
//! precision of the last layer. M adds the whole pool to a start, which is λI ([`dopt`],
//! [`design`]) or P ([`pa_dopt`], [`a_opt`], [`v_opt`]); it only serves the gradient at selection
//! weight 1. What picks pair by pair ([`greedy_dopt`], [`exchange`], [`greedy_a_opt`],
//! [`greedy_v_opt`], [`robust_v_opt`]) never adds the pool: its M_t is P and the pairs picked before.

pub mod a_opt;
mod averaged;
pub mod bald;
pub mod batchbald;
pub mod coreset;
pub mod design;
pub mod dopt;
pub mod entropy;
pub mod exchange;
pub mod greedy_a_opt;
pub mod greedy_dopt;
pub mod greedy_v_opt;
mod information;
mod leverage;
pub mod maxdiff;
mod mixed;
mod options;
pub mod pa_dopt;
mod posterior;
mod problem;
pub mod random;
pub mod robust_v_opt;
mod sequential;
mod strategy;
mod trace;
pub mod v_opt;

pub use self::coreset::MAX_CLUSTERS;
pub use self::information::{MAX_CONFIGURATIONS, MAX_SAMPLES};
pub use self::options::{Options, Weights};
pub use self::problem::{
    Information, Posterior, Problem, Selection, Sizes, Workspace, WorkspaceLen,
};
pub use self::strategy::{Facts, Strategy};
