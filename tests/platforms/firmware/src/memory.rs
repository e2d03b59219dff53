//! [`Memory`]: a session's memory in arrays and vectors of fixed capacity.

use heapless::Vec;
use pairpick_core::device::{SessionLen, SessionMemory};
use pairpick_core::pool::Comparison;
use pairpick_core::topk::Scored;

const NOTHING: Scored<f32> = Scored { score: 0.0, pair: 0 };
const NOBODY: Comparison<f32> = Comparison { a: 0, b: 0, label: 0.0, count: 1.0 };

/// A session's memory, in capacities.
pub struct Memory<
    const NUMBERS: usize,
    const HEAPS: usize,
    const RANKS: usize,
    const BATCH: usize,
    const STARTS: usize,
    const ANSWERS: usize,
> {
    numbers: Vec<f32, NUMBERS>,
    heaps: Vec<Scored<f32>, HEAPS>,
    ranks: Vec<u64, RANKS>,
    batch: Vec<Scored<f32>, BATCH>,
    starts: Vec<u32, STARTS>,
    answers: Vec<Comparison<f32>, ANSWERS>,
}

impl<
    const NUMBERS: usize,
    const HEAPS: usize,
    const RANKS: usize,
    const BATCH: usize,
    const STARTS: usize,
    const ANSWERS: usize,
> Memory<NUMBERS, HEAPS, RANKS, BATCH, STARTS, ANSWERS>
{
    /// Empty: a static of it takes no place in flash.
    pub const EMPTY: Self = Self {
        numbers: Vec::new(),
        heaps: Vec::new(),
        ranks: Vec::new(),
        batch: Vec::new(),
        starts: Vec::new(),
        answers: Vec::new(),
    };

    /// All of its numbers.
    pub fn numbers(&mut self) -> &mut [f32] {
        fill(&mut self.numbers, NUMBERS, 0.0)
    }

    /// So much of it as a session needs, or all there is.
    pub fn lend(&mut self, len: SessionLen) -> SessionMemory<'_> {
        SessionMemory {
            numbers: fill(&mut self.numbers, len.numbers, 0.0),
            heaps: fill(&mut self.heaps, len.heaps, NOTHING),
            ranks: fill(&mut self.ranks, len.ranks, 0),
            batch: fill(&mut self.batch, len.batch, NOTHING),
            starts: fill(&mut self.starts, len.starts, 0),
            comparisons: fill(&mut self.answers, len.comparisons, NOBODY),
        }
    }
}

/// So many places, or as many as there are.
fn fill<T: Clone, const CAPACITY: usize>(
    vec: &mut Vec<T, CAPACITY>,
    len: usize,
    value: T,
) -> &mut [T] {
    // Within the capacity it cannot fail.
    let _ = vec.resize(if len < CAPACITY { len } else { CAPACITY }, value);
    vec
}
