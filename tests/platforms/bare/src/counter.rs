//! Instructions by the board's timer, which counts virtual time, of which QEMU gives each instruction
//! 32 ns (`-icount shift=5`); a tick is 40 ns.

use core::arch::asm;

/// TIMER0 of ARM's MPS2 boards, which counts down.
const TIMER: *mut u32 = 0x4000_0000 as *mut u32;

/// Sets the timer going, and tells what it makes of a thousand instructions.
pub fn start() -> u64 {
    // SAFETY: the timer's reload value, its value, and its enabling.
    unsafe {
        TIMER.add(2).write_volatile(u32::MAX);
        TIMER.add(1).write_volatile(u32::MAX);
        TIMER.write_volatile(1);
    }
    // SAFETY: it does nothing.
    count(|| unsafe { asm!(".rept 1000", "nop", ".endr") }).0
}

/// The instructions that `stage` takes, and what it gives.
pub fn count<R>(stage: impl FnOnce() -> R) -> (u64, R) {
    let before = ticks();
    let result = stage();
    let spent = u64::from(before.wrapping_sub(ticks()));
    (spent * 40 / 32, result)
}

fn ticks() -> u32 {
    // SAFETY: the timer's value, whose reading changes nothing.
    unsafe { TIMER.add(1).read_volatile() }
}
