use pairpick_core::score::{Criterion, ScoreMemory, best_pairs};

use crate::{Any, any};

probes! {
    score::ScoreMemory::new => ScoreMemory::new(any(), any(), any());
    score::best_pairs[T] =>
        best_pairs(&Any, any(), any(), any::<Criterion<'_, T, &[T]>>(), any(), any(), any());
}
