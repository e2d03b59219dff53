//! Flash, played by the board's code memory: QEMU puts a pool's image there, and what a file holds of
//! the answer log. What the program adds to the log it writes to that file too, a byte at a time, so that
//! it is all that an end of the emulator leaves.

use core::ptr::with_exposed_provenance_mut;
use core::slice;

use pairpick_core::device::{Store, StoreError};

use crate::host::{File, exit};

unsafe extern "C" {
    static __image_start: u8;
    static __image_end: u8;
    static __number: u32;
    static __log_start: u8;
    static __log_end: u8;
}

/// The bytes between two places of the linker's memory map.
fn between(start: &'static u8, end: &'static u8) -> (usize, usize) {
    let start = core::ptr::from_ref(start).addr();
    (start, core::ptr::from_ref(end).addr() - start)
}

/// The image's part of the flash, at whose front an image is.
pub fn image() -> &'static [u8] {
    // SAFETY: where an image is read, nobody writes to it.
    unsafe { image_memory() }
}

/// The image's part of the flash, for who makes an image.
///
/// # Safety
/// Nobody has it.
pub unsafe fn image_memory() -> &'static mut [u8] {
    // SAFETY: the memory is there, and the caller's alone.
    unsafe {
        let (start, len) = between(&__image_start, &__image_end);
        slice::from_raw_parts_mut(with_exposed_provenance_mut(start), len)
    }
}

/// The number of this board, which tells its log from those of others: a word of flash that is written when
/// a board is set up. None where it never was: whether erased flash reads as zeros or ones.
pub fn device_number() -> Option<u32> {
    // SAFETY: a place of the memory map, which nobody writes to while the program runs.
    let number = unsafe { core::ptr::from_ref(&__number).read_volatile() };
    (number != 0 && number != u32::MAX).then_some(number)
}

/// How the program ends where power fails.
pub const POWER_FAILED: u32 = 75;

/// The log's part of the flash, and its file.
pub struct LogFlash {
    file: File,
    start: usize,
    len: usize,
    /// Bytes that can be written before power fails, if it does.
    left: Option<u32>,
}

impl LogFlash {
    /// Opens `answers.log`, of which the flash has what it held when power came. Where there is a file
    /// `power`, it says how many bytes can be written before power fails.
    ///
    /// # Errors
    /// [`StoreError`] without the log's file.
    pub fn open() -> Result<Self, StoreError> {
        // SAFETY: two places of the memory map.
        let (start, len) = unsafe { between(&__log_start, &__log_end) };
        let file = File::open(c"answers.log").ok_or(StoreError)?;
        Ok(Self { file, start, len, left: power_left() })
    }

    /// A byte of flash: what is written to it stays until it is erased, so that it must be erased before.
    fn write(&mut self, at: usize, byte: u8) -> Result<(), StoreError> {
        const ERASED: u8 = 0xff;
        match &mut self.left {
            Some(0) => exit(POWER_FAILED),
            Some(left) => *left -= 1,
            None => {}
        }
        let place = with_exposed_provenance_mut::<u8>(self.start + at);
        if at >= self.len {
            return Err(StoreError);
        }
        // SAFETY: within the log's memory, which nobody else has.
        unsafe {
            if place.read_volatile() != ERASED {
                return Err(StoreError);
            }
            place.write_volatile(byte);
        }
        self.file.write(&[byte]).then_some(()).ok_or(StoreError)
    }
}

impl Store for LogFlash {
    fn capacity(&self) -> usize {
        self.len
    }

    fn read(&mut self, offset: usize, bytes: &mut [u8]) -> Result<(), StoreError> {
        for (at, byte) in (offset..self.len).zip(bytes) {
            // SAFETY: within the log's memory, which nobody else has.
            *byte = unsafe { with_exposed_provenance_mut::<u8>(self.start + at).read_volatile() };
        }
        Ok(())
    }

    fn append(&mut self, offset: usize, bytes: &[u8]) -> Result<(), StoreError> {
        self.file.seek(offset).then_some(()).ok_or(StoreError)?;
        (offset..).zip(bytes).try_for_each(|(at, byte)| self.write(at, *byte))
    }
}

/// The number in the file `power`, if there is one.
fn power_left() -> Option<u32> {
    let file = File::read_only(c"power")?;
    let digits =
        core::iter::from_fn(|| file.read()).map_while(|byte| char::from(byte).to_digit(10));
    Some(digits.fold(0, |number: u32, digit| number.saturating_mul(10).saturating_add(digit)))
}
