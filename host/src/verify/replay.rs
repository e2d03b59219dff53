//! A replay on this machine's threads.

use pairpick_core::arith::Real;
use pairpick_core::parallel::Executor;
use pairpick_core::pool::{Comparison, ItemPair};
use pairpick_core::profile::Profile;
use pairpick_core::scenario::{self, Memory, Size};
use pairpick_core::topk::Scored;

use super::trace::{Key, Section, Stage};
use crate::error::{Error, Result};
use crate::named::Named;

/// The type of the numbers of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// 32 bits.
    F32,
    /// 64 bits.
    F64,
}

impl Named for Scalar {
    const WHAT: &'static str = "scalar";
    const ALL: &'static [Self] = &[Self::F32, Self::F64];

    fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::F32 => "numbers of 32 bits",
            Self::F64 => "numbers of 64 bits",
        }
    }
}

impl Named for Profile {
    const WHAT: &'static str = "profile";
    const ALL: &'static [Self] = &[Self::Exact, Self::Micro];

    fn name(self) -> &'static str {
        Self::name(self)
    }

    fn about(self) -> &'static str {
        match self {
            Self::Exact => "the functions of the core, to the last places",
            Self::Micro => "those of micromath, for small devices: f32 alone",
        }
    }
}

/// The amount of data of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScenarioSize {
    /// What a microcontroller can do.
    Device,
    /// Every block, lane tail and share of a thread.
    Host,
}

impl Named for ScenarioSize {
    const WHAT: &'static str = "size";
    const ALL: &'static [Self] = &[Self::Device, Self::Host];

    fn name(self) -> &'static str {
        self.size().name()
    }

    fn about(self) -> &'static str {
        match self {
            Self::Device => "what a microcontroller can do: features of order 8, 16 and 32",
            Self::Host => "5,003 items of 384 numbers, features of order 64 and 61",
        }
    }
}

impl ScenarioSize {
    const fn size(self) -> Size {
        match self {
            Self::Device => Size::DEVICE,
            Self::Host => Size::HOST,
        }
    }
}

/// Replays the scenario; `with_values` keeps the values beside the digests.
///
/// # Errors
/// [`Error::Core`] where the floating-point unit does not follow IEEE-754.
pub fn replay<E: Executor>(
    executor: &E,
    scalar: Scalar,
    size: ScenarioSize,
    with_values: bool,
) -> Result<Section> {
    match scalar {
        Scalar::F32 => replay_in::<f32, E>(executor, size, with_values),
        Scalar::F64 => replay_in::<f64, E>(executor, size, with_values),
    }
}

fn replay_in<T: Real, E: Executor>(
    executor: &E,
    size: ScenarioSize,
    with_values: bool,
) -> Result<Section> {
    let size = size.size();
    let key = Key {
        profile: E::PROFILE.name().to_owned(),
        scalar: T::NAME.to_owned(),
        size: size.name().to_owned(),
    };
    let context = || Error::core(format!("replaying {key}"));
    let len = size.lengths(executor.threads()).map_err(context())?;
    let memory = Memory {
        numbers: &mut vec![T::ZERO; len.numbers],
        singles: &mut vec![0.0; len.singles],
        doubles: &mut vec![0.0; len.doubles],
        starts: &mut vec![0; len.prompts],
        first_pairs: &mut vec![0; len.prompts],
        places: &mut vec![0; len.places],
        listed: &mut vec![ItemPair::default(); len.listed],
        labels: &mut vec![Comparison { a: 0, b: 0, label: T::ZERO, count: T::ONE }; len.labels],
        asked: &mut vec![ItemPair::default(); len.asked],
        labelled: &mut vec![0; len.asked],
        batch: &mut vec![Scored::default(); len.batch],
        ranks: &mut vec![0; len.ranks],
        heaps: &mut vec![Scored::default(); len.heaps],
    };
    let mut stages = Vec::new();
    scenario::replay(executor, &size, memory, &mut |entry| {
        stages.push(Stage::of(entry, with_values));
    })
    .map_err(context())?;
    Ok(Section { key, stages })
}
