//! Fingerprints of embeddings, by which equal ones are found without comparing each with each.

use super::embeddings::Embeddings;
use crate::error::Result;

/// Numbers that are held at a time.
const BLOCK: usize = 1 << 18;

/// Numbers that tell most embeddings apart; rows of no more than a few times as many are read whole.
const START: usize = 64;

/// 64 bits of each item's embedding: those of equal embeddings are equal, and those of others are by
/// a chance of 2⁻⁶⁴.
///
/// # Errors
/// As [`Embeddings::read_items`].
pub fn fingerprints(embeddings: &Embeddings, items: &[u64]) -> Result<Vec<u64>> {
    let dimensions = embeddings.dimensions();
    of_blocks(items, dimensions, &|items, out| embeddings.read_items(items, out))
}

/// The items among these whose embeddings others may have too, in their order, by fewer numbers where
/// there are many: all that do, and a few more.
///
/// # Errors
/// As [`fingerprints`].
pub(crate) fn perhaps_equal(embeddings: &Embeddings, items: &[u64]) -> Result<Vec<u64>> {
    if embeddings.dimensions() <= START.saturating_mul(4) {
        return Ok(items.to_vec());
    }
    let read = |items: &[u64], out: &mut [f32]| embeddings.read_starts(items, START, out);
    let prints = of_blocks(items, START, &read)?;
    let mut sorted = prints.clone();
    sorted.sort_unstable();
    let several = sorted.chunk_by(u64::eq).filter(|prints| prints.len() > 1);
    let several: Vec<u64> = several.filter_map(|prints| prints.first().copied()).collect();
    let is_several = |print: &u64| several.binary_search(print).is_ok();
    let items = items.iter().zip(&prints).filter(|(_, print)| is_several(print));
    Ok(items.map(|(item, _)| *item).collect())
}

/// Reads numbers of items.
type Read<'a> = &'a dyn Fn(&[u64], &mut [f32]) -> Result<()>;

/// The fingerprints of what is read of each item, so many numbers.
fn of_blocks(items: &[u64], numbers: usize, read: Read<'_>) -> Result<Vec<u64>> {
    let at_once = BLOCK.checked_div(numbers).unwrap_or(1).max(1);
    let (mut found, mut rows) = (Vec::with_capacity(items.len()), Vec::new());
    for block in items.chunks(at_once) {
        rows.resize(block.len().saturating_mul(numbers), 0.0);
        read(block, &mut rows)?;
        found.extend(rows.chunks(numbers.max(1)).map(fingerprint));
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
