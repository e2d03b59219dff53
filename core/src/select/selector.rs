//! [`Selector`]: a selection's memory and its batch, owned. It sizes and divides the memory, so that
//! nobody else has to.

use super::{Problem, Selection, Sizes, Strategy, Workspace, WorkspaceLen};
use crate::arith::Real;
use crate::error::Error;
use crate::memory::Memory;
use crate::parallel::Executor;
use crate::rng::Stream;
use crate::topk::Scored;

/// Picks batches in memory of its own, one after the other: arrays on a device
/// ([`ArraySelector`]), lent slices, or what [grows](crate::memory::Growing) to what a selection
/// needs:
///
/// ```
/// use pairpick_core::memory::Growing;
/// use pairpick_core::select::Selector;
/// use pairpick_core::topk::Scored;
///
/// type Vecs<T> = Selector<
///     Growing<Vec<T>>,
///     Growing<Vec<Scored<T>>>,
///     Growing<Vec<u64>>,
///     Growing<Vec<Scored<T>>>,
/// >;
/// let selector = Vecs::<f64>::default();
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Selector<N, H, R, B> {
    /// Numbers.
    pub numbers: N,
    /// Candidates.
    pub heaps: H,
    /// Ranks of pairs, counts, pairs taken.
    pub ranks: R,
    /// The batch.
    pub batch: B,
}

/// What a [`Selector`] picked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Batch<'a, T> {
    /// Distinct pairs, best first.
    pub pairs: &'a [Scored<T>],
    /// What the strategy tells besides.
    pub selection: Selection,
}

impl<N, H, R, B> Selector<N, H, R, B> {
    /// Makes sure of memory for batches of so many pairs, so that a selection that needs no more of
    /// it neither fails nor waits for it.
    ///
    /// # Errors
    /// [`Error::Workspace`].
    pub fn reserve<T: Real>(&mut self, len: WorkspaceLen, batch: usize) -> Result<(), Error>
    where
        N: Memory<T>,
        H: Memory<Scored<T>>,
        R: Memory<u64>,
        B: Memory<Scored<T>>,
    {
        self.lend(len, batch).map(|_| ())
    }

    fn lend<T: Real>(
        &mut self,
        len: WorkspaceLen,
        batch: usize,
    ) -> Result<(Workspace<'_, T>, &mut [Scored<T>]), Error>
    where
        N: Memory<T>,
        H: Memory<Scored<T>>,
        R: Memory<u64>,
        B: Memory<Scored<T>>,
    {
        let workspace = Workspace {
            numbers: self.numbers.lend("numbers", len.numbers)?,
            heaps: self.heaps.lend("heaps", len.heaps)?,
            ranks: self.ranks.lend("ranks", len.ranks)?,
        };
        Ok((workspace, self.batch.lend("batch", batch)?))
    }

    /// Picks so many distinct pairs.
    ///
    /// # Errors
    /// [`Error::Workspace`] where the memory is smaller than
    /// [`Strategy::workspace_len`] for the problem's threads; those of [`Strategy::select`].
    pub fn select<T: Real, E: Executor>(
        &mut self,
        strategy: Strategy,
        problem: &Problem<'_, T, E>,
        batch: usize,
        rng: &mut Stream,
    ) -> Result<Batch<'_, T>, Error>
    where
        N: Memory<T>,
        H: Memory<Scored<T>>,
        R: Memory<u64>,
        B: Memory<Scored<T>>,
    {
        strategy.check(problem, batch)?;
        let sizes = Sizes::of(problem.pool, batch, problem.executor.threads());
        let len = strategy.workspace_len(&sizes, problem.options);
        let (workspace, pairs) = self.lend(len, batch)?;
        let selection = strategy.select(problem, workspace, rng, pairs)?;
        Ok(Batch { pairs, selection })
    }
}

/// The largest selection that a program makes, known when the program is built.
pub trait Workload {
    /// Its pool, its batch and its threads.
    const SIZES: Sizes;
    /// The memory of the strategies that it is made by.
    const LEN: WorkspaceLen;
}

/// A [`Selector`] in arrays, for a device: it fits its work, or the program does not build.
///
/// ```
/// use pairpick_core::pool::PoolSize;
/// use pairpick_core::select::{ArraySelector, Options, Sizes, Strategy, Workload, WorkspaceLen};
///
/// /// 10 of the pairs of 20 prompts of 10 replies each, whose features are 32 numbers.
/// struct Labelling;
///
/// impl Workload for Labelling {
///     const SIZES: Sizes = Sizes { pool: PoolSize::uniform(32, 20, 10), batch: 10, threads: 1 };
///     const LEN: WorkspaceLen =
///         Strategy::PaDopt.workspace_len(&Self::SIZES, &Options::<f32>::DEFAULT);
/// }
///
/// const LEN: WorkspaceLen = Labelling::LEN;
/// type Device = ArraySelector<f32, { LEN.numbers }, { LEN.heaps }, { LEN.ranks }, 10>;
/// static SELECTOR: Device = Device::for_workload::<Labelling>();
/// ```
///
/// One place less for the batch does not build:
///
/// ```compile_fail,E0080
/// # use pairpick_core::pool::PoolSize;
/// # use pairpick_core::select::{ArraySelector, Options, Sizes, Strategy, Workload, WorkspaceLen};
/// # struct Labelling;
/// # impl Workload for Labelling {
/// #     const SIZES: Sizes = Sizes { pool: PoolSize::uniform(32, 20, 10), batch: 10, threads: 1 };
/// #     const LEN: WorkspaceLen =
/// #         Strategy::PaDopt.workspace_len(&Self::SIZES, &Options::<f32>::DEFAULT);
/// # }
/// # const LEN: WorkspaceLen = Labelling::LEN;
/// type Device = ArraySelector<f32, { LEN.numbers }, { LEN.heaps }, { LEN.ranks }, 9>;
/// static SELECTOR: Device = Device::for_workload::<Labelling>();
/// ```
pub type ArraySelector<
    T,
    const NUMBERS: usize,
    const HEAPS: usize,
    const RANKS: usize,
    const BATCH: usize,
> = Selector<[T; NUMBERS], [Scored<T>; HEAPS], [u64; RANKS], [Scored<T>; BATCH]>;

impl<T: Real, const NUMBERS: usize, const HEAPS: usize, const RANKS: usize, const BATCH: usize>
    ArraySelector<T, NUMBERS, HEAPS, RANKS, BATCH>
{
    /// Zeros, so that a static of it takes no place in flash. Does not build where the arrays are
    /// too small for the work.
    #[must_use]
    pub const fn for_workload<W: Workload>() -> Self {
        const {
            let WorkspaceLen { numbers, heaps, ranks } = W::LEN;
            assert!(numbers <= NUMBERS, "too few numbers for this workload");
            assert!(heaps <= HEAPS, "too few candidates for this workload");
            assert!(ranks <= RANKS, "too few ranks for this workload");
            assert!(W::SIZES.batch <= BATCH, "too few places for the batch of this workload");
        }
        let none = Scored { score: T::ZERO, pair: 0 };
        Self { numbers: [T::ZERO; _], heaps: [none; _], ranks: [0; _], batch: [none; _] }
    }
}
