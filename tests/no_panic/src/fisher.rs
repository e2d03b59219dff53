use pairpick_core::fisher::{
    Whitened, add_pairs, add_pool, pairs_workspace_len, pool_workspace_len, rewards,
    rewards_workspace_len, whitened_len,
};
use pairpick_core::linalg::{CholeskyView, PackedView};
use pairpick_core::model::Comparison;

use crate::{Any, any, give};

probes! {
    fisher::rewards_workspace_len => rewards_workspace_len(any());
    fisher::rewards[T] => (
        rewards::<f32, T, _>(&Any, any(), any(), any(), any()),
        rewards::<T, T, _>(&Any, any(), any(), any(), any()),
    );
    fisher::pool_workspace_len => pool_workspace_len(any(), any());
    fisher::pairs_workspace_len => pairs_workspace_len(any());
    fisher::whitened::whitened_len => whitened_len(any(), any());
    fisher::whitened::Whitened::new[T] =>
        give(Whitened::<T>::new(&Any, any::<&CholeskyView<'_, T>>(), any(), any()));
    fisher::whitened::Whitened::variances[T] =>
        any::<Whitened<'_, T>>().variances(any(), any(), any(), any());
    fisher::add_pool[T] =>
        add_pool(&Any, any(), any(), any(), any::<&mut PackedView<'_, T>>(), any());
    fisher::add_pairs[T] =>
        (
        add_pairs(
            &Any, any(), any::<&[(u32, u32)]>(), any(), any(), any::<&mut PackedView<'_, T>>(), any()
        ),
        add_pairs(
            &Any, any(), any::<&[Comparison<T>]>(), any(), any(), any::<&mut PackedView<'_, T>>(),
            any(),
        ),
    );
}
