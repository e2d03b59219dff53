//! The selection in f32, the profile Exact.

#![no_std]
#![no_main]

#[path = "../selection.rs"]
mod selection;

use cortex_m_rt::entry;
use pairpick_core::parallel::Sequential;

use selection::Place;

static PLACE: Place<f32> = Place::ZERO;

#[entry]
fn main() -> ! {
    PLACE.run(&Sequential::default())
}
