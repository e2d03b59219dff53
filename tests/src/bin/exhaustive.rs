//! Every elementary function of the core at every one of the 2³² numbers of `f32`: the largest
//! error, where it is, and whether it keeps the promise in `bounds.rs`.
//!
//! ```text
//! cargo run --release -p pairpick-tests --bin exhaustive [function …]
//! ```
//!
//! The truth is the core's own function in `f64`, which `tests/arith.rs` checks against a table of
//! 50-digit values: its error is 2⁻²⁹ of the units counted here, and over slices it is ten times as
//! fast as a library of scalar functions. Exit code 1 if a promise is broken.

use std::process::ExitCode;
use std::thread;

use pairpick_core::arith::lanes::Level;
use pairpick_tests::bounds::{self, Bound, Unit};
use pairpick_tests::elementary::{ALL, Elementary};
use pairpick_tests::ulp::{epsilons_f32, ulps_f32};

const THREADS: u32 = 2;
const CHUNK: u32 = 4096;

/// The largest error found, and its argument.
#[derive(Clone, Copy)]
struct Worst {
    error: f64,
    argument: f32,
}

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let level = Level::new();
    println!("{level:?}, {THREADS} threads, 2^32 arguments a function");
    let mut kept = true;
    for function in &ALL {
        if !wanted.is_empty() && !wanted.iter().any(|name| name == function.name) {
            continue;
        }
        let bounds: Vec<Bound> = bounds::of(function.name, "f32").collect();
        for (bound, worst) in bounds.iter().zip(search(level, function, &bounds)) {
            let verdict = if worst.error <= bound.limit { "" } else { "  BROKEN" };
            kept &= worst.error <= bound.limit;
            println!(
                "{:<20} {:<12} {:>8.4} {:<8} of {:>4} at {:e} (0x{:08x}){verdict}",
                function.name,
                format!("{:?}", bound.arguments),
                worst.error,
                format!("{:?}", bound.unit),
                bound.limit,
                worst.argument,
                worst.argument.to_bits(),
            );
        }
    }
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The worst case of each bound over all of `f32`, shared out to the threads.
fn search(level: Level, function: &Elementary, bounds: &[Bound]) -> Vec<Worst> {
    thread::scope(|scope| {
        let parts: Vec<_> = (0..THREADS)
            .map(|part| scope.spawn(move || search_part(level, function, bounds, part)))
            .collect();
        let mut worst = vec![Worst { error: -1.0, argument: 0.0 }; bounds.len()];
        for part in parts {
            for (all, one) in worst.iter_mut().zip(part.join().expect("a search panicked")) {
                if one.error > all.error {
                    *all = one;
                }
            }
        }
        worst
    })
}

/// The same over the chunks that are one thread's.
fn search_part(level: Level, function: &Elementary, bounds: &[Bound], part: u32) -> Vec<Worst> {
    let mut worst = vec![Worst { error: -1.0, argument: 0.0 }; bounds.len()];
    let mut arguments = [0.0_f32; CHUNK as usize];
    let mut truths = [0.0_f64; CHUNK as usize];
    for chunk in (part..=u32::MAX / CHUNK).step_by(THREADS as usize) {
        for (argument, bits) in arguments.iter_mut().zip(0..CHUNK) {
            *argument = f32::from_bits(chunk * CHUNK + bits);
        }
        let mut results = arguments;
        (function.map_f32)(level, &mut results);
        for (truth, argument) in truths.iter_mut().zip(&arguments) {
            *truth = f64::from(*argument);
        }
        (function.map_f64)(level, &mut truths);
        for ((argument, result), truth) in arguments.iter().zip(&results).zip(&truths) {
            // Most results are the truth correctly rounded, which is never the worst case.
            let rounded = *truth as f32;
            if *result == rounded || result.is_nan() && rounded.is_nan() {
                continue;
            }
            for (bound, worst) in bounds.iter().zip(&mut worst) {
                let error = match bound.unit {
                    Unit::Ulp => ulps_f32(*result, *truth),
                    Unit::Epsilon => epsilons_f32(*result, *truth),
                };
                if error > worst.error && bound.arguments.hold(f64::from(*argument)) {
                    *worst = Worst { error, argument: *argument };
                }
            }
        }
    }
    worst
}
