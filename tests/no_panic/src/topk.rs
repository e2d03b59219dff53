use pairpick_core::topk::{Scored, TopK, merge};

use crate::{any, give};

probes! {
    topk::TopK::new[T] => give(TopK::<T>::new(any()));
    topk::TopK::offer[T] => any::<&mut TopK<'_, T>>().offer(any());
    topk::TopK::offer_run[T] => any::<&mut TopK<'_, T>>().offer_run(any(), any());
    topk::merge[T] => give(merge(any::<[Scored<T>; 4]>(), any()));
    topk::TopK::finish[T] => give(any::<TopK<'_, T>>().finish());
}
