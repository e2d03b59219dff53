//! [`SessionMemory`]: what a session works in, how much of it there must be, and where it comes from.

use super::super::image::PoolImage;
use crate::error::Error;
use crate::fisher::pairs_workspace_len;
use crate::head::{newton, rewards_workspace_len};
use crate::linalg::packed_len;
use crate::memory::larger;
use crate::pool::Comparison;
use crate::select::{Options, Sizes, Strategy, WorkspaceLen};
use crate::topk::Scored;

/// Memory that is lent to a session: arrays, or what `heapless::Vec`s hold. What stands in it does not
/// matter.
#[derive(Debug)]
pub struct SessionMemory<'a> {
    /// Numbers.
    pub numbers: &'a mut [f32],
    /// Candidates of a selection.
    pub heaps: &'a mut [Scored<f32>],
    /// Whole numbers of a selection, and the pairs asked about.
    pub ranks: &'a mut [u64],
    /// The batch.
    pub batch: &'a mut [Scored<f32>],
    /// Where prompts begin.
    pub starts: &'a mut [u32],
    /// The answers that are learnt from.
    pub comparisons: &'a mut [Comparison<f32>],
}

/// What a [`SessionMemory`] is lent from: arrays ([`SessionArrays`]), `Vec`s, filled `heapless::Vec`s.
#[derive(Clone, Copy, Debug)]
pub struct SessionBuffers<N, H, R, B, S, C> {
    /// Numbers.
    pub numbers: N,
    /// Candidates.
    pub heaps: H,
    /// Whole numbers.
    pub ranks: R,
    /// The batch.
    pub batch: B,
    /// Where prompts begin.
    pub starts: S,
    /// Answers: as many as a session can take.
    pub comparisons: C,
}

impl<N, H, R, B, S, C> SessionBuffers<N, H, R, B, S, C>
where
    N: AsMut<[f32]>,
    H: AsMut<[Scored<f32>]>,
    R: AsMut<[u64]>,
    B: AsMut<[Scored<f32>]>,
    S: AsMut<[u32]>,
    C: AsMut<[Comparison<f32>]>,
{
    /// All of it.
    pub fn lend(&mut self) -> SessionMemory<'_> {
        SessionMemory {
            numbers: self.numbers.as_mut(),
            heaps: self.heaps.as_mut(),
            ranks: self.ranks.as_mut(),
            batch: self.batch.as_mut(),
            starts: self.starts.as_mut(),
            comparisons: self.comparisons.as_mut(),
        }
    }
}

/// Those of a program that is built for one size: the fields of a [`SessionLen`], in their order.
pub type SessionArrays<
    const NUMBERS: usize,
    const HEAPS: usize,
    const RANKS: usize,
    const BATCH: usize,
    const STARTS: usize,
    const COMPARISONS: usize,
> = SessionBuffers<
    [f32; NUMBERS],
    [Scored<f32>; HEAPS],
    [u64; RANKS],
    [Scored<f32>; BATCH],
    [u32; STARTS],
    [Comparison<f32>; COMPARISONS],
>;

impl<
    const NUMBERS: usize,
    const HEAPS: usize,
    const RANKS: usize,
    const BATCH: usize,
    const STARTS: usize,
    const COMPARISONS: usize,
> SessionArrays<NUMBERS, HEAPS, RANKS, BATCH, STARTS, COMPARISONS>
{
    /// Zeros: a static of them takes no place in flash.
    pub const ZERO: Self = Self {
        numbers: [0.0; _],
        heaps: [Scored { score: 0.0, pair: 0 }; _],
        ranks: [0; _],
        batch: [Scored { score: 0.0, pair: 0 }; _],
        starts: [0; _],
        comparisons: [Comparison { a: 0, b: 0, label: 0.0, count: 0.0 }; _],
    };
}

impl SessionMemory<'_> {
    /// Fails unless it does for a session of as many answers as it has places for.
    pub(super) fn check(&self, image: &PoolImage<'_>, threads: usize) -> Result<(), Error> {
        let needed = image.session_len(self.comparisons.len(), threads);
        let parts = [
            ("numbers of a session", needed.numbers, self.numbers.len()),
            ("candidates of a session", needed.heaps, self.heaps.len()),
            ("whole numbers of a session", needed.ranks, self.ranks.len()),
            ("batch of a session", needed.batch, self.batch.len()),
            ("prompts of a session", needed.starts, self.starts.len()),
        ];
        match parts.into_iter().find(|(_, required, found)| found < required) {
            Some((what, required, found)) => Err(Error::Workspace { what, required, found }),
            None => Ok(()),
        }
    }
}

/// What sizes a session's memory. It borrows nothing, so that firmware can size its memory when it
/// is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SessionSizes {
    /// Of the largest selection.
    pub selection: Sizes,
    /// Prompts of the pool.
    pub prompts: usize,
    /// Pairs that were asked about before.
    pub asked: usize,
    /// The most answers: those of a log with so many records are no more.
    pub answers: usize,
    /// Numbers of the image that cannot be used where they lie: [`PoolImage::copied_len`].
    pub copied: usize,
}

/// Lengths of the parts of a [`SessionMemory`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SessionLen {
    /// Numbers.
    pub numbers: usize,
    /// Candidates.
    pub heaps: usize,
    /// Whole numbers.
    pub ranks: usize,
    /// Pairs of a batch.
    pub batch: usize,
    /// Prompts, and one.
    pub starts: usize,
    /// Answers.
    pub comparisons: usize,
}

impl SessionLen {
    /// Those of a session by this strategy with these options.
    #[must_use]
    pub const fn new(strategy: Strategy, options: &Options<'_, f32>, sizes: &SessionSizes) -> Self {
        let SessionSizes { selection, prompts, asked, answers, copied } = *sizes;
        let WorkspaceLen { numbers, heaps, ranks } = strategy.workspace_len(&selection, options);
        let order = selection.pool.order;
        let starts = prompts.saturating_add(1);
        let kept = copied.saturating_add(order).saturating_add(packed_len(order));
        Self {
            numbers: kept.saturating_add(larger(numbers, learning_len(sizes))),
            heaps,
            ranks: ranks.saturating_add(asked).saturating_add(answers).saturating_add(starts),
            batch: selection.batch,
            starts,
            comparisons: answers,
        }
    }

    /// The bytes of such a memory.
    #[must_use]
    pub const fn bytes(self) -> usize {
        let Self { numbers, heaps, ranks, batch, starts, comparisons } = self;
        let parts = [
            numbers.saturating_mul(size_of::<f32>()),
            heaps.saturating_add(batch).saturating_mul(size_of::<Scored<f32>>()),
            ranks.saturating_mul(size_of::<u64>()),
            starts.saturating_mul(size_of::<u32>()),
            comparisons.saturating_mul(size_of::<Comparison<f32>>()),
        ];
        let [a, b, c, d, e] = parts;
        a.saturating_add(b).saturating_add(c).saturating_add(d).saturating_add(e)
    }
}

/// Numbers that learning from answers works in.
const fn learning_len(sizes: &SessionSizes) -> usize {
    let Sizes { pool, threads, .. } = sizes.selection;
    let threads = larger(threads, 1);
    let fit = newton::workspace_len(threads, pool.order, pool.items, sizes.answers);
    let rewards = rewards_workspace_len(pool.order);
    let one = larger(rewards, pairs_workspace_len(pool.order));
    larger(fit, pool.items.saturating_add(one.saturating_mul(threads)))
}

impl PoolImage<'_> {
    /// The sizes of a session of up to so many answers.
    #[must_use]
    pub fn session_sizes(&self, answers: usize, threads: usize) -> SessionSizes {
        let batch = self.header().settings.batch as usize;
        let selection = Sizes { pool: self.pool_size(), batch, threads };
        let (prompts, asked, copied) = (self.prompts(), self.asked_len(), self.copied_len());
        SessionSizes { selection, prompts, asked, answers, copied }
    }

    /// The memory of a session of up to so many answers.
    #[must_use]
    pub fn session_len(&self, answers: usize, threads: usize) -> SessionLen {
        let settings = &self.header().settings;
        let sizes = self.session_sizes(answers, threads);
        SessionLen::new(settings.strategy, &settings.options(None), &sizes)
    }
}
