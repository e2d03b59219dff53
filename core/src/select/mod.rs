//! Strategies: which pairs of a pool to ask about. One file a strategy, all of one shape:
//! `(problem, workspace, rng) → batch`, the problem being a pool and a posterior. A [`Selector`] has
//! the workspace.
#![doc = "\n"]
#![doc = include_str!("STRATEGIES.md")]

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
mod selector;
mod sequential;
mod strategy;
mod trace;
pub mod v_opt;

pub use self::coreset::MAX_CLUSTERS;
pub use self::information::{MAX_CONFIGURATIONS, MAX_SAMPLES};
pub use self::options::{Options, Weights};
pub use self::problem::{
    Growth, Information, Posterior, Problem, Selection, Sizes, Workspace, WorkspaceLen,
};
pub use self::selector::{ArraySelector, Batch, Selector, Workload};
pub use self::strategy::{Facts, Strategy};
