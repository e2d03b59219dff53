//! The scenario as firmware: replays it in both precisions, and in f32 in both profiles, and prints
//! the traces over semihosting, in 256 KiB of memory (`arm.x`, `riscv32.x`). With `PAIRPICK_VALUES`
//! set when it is built, it prints the values too.

#![no_std]
#![no_main]

use core::cell::UnsafeCell;
use core::mem::ManuallyDrop;

#[cfg(target_arch = "arm")]
use cortex_m_rt::entry;
use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::parallel::{Executor, Micro, Sequential};
use pairpick_core::scenario::{DeviceMemory, Header, Size, replay};
#[cfg(target_arch = "riscv32")]
use riscv_rt::entry;
use semihosting::{println, process};

/// One replay after the other works in the same place.
#[repr(C)]
union Shared {
    single: ManuallyDrop<DeviceMemory<f32>>,
    double: ManuallyDrop<DeviceMemory<f64>>,
}

struct Place(UnsafeCell<Shared>);

// SAFETY: there is one thread, and no interrupt touches it.
unsafe impl Sync for Place {}

static MEMORY: Place =
    Place(UnsafeCell::new(Shared { double: ManuallyDrop::new(DeviceMemory::ZERO) }));

#[entry]
fn main() -> ! {
    // SAFETY: the only place that takes it, once; any bits are numbers of either type.
    let memory = unsafe { &mut *MEMORY.0.get() };
    // SAFETY: as above.
    let single = unsafe { &mut memory.single };
    let executor = Sequential::default();
    let mut done = told(&executor, single).and_then(|()| told(&Micro(&executor), single));
    // Unoptimised, f64 in software takes a quarter of an hour, and tells nothing that the
    // unoptimised builds of other platforms do not.
    if !cfg!(debug_assertions) {
        // SAFETY: as above; the borrow of the other has ended.
        done = done.and_then(|()| told(&executor, unsafe { &mut memory.double }));
    }
    match done {
        Ok(()) => process::exit(0),
        Err(error) => {
            println!("refused: {error}");
            process::exit(1)
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
