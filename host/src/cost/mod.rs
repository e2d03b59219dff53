//! What a round costs before anything is run: operations, bytes and time, stage by stage.
//!
//! - [`Shape`]: how much there is to do;
//! - [`stages`]: operations and bytes of each stage, counted from the algorithms of
//!   `pairpick-core`, whose files say what they sum;
//! - [`Calibration`]: this machine, from a second of running the real kernels on small shapes;
//! - [`Machine`]: that, a machine described by its rates, or a microcontroller by its instructions
//!   an operation.

mod stages;

pub use self::stages::{PoolShape, Shape, Stage, StageKind, stages};
