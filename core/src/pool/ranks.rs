//! Between the numbers of all pairs and their ranks among those that are not left out.

/// Turns ascending ranks, each the place of a pair among those on offer, into the pairs' numbers:
/// each pair `left_out` at or below moves one on by one. Both ascend strictly.
pub fn pairs_of_ranks(left_out: &[u64], ranks: &mut [u64]) {
    let mut left_out = left_out.iter().peekable();
    let mut skipped = 0_u64;
    for rank in ranks {
        while left_out.next_if(|pair| **pair <= rank.saturating_add(skipped)).is_some() {
            skipped += 1;
        }
        *rank = rank.saturating_add(skipped);
    }
}

/// Turns numbers of pairs that are on offer, in any order, into their ranks.
pub fn ranks_of_pairs(left_out: &[u64], pairs: &mut [u64]) {
    for pair in pairs {
        *pair = pair.saturating_sub(left_out.partition_point(|left| left < pair) as u64);
    }
}
