//! The scenario in f32, the profile Exact.

#![no_std]
#![no_main]

#[path = "../replay.rs"]
mod replay;

#[cfg(target_arch = "arm")]
use cortex_m_rt::entry;
use pairpick_core::parallel::Sequential;
#[cfg(target_arch = "riscv32")]
use riscv_rt::entry;

use replay::Place;

static PLACE: Place<f32> = Place::ZERO;

#[entry]
fn main() -> ! {
    PLACE.run(&Sequential::default())
}
