use pairpick_core::parallel::{Executor, Sequential, for_chunks};

use crate::{Any, any, give};

probes! {
    parallel::Executor::level => any::<Sequential>().level();
    parallel::Executor::threads => any::<Sequential>().threads();
    parallel::Executor::join => any::<Sequential>().join(any::<fn() -> u32>(), any::<fn()>());
    parallel::for_chunks[T] => for_chunks(
        &Any,
        any::<&mut [T]>(),
        any(),
        any::<&mut [u32]>(),
        any(),
        &|number, first: &mut [T], second: &mut [u32]| give((number, first, second)),
    );
}
