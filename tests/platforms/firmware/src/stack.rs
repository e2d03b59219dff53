//! How deep the stack went: the memory below it is painted, and looked at later.

use core::ptr::{from_ref, with_exposed_provenance_mut};

unsafe extern "C" {
    /// The end of the statics, which the stack grows towards.
    static _stack_end: u32;
    /// The end of the memory, where the stack begins.
    static _stack_start: u32;
}

/// What no program stores.
const PAINT: u32 = 0x5AFE_57AC;

/// Bytes below here that painting itself may use.
const OWN: usize = 256;

fn end() -> usize {
    from_ref(unsafe { &_stack_end }).addr()
}

fn start() -> usize {
    from_ref(unsafe { &_stack_start }).addr()
}

/// Bytes above the statics that no stack may touch: one that comes nearer may have written over them.
pub const MARGIN: usize = 256;

/// Paints what is below the stack.
#[inline(never)]
pub fn paint() {
    let here = cortex_m::register::msp::read() as usize - OWN;
    for address in (end()..here).step_by(size_of::<u32>()) {
        // SAFETY: between the statics and the stack there is nothing.
        unsafe { with_exposed_provenance_mut::<u32>(address).write_volatile(PAINT) }
    }
}

/// Bytes of stack since it was painted, at the deepest: those that were, where the paint has been
/// worn off.
pub fn depth() -> usize {
    let mut addresses = (end()..start()).step_by(size_of::<u32>());
    let worn = addresses.find(|address| is_worn(*address));
    start() - worn.unwrap_or(start())
}

/// Whether the stack has kept away from the statics since it was painted.
pub fn holds() -> bool {
    let mut margin = (end()..end() + MARGIN).step_by(size_of::<u32>());
    !margin.any(is_worn)
}

/// Whether something was stored at this address, of the memory that the statics leave.
fn is_worn(address: usize) -> bool {
    // SAFETY: the caller's.
    unsafe { with_exposed_provenance_mut::<u32>(address).read_volatile() != PAINT }
}

/// Bytes that the statics leave.
pub fn room() -> usize {
    start() - end()
}
