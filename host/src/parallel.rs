//! [`Threads`]: the core's kernels on this machine's threads, at an instruction set chosen once.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use fearless_simd::Level;
use pairpick_core::arith::self_test;
use pairpick_core::parallel::Executor;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::{Error, Result};
use crate::named::Named;
use crate::runtime::{Isa, Runtime};

/// The most threads that may be asked for: more would only wait for each other.
pub const MAX_THREADS: usize = 256;

/// A pool of threads and an instruction set. Neither changes a bit of any result.
#[derive(Debug)]
pub struct Threads {
    pool: ThreadPool,
    level: Level,
}

impl Threads {
    /// Starts the threads, on a machine that keeps to IEEE-754.
    ///
    /// # Errors
    /// [`Error::Core`] where the machine, or what the program is linked with, does not;
    /// [`Error::Setting`] for an instruction set that this processor lacks, or for more threads
    /// than the system gives.
    pub fn start(runtime: &Runtime) -> Result<Self> {
        self_test().map_err(Error::core("this machine"))?;
        let level = level(runtime.isa)?;
        // Never left to the pool, which would obey RAYON_NUM_THREADS, whatever it says.
        let cores = || available_parallelism().map_or(1, |cores| cores.get().min(MAX_THREADS));
        let threads = runtime.threads.map_or_else(cores, NonZeroUsize::get);
        if threads > MAX_THREADS {
            let expected = format!("at most {MAX_THREADS}");
            return Err(Error::setting("threads", threads, expected));
        }
        Ok(Self { pool: pool_of(threads)?, level })
    }

    /// A thread of its own with the same instruction set, for work that goes on beside other work.
    ///
    /// # Errors
    /// [`Error::Setting`] where the system gives no more threads.
    pub fn single(&self) -> Result<Self> {
        Ok(Self { pool: pool_of(1)?, level: self.level })
    }

    /// The name of the instruction set in use.
    #[must_use]
    pub fn level_name(&self) -> String {
        let name = format!("{:?}", self.level);
        name.split('(').next().unwrap_or_default().to_owned()
    }

    /// Runs work on the pool, so that its joins need not enter it one by one.
    pub fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.pool.install(work)
    }
}

impl Executor for Threads {
    fn level(&self) -> Level {
        self.level
    }

    fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    fn join<A: Send, B: Send>(
        &self,
        a: impl FnOnce() -> A + Send,
        b: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        self.pool.install(|| rayon::join(a, b))
    }
}

fn pool_of(threads: usize) -> Result<ThreadPool> {
    ThreadPoolBuilder::new().num_threads(threads).build().map_err(|error| {
        let expected = format!("as many as the system can start ({error})");
        Error::setting("threads", threads, expected)
    })
}

/// The level of an instruction set, if this processor has it.
fn level(isa: Isa) -> Result<Level> {
    let best = Level::new();
    let found = match isa {
        Isa::Auto => Some(best),
        Isa::Baseline => Some(Level::baseline()),
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        Isa::V3 => best.as_avx2().map(Level::Avx2),
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        Isa::V4 => best.as_avx512().map(Level::Avx512),
        #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
        Isa::V3 | Isa::V4 => None,
    };
    found.ok_or_else(|| {
        let expected = "an instruction set that this processor has, or auto";
        Error::setting("isa", isa.name(), expected)
    })
}
