//! What rounds of many sizes take: memory that they work in, the deepest stack, instructions. The
//! shapes are known only when it runs, as those of an image are, so that every size runs the same
//! code. `tests/platforms/device` runs it, and has it count all sizes or those of the budgets alone.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use firmware::shared::Shared;
use firmware::{counter, stack};
use pairpick_core::Error;
use pairpick_core::columns::Columns;
use pairpick_core::fisher::{Weighting, add_pairs};
use pairpick_core::head::{newton, rewards};
use pairpick_core::linalg::{Packed, packed_len};
use pairpick_core::memory::Memory;
use pairpick_core::parallel::Sequential;
use pairpick_core::pool::{Comparison, Pool, Prompts};
use pairpick_core::rng::Stream;
use pairpick_core::select::{Options, Posterior, Problem, Selector, Sizes, Strategy, WorkspaceLen};
use pairpick_core::topk::Scored;
use pairpick_core::trunk::train::{self, Data, Resources, Settings};
use pairpick_core::trunk::{Activation, Mlp, init};
use semihosting::{println, process};

const REPLIES: u32 = 10;
const BATCH: usize = 10;
const ANSWERS: usize = 100;
const MOST_ORDER: usize = 64;
const MOST_ITEMS: usize = 1000;
const MOST_PROMPTS: usize = MOST_ITEMS / REPLIES as usize;

/// Room for the largest of the sizes, of which each takes what it needs.
struct Room {
    /// What would lie in flash.
    features: [f32; MOST_ORDER * MOST_ITEMS],
    starts: [u32; MOST_PROMPTS + 1],
    first_pairs: [u64; MOST_PROMPTS + 1],
    head: [f32; MOST_ORDER],
    /// V, and the past.
    target: [f32; packed_len(MOST_ORDER)],
    past: [f32; packed_len(MOST_ORDER)],
    answers: heapless::Vec<Comparison<f32>, ANSWERS>,
    numbers: [f32; 1 << 19],
    heaps: [Scored<f32>; 1 << 10],
    ranks: [u64; 1 << 14],
    batch: [Scored<f32>; BATCH],
}

const NOTHING: Scored<f32> = Scored { score: 0.0, pair: 0 };

static ROOM: Shared<Room> = Shared::new(Room {
    features: [0.0; _],
    starts: [0; _],
    first_pairs: [0; _],
    head: [0.0; _],
    target: [0.0; _],
    past: [0.0; _],
    answers: heapless::Vec::new(),
    numbers: [0.0; _],
    heaps: [NOTHING; _],
    ranks: [0; _],
    batch: [NOTHING; _],
});
