//! The scenario as a WebAssembly module: `replay` prints its traces, line by line, through the
//! host's `print(address, length)`. `run.mjs` is such a host.

#![no_std]

use core::fmt::{self, Write};
use core::panic::PanicInfo;

use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::parallel::{Executor, Micro, Sequential};
use pairpick_core::scenario::{DeviceMemory, Header, Size, replay as replay_scenario};

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    fn print(address: *const u8, length: usize);
}

/// The host's standard output.
struct Host;

impl Write for Host {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: the host reads `length` bytes at `address`, which are there until it returns.
        unsafe { print(text.as_ptr(), text.len()) };
        Ok(())
    }
}

/// Replays in both precisions; whether that went well. `values` prints the values too.
#[unsafe(no_mangle)]
pub extern "C" fn replay(values: bool) -> bool {
    let executor = Sequential::default();
    let done = told::<f32, _>(&executor, values)
        .and_then(|()| told::<f32, _>(&Micro(&executor), values))
        .and_then(|()| told::<f64, _>(&executor, values));
    done.map_err(|error| writeln!(Host, "refused: {error}")).is_ok()
}

fn told<T: Real, E: Executor>(executor: &E, values: bool) -> Result<(), Error> {
    let size = Size::DEVICE;
    let mut memory = DeviceMemory::<T>::ZERO;
    let line = |arguments: fmt::Arguments<'_>| {
        // The host takes everything.
        let _ = Host.write_fmt(format_args!("{arguments}\n"));
    };
    line(format_args!("{}", Header::new::<T>(E::PROFILE, &size)));
    replay_scenario(executor, &size, memory.borrow(), &mut |entry| {
        if values {
            line(format_args!("{entry:#}"));
        } else {
            line(format_args!("{entry}"));
        }
    })
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
