use pairpick_core::linalg::CholeskyView;
use pairpick_core::whiten::{Whitened, whitened_len};

use crate::{Any, any, give};

probes! {
    whiten::whitened_len => whitened_len(any(), any());
    whiten::Whitened::new[T] =>
        give(Whitened::<T>::new(&Any, any::<&CholeskyView<'_, T>>(), any(), any()));
    whiten::Whitened::variances[T] =>
        any::<Whitened<'_, T>>().variances(any(), any(), any(), any());
}
