use pairpick_core::score::{Criterion, ScoreMemory, best_pairs, block_size};

use crate::{Any, any};

probes! {
    score::ScoreMemory::new => ScoreMemory::new(any(), any());
    score::block_size => block_size(any());
    score::best_pairs[T] =>
        best_pairs(&Any, any(), any(), any::<Criterion<'_, T, &[T]>>(), any(), any(), any());
}
