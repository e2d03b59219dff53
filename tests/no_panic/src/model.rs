use pairpick_core::model::adam::Adam;
use pairpick_core::model::loss::{add_reward_gradients, check, margins, mean_loss};
use pairpick_core::model::mlp::Layer;
use pairpick_core::model::standardise::{Sums, apply, scales};
use pairpick_core::model::train::{gradient, index_len, train, workspace_len};
use pairpick_core::model::{Activation, Mlp, evidence, init, last_layer};

use crate::{Any, any, give};

probes! {
    model::activation::Activation::name => any::<Activation>().name();
    model::activation::Activation::apply[T] =>
        any::<Activation>().apply::<T>(any(), any(), any());

    model::adam::Adam::new => Adam::new(any(), any());
    model::adam::Adam::advance => any::<&mut Adam>().advance();
    model::adam::Adam::update[T] =>
        any::<Adam>().update::<T>(any(), any(), any(), any(), any(), any());

    model::evidence::log_evidence => evidence::log_evidence(any(), any(), any());
    model::evidence::bounds => evidence::bounds(any(), any());
    model::evidence::by_evidence => evidence::by_evidence(&Any, any(), any(), any(), any());
    model::evidence::by_held_out =>
        evidence::by_held_out(&Any, any(), any(), any(), any(), any());

    model::init::uniform[T] => init::uniform::<T>(any(), any(), any());

    model::last_layer::workspace_len => last_layer::workspace_len(&Any, any(), any(), any());
    model::last_layer::fit[T] =>
        last_layer::fit::<T, _>(&Any, any(), any(), any(), any(), any());
    model::last_layer::log_likelihood[T] =>
        last_layer::log_likelihood::<T, _>(&Any, any(), any(), any(), any());

    model::loss::check[T] => check::<T>(any(), any());
    model::loss::margins[T] => margins::<T>(any(), any(), any());
    model::loss::mean_loss[T] => mean_loss::<T>(any(), any(), any());
    model::loss::add_reward_gradients[T] => add_reward_gradients::<T>(any(), any(), any(), any());

    model::mlp::Layer::bias => any::<Layer>().bias();
    model::mlp::Layer::end => any::<Layer>().end();
    model::mlp::Mlp::new => Mlp::new(any(), any(), any());
    model::mlp::Mlp::inputs => any::<Mlp>().inputs();
    model::mlp::Mlp::hidden => any::<Mlp>().hidden();
    model::mlp::Mlp::activation => any::<Mlp>().activation();
    model::mlp::Mlp::features => any::<Mlp>().features();
    model::mlp::Mlp::widest => any::<Mlp>().widest();
    model::mlp::Mlp::layers => any::<Mlp>().layers();
    model::mlp::Mlp::head => any::<Mlp>().head();
    model::mlp::Mlp::parameters => any::<Mlp>().parameters();
    model::mlp::Mlp::head_of[T] => any::<Mlp>().head_of::<T>(any());
    model::mlp::Mlp::workspace_len => any::<Mlp>().workspace_len(any());
    model::mlp::Mlp::features_of[T] =>
        any::<Mlp>().features_of::<T, _>(&Any, any(), any(), any(), any());

    model::standardise::Sums::new => Sums::new(any(), any());
    model::standardise::Sums::add => any::<&mut Sums<'_>>().add(any(), any());
    model::standardise::Sums::finish => any::<Sums<'_>>().finish();
    model::standardise::scales => scales(any(), any());
    model::standardise::apply => apply(any(), any(), any());

    model::train::workspace_len => workspace_len(&Any, any(), any(), any(), any());
    model::train::index_len => index_len(any(), any(), any());
    model::train::train[T] =>
        train::<T, _>(&Any, any(), any(), any(), any(), any(), &mut |losses| {
            give(losses);
            any()
        });
    model::train::gradient[T] => gradient::<T, _>(&Any, any(), any(), any(), any(), any());
}
