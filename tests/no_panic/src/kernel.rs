use pairpick_core::arith::bernoulli::Variance;
use pairpick_core::arith::elementwise::{Function, map, scalar};
use pairpick_core::arith::erf::Erf;
use pairpick_core::arith::exp::Exp;
use pairpick_core::arith::gelu::{Derivative, Gelu, with_derivative};
use pairpick_core::arith::lanes::{BitLanes, Lanes, Mask, Operation, Simd, run_at};
use pairpick_core::arith::ln::Ln;
use pairpick_core::arith::log1p::Log1p;
use pairpick_core::arith::micro::{
    self, Exp as MicroExp, Gelu as MicroGelu, Variance as MicroVariance,
};
use pairpick_core::arith::sigmoid::Sigmoid;
use pairpick_core::arith::softplus::Softplus;
use pairpick_core::kernel::axpy::{add_scaled, subtract_origin, subtract_scaled};
use pairpick_core::kernel::gemm::{Gemm, add_gemm, gemm};
use pairpick_core::kernel::panel::{
    Grid, fill_columns, fill_panel, fill_panel_from, panel_stride, project_panel, project_panels,
    signed_squared_distances, squared_distances,
};
use pairpick_core::kernel::rank_one::{Change, PairNumbers, change_pairs, leverages_with};
use pairpick_core::kernel::reach::{Bounds, Frame, Threshold, fill_coordinates, reaching};

use crate::{any, give};

/// What needs a vector, at every instruction set of the image.
macro_rules! at_any_level {
    (|$simd:ident: $s:ident| $body:expr) => {{
        struct Here;
        impl Operation for Here {
            type Output = ();
            #[inline(always)]
            fn run<$s: Simd>(self, $simd: $s) {
                let _ = $simd;
                give($body);
            }
        }
        run_at(any(), Here)
    }};
}

/// A call with each of the elementary functions.
macro_rules! each_function {
    (|$f:ident| $body:expr) => {{
        each_function!($f, $body; Exp Ln Log1p Erf Sigmoid Variance Softplus Gelu Derivative
            MicroExp MicroVariance MicroGelu)
    }};
    ($f:ident, $body:expr; $($function:ident)*) => {{
        $({ type $f = $function; give($body); })*
    }};
}

probes! {
    arith::micro::gelu_with_derivative[T] => at_any_level!(|simd: S| {
        micro::gelu_with_derivative::<S, T>(any())
    });
    arith::gelu::with_derivative[T] => at_any_level!(|simd: S| with_derivative::<S, T>(any()));

    kernel::axpy::subtract_scaled[T] => subtract_scaled::<T>(any(), any(), any());
    kernel::axpy::add_scaled[T] => add_scaled::<T>(any(), any(), any());
    kernel::axpy::subtract_origin[T] => {
        subtract_origin::<f32, T, T>(any(), any(), any(), any());
        subtract_origin::<f32, f32, T>(any(), any(), any(), any())
    };

    arith::elementwise::Function::lanes[T] => at_any_level!(|simd: S| {
        each_function!(|F| F::lanes::<S, T>(any()))
    });
    arith::elementwise::map[T] => each_function!(|F| map::<F, T>(any(), any()));
    arith::elementwise::scalar[T] => each_function!(|F| scalar::<F, T>(any()));

    kernel::gemm::gemm[T] => gemm(any(), any::<Gemm<'_, T>>());
    kernel::gemm::add_gemm[T] => add_gemm(any(), any::<Gemm<'_, T>>());

    arith::lanes::Lanes::splat[T] => at_any_level!(|simd: S| Lanes::<S, T>::splat(simd, any()));
    arith::lanes::Lanes::each[T] =>
        at_any_level!(|simd: S| any::<Lanes<S, T>>().each(|_| any()));
    arith::lanes::Lanes::load[T] => at_any_level!(|simd: S| Lanes::<S, T>::load(simd, any()));
    arith::lanes::Lanes::load_partial[T] =>
        at_any_level!(|simd: S| Lanes::<S, T>::load_partial(simd, any(), any()));
    arith::lanes::Lanes::store[T] => at_any_level!(|simd: S| any::<Lanes<S, T>>().store(any()));
    arith::lanes::Lanes::store_partial[T] =>
        at_any_level!(|simd: S| any::<Lanes<S, T>>().store_partial(any()));
    arith::lanes::Lanes::as_slice[T] =>
        at_any_level!(|simd: S| give(any::<Lanes<S, T>>().as_slice()));
    arith::lanes::Lanes::sqrt[T] => at_any_level!(|simd: S| any::<Lanes<S, T>>().sqrt());
    arith::lanes::Lanes::abs[T] => at_any_level!(|simd: S| any::<Lanes<S, T>>().abs());
    arith::lanes::Lanes::lt[T] => at_any_level!(|simd: S| any::<Lanes<S, T>>().lt(any()));
    arith::lanes::Lanes::is_number[T] => at_any_level!(|simd: S| any::<Lanes<S, T>>().is_number());
    arith::lanes::Lanes::filled[T] => at_any_level!(|simd: S| any::<Lanes<S, T>>().filled(any()));
    arith::lanes::Lanes::plus[T] => at_any_level!(|simd: S| any::<Lanes<S, T>>().plus(any()));
    arith::lanes::Lanes::times[T] => at_any_level!(|simd: S| any::<Lanes<S, T>>().times(any()));
    arith::lanes::Lanes::interleave[T] =>
        at_any_level!(|simd: S| any::<Lanes<S, T>>().interleave(any()));
    arith::lanes::Lanes::to_bits[T] => at_any_level!(|simd: S| any::<Lanes<S, T>>().to_bits());
    arith::lanes::Lanes::from_bits[T] => at_any_level!(|simd: S| Lanes::<S, T>::from_bits(any()));
    arith::lanes::BitLanes::plus[T] => at_any_level!(|simd: S| any::<BitLanes<S, T>>().plus(any()));
    arith::lanes::BitLanes::minus[T] =>
        at_any_level!(|simd: S| any::<BitLanes<S, T>>().minus(any()));
    arith::lanes::BitLanes::masked[T] =>
        at_any_level!(|simd: S| any::<BitLanes<S, T>>().masked(any()));
    arith::lanes::Mask::select[T] =>
        at_any_level!(|simd: S| any::<Mask<S, T>>().select(any(), any()));
    arith::lanes::Mask::any[T] => at_any_level!(|simd: S| any::<Mask<S, T>>().any());
    arith::lanes::Operation::run => at_any_level!(|simd: S| simd);
    arith::lanes::run_at => at_any_level!(|simd: S| simd);

    kernel::panel::panel_stride => panel_stride(any());
    kernel::transpose::fill_panel[T] => (
        fill_panel::<f32, T>(any(), any(), any(), any()),
        fill_panel::<T, T>(any(), any(), any(), any()),
    );
    kernel::transpose::fill_panel_from[T] => fill_panel_from::<T, T>(any(), any(), any(), any(), any());
    kernel::transpose::fill_columns[T] => fill_columns::<T>(any(), any(), any(), any());
    kernel::panel::project_panel[T] => project_panel::<T>(any(), any(), any(), any());
    kernel::panel::project_panels[T] => (
        project_panels::<T, 2>(any(), any(), any(), any()),
        project_panels::<T, 4>(any(), any(), any(), any()),
    );
    kernel::panel::squared_distances[T] =>
        squared_distances(any(), any::<Grid<'_, T>>(), any());
    kernel::panel::signed_squared_distances[T] =>
        signed_squared_distances(any(), any::<Grid<'_, T>>(), any(), any());

    kernel::reach::Bounds::range[T] => give(any::<Bounds<'_, T>>().range(any(), any()));
    kernel::reach::Frame::centre_alone[T] => give(any::<Frame<'_, T>>().centre_alone());
    kernel::reach::reaching[T] =>
        reaching(any(), any::<Threshold<T>>(), any::<Bounds<'_, T>>(), any(), any(), any());
    kernel::reach::fill_coordinates[T] =>
        fill_coordinates(any(), any(), any::<Frame<'_, T>>(), any(), any());
    kernel::rank_one::change_pairs[T] =>
        change_pairs(any(), any::<PairNumbers<'_, T>>(), any::<Change<'_, T>>(), any());
    kernel::rank_one::leverages_with[T] =>
        leverages_with::<T>(any(), any(), any(), any(), any());
}
