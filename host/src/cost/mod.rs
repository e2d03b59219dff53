//! What a round costs before anything is run: operations, bytes and time, stage by stage.
//!
//! - [`Shape`]: how much there is to do;
//! - [`stages`]: operations and bytes of each stage, counted from the algorithms of
//!   `pairpick-core`, whose files say what they sum;
//! - [`measure()`]: how long the stages of a shape take here, by running them;
//! - [`Machine`]: this one, from a [`Calibration`], which measures small shapes; one described by
//!   its rates; or a microcontroller by its instructions an operation;
//! - [`costs`]: the stages of a shape on a machine;
//! - [`seconds_of_run`]: the rounds of a run, roughly;
//! - [`KernelShape`]: the same of kernel features and the default recipe.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

mod calibration;
mod kernel;
mod machine;
mod measure;
mod run;
mod stages;

pub use self::calibration::Calibration;
pub use self::kernel::{KernelShape, kernel_costs, kernel_stages, measure_kernel};
pub use self::machine::{Cost, Device, Machine, OtherMachine, costs};
pub use self::measure::{Clock, measure};
pub use self::run::{RunSeconds, seconds_of_run};
pub use self::stages::{PoolShape, Shape, Stage, StageKind, stages};
