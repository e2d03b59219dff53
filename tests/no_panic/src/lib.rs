//! One exported function, a probe, for each public entry point of pairpick-core, with arguments of
//! which the compiler knows nothing: neither a length, nor that two lengths agree, nor that a value
//! came from its checked constructor. `run` links each probe by itself and fails if a panicking
//! function is left in it. The image is looked at, never run.
//!
//! A probe's symbol is `probe::`, the scalar type where there is one, and the entry point's path:
//! `probe::f32::linalg::packed::Packed::new`. `run` compares these paths with the `pub fn`s in the
//! sources, so a new entry point without a probe fails. Paths under `also::` have no `pub fn` of
//! their own: trait implementations, and calls as a device makes them.

#![no_std]

/// Exports a function for each `path => expression`, or two, for f32 and f64, for each
/// `path[T] => expression`.
macro_rules! probes {
    () => {};
    ($path:path [$t:ident] => $body:expr; $($rest:tt)*) => {
        probes!(@one $t, f32, concat!("probe::f32::", stringify!($path)), $body);
        probes!(@one $t, f64, concat!("probe::f64::", stringify!($path)), $body);
        probes! { $($rest)* }
    };
    ($path:path => $body:expr; $($rest:tt)*) => {
        probes!(@one Unused, (), concat!("probe::", stringify!($path)), $body);
        probes! { $($rest)* }
    };
    (@one $t:ident, $scalar:ty, $symbol:expr, $body:expr) => {
        const _: () = {
            #[allow(dead_code, reason = "named by the probes that come in two types")]
            type $t = $scalar;
            #[unsafe(export_name = $symbol)]
            extern "C" fn probe() {
                crate::give($body);
            }
        };
    };
}

mod also;
mod arith;
mod certificate;
mod columns;
mod device;
mod digest;
mod fisher;
mod head;
mod kernel;
mod linalg;
mod memory;
mod metric;
mod mutual_information;
mod parallel;
mod planted;
mod pool;
mod profile;
mod rng;
mod scenario;
mod score;
mod select;
mod topk;
mod trunk;
mod whiten;

use core::hint::black_box;
use core::panic::PanicInfo;

use pairpick_core::arith::Level;
use pairpick_core::parallel::Executor;

/// A value that could be any of its type: for a slice of any length, for an enum any variant, for a
/// matrix any memory and any order.
#[inline(always)]
fn any<T>() -> T {
    // SAFETY: none is claimed; this stands for a value that a caller passes in, and is never run.
    unsafe { black_box(core::ptr::dangling::<T>()).read_volatile() }
}

/// Makes the compiler compute a result.
#[inline(always)]
fn give<T>(value: T) {
    black_box(value);
}

/// Any instruction set and any number of threads.
struct Any;

impl Executor for Any {
    fn level(&self) -> Level {
        any()
    }

    fn threads(&self) -> usize {
        any()
    }

    fn join<A: Send, B: Send>(
        &self,
        a: impl FnOnce() -> A + Send,
        b: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        (a(), b())
    }
}

unsafe extern "C" {
    /// Nowhere defined: a probe that can panic does not link.
    fn a_panic_is_reachable(info: *const ()) -> !;
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    // SAFETY: never run.
    unsafe { a_panic_is_reachable(core::ptr::from_ref(info).cast()) }
}
