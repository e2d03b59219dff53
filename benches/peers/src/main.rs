//! D-optimal selection of 500 from 22,500 in-prompt pairs as a user of a linear-algebra library
//! would write it: the matrix of weighted differences, a row a pair, its Gram matrix, one Cholesky
//! factor and one triangular solve.
//!
//!     peers LIBRARY FOLDER
//!
//! FOLDER holds `features.f32` and `head.f32`, little-endian. Speaks as `python/worker.py` does.

mod by_faer;
mod by_nalgebra;

use std::hint::black_box;
use std::io::{Write, stdin, stdout};
use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs};

const REPLIES: usize = 10;
const ORDER: usize = 64;
const BATCH: usize = 500;

/// The least calls of a turn, one after another, and how long it lasts at least.
const CALLS: usize = 3;
const TURN: Duration = Duration::from_millis(100);

/// What is selected from: an item's features, item after item, and the last layer.
struct Inputs<T> {
    features: Vec<T>,
    head: Vec<T>,
}

impl Inputs<f32> {
    fn read(folder: &Path) -> Self {
        let numbers = |name: &str| -> Vec<f32> {
            let bytes = fs::read(folder.join(name)).expect("a file of numbers");
            bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
        };
        Self { features: numbers("features.f32"), head: numbers("head.f32") }
    }

    fn widened(&self) -> Inputs<f64> {
        let widened = |values: &[f32]| values.iter().copied().map(f64::from).collect();
        Inputs { features: widened(&self.features), head: widened(&self.head) }
    }
}

/// The in-prompt pairs, as two items each.
fn pairs(items: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..items).step_by(REPLIES).flat_map(|first| {
        (0..REPLIES).flat_map(move |a| (a + 1..REPLIES).map(move |b| (first + a, first + b)))
    })
}

/// The places of the largest scores, best first.
fn best<T: PartialOrd + Copy>(scores: &[T]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..scores.len()).collect();
    let order = |a: &usize, b: &usize| {
        scores[*b].partial_cmp(&scores[*a]).expect("finite scores").then(a.cmp(b))
    };
    places.select_nth_unstable_by(BATCH, order);
    places.truncate(BATCH);
    places.sort_unstable_by(order);
    places
}

/// Seconds of the fastest call of a turn.
fn fastest(select: &impl Fn() -> Vec<usize>) -> f64 {
    let (began, mut seconds) = (Instant::now(), Vec::new());
    while seconds.len() < CALLS || began.elapsed() < TURN {
        let began = Instant::now();
        black_box(select());
        seconds.push(began.elapsed().as_secs_f64());
    }
    seconds.into_iter().min_by(f64::total_cmp).expect("at least one call")
}

fn words(picked: &[usize]) -> String {
    let numbers: Vec<String> = picked.iter().map(usize::to_string).collect();
    numbers.join(" ")
}

fn serve(name: &str, f32: impl Fn() -> Vec<usize>, f64: impl Fn() -> Vec<usize>) {
    println!("{name}");
    for line in stdin().lines().map_while(Result::ok) {
        match line.as_str() {
            "time in-prompt f32" => println!("{} 0", fastest(&f32)),
            "time in-prompt f64" => println!("{} 0", fastest(&f64)),
            "answer in-prompt f32" => println!("{}", words(&f32())),
            "answer in-prompt f64" => println!("{}", words(&f64())),
            _ => println!(),
        }
        stdout().flush().expect("a reader");
    }
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let [_, library, folder] = &arguments[..] else {
        panic!("usage: peers LIBRARY FOLDER");
    };
    let single = Inputs::read(Path::new(folder));
    let double = single.widened();
    match library.as_str() {
        "faer" => {
            serve("faer 0.24.4", || by_faer::select(&single), || by_faer::select(&double));
        }
        "nalgebra" => serve(
            "nalgebra 0.35.0",
            || by_nalgebra::select(&single),
            || by_nalgebra::select(&double),
        ),
        other => panic!("{other}: faer or nalgebra is expected"),
    }
}
