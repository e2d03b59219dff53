//! What the emulator's host is asked for: files, and a place to print to. The calls of semihosting
//! without a check that could panic.

use core::ffi::CStr;
use core::fmt;

use cortex_m_semihosting::nr::open;
use cortex_m_semihosting::syscall;

/// What calls say that fail.
const FAILED: usize = usize::MAX;

/// An open file.
#[derive(Clone, Copy)]
pub struct File(usize);

impl File {
    /// Opens a file that there is.
    pub fn open(path: &CStr) -> Option<Self> {
        Self::of(path, open::RW_BINARY)
    }

    /// Opens a file that there is, or a pipe, to be read.
    pub fn read_only(path: &CStr) -> Option<Self> {
        Self::of(path, open::R_BINARY)
    }

    /// What is printed to.
    pub fn output() -> Option<Self> {
        Self::of(c":tt", open::W_TRUNC)
    }

    fn of(path: &CStr, mode: usize) -> Option<Self> {
        // SAFETY: the path is read while it is lent.
        let file = unsafe { syscall!(OPEN, path.as_ptr(), mode, path.count_bytes()) };
        (file != FAILED).then_some(Self(file))
    }

    /// Reads one byte: nothing at the end.
    pub fn read(self) -> Option<u8> {
        let mut byte = 0_u8;
        // SAFETY: the byte is written to while it is lent.
        let missing = unsafe { syscall!(READ, self.0, &raw mut byte, 1) };
        (missing == 0).then_some(byte)
    }

    /// Whether all the bytes were written, and have left this program.
    pub fn write(self, bytes: &[u8]) -> bool {
        // SAFETY: the bytes are read while they are lent.
        unsafe { syscall!(WRITE, self.0, bytes.as_ptr(), bytes.len()) == 0 }
    }

    /// Whether what is read or written next is at this place.
    pub fn seek(self, place: usize) -> bool {
        // SAFETY: it touches no memory.
        unsafe { syscall!(SEEK, self.0, place) == 0 }
    }
}

impl fmt::Write for File {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.write(text.as_bytes()).then_some(()).ok_or(fmt::Error)
    }
}

/// Ends the emulator with this code.
pub fn exit(code: u32) -> ! {
    const EXIT_EXTENDED: usize = 0x20;
    const APPLICATION_EXIT: usize = 0x2_0026;
    loop {
        // SAFETY: it does not return.
        unsafe { syscall(EXIT_EXTENDED, &[APPLICATION_EXIT, code as usize]) };
    }
}
