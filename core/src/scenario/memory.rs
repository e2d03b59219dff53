//! The memory of a replay: borrowed, or owned by a device in arrays.

use super::Size;
use crate::arith::Real;
use crate::pool::{Comparison, ItemPair};
use crate::topk::Scored;

/// Lengths of the parts of a [`Memory`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// Numbers of the replay's type.
    pub numbers: usize,
    /// Numbers in f32: embeddings and features.
    pub singles: usize,
    /// Numbers in f64: golden rewards, standardisation, metrics.
    pub doubles: usize,
    /// First items, and first pairs: one more than the prompts.
    pub prompts: usize,
    /// Places: in a ranking of a prompt's replies, of labels and items in a minibatch.
    pub places: usize,
    /// Listed pairs.
    pub listed: usize,
    /// Labels, and the listed pairs' beside them.
    pub labels: usize,
    /// Pairs that have a label.
    pub asked: usize,
    /// Pairs of a batch.
    pub batch: usize,
    /// Whole numbers that a selection works in.
    pub ranks: usize,
    /// Candidates for the batch.
    pub heaps: usize,
}

/// What a replay works in; [`Size::lengths`] sizes it.
#[derive(Debug)]
pub struct Memory<'a, T> {
    /// [`Lengths::numbers`] of them.
    pub numbers: &'a mut [T],
    /// [`Lengths::singles`] of them.
    pub singles: &'a mut [f32],
    /// [`Lengths::doubles`] of them.
    pub doubles: &'a mut [f64],
    /// [`Lengths::prompts`] of them.
    pub starts: &'a mut [u32],
    /// [`Lengths::prompts`] of them.
    pub first_pairs: &'a mut [u64],
    /// [`Lengths::places`] of them.
    pub places: &'a mut [u32],
    /// [`Lengths::listed`] of them.
    pub listed: &'a mut [ItemPair],
    /// [`Lengths::labels`] of them.
    pub labels: &'a mut [Comparison<T>],
    /// [`Lengths::asked`] of them.
    pub asked: &'a mut [ItemPair],
    /// [`Lengths::asked`] of them.
    pub labelled: &'a mut [u64],
    /// [`Lengths::batch`] of them.
    pub batch: &'a mut [Scored<T>],
    /// [`Lengths::ranks`] of them.
    pub ranks: &'a mut [u64],
    /// [`Lengths::heaps`] of them.
    pub heaps: &'a mut [Scored<T>],
}

/// What [`Size::DEVICE`] needs on one thread.
#[allow(clippy::panic, reason = "when this crate is built")]
const DEVICE: Lengths = match Size::DEVICE.lengths(1) {
    Ok(lengths) => lengths,
    Err(_) => panic!("the network of a device is too large"),
};

/// The memory of [`Size::DEVICE`] on one thread, owned: 189,928 bytes in f32, 339,568 in f64.
#[derive(Clone, Debug)]
pub struct DeviceMemory<T> {
    numbers: [T; DEVICE.numbers],
    singles: [f32; DEVICE.singles],
    doubles: [f64; DEVICE.doubles],
    starts: [u32; DEVICE.prompts],
    first_pairs: [u64; DEVICE.prompts],
    places: [u32; DEVICE.places],
    listed: [ItemPair; DEVICE.listed],
    labels: [Comparison<T>; DEVICE.labels],
    asked: [ItemPair; DEVICE.asked],
    labelled: [u64; DEVICE.asked],
    batch: [Scored<T>; DEVICE.batch],
    ranks: [u64; DEVICE.ranks],
    heaps: [Scored<T>; DEVICE.heaps],
}

impl<T: Real> DeviceMemory<T> {
    /// Zeros, so that a static of it takes no place in flash.
    pub const ZERO: Self = Self {
        numbers: [T::ZERO; _],
        singles: [0.0; _],
        doubles: [0.0; _],
        starts: [0; _],
        first_pairs: [0; _],
        places: [0; _],
        listed: [ItemPair { a: 0, b: 0 }; _],
        labels: [Comparison { a: 0, b: 0, label: T::ZERO, count: T::ONE }; _],
        asked: [ItemPair { a: 0, b: 0 }; _],
        labelled: [0; _],
        batch: [Scored { score: T::ZERO, pair: 0 }; _],
        ranks: [0; _],
        heaps: [Scored { score: T::ZERO, pair: 0 }; _],
    };

    /// The same, lent to a replay.
    pub fn borrow(&mut self) -> Memory<'_, T> {
        Memory {
            numbers: &mut self.numbers,
            singles: &mut self.singles,
            doubles: &mut self.doubles,
            starts: &mut self.starts,
            first_pairs: &mut self.first_pairs,
            places: &mut self.places,
            listed: &mut self.listed,
            labels: &mut self.labels,
            asked: &mut self.asked,
            labelled: &mut self.labelled,
            batch: &mut self.batch,
            ranks: &mut self.ranks,
            heaps: &mut self.heaps,
        }
    }

    /// How much that is.
    #[must_use]
    pub const fn lengths() -> Lengths {
        DEVICE
    }
}
