//! [`Executor`]: where and how a kernel runs, its instruction set and its threads.
//!
//! The core has no threads of its own. It splits a computation across independent outputs and
//! hands the halves to [`Executor::join`]; a host runs them on two threads, a device one after the
//! other ([`Sequential`]). Which of the two happens never enters a result: no sum is ever split
//! but into the fixed blocks of [`crate::arith::sum`].

use core::num::NonZeroUsize;
use core::ops::Range;

use crate::arith::elementwise::{Function, map};
use crate::arith::{Level, Real};
use crate::error::Error;
use crate::profile::Profile;

/// An instruction set and a way to run two things, perhaps at once.
pub trait Executor: Sync {
    /// Whose functions its kernels compute with.
    const PROFILE: Profile = Profile::Exact;

    /// The instruction set that kernels use.
    fn level(&self) -> Level;

    /// How many computations can usefully run at once (at least 1). Sizes working memories.
    fn threads(&self) -> usize;

    /// Runs both and returns when both are done.
    fn join<A: Send, B: Send>(
        &self,
        a: impl FnOnce() -> A + Send,
        b: impl FnOnce() -> B + Send,
    ) -> (A, B);
}

/// One thing after the other, at a given instruction set.
#[derive(Clone, Copy, Debug)]
pub struct Sequential(pub Level);

impl Default for Sequential {
    /// At the instruction set that the build was made for.
    fn default() -> Self {
        Self(Level::baseline())
    }
}

impl Executor for Sequential {
    fn level(&self) -> Level {
        self.0
    }

    fn threads(&self) -> usize {
        1
    }

    fn join<A: Send, B: Send>(
        &self,
        a: impl FnOnce() -> A + Send,
        b: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        let a = a();
        (a, b())
    }
}

/// An executor whose kernels compute with [`Profile::Micro`].
#[derive(Clone, Copy, Debug)]
pub struct Micro<'a, E>(pub &'a E);

impl<E: Executor> Executor for Micro<'_, E> {
    const PROFILE: Profile = Profile::Micro;

    fn level(&self) -> Level {
        self.0.level()
    }

    fn threads(&self) -> usize {
        self.0.threads()
    }

    fn join<A: Send, B: Send>(
        &self,
        a: impl FnOnce() -> A + Send,
        b: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        self.0.join(a, b)
    }
}

/// Replaces each value by its image under `F`, or under `M` where the executor's profile has
/// functions of its own. The choice is one of types, and a program holds what it uses.
pub(crate) fn map_by<F: Function, M: Function, T: Real, E: Executor>(
    executor: &E,
    values: &mut [T],
) {
    if E::PROFILE.differs::<T>() {
        map::<M, T>(executor.level(), values);
    } else {
        map::<F, T>(executor.level(), values);
    }
}

/// Cuts `first` into chunks of `first_len` and `second` into chunks of `second_len`, and calls
/// `body(chunk number, chunk of first, chunk of second)` for each, perhaps at once. There are as
/// many calls as `first` has chunks, the last of which may be shorter; a `second` that has run out
/// gives empty chunks. A chunk length of 0 counts as 1.
pub fn for_chunks<E, A, B, F>(
    executor: &E,
    first: &mut [A],
    first_len: usize,
    second: &mut [B],
    second_len: usize,
    body: &F,
) where
    E: Executor,
    A: Send,
    B: Send,
    F: Fn(usize, &mut [A], &mut [B]) + Sync,
{
    let first_len = NonZeroUsize::new(first_len).unwrap_or(NonZeroUsize::MIN).get();
    let chunks = first.len().div_ceil(first_len);
    let first = Chunks { values: first, len: first_len };
    let both = (first, Chunks { values: second, len: second_len });
    for_shares(
        executor,
        0..chunks,
        both,
        &|number, (first, second): (Chunks<'_, A>, Chunks<'_, B>)| {
            body(number, first.values, second.values);
        },
    );
}

/// What can be shared out, chunk by chunk.
pub(crate) trait Shares: Send + Sized {
    /// The first chunks, and the others.
    fn split_at(self, chunks: usize) -> (Self, Self);
}

/// Values to be cut into chunks.
pub(crate) struct Chunks<'a, T> {
    pub(crate) values: &'a mut [T],
    pub(crate) len: usize,
}

impl<T: Send> Shares for Chunks<'_, T> {
    fn split_at(self, chunks: usize) -> (Self, Self) {
        let Self { values, len } = self;
        let (first, second) = split_at(values, chunks.saturating_mul(len));
        (Self { values: first, len }, Self { values: second, len })
    }
}

impl<A: Shares, B: Shares> Shares for (A, B) {
    fn split_at(self, chunks: usize) -> (Self, Self) {
        let (first, first_rest) = self.0.split_at(chunks);
        let (second, second_rest) = self.1.split_at(chunks);
        ((first, second), (first_rest, second_rest))
    }
}

impl<A: Shares> Shares for [A; 3] {
    fn split_at(self, chunks: usize) -> (Self, Self) {
        let [one, two, three] = self.map(|shares| shares.split_at(chunks));
        ([one.0, two.0, three.0], [one.1, two.1, three.1])
    }
}

/// Calls `body(chunk number, chunk)` for each of the chunks of those numbers, perhaps at once.
pub(crate) fn for_shares<E: Executor, C: Shares>(
    executor: &E,
    numbers: Range<usize>,
    chunks: C,
    body: &(impl Fn(usize, C) + Sync),
) {
    share_out(executor, numbers, chunks, false, body);
}

/// The same from the last chunk to the first: who goes through them next finds the first ones in cache.
pub(crate) fn for_shares_backwards<E: Executor, C: Shares>(
    executor: &E,
    numbers: Range<usize>,
    chunks: C,
    body: &(impl Fn(usize, C) + Sync),
) {
    share_out(executor, numbers, chunks, true, body);
}

fn share_out<E: Executor, C: Shares>(
    executor: &E,
    numbers: Range<usize>,
    chunks: C,
    backwards: bool,
    body: &(impl Fn(usize, C) + Sync),
) {
    let Range { start, end } = numbers;
    // Not `numbers.len()`: it asserts its own hint of its size, and not every compiler sees through it.
    let count = end.saturating_sub(start);
    if count < 2 {
        if count == 1 {
            body(start, chunks.split_at(1).0);
        }
        return;
    }
    let half = count / 2;
    let (chunks, rest) = chunks.split_at(half);
    let first = || share_out(executor, start..start + half, chunks, backwards, body);
    let second = || share_out(executor, start + half..end, rest, backwards, body);
    if backwards {
        executor.join(second, first);
    } else {
        executor.join(first, second);
    }
}

/// `split_at_mut` that stops at the end instead of panicking.
pub(crate) fn split_at<T>(values: &mut [T], at: usize) -> (&mut [T], &mut [T]) {
    let at = if at < values.len() { at } else { values.len() };
    values.split_at_mut_checked(at).unwrap_or_default()
}

/// How many workers a working memory of `found` numbers serves at `unit` numbers each.
pub(crate) fn workers(
    what: &'static str,
    unit: usize,
    threads: usize,
    found: usize,
) -> Result<NonZeroUsize, Error> {
    let threads = NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN);
    match found.checked_div(unit).map(NonZeroUsize::new) {
        Some(None) => Err(Error::Workspace { what, required: unit, found }),
        Some(Some(fits)) if fits < threads => Ok(fits),
        _ => Ok(threads),
    }
}
