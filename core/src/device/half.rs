//! Numbers of 16 bits.

/// The f32 that a binary16 of these bits stands for: exact, NaN and infinities included.
#[must_use]
pub fn widen(bits: u16) -> f32 {
    let (sign, rest) = (u32::from(bits & 0x8000) << 16, u32::from(bits & 0x7fff));
    let magnitude = match rest >> 10 {
        // A multiple of 2⁻²⁴, so small that the product is exact.
        0 => (f32::from(bits & 0x3ff) * f32::from_bits(0x3380_0000)).to_bits(),
        0x1f => 0x7f80_0000 | (rest & 0x3ff) << 13,
        _ => (rest << 13) + ((127 - 15) << 23),
    };
    f32::from_bits(sign | magnitude)
}
