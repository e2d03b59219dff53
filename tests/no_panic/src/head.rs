use pairpick_core::head::loss::{add_reward_gradients, check, margins, mean_loss};
use pairpick_core::head::{Belief, Prior, evidence, newton, rewards, rewards_workspace_len};

use crate::{Any, any};

probes! {
    head::rewards::rewards_workspace_len => rewards_workspace_len(any());
    head::rewards::rewards[T] => (
        rewards::<f32, T, _>(&Any, any(), any(), any(), any()),
        rewards::<T, T, _>(&Any, any(), any(), any(), any()),
    );

    head::evidence::log_evidence =>
        evidence::log_evidence(any(), any(), any::<Prior<f64>>());
    head::evidence::bounds => evidence::bounds(any(), any());
    head::evidence::by_evidence => evidence::by_evidence(&Any, any(), any(), any(), any(), any());
    head::evidence::by_held_out =>
        evidence::by_held_out(&Any, any(), any(), any(), any(), any(), any());

    head::prior::Prior::add_to[T] => any::<Prior<T>>().add_to::<&mut [T]>(any());
    head::prior::Prior::log_det[T] => any::<Prior<T>>().log_det(any());

    head::newton::workspace_len => newton::workspace_len(any(), any(), any(), any());
    head::newton::fit[T] =>
        newton::fit::<T, _>(&Any, any(), any(), any::<Belief<'_, T>>(), any(), any());
    head::newton::log_likelihood[T] =>
        newton::log_likelihood::<T, _>(&Any, any(), any(), any(), any());

    head::loss::check[T] => check::<T>(any(), any());
    head::loss::margins[T] => margins::<T>(any(), any(), any());
    head::loss::mean_loss[T] => mean_loss::<T>(any(), any(), any());
    head::loss::add_reward_gradients[T] => add_reward_gradients::<T>(any(), any(), any(), any());
}
