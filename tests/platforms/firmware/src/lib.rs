//! A labelling device, on a board of ARM's MPS2 family as QEMU has it: what it is made of.
//!
//! [`label::label`] is the device's own loop, around the core's
//! [`Session`](pairpick_core::device::Session). What it stands on is the bytes of an image
//! ([`flash::image`]) and two traits, of which another board would have other implementations: the core's
//! [`Store`](pairpick_core::device::Store) for the answers, and [`Panel`](label::Panel).

#![no_std]

pub mod buttons;
#[path = "../../bare/src/counter.rs"]
pub mod counter;
pub mod flash;
pub mod host;
pub mod label;
pub mod memory;
pub mod screen;
pub mod shared;
pub mod stack;
pub mod training;

use core::panic::PanicInfo;

unsafe extern "C" {
    /// Nowhere defined: a program that can panic does not link.
    fn a_panic_is_reachable(info: *const ()) -> !;
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    // SAFETY: never run.
    unsafe { a_panic_is_reachable(core::ptr::from_ref(info).cast()) }
}
