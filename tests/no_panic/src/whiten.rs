use pairpick_core::linalg::CholeskyView;
use pairpick_core::whiten::{Whitened, fill_whitened, fill_whitener, whitened_len, whitener_len};

use crate::{Any, any, give};

probes! {
    whiten::substitution::whitener_len => whitener_len(any());
    whiten::substitution::fill_whitener[T] => fill_whitener::<T>(any(), any(), any());
    whiten::substitution::fill_whitened[T] => (
        fill_whitened::<f32, T>(any(), any(), any(), any(), any()),
        fill_whitened::<T, T>(any(), any(), any(), any(), any()),
    );
    whiten::whitened_len => whitened_len(any(), any());
    whiten::Whitened::new[T] =>
        give(Whitened::<T>::new(&Any, any::<&CholeskyView<'_, T>>(), any(), any()));
    whiten::Whitened::variances[T] =>
        any::<Whitened<'_, T>>().variances(any(), any(), any(), any());
}
