//! The hot loops over matrices and panels: one body each, for every scalar type, size and
//! instruction set.
//!
//! A kernel works on borrowed slices whose shapes its caller has checked, walks them with
//! `chunks_exact`, `zip` and checked splits, and never indexes. Its file opens with its order of
//! summation, which is part of the numeric contract, and with why it is fast.

pub mod axpy;
pub(crate) mod dot;
pub mod gemm;
pub mod panel;
pub mod rank_one;
pub mod reach;
mod transpose;
