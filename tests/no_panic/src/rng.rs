use pairpick_core::rng::Stream;

use crate::any;

probes! {
    rng::Stream::new => Stream::new(any(), any(), any());
    rng::Stream::bits => any::<&mut Stream>().bits();
    rng::Stream::uniform[T] => any::<&mut Stream>().uniform::<T>();
    rng::Stream::normal[T] => any::<&mut Stream>().normal::<T>();
    rng::Stream::below => any::<&mut Stream>().below(any());
    rng::Stream::shuffle => any::<&mut Stream>().shuffle::<u64>(any());
    rng::Stream::sample => any::<&mut Stream>().sample(any(), any());
}
