//! An executor that really runs its two halves at once, however small, so that anything that
//! depended on threads would show.

use fearless_simd::Level;
use pairpick_core::parallel::Executor;

/// Two operating-system threads for every join, down to a depth; claims `threads` of them.
#[derive(Clone, Copy, Debug)]
pub struct Threads {
    /// The instruction set.
    pub level: Level,
    /// How many threads kernels are told of.
    pub threads: usize,
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
        std::thread::scope(|scope| {
            let a = scope.spawn(a);
            let b = b();
            (a.join().expect("no panic in a kernel"), b)
        })
    }
}
