//! The selection in f32, the profile Micro.

#![no_std]
#![no_main]

#[path = "../selection.rs"]
mod selection;

use cortex_m_rt::entry;
use pairpick_core::parallel::{Micro, Sequential};

use selection::Place;

static PLACE: Place<f32> = Place::ZERO;

#[entry]
fn main() -> ! {
    PLACE.run(&Micro(&Sequential::default()))
}
