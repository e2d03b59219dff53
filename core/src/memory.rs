//! [`Memory`]: where a computation's working memory comes from. An array has its capacity in its
//! type, a slice or a filled `heapless::Vec` lends what it holds, and [`Growing`] memory grows to what
//! is needed, on hosts that allocate.

use core::iter::repeat_n;

use crate::error::Error;

/// Memory that a computation works in.
pub trait Memory<T> {
    /// The first `len` places, whatever they hold.
    ///
    /// # Errors
    /// [`Error::Workspace`], with the name of the memory, if it has fewer.
    fn lend(&mut self, what: &'static str, len: usize) -> Result<&mut [T], Error>;
}

impl<T, D: AsMut<[T]>> Memory<T> for D {
    fn lend(&mut self, what: &'static str, len: usize) -> Result<&mut [T], Error> {
        let memory = self.as_mut();
        let found = memory.len();
        memory.get_mut(..len).ok_or(Error::Workspace { what, required: len, found })
    }
}

/// Memory that grows, such as a `Vec`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Growing<V>(pub V);

impl<T: Clone + Default, V: Extend<T> + AsMut<[T]>> Memory<T> for Growing<V> {
    fn lend(&mut self, what: &'static str, len: usize) -> Result<&mut [T], Error> {
        let short = len.saturating_sub(self.0.as_mut().len());
        self.0.extend(repeat_n(T::default(), short));
        self.0.lend(what, len)
    }
}

/// Whether memory is scarcer than time: where there is no operating system. It decides how much is worked
/// on together where that is not part of the contract, and so no bits.
pub(crate) const SCARCE: bool = cfg!(target_os = "none");

/// `Ord::max`, for lengths that are computed when a program is built.
pub(crate) const fn larger(a: usize, b: usize) -> usize {
    if a < b { b } else { a }
}

/// `Ord::min`, likewise.
pub(crate) const fn smaller(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}
