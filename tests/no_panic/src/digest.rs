use pairpick_core::digest::{Digest, of_name};

use crate::any;

probes! {
    digest::Digest::new => Digest::new();
    digest::Digest::value => any::<Digest>().value();
    digest::Digest::bytes => any::<&mut Digest>().bytes(any());
    digest::Digest::integer => any::<&mut Digest>().integer(any());
    digest::Digest::numbers[T] => any::<&mut Digest>().numbers::<T>(any());
    digest::of_name => of_name(any());
}
