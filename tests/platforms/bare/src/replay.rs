//! The scenario as firmware: replays it and prints the trace over semihosting. Each precision and
//! profile has an image of its own, since all code of one fits a microcontroller's flash with room
//! to spare, and of the three together only with some compilers. With `PAIRPICK_VALUES` set when it
//! is built, it prints the values too.

use core::cell::UnsafeCell;

use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::parallel::Executor;
use pairpick_core::scenario::{DeviceMemory, Header, Size, replay};
use semihosting::{println, process};

/// A replay's memory in a static.
pub struct Place<T>(UnsafeCell<DeviceMemory<T>>);

// SAFETY: there is one thread, and no interrupt touches it.
unsafe impl<T> Sync for Place<T> {}

impl<T: Real> Place<T> {
    /// Zeros.
    #[allow(clippy::declare_interior_mutable_const, reason = "what a static begins with")]
    pub const ZERO: Self = Self(UnsafeCell::new(DeviceMemory::ZERO));

    /// Replays and ends the program.
    pub fn run<E: Executor>(&'static self, executor: &E) -> ! {
        // SAFETY: the only place that takes it, and it does not return.
        match told(executor, unsafe { &mut *self.0.get() }) {
            Ok(()) => process::exit(0),
            Err(error) => {
                println!("refused: {error}");
                process::exit(1)
            }
        }
    }
}

fn told<T: Real, E: Executor>(executor: &E, memory: &mut DeviceMemory<T>) -> Result<(), Error> {
    let size = Size::DEVICE;
    println!("{}", Header::new::<T>(E::PROFILE, &size));
    replay(executor, &size, memory.borrow(), &mut |entry| {
        if option_env!("PAIRPICK_VALUES").is_some() {
            println!("{entry:#}");
        } else {
            println!("{entry}");
        }
    })
}
