//! [`Runtime`]: what decides how fast a result comes, and never which.

use std::num::NonZeroUsize;

use crate::settings::named::Named;

/// Threads and instruction set.
#[derive(Clone, Copy, Debug, Default)]
pub struct Runtime {
    /// How many threads; none is one for each core.
    pub threads: Option<NonZeroUsize>,
    /// The instruction set.
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

impl Named for Isa {
    const WHAT: &'static str = "instruction set";
    const ALL: &'static [Self] = &[Self::Auto, Self::Baseline, Self::V3, Self::V4];

    fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Baseline => "baseline",
            Self::V3 => "v3",
            Self::V4 => "v4",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Auto => "the best that this processor has",
            Self::Baseline => "what every processor of its kind has",
            Self::V3 => "x86-64-v3 (AVX2)",
            Self::V4 => "x86-64-v4 (AVX-512)",
        }
    }
}
