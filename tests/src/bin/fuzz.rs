//! A million mutated files, or as many as are asked for, through every reader; prints how many were
//! accepted and refused, and the most memory that one took. Ends with a panic that names the input
//! if a reader panics or takes too much.
//!
//! ```text
//! cargo run --release -p pairpick-tests --bin fuzz [inputs [seed]]
//! ```

use pairpick_tests::fuzz::{MEMORY_LIMIT, Reader};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

fn main() {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u64>().expect("a number"));
    let (inputs, seed) = (numbers.next().unwrap_or(1_000_000), numbers.next().unwrap_or(1));
    println!("{inputs} inputs, seed {seed}, at most {MEMORY_LIMIT} bytes each");
    let share = inputs.div_ceil(Reader::ALL.len() as u64);
    for reader in Reader::ALL {
        let counts = reader.run(seed, 0..share, &MEMORY);
        println!(
            "{:12} {:8} accepted {:8} refused, peak {} bytes",
            reader.name(),
            counts.accepted,
            counts.refused,
            counts.peak
        );
    }
}
