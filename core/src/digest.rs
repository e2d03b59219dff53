//! [`Digest`]: a fingerprint of a stage's values, so that two machines can compare results by
//! sixteen hexadecimal digits.
//!
//! FNV-1a, 64 bits (Fowler, Noll, Vo), over the little-endian bytes of each value's bits. It
//! depends on order, so a permuted result differs; it is not a cryptographic hash.

use crate::arith::Real;
use crate::error::Error;

const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// A running FNV-1a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(OFFSET_BASIS)
    }
}

impl Digest {
    /// The digest of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The value so far.
    #[must_use]
    pub fn value(self) -> u64 {
        self.0
    }

    /// Takes in bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
    }

    /// Takes in an integer, as eight little-endian bytes.
    pub fn integer(&mut self, value: u64) {
        self.bytes(&value.to_le_bytes());
    }

    /// Takes in the bits of numbers, each as wide as its type.
    ///
    /// # Errors
    /// [`Error::NonFinite`] at the first NaN, whose bits differ between machines; infinities and
    /// both zeros are taken as they are.
    pub fn numbers<T: Real>(&mut self, values: &[T]) -> Result<(), Error> {
        for (index, value) in values.iter().enumerate() {
            if value.magnitude() <= T::INFINITY {
                let bytes = value.bits().to_le_bytes();
                let (used, _) = bytes.split_at_checked(size_of::<T>()).unwrap_or_default();
                self.bytes(used);
            } else {
                return Err(Error::NonFinite { what: "digested values", index });
            }
        }
        Ok(())
    }
}

/// FNV-1a of a name, as streams of random numbers are keyed by it.
#[must_use]
pub fn of_name(name: &str) -> u64 {
    let mut digest = Digest::new();
    digest.bytes(name.as_bytes());
    digest.value()
}
