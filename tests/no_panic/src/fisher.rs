use pairpick_core::fisher::averaged::averaged_weights;
use pairpick_core::fisher::{
    add_pairs, add_pool, averaged_variance, block_count, block_sums, fold, pairs_workspace_len,
    pool_items_len, pool_workspace_len,
};
use pairpick_core::linalg::PackedView;
use pairpick_core::pool::{Comparison, ItemPair};

use crate::{Any, any};

probes! {
    fisher::averaged::averaged_weights[T] => averaged_weights::<T>(any(), any(), any());
    fisher::averaged::averaged_variance[T] => averaged_variance(any::<T>(), any::<T>());
    fisher::pool_workspace_len => pool_workspace_len(any(), any());
    fisher::pool_items_len => pool_items_len(any());
    fisher::pairs_workspace_len => pairs_workspace_len(any());
    fisher::block_count => block_count(any());
    fisher::block_sums[T] =>
        block_sums::<T, _>(&Any, any(), any(), any(), any(), any(), any(), any());
    fisher::blocks::fold[T] => fold::<T, _>(any(), any::<&mut PackedView<'_, T>>());
    fisher::add_pool[T] =>
        add_pool(&Any, any(), any(), any(), any::<&mut PackedView<'_, T>>(), any(), any());
    fisher::add_pairs[T] =>
        (
        add_pairs(
            &Any, any(), any::<&[ItemPair]>(), any(), any(), any::<&mut PackedView<'_, T>>(), any()
        ),
        add_pairs(
            &Any, any(), any::<&[Comparison<T>]>(), any(), any(), any::<&mut PackedView<'_, T>>(),
            any(),
        ),
    );
}
