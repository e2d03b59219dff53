//! [`Arena`]: memory that is divided as a session of the image at hand needs it.

use core::{mem, slice};

use pairpick_core::Error;
use pairpick_core::device::{SessionLen, SessionMemory};
use pairpick_core::pool::Comparison;
use pairpick_core::topk::Scored;

/// Bytes of a word, to which each part is aligned.
const WORD: usize = size_of::<u64>();

/// So many words, zeros at first: a static of them takes no place in flash.
#[repr(transparent)]
pub struct Arena<const WORDS: usize>([u64; WORDS]);

/// Words that hold a session's memory, each of its parts aligned.
pub const fn words(len: SessionLen) -> usize {
    len.bytes() / WORD + 6
}

impl<const WORDS: usize> Arena<WORDS> {
    /// Zeros.
    pub const ZERO: Self = Self([0; _]);

    /// All of it as numbers.
    pub fn numbers(&mut self) -> &mut [f32] {
        bytemuck::cast_slice_mut(&mut self.0)
    }

    /// What a session needs of it.
    ///
    /// # Errors
    /// [`Error::Workspace`], in bytes.
    pub fn lend(&mut self, len: SessionLen) -> Result<SessionMemory<'_>, Error> {
        let (required, found) = (words(len).saturating_mul(WORD), size_of::<Self>());
        if required > found {
            return Err(Error::Workspace { what: "bytes of a session", required, found });
        }
        let mut rest = self.0.as_mut_slice();
        Ok(SessionMemory {
            numbers: take(&mut rest, len.numbers),
            heaps: take(&mut rest, len.heaps),
            ranks: take(&mut rest, len.ranks),
            batch: take(&mut rest, len.batch),
            starts: take(&mut rest, len.starts),
            comparisons: take(&mut rest, len.comparisons),
        })
    }
}

/// What any bits are a value of, aligned no more than a word.
///
/// # Safety
/// That it is so.
unsafe trait Plain {}

// SAFETY: numbers, or made of numbers alone.
unsafe impl Plain for f32 {}
// SAFETY: as above.
unsafe impl Plain for u32 {}
// SAFETY: as above.
unsafe impl Plain for u64 {}
// SAFETY: as above.
unsafe impl Plain for Scored<f32> {}
// SAFETY: as above.
unsafe impl Plain for Comparison<f32> {}

/// Cuts so many values off; none where there are not so many.
fn take<'a, T: Plain>(rest: &mut &'a mut [u64], len: usize) -> &'a mut [T] {
    let words = len.saturating_mul(size_of::<T>()).div_ceil(WORD);
    let Some((own, others)) = mem::take(rest).split_at_mut_checked(words) else {
        return &mut [];
    };
    *rest = others;
    // SAFETY: the words are as long as the values or longer, aligned as them, and nobody else's.
    unsafe { slice::from_raw_parts_mut(own.as_mut_ptr().cast(), len) }
}
