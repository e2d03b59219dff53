use pairpick_core::trunk::adam::Adam;
use pairpick_core::trunk::mlp::Layer;
use pairpick_core::trunk::nystrom::fit::{
    fill_metric, fill_weight, median_distance, squares_within,
};
use pairpick_core::trunk::nystrom::squared_lengths;
use pairpick_core::trunk::standardise::{Sums, apply, scales};
use pairpick_core::trunk::train::{
    Data, TrainingSizes, gradient, gradient_workspace_len, index_len, train, workspace_len,
};
use pairpick_core::trunk::{Activation, Mlp, Nystrom, init};

use crate::{Any, any, give};

probes! {
    trunk::activation::Activation::name => any::<Activation>().name();
    trunk::activation::Activation::apply[T] =>
        any::<Activation>().apply::<T>(any(), any(), any());

    trunk::adam::Adam::new => Adam::new(any(), any());
    trunk::adam::Adam::advance => any::<&mut Adam>().advance();
    trunk::adam::Adam::update[T] =>
        any::<Adam>().update::<T>(any(), any(), any(), any(), any(), any());

    trunk::init::uniform[T] => init::uniform::<T>(any(), any(), any());

    trunk::mlp::Layer::bias => any::<Layer>().bias();
    trunk::mlp::Layer::end => any::<Layer>().end();
    trunk::mlp::Mlp::new => Mlp::new(any(), any(), any());
    trunk::mlp::Mlp::inputs => any::<Mlp>().inputs();
    trunk::mlp::Mlp::hidden => any::<Mlp>().hidden();
    trunk::mlp::Mlp::activation => any::<Mlp>().activation();
    trunk::mlp::Mlp::features => any::<Mlp>().features();
    trunk::mlp::Mlp::widest => any::<Mlp>().widest();
    trunk::mlp::Mlp::layers => any::<Mlp>().layers();
    trunk::mlp::Mlp::head => any::<Mlp>().head();
    trunk::mlp::Mlp::parameters => any::<Mlp>().parameters();
    trunk::mlp::Mlp::head_of[T] => any::<Mlp>().head_of::<T>(any());
    trunk::mlp::Mlp::workspace_len => any::<Mlp>().workspace_len(any());
    trunk::mlp::Mlp::features_of[T] =>
        any::<Mlp>().features_of::<T, _>(&Any, any(), any(), any(), any());

    trunk::nystrom::Nystrom::inputs[T] => any::<Nystrom<'_, T>>().inputs();
    trunk::nystrom::Nystrom::features[T] => any::<Nystrom<'_, T>>().features();
    trunk::nystrom::Nystrom::rank[T] => any::<Nystrom<'_, T>>().rank();
    trunk::nystrom::Nystrom::workspace_len[T] => any::<Nystrom<'_, T>>().workspace_len(any());
    trunk::nystrom::Nystrom::check[T] => any::<Nystrom<'_, T>>().check();
    trunk::nystrom::Nystrom::features_of[T] =>
        any::<Nystrom<'_, T>>().features_of(&Any, any(), any(), any());
    trunk::nystrom::Nystrom::coordinates_of[T] =>
        Nystrom::<'_, T>::coordinates_of(&Any, any(), any(), any(), any(), any());
    trunk::nystrom::squared_lengths[T] => squared_lengths::<T>(any(), any());
    trunk::nystrom::fit::fill_metric[T] =>
        fill_metric::<T, &[T]>(any(), any(), any(), any());
    trunk::nystrom::fit::median_distance[T] => median_distance::<T>(any(), any());
    trunk::nystrom::fit::fill_weight[T] => fill_weight::<T>(any(), any(), any());
    trunk::nystrom::fit::squares_within => squares_within(any(), any());

    trunk::standardise::Sums::new => Sums::new(any(), any());
    trunk::standardise::Sums::add => any::<&mut Sums<'_>>().add(any(), any());
    trunk::standardise::Sums::finish => any::<Sums<'_>>().finish();
    trunk::standardise::scales => scales(any(), any(), any());
    trunk::standardise::apply => apply(any(), any(), any());

    trunk::train::TrainingSizes::of[T] => TrainingSizes::of(any::<&Data<'_, T>>(), any());
    trunk::train::workspace_len => workspace_len(any(), any(), any());
    trunk::train::gradient_workspace_len => gradient_workspace_len(any(), any());
    trunk::train::index_len => index_len(any(), any(), any());
    trunk::train::train[T] =>
        train::<T, _>(&Any, any(), any(), any(), any(), any(), &mut |losses| {
            give(losses);
            any()
        });
    trunk::train::gradient[T] => gradient::<T, _>(&Any, any(), any(), any(), any(), any());
}
