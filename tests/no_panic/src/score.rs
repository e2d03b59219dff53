use pairpick_core::score::{Criterion, Ranking, ScoreWorkspaceLen, best_pairs, gumbel};

use crate::{Any, any};

probes! {
    score::ScoreWorkspaceLen::new => ScoreWorkspaceLen::new(any());
    score::ScoreWorkspaceLen::numbers => any::<ScoreWorkspaceLen>().numbers(any());
    score::Ranking::new[T] =>
        Ranking::new(any(), any(), any::<Criterion<'_, T, &[T]>>());
    score::Ranking::drawn[T] => any::<Ranking<'_, T, &[T]>>().drawn(any());
    score::best_pairs[T] =>
        best_pairs(&Any, any::<&Ranking<'_, T, &[T]>>(), any(), any(), any());
    score::gumbel::gumbel[T] => gumbel::<T>(any(), any());
}
