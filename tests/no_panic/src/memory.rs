use pairpick_core::memory::{Growing, Memory};

use crate::{any, give};

probes! {
    memory::Memory::lend[T] => {
        give(any::<[T; 64]>().lend(any(), any()).map(|memory| memory.first().copied()));
        give(Memory::<T>::lend(any::<&mut &mut [T]>(), any(), any()));
    };
    also::Growing::lend[T] => give(any::<&mut Growing<Reserve<T>>>().lend(any(), any()));
}

/// What grows up to a limit, and then no further.
struct Reserve<T> {
    memory: [T; 64],
    len: usize,
}

impl<T> AsMut<[T]> for Reserve<T> {
    fn as_mut(&mut self) -> &mut [T] {
        self.memory.get_mut(..self.len).unwrap_or_default()
    }
}

impl<T> Extend<T> for Reserve<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        for (slot, value) in self.memory.iter_mut().skip(self.len).zip(values) {
            *slot = value;
            self.len += 1;
        }
    }
}
