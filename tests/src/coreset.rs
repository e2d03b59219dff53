//! The pairs that `coreset` draws, with every vector written out.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use pairpick_core::pool::ItemPair;
use pairpick_core::rng::Stream;

use crate::oracle;
use crate::selecting::Listed;

/// The vector of each pair on offer, signed by the predicted preference.
#[must_use]
pub fn vectors(listed: &Listed) -> Vec<Vec<f64>> {
    let reward = |item: u32| oracle::reward(listed.order, &listed.features, &listed.head, item);
    let signed = |pair: u64| {
        let ItemPair { a, b } = listed.pairs[usize::try_from(pair).expect("small")];
        let a_first = reward(a) > reward(b) || (reward(a) == reward(b) && a < b);
        let items = if a_first { ItemPair { a, b } } else { ItemPair { a: b, b: a } };
        oracle::difference(listed.order, &listed.features, items)
    };
    listed.offered().into_iter().map(signed).collect()
}

fn distance(u: &[f64], v: &[f64]) -> f64 {
    u.iter().zip(v).map(|(u, v)| (u - v) * (u - v)).sum::<f64>().sqrt()
}

fn mean(vectors: &[&Vec<f64>]) -> Vec<f64> {
    let sum = |i: usize| vectors.iter().map(|vector| vector[i]).sum::<f64>();
    (0..vectors[0].len()).map(|i| sum(i) / vectors.len() as f64).collect()
}

/// The cluster of each vector: k-means++ and Lloyd's iterations, by the draws of this stream.
#[must_use]
pub fn clusters(vectors: &[Vec<f64>], count: usize, rng: &mut Stream) -> Vec<usize> {
    let first = usize::try_from(rng.below(vectors.len() as u64)).expect("small");
    let mut centres = vec![vectors[first].clone()];
    let squares = |centres: &[Vec<f64>]| -> Vec<f64> {
        let square = |vector: &Vec<f64>| {
            let nearest = centres.iter().map(|centre| distance(vector, centre));
            nearest.fold(f64::INFINITY, f64::min).powi(2)
        };
        vectors.iter().map(square).collect()
    };
    for _ in 1..=count {
        let squares = squares(&centres);
        let target = rng.uniform::<f64>() * squares.iter().sum::<f64>();
        let mut sum = 0.0;
        let next = squares.iter().position(|square| {
            sum += square;
            target < sum
        });
        // One more centre is drawn than is used.
        let next = next
            .unwrap_or_else(|| usize::try_from(rng.below(vectors.len() as u64)).expect("small"));
        centres.push(vectors[next].clone());
    }
    centres.truncate(count);
    let nearest = |centres: &[Vec<f64>], vector: &Vec<f64>| {
        let by_distance = |a: &usize, b: &usize| {
            distance(vector, &centres[*a]).total_cmp(&distance(vector, &centres[*b]))
        };
        (0..count).min_by(by_distance).expect("a centre")
    };
    let mut own: Vec<usize> = vectors.iter().map(|vector| nearest(&centres, vector)).collect();
    loop {
        for (cluster, centre) in centres.iter_mut().enumerate() {
            let members: Vec<&Vec<f64>> = vectors
                .iter()
                .zip(&own)
                .filter(|(_, own)| **own == cluster)
                .map(|(v, _)| v)
                .collect();
            *centre = if members.is_empty() {
                vec![f64::MAX.sqrt(); centre.len()]
            } else {
                mean(&members)
            };
        }
        let next: Vec<usize> = vectors.iter().map(|vector| nearest(&centres, vector)).collect();
        if next == own {
            return own;
        }
        own = next;
    }
}

/// The bound of lemma 3.1 for each vector, each cluster's mean taken anew without it.
#[must_use]
pub fn sensitivities(vectors: &[Vec<f64>], own: &[usize], radius: f64) -> Vec<f64> {
    let count = own.iter().max().expect("not empty") + 1;
    (0..vectors.len())
        .map(|n| {
            let mut sum = 1.0;
            for cluster in 0..count {
                let others: Vec<&Vec<f64>> = (0..vectors.len())
                    .filter(|m| *m != n && own[*m] == cluster)
                    .map(|m| &vectors[m])
                    .collect();
                if !others.is_empty() {
                    let away = distance(&mean(&others), &vectors[n]);
                    sum += others.len() as f64 * (-radius * away).exp();
                }
            }
            vectors.len() as f64 / sum
        })
        .collect()
}

/// The Gumbel deviate of a pair: −ln(−ln(1 − v)), v from SplitMix64's output of this number.
#[must_use]
pub fn gumbel(key: u64, pair: u64) -> f64 {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    let z = key.wrapping_add((pair + 1).wrapping_mul(STEP));
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let bits = z ^ (z >> 31);
    let v = (bits | 1) as f64 / 18_446_744_073_709_551_616.0;
    -(-(-v).ln_1p()).ln()
}
