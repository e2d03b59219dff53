//! [`Shared`]: memory in a static.

use core::cell::UnsafeCell;

/// A value that one place at a time has.
pub struct Shared<T>(UnsafeCell<T>);

// SAFETY: whoever takes it vouches for being the only one.
unsafe impl<T> Sync for Shared<T> {}

impl<T> Shared<T> {
    /// Holds it.
    pub const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// The value.
    ///
    /// # Safety
    /// Nobody else has it.
    #[allow(clippy::mut_from_ref, reason = "that is what it is for")]
    pub unsafe fn take(&self) -> &mut T {
        // SAFETY: the caller's.
        unsafe { &mut *self.0.get() }
    }
}
