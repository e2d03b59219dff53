//! [`Runtime`]: what decides how fast a result comes, and never which.

use std::num::NonZeroUsize;

use crate::named::named;
#[cfg(feature = "cli")]
use crate::named::{Named as _, choice};

/// Threads and instruction set.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "cli", derive(clap::Args), command(next_help_heading = "General"))]
pub struct Runtime {
    /// Threads; one for each core if not given. Changes no result
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub threads: Option<NonZeroUsize>,

    /// Instruction set. Changes no result
    #[cfg_attr(feature = "cli", arg(long, value_parser = choice::<Isa>(),
        default_value = Isa::Auto.name()))]
    pub isa: Isa,
}

/// An instruction set of x86-64 by its level; other processors have one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isa {
    /// The best that this processor has.
    #[default]
    Auto,
    /// What every processor of its kind has.
    Baseline,
    /// x86-64-v3: AVX2.
    V3,
    /// x86-64-v4: AVX-512.
    V4,
}

named!(Isa, "instruction set",
    Auto = "auto": "the best that this processor has",
    Baseline = "baseline": "what every processor of its kind has",
    V3 = "v3": "x86-64-v3 (AVX2)",
    V4 = "v4": "x86-64-v4 (AVX-512)",
);
