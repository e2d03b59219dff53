use core::fmt::Write;

use pairpick_core::parallel::Micro;
use pairpick_core::scenario::{DeviceMemory, Entry, Header, Kind, Size, Values, replay};

use crate::{Any, any, give};

probes! {
    scenario::replay[T] => replay::<T, _>(&Any, any(), any(), &mut |entry| give(entry));
    also::replay[T] => replay::<T, _>(&Micro(&Any), any(), any(), &mut |entry| give(entry));
    scenario::memory::DeviceMemory::borrow[T] => give(any::<&mut DeviceMemory<T>>().borrow());
    scenario::memory::DeviceMemory::lengths[T] => DeviceMemory::<T>::lengths();
    scenario::size::Size::name => any::<Size>().name();
    scenario::size::Size::prompts => any::<Size>().prompts();
    scenario::size::Size::lengths => any::<Size>().lengths(any());
    scenario::recorder::Kind::name => any::<Kind>().name();
    scenario::recorder::Kind::bits => any::<Kind>().bits();
    scenario::recorder::Values::kind => any::<Values<'_>>().kind();
    scenario::recorder::Values::len => any::<Values<'_>>().len();
    scenario::recorder::Values::is_empty => any::<Values<'_>>().is_empty();
    scenario::recorder::Values::iter => any::<Values<'_>>().iter().for_each(give);
    scenario::recorder::Header::new[T] => Header::new::<T>(any(), any());
    also::Entry::fmt => write!(Sink, "{} {:#}", any::<Entry<'_>>(), any::<Entry<'_>>());
    also::Header::fmt => write!(Sink, "{}", any::<Header>());
}

/// A serial line.
struct Sink;

impl Write for Sink {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        give(text);
        any()
    }
}
