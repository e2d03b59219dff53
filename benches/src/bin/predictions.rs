//! Are the predictions of `pairpick cost` right? Every stage of shapes that are not calibrated on:
//! predicted, then measured.
//!
//! ```text
//! cargo run --release --package pairpick-benches --bin predictions [-- --threads N]
//! ```
//!
//! Ends with 1 where a prediction is more than twice or less than half of what is measured. By the
//! time that the processor spends on the thread, so that a busy machine tells the same; with
//! several threads, by the time that passes, which needs a machine that does nothing else.

use std::error::Error;
use std::process::ExitCode;

use pairpick::cost::{Calibration, Clock, Machine, PoolShape, Shape, costs, measure};
use pairpick_benches::sample::milliseconds;
use pairpick_benches::work::threads;
use rustix::time::{ClockId, clock_gettime};

/// How far off a prediction may be.
const FACTOR: f64 = 2.0;

/// Shorter stages are over before a clock tells much.
const SHORTEST: f64 = 20e-6;

const REPEATS: usize = 7;

const fn shape(items: u64, dimensions: u64, hidden: u64, labels: u64, pool: PoolShape) -> Shape {
    Shape { items, dimensions, hidden: [hidden; 3], pool, labels, scalar: 8 }
}

const fn within(responses: u64) -> PoolShape {
    PoolShape::InPrompt { responses }
}

const fn list(pairs: u64) -> PoolShape {
    PoolShape::Listed { pairs }
}

/// Calibration sees 25 or more prompts, 768 items or 2,000 pairs, embeddings of 32 and 512 numbers, and 64 labels.
const SHAPES: [Shape; 24] = [
    shape(5000, 384, 64, 1000, within(10)),
    shape(5000, 2048, 64, 10_000, within(10)),
    shape(1000, 768, 32, 125, within(10)),
    shape(20_000, 384, 16, 500, within(10)),
    shape(2000, 100, 128, 300, within(10)),
    shape(2000, 1024, 256, 2000, within(10)),
    shape(5700, 384, 64, 250, within(57)),
    shape(4000, 768, 64, 4000, within(2)),
    shape(4000, 256, 48, 1500, within(4)),
    shape(9600, 2048, 100, 800, within(32)),
    shape(5000, 384, 64, 700, PoolShape::CrossPrompt),
    shape(2000, 768, 32, 1000, PoolShape::CrossPrompt),
    shape(3000, 128, 16, 5000, PoolShape::CrossPrompt),
    shape(1500, 384, 128, 200, PoolShape::CrossPrompt),
    shape(2500, 64, 256, 100, PoolShape::CrossPrompt),
    shape(8000, 1024, 24, 3000, PoolShape::CrossPrompt),
    shape(5000, 384, 64, 1000, list(20_000)),
    shape(1000, 2048, 64, 2000, list(5000)),
    shape(10_000, 768, 32, 400, list(100_000)),
    shape(3000, 384, 128, 6000, list(9000)),
    shape(2000, 100, 256, 150, list(4000)),
    Shape { scalar: 4, ..shape(5000, 384, 64, 1000, within(10)) },
    Shape { scalar: 4, ..shape(4000, 768, 32, 1000, PoolShape::CrossPrompt) },
    Shape { scalar: 4, ..shape(6000, 1500, 96, 600, list(30_000)) },
];

/// Seconds that the processor has spent on this thread.
fn processor_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Seconds since the machine started.
fn passing_time() -> f64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let count = match &arguments[..] {
        [] => 1,
        [option, count] if option == "--threads" => count.parse()?,
        _ => return Err("usage: predictions [--threads N]".into()),
    };
    let clock: Clock<'_> = if count == 1 { &processor_time } else { &passing_time };
    let (one, threads) = (threads(1), threads(count));
    let (mut stages, mut off, mut farthest) = (0, 0, 1.0);
    for shape in &SHAPES {
        println!("{}", named(shape));
        let machine = Machine::Calibrated(Calibration::run(&one, shape, clock)?);
        let measured = measure(&threads, shape, 100, REPEATS, clock)?;
        for (cost, seconds) in costs(shape, &machine, count).iter().zip(measured) {
            let ratio = cost.seconds / seconds;
            let distance = if ratio < 1.0 { 1.0 / ratio } else { ratio };
            let told = seconds >= SHORTEST;
            stages += usize::from(told);
            off += usize::from(told && distance > FACTOR);
            if told && distance > farthest {
                farthest = distance;
            }
            println!(
                "  {:<20}{:>9} ms predicted{:>9} ms measured{:>8.2}{}",
                cost.work.stage.name(),
                milliseconds(cost.seconds),
                milliseconds(seconds),
                ratio,
                if told && distance > FACTOR { "  OFF" } else { "" }
            );
        }
    }
    println!("{stages} stages of {} shapes, {off} off by more than {FACTOR}×", SHAPES.len());
    println!("the farthest by {farthest:.2}×");
    Ok(ExitCode::from(u8::from(off > 0)))
}

fn named(shape: &Shape) -> String {
    let pool = match shape.pool {
        PoolShape::InPrompt { responses } => format!("{responses} a prompt"),
        PoolShape::CrossPrompt => "across prompts".to_owned(),
        PoolShape::Listed { pairs } => format!("{pairs} listed pairs"),
    };
    let Shape { items, dimensions, hidden: [hidden, ..], labels, scalar, .. } = shape;
    format!(
        "{items} items, {pool}, D = {dimensions}, H = {hidden}, {labels} labels, {} bits",
        8 * scalar
    )
}
