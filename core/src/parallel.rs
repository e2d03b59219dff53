//! [`Executor`]: where and how a kernel runs, its instruction set and its threads.
//!
//! The core has no threads of its own. It splits a computation across independent outputs and
//! hands the halves to [`Executor::join`]; a host runs them on two threads, a device one after the
//! other ([`Sequential`]). Which of the two happens never enters a result: no sum is ever split
//! but into the fixed blocks of [`crate::arith::sum`].

use core::num::NonZeroUsize;

use crate::arith::Profile;
use crate::kernel::Level;

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
    halve(
        executor,
        0,
        (first, NonZeroUsize::new(first_len).unwrap_or(NonZeroUsize::MIN)),
        (second, second_len),
        body,
    );
}

fn halve<E, A, B, F>(
    executor: &E,
    number: usize,
    (first, first_len): (&mut [A], NonZeroUsize),
    (second, second_len): (&mut [B], usize),
    body: &F,
) where
    E: Executor,
    A: Send,
    B: Send,
    F: Fn(usize, &mut [A], &mut [B]) + Sync,
{
    let chunks = first.len().div_ceil(first_len.get());
    if chunks == 0 {
        return;
    }
    if chunks == 1 {
        let (second, _) = split_at(second, second_len);
        body(number, first, second);
        return;
    }
    let half = chunks / 2;
    let (first_a, first_b) = split_at(first, half.saturating_mul(first_len.get()));
    let (second_a, second_b) = split_at(second, half.saturating_mul(second_len));
    executor.join(
        || halve(executor, number, (first_a, first_len), (second_a, second_len), body),
        || halve(executor, number + half, (first_b, first_len), (second_b, second_len), body),
    );
}

/// `split_at_mut` that stops at the end instead of panicking.
pub(crate) fn split_at<T>(values: &mut [T], at: usize) -> (&mut [T], &mut [T]) {
    let at = if at < values.len() { at } else { values.len() };
    values.split_at_mut_checked(at).unwrap_or_default()
}
