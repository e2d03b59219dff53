//! 64 landmarks on a microcontroller: the digest, if it is that of every platform.

#![no_std]
#![no_main]

#[path = "../landmarks.rs"]
mod landmarks;

use core::cell::UnsafeCell;

#[cfg(target_arch = "arm")]
use cortex_m_rt::entry;
use pairpick_core::parallel::Sequential;
#[cfg(target_arch = "riscv32")]
use riscv_rt::entry;
use semihosting::{println, process};

use landmarks::{DIGEST, Memory};

/// A [`Memory`] in a static.
struct Place(UnsafeCell<Memory>);

// SAFETY: there is one thread, and no interrupt touches it.
unsafe impl Sync for Place {}

static PLACE: Place = Place(UnsafeCell::new(Memory::ZERO));

#[entry]
fn main() -> ! {
    // SAFETY: the only place that takes it, and it does not return.
    let memory = unsafe { &mut *PLACE.0.get() };
    match memory.run(&Sequential::default()) {
        Ok(DIGEST) => println!("64 landmarks in {} bytes: {DIGEST:#018x}", size_of::<Memory>()),
        Ok(digest) => {
            println!("expected {DIGEST:#018x}, found {digest:#018x}");
            process::exit(1)
        }
        Err(error) => {
            println!("refused: {error}");
            process::exit(1)
        }
    }
    process::exit(0)
}
