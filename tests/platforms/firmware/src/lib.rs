//! What the programs share.

#![no_std]

#[path = "../../bare/src/counter.rs"]
pub mod counter;
pub mod shared;
pub mod stack;

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
