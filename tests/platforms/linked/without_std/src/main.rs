//! The scenario in a program that links no std: prints its traces through the system's library.

#![no_std]
#![no_main]

use core::ffi::{c_int, c_void};
use core::fmt::{self, Write};
use core::panic::PanicInfo;

use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::parallel::{Executor, Micro, Sequential};
use pairpick_core::scenario::{DeviceMemory, Header, Size, replay};

unsafe extern "C" {
    fn write(file: c_int, bytes: *const c_void, count: usize) -> isize;
    fn abort() -> !;
}

/// Standard output.
struct Output;

impl Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while !rest.is_empty() {
            // SAFETY: the bytes are there, and are read before the call returns.
            let written = unsafe { write(1, rest.as_ptr().cast(), rest.len()) };
            let written = usize::try_from(written).map_err(|_| fmt::Error)?;
            rest = rest.get(written..).ok_or(fmt::Error)?;
        }
        Ok(())
    }
}

#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    let executor = Sequential::default();
    let done = told::<f32, _>(&executor)
        .and_then(|()| told::<f32, _>(&Micro(&executor)))
        .and_then(|()| told::<f64, _>(&executor));
    c_int::from(done.is_err())
}

fn told<T: Real, E: Executor>(executor: &E) -> Result<(), Error> {
    // A reader that has gone away finds a trace that ends early.
    let _ = writeln!(Output, "{}", Header::new::<T>(E::PROFILE, &Size::DEVICE));
    let mut memory = DeviceMemory::<T>::ZERO;
    replay(executor, &Size::DEVICE, memory.borrow(), &mut |entry| {
        let _ = writeln!(Output, "{entry}");
    })
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: it needs nothing and does not return.
    unsafe { abort() }
}
