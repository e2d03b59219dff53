//! One work, for callgrind to count its instructions: `benches/instructions` calls it.
//!
//! ```text
//! counted               the works, a line each
//! counted WORK LEVEL    does it, once, within `counted_instructions`
//! ```

use std::error::Error;

use fearless_simd::Level;
use pairpick_benches::levels;
use pairpick_benches::work::{Items, Kind, Layer, Training, select};
use pairpick_core::arith::Real;
use pairpick_core::parallel::Sequential;
use pairpick_core::select::Strategy;

/// Callgrind counts what lies within a call of this function, by its name.
#[inline(never)]
fn counted_instructions(run: &mut dyn FnMut()) {
    run();
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [] => {
            works().iter().for_each(|work| println!("{work}"));
            Ok(())
        }
        [work, level] => {
            // The emulator has no AVX-512, and more than AVX2 is not counted.
            let level = levels().into_iter().find(|(name, _)| name == level);
            let (_, level) = level.ok_or("this processor has no such instruction set")?;
            run(work, level)
        }
        _ => Err("usage: counted [WORK LEVEL]".into()),
    }
}

fn works() -> Vec<String> {
    let mut works = vec!["layer".to_owned(), "training".to_owned()];
    for scalar in ["f32", "f64"] {
        for kind in Kind::ALL {
            works.push(format!("{}-dopt-{scalar}", kind.name()));
        }
    }
    let others = Strategy::ALL.into_iter().filter(|strategy| *strategy != Strategy::Dopt);
    works.extend(others.map(|strategy| format!("in-prompt-{}-f64", strategy.name())));
    works
}

fn run(work: &str, level: Level) -> Result<(), Box<dyn Error>> {
    let executor = Sequential(level);
    match work {
        "layer" => {
            let mut layer = Layer::new(256, 384, 64);
            counted_instructions(&mut || {
                layer.time(&executor);
            });
            Ok(())
        }
        "training" => {
            let mut training = Training::new(384, 64, 64, &executor);
            counted_instructions(&mut || {
                training.time(&executor);
            });
            Ok(())
        }
        selection => {
            let kind = Kind::ALL.into_iter().find(|kind| selection.starts_with(kind.name()));
            let kind = kind.ok_or("no such work")?;
            let name = selection.trim_start_matches(kind.name()).trim_start_matches('-');
            let (name, scalar) = name.rsplit_once('-').ok_or("no such work")?;
            let strategy = Strategy::from_name(name).ok_or("no such strategy")?;
            match scalar {
                "f32" => one::<f32>((strategy, kind), &executor),
                _ => one::<f64>((strategy, kind), &executor),
            }
        }
    }
}

/// Selects from 50 prompts × 10, 64 features.
fn one<T: Real>(ask: (Strategy, Kind), executor: &Sequential) -> Result<(), Box<dyn Error>> {
    let mut items = Items::new(50, 64);
    items.make_target(executor, ask.0)?;
    let mut selected = Ok(());
    counted_instructions(&mut || {
        selected = select::<T, _>(ask, &mut items, executor, 1, || {}).map(drop);
    });
    Ok(selected?)
}
