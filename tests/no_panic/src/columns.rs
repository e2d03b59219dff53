use pairpick_core::columns::Columns;

use crate::any;

probes! {
    columns::Columns::new[T] => Columns::<T>::new(any(), any(), any());
    columns::Columns::rows[T] => any::<Columns<'_, T>>().rows();
    columns::Columns::len[T] => any::<Columns<'_, T>>().len();
    columns::Columns::is_empty[T] => any::<Columns<'_, T>>().is_empty();
    columns::Columns::as_slice[T] => any::<Columns<'_, T>>().as_slice();
    columns::Columns::column[T] => any::<Columns<'_, T>>().column(any());
    columns::Columns::range[T] => any::<Columns<'_, T>>().range(any(), any());
    columns::Columns::iter[T] =>
        any::<Columns<'_, T>>().iter().for_each(crate::give);
    columns::Columns::view[T] => any::<Columns<'_, T>>().view();
}
