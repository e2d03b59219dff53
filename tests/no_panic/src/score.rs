use pairpick_core::score::{Criterion, Ranking, ScoreWorkspaceLen, best_in, best_pairs, gumbel};

use crate::{Any, any, give};

probes! {
    score::workspace::ScoreWorkspaceLen::new => ScoreWorkspaceLen::new(any());
    score::workspace::ScoreWorkspaceLen::exhaustive => ScoreWorkspaceLen::exhaustive(any());
    score::workspace::ScoreWorkspaceLen::heaps => any::<ScoreWorkspaceLen>().heaps(any(), any());
    score::workspace::ScoreWorkspaceLen::numbers => any::<ScoreWorkspaceLen>().numbers(any());
    score::Ranking::new[T] =>
        Ranking::new(any(), any(), any::<Criterion<'_, T, &[T]>>());
    score::Ranking::drawn[T] => any::<Ranking<'_, T, &[T]>>().drawn(any());
    score::Ranking::parts[T] => any::<Ranking<'_, T, &[T]>>().parts();
    score::Ranking::restore_scores[T] => any::<Ranking<'_, T, &[T]>>().restore_scores(any());
    score::best_in[T] => give(best_in(
        &Any,
        any::<&Ranking<'_, T, &[T]>>(),
        any(),
        any(),
        any(),
        any(),
    ));
    score::best_pairs[T] =>
        best_pairs(&Any, any::<&Ranking<'_, T, &[T]>>(), any(), any(), any());
    score::gumbel::gumbel[T] => gumbel::<T>(any(), any());
}
