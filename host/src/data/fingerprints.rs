//! Fingerprints of embeddings, by which equal ones are found without comparing each with each.

use super::embeddings::Embeddings;
use crate::error::Result;

/// Numbers that are held at a time.
const BLOCK: usize = 1 << 18;

/// 64 bits of each item's embedding: those of equal embeddings are equal, and those of others are by
/// a chance of 2⁻⁶⁴.
///
/// # Errors
/// As [`Embeddings::read_items`].
pub fn fingerprints(embeddings: &Embeddings, items: &[u64]) -> Result<Vec<u64>> {
    let dimensions = embeddings.dimensions();
    let at_once = BLOCK.checked_div(dimensions).unwrap_or(1).max(1);
    let (mut found, mut rows) = (Vec::with_capacity(items.len()), Vec::new());
    for block in items.chunks(at_once) {
        rows.resize(block.len().saturating_mul(dimensions), 0.0);
        embeddings.read_items(block, &mut rows)?;
        found.extend(rows.chunks(dimensions.max(1)).map(fingerprint));
    }
    Ok(found)
}

/// Each step is a bijection of the 64 bits, and of the number's bits.
fn fingerprint(row: &[f32]) -> u64 {
    row.iter().fold(0x9e37_79b9_7f4a_7c15, |bits: u64, value| {
        // −0 and 0 differ by nothing.
        let number = u64::from((value + 0.0).to_bits());
        let mixed = (bits ^ number).wrapping_mul(0xd6e8_feb8_6659_fd93);
        mixed ^ (mixed >> 32)
    })
}

#[cfg(test)]
mod tests {
    use super::fingerprint;

    #[test]
    fn both_zeros_are_equal_and_what_differs_in_a_bit_or_in_order_is_not() {
        assert_eq!(fingerprint(&[0.0, -0.0, 1.0]), fingerprint(&[-0.0, 0.0, 1.0]));
        let row = [1.0_f32, -2.0, 3.5, 0.25];
        for place in 0..row.len() {
            for bit in 0..32 {
                let mut other = row;
                other[place] = f32::from_bits(other[place].to_bits() ^ (1 << bit));
                assert_ne!(fingerprint(&row), fingerprint(&other), "{place} {bit}");
            }
        }
        // Two signs that change undo each other in a sum, or in an exclusive or.
        assert_ne!(fingerprint(&[1.0, -2.0]), fingerprint(&[-1.0, 2.0]));
        assert_ne!(fingerprint(&[1.0, 2.0]), fingerprint(&[2.0, 1.0]));
    }
}
