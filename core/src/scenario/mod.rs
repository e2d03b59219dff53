//! The one reproducible run that every platform replays: the whole loop from embeddings to a trained
//! model and back, over data that reaches the corners, recorded stage by stage.
//!
//! [`replay`] is generic over the scalar and works on borrowed memory, so one definition serves a
//! microcontroller ([`Size::DEVICE`] in [`DeviceMemory`]), a browser and a server ([`Size::HOST`]
//! crosses every block, lane tail and share of a thread). Two machines that agree on every digest of
//! its recording agree on every bit of the run.
//!
//! For each order of the features, two rounds of: initial parameters → features → rewards → Fisher
//! information of every pool in every canonical form → Cholesky factor, log-determinant → whitening →
//! the factor updated and downdated → the batch of every strategy from every pool → what the one to
//! answer tells, and its certificate → labels → gradient, training by Adam on all labels and on
//! minibatches → the last layer by Newton's method → metrics; and all of this learning once more from
//! labels that count more or less than once. Before them, once, what such data does
//! not reach: extreme arguments, ties, matrices next to a singular one, refusals; and the kernel
//! features of the embeddings, which no label changes.
//!
//! ```
//! use pairpick_core::parallel::Sequential;
//! use pairpick_core::scenario::{DeviceMemory, Size, replay};
//!
//! let mut memory = DeviceMemory::<f32>::ZERO;
//! let mut stages = 0;
//! replay(&Sequential::default(), &Size::DEVICE, memory.borrow(), &mut |entry| {
//!     stages += 1;
//!     println!("{entry}");
//! })?;
//! assert!(stages > 100);
//! # Ok::<(), pairpick_core::Error>(())
//! ```

mod data;
mod edges;
mod kernel_features;
mod learn;
mod many;
mod memory;
mod pools;
mod recorder;
mod round;
mod size;

pub use memory::{DeviceMemory, Lengths, Memory};
pub use recorder::{CONTRACT, Entry, Header, Kind, Values};
pub use size::Size;

use self::recorder::Recorder;
use self::round::{Loop, Numbers};
use crate::arith::{Real, self_test};
use crate::error::Error;
use crate::parallel::{Executor, split_at};

/// Rounds of the loop.
const ROUNDS: usize = 2;

/// Replays the scenario and shows every stage to `observe`.
///
/// # Errors
/// [`Error::FloatEnvironment`] where the machine does not compute as IEEE-754 says;
/// [`Error::Workspace`] and [`Error::Shape`] where the memory is not that of [`Size::lengths`];
/// [`Error::NonFinite`] where a stage gives a NaN. Nothing else but a defect gives an error.
pub fn replay<T: Real, E: Executor>(
    executor: &E,
    size: &Size,
    memory: Memory<'_, T>,
    observe: &mut dyn FnMut(&Entry<'_>),
) -> Result<(), Error> {
    self_test()?;
    let mut recorder = Recorder::new(observe);
    edges::replay::<T, E>(executor, &mut recorder)?;
    data::streamed_deviations(&mut recorder)?;
    let (numbers, singles, heaps) =
        (&mut *memory.numbers, &mut *memory.singles, &mut *memory.heaps);
    many::replay(executor, size, numbers, singles, heaps, &mut recorder)?;

    let (embeddings, singles) = split_at(memory.singles, size.inputs.saturating_mul(size.items));
    let (golden, doubles) = split_at(memory.doubles, size.items);
    let prompts = data::prompts(size, memory.starts, memory.first_pairs)?;
    data::draw(size, prompts, embeddings);
    recorder.numbers("embeddings", 0, embeddings)?;
    data::standardise(size, embeddings, singles, doubles, &mut recorder)?;
    data::golden(golden);
    recorder.numbers("golden", 0, golden)?;
    data::list(size, memory.listed);
    let (features, _) = split_at(singles, size.landmarks.saturating_mul(size.trained));
    let (mean, _) = split_at(doubles, size.landmarks);
    let (places, _) = split_at(memory.ranks, size.landmarks);
    let kernel = kernel_features::Data { prompts, embeddings, features, mean, places };
    kernel_features::replay(executor, size, kernel, memory.numbers, &mut recorder)?;

    let mut whole = Loop {
        executor,
        size,
        prompts,
        golden,
        listed: memory.listed,
        labels: memory.labels,
        asked: memory.asked,
        labelled: memory.labelled,
        batch: memory.batch,
        ranks: memory.ranks,
        heaps: memory.heaps,
        doubles,
        places: memory.places,
        recorder,
    };
    for order in size.orders {
        let mut numbers = Numbers::new(size, *order, embeddings, memory.numbers, singles)?;
        for round in 1..=ROUNDS {
            whole.round(round, &mut numbers)?;
        }
    }
    Ok(())
}
