//! An executor that really runs its two halves at once, however small, so that anything that
//! depended on threads would show; and one thread by the same type, so that a suite holds every kernel
//! once.

use fearless_simd::Level;
use pairpick_core::parallel::{Executor, Sequential};

/// Two operating-system threads for every join, whatever its depth, unless it is to be one.
#[derive(Clone, Copy, Debug)]
pub struct Threads {
    /// The instruction set.
    pub level: Level,
    /// How many threads kernels are told of.
    pub threads: usize,
}

impl Default for Threads {
    /// One thread at the instruction set that the build was made for.
    fn default() -> Self {
        Self { level: Level::baseline(), threads: 1 }
    }
}

impl Executor for Threads {
    fn level(&self) -> Level {
        self.level
    }

    fn threads(&self) -> usize {
        self.threads
    }

    fn join<A: Send, B: Send>(
        &self,
        a: impl FnOnce() -> A + Send,
        b: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        if self.threads == 1 {
            return Sequential(self.level).join(a, b);
        }
        std::thread::scope(|scope| {
            let a = scope.spawn(a);
            let b = b();
            (a.join().expect("no panic in a kernel"), b)
        })
    }
}
