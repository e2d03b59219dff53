use pairpick_core::score::{Criterion, ScoreMemory, best_pairs, drawn_pairs, gumbel};

use crate::{Any, any};

probes! {
    score::ScoreMemory::new => ScoreMemory::new(any());
    score::ScoreMemory::numbers => any::<ScoreMemory>().numbers(any());
    score::best_pairs[T] =>
        best_pairs(&Any, any(), any(), any::<Criterion<'_, T, &[T]>>(), any(), any(), any());
    score::drawn_pairs[T] => drawn_pairs(
        &Any,
        any(),
        any(),
        any::<(Criterion<'_, T, &[T]>, u64)>(),
        any(),
        any(),
        any(),
    );
    score::gumbel::gumbel[T] => gumbel::<T>(any(), any());
}
