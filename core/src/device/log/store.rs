//! [`Store`]: where a log lies.

use core::fmt;

/// Memory that a log is kept in, such as pages of flash: erased to bytes of 0xFF before the first
/// record, then written record by record, each place once.
///
/// A record is written in the memory's own units, of 1 to 32 bytes that divide 32, in any order, so that
/// no unit is written twice. What power leaves of it may be anything; but two things a driver has to
/// see to, if its memory can do them:
///
/// - A unit that was written in part may not be readable, for its error-correcting code. That is no
///   [`StoreError`]: reading it gives bytes that are not all 0xFF, such as zeros.
/// - A unit that was written in part may read as erased, and be written to in vain. A driver that can
///   tell, by the code's bits, by a read at another margin, or by a mark of its own that it sets
///   before a record and clears behind it, gives such a place as bytes that are not all 0xFF too; it is then
///   passed over, and never written to again.
pub trait Store {
    /// Its size in bytes.
    fn capacity(&self) -> usize;

    /// Reads bytes; what was never written is 0xFF, and of what was written in part not all is.
    ///
    /// # Errors
    /// [`StoreError`] where the memory does not answer: the log is not opened then.
    fn read(&mut self, offset: usize, bytes: &mut [u8]) -> Result<(), StoreError>;

    /// Writes a record's bytes to where all is erased, and returns when they are safe: power may fail
    /// at any byte of it. `offset` is a multiple of [`RECORD_LEN`](super::RECORD_LEN).
    ///
    /// # Errors
    /// [`StoreError`] where the memory cannot be written.
    fn append(&mut self, offset: usize, bytes: &[u8]) -> Result<(), StoreError>;
}

/// The memory of a log could not be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct StoreError;

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the log's memory does not answer")
    }
}

impl core::error::Error for StoreError {}

/// A copy of a log, to be read: what it lacks of a last record was never written.
impl Store for &[u8] {
    fn capacity(&self) -> usize {
        self.len().next_multiple_of(super::RECORD_LEN)
    }

    fn read(&mut self, offset: usize, bytes: &mut [u8]) -> Result<(), StoreError> {
        let written = self.get(offset..).unwrap_or_default();
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = written.get(place).copied().unwrap_or(ERASED);
        }
        Ok(())
    }

    fn append(&mut self, _offset: usize, _bytes: &[u8]) -> Result<(), StoreError> {
        Err(StoreError)
    }
}

/// A byte that was never written.
pub(super) const ERASED: u8 = 0xff;
