//! pairpick-core
#![no_std]
pub mod arith;
pub mod digest;
pub mod error;
pub mod fisher;
mod heap;
pub mod kernel;
pub mod linalg;
pub mod metric;
pub mod model;
pub mod parallel;
pub mod pool;
pub mod rng;
pub mod score;
pub mod select;
pub mod topk;

pub use error::Error;
