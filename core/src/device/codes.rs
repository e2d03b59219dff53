//! Choices as the image stores them: a byte each, and 0 where one is left to the strategy.

use crate::pool::Distinct;
use crate::profile::Profile;
use crate::select::{Strategy, Weights};

/// The place of a choice among all there are, from 1.
pub(super) fn code_of<T: Copy + PartialEq>(all: &[T], choice: T) -> u8 {
    let place = all.iter().zip(1..).find(|(other, _)| **other == choice);
    place.map_or(0, |(_, code)| code)
}

/// The choice of this place, from 1.
pub(super) fn choice_of<T: Copy>(all: &[T], code: u8) -> Option<T> {
    all.get(usize::from(code).checked_sub(1)?).copied()
}

/// In the order of their codes.
pub(super) const PROFILES: [Profile; 2] = [Profile::Exact, Profile::Micro];

/// In the order of their codes, which is that of the format and stays, whatever that of
/// [`Strategy::ALL`] becomes.
pub(super) const STRATEGIES: [Strategy; 16] = [
    Strategy::Random,
    Strategy::Entropy,
    Strategy::MaxDiff,
    Strategy::Design,
    Strategy::Dopt,
    Strategy::PaDopt,
    Strategy::Coreset,
    Strategy::Bald,
    Strategy::BatchBald,
    Strategy::AOpt,
    Strategy::VOpt,
    Strategy::GreedyDopt,
    Strategy::Exchange,
    Strategy::GreedyAOpt,
    Strategy::GreedyVOpt,
    Strategy::RobustVOpt,
];

/// In the order of their codes.
pub(super) const WEIGHTS: [Weights; 3] = [Weights::PlugIn, Weights::Averaged, Weights::Constant];

/// The code of a cap, and its count.
pub(super) fn cap_code(distinct: Option<Distinct>) -> (u8, u32) {
    match distinct {
        None => (0, 0),
        Some(Distinct::Unlimited) => (1, 0),
        Some(Distinct::PerItem(count)) => (2, count),
        Some(Distinct::PerPrompt(count)) => (3, count),
        Some(Distinct::Even(count)) => (4, count),
    }
}

/// The cap of a code and a count; nothing where there is no such code.
pub(super) fn cap_of(code: u8, count: u32) -> Option<Option<Distinct>> {
    match code {
        0 => Some(None),
        1 => Some(Some(Distinct::Unlimited)),
        2 => Some(Some(Distinct::PerItem(count))),
        3 => Some(Some(Distinct::PerPrompt(count))),
        4 => Some(Some(Distinct::Even(count))),
        _ => None,
    }
}
