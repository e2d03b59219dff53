use pairpick_core::linalg::{
    Cholesky, CholeskyView, Packed, PackedView, condition_workspace_len, downdate_workspace_len,
    packed_len,
};

use crate::any;

probes! {
    linalg::packed::packed_len => packed_len(any());
    linalg::packed::Packed::zeros[T] => Packed::<T, [T; packed_len(32)]>::zeros(any());
    linalg::packed::Packed::new[T] => (
        Packed::<T, &[T]>::new(any(), any()),
        Packed::<T, &mut [T]>::new(any(), any()),
        Packed::<T, [T; packed_len(32)]>::new(any(), any()),
    );
    linalg::packed::Packed::order[T] => any::<PackedView<'_, T>>().order();
    linalg::packed::Packed::as_slice[T] => crate::give(any::<PackedView<'_, T>>().as_slice());
    linalg::packed::Packed::entry[T] => any::<PackedView<'_, T>>().entry(any(), any());
    linalg::packed::Packed::norm[T] => any::<PackedView<'_, T>>().norm();
    linalg::packed::Packed::into_inner[T] => any::<PackedView<'_, T>>().into_inner();
    linalg::packed::Packed::as_mut_slice[T] =>
        crate::give(any::<PackedView<'_, T>>().as_mut_slice());
    linalg::packed::Packed::clear[T] => any::<PackedView<'_, T>>().clear();
    linalg::packed::Packed::add_diagonal[T] => any::<PackedView<'_, T>>().add_diagonal(any());
    linalg::packed::Packed::trace[T] => any::<PackedView<'_, T>>().trace();
    linalg::packed::Packed::add[T] =>
        any::<PackedView<'_, T>>().add(any::<&Packed<T, &[T]>>());

    linalg::cholesky::condition_workspace_len => condition_workspace_len(any());
    linalg::cholesky::Cholesky::factor[T] => (
        Cholesky::factor(any::<PackedView<'_, T>>()),
        Cholesky::factor(any::<Packed<T, [T; packed_len(32)]>>()),
    );
    linalg::cholesky::Cholesky::order[T] => any::<CholeskyView<'_, T>>().order();
    linalg::cholesky::Cholesky::as_slice[T] => crate::give(any::<CholeskyView<'_, T>>().as_slice());
    linalg::cholesky::Cholesky::log_det[T] => any::<CholeskyView<'_, T>>().log_det();
    linalg::cholesky::Cholesky::log_det_over[T] =>
        any::<CholeskyView<'_, T>>().log_det_over(any());
    linalg::cholesky::Cholesky::solve_lower[T] => any::<CholeskyView<'_, T>>().solve_lower(any());
    linalg::cholesky::Cholesky::solve_upper[T] => any::<CholeskyView<'_, T>>().solve_upper(any());
    linalg::cholesky::Cholesky::solve[T] => any::<CholeskyView<'_, T>>().solve(any());
    linalg::cholesky::Cholesky::condition_estimate[T] =>
        any::<CholeskyView<'_, T>>().condition_estimate(any());
    linalg::cholesky::Cholesky::checked[T] => any::<CholeskyView<'_, T>>().checked(any());

    linalg::update::downdate_workspace_len => downdate_workspace_len(any());
    linalg::update::Cholesky::update[T] => any::<CholeskyView<'_, T>>().update(any());
    linalg::update::Cholesky::downdate[T] =>
        any::<CholeskyView<'_, T>>().downdate(any(), any());
}
