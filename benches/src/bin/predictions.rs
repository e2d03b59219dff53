//! Are the predictions of `pairpick cost` right? Every stage of shapes that are not calibrated on:
//! predicted, then measured.
//!
//!     cargo run --release --package pairpick-benches --bin predictions
//!
//! Ends with 1 where a prediction is more than twice or less than half of what is measured. A
//! machine that does other things at the time does not predict well.

use std::error::Error;
use std::process::ExitCode;

use pairpick::cost::{Calibration, Machine, PoolShape, Shape, costs, measure};
use pairpick_benches::sample::milliseconds;
use pairpick_benches::work::threads;

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

/// Calibration sees 500 or 768 items, embeddings of 32 and 512 numbers, and 64 labels.
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

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut off = 0;
    let mut farthest: f64 = 1.0;
    let mut stages = 0;
    for count in [1, 2] {
        let (one, threads) = (threads(1), threads(count));
        // Two threads share what one does: the first shape of each kind will show.
        let step = if count == 1 { 1 } else { 5 };
        for shape in SHAPES.iter().step_by(step) {
            println!("{}, {count} threads", named(shape));
            let machine = Machine::Calibrated(Calibration::run(&one, shape)?);
            let measured = measure(&threads, shape, 100, REPEATS)?;
            for (cost, seconds) in costs(shape, &machine, count).iter().zip(measured) {
                let ratio = cost.seconds / seconds;
                let distance = if ratio < 1.0 { 1.0 / ratio } else { ratio };
                let told = seconds >= SHORTEST;
                if told {
                    stages += 1;
                    off += usize::from(distance > FACTOR);
                    farthest = if distance > farthest { distance } else { farthest };
                }
                println!(
                    "  {:<20}{:>12} ms predicted{:>12} ms measured{:>8.2}{}",
                    cost.work.stage.name(),
                    milliseconds(cost.seconds),
                    milliseconds(seconds),
                    ratio,
                    if told && distance > FACTOR { "  OFF" } else { "" }
                );
            }
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
