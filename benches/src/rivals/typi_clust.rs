//! TypiClust: as many clusters as pairs are wanted, and of each, the largest first, the pair that is most
//! typical: nearest in the mean to its neighbours (Hacohen, Dekel and Weinshall, *Active Learning on a
//! Budget*, ICML 2022).

use pairpick_core::arith::Real;
use pairpick_core::rng::Stream;

use super::largest;
use super::pool::Pool;
use super::similarity::{Differences, MOST, dot};
use crate::learning::Failure;

/// Clusters at most, neighbours at most, and points of a cluster at least, as the paper has them.
const CLUSTERS: usize = 500;
const NEIGHBOURS: usize = 20;
const SMALL: usize = 5;

/// Steps of k-means.
const STEPS: usize = 10;

/// So many pairs among [`MOST`] of the pool.
///
/// # Errors
/// None that is known.
pub fn pick(pool: &Pool, count: usize, rng: &mut Stream) -> Result<Vec<usize>, Failure> {
    let places = pool.sample(MOST, rng)?;
    let differences = Differences::of(pool, &places);
    let clusters = clusters(&differences, count.min(CLUSTERS), rng);
    let typicality = typicality(&differences, &clusters);
    Ok(covered(&clusters, &typicality, count).into_iter().map(|place| places[place]).collect())
}

/// The most typical of the cluster with the fewest chosen, of several the largest; those that are too
/// small last.
fn covered(clusters: &[Vec<usize>], typicality: &[f64], count: usize) -> Vec<usize> {
    let mut left: Vec<Vec<usize>> = clusters.to_vec();
    let mut chosen = Vec::new();
    while chosen.len() < count {
        let standing = |(cluster, left): (&Vec<usize>, &Vec<usize>)| {
            let taken = cluster.len() - left.len();
            (cluster.len() < SMALL, taken, usize::MAX - cluster.len())
        };
        let open = clusters.iter().zip(&left).enumerate().filter(|(_, (_, left))| !left.is_empty());
        let Some((next, _)) = open.min_by_key(|(_, both)| standing(*both)) else { break };
        let Some(best) = largest(left[next].iter().map(|place| Some(typicality[*place]))) else {
            break;
        };
        chosen.push(left[next].remove(best));
    }
    chosen
}

/// One over the mean distance to the nearest of the own cluster.
fn typicality(differences: &Differences, clusters: &[Vec<usize>]) -> Vec<f64> {
    let mut typicality = vec![0.0; differences.len()];
    for cluster in clusters {
        for own in cluster {
            let others = cluster.iter().filter(|other| *other != own);
            let mut near: Vec<f64> =
                others.map(|other| f64::from(differences.square(*own, *other)).sqrt_of()).collect();
            near.sort_by(f64::total_cmp);
            near.truncate(NEIGHBOURS);
            let sum = near.iter().fold(0.0, |sum, distance| sum + distance);
            typicality[*own] = near.len() as f64 / (sum + 1e-5);
        }
    }
    typicality
}

/// By k-means from centres drawn by k-means++; a difference is turned the way that its centre lies.
fn clusters(differences: &Differences, count: usize, rng: &mut Stream) -> Vec<Vec<usize>> {
    let mut centres = first_centres(differences, count, rng);
    let mut clusters = Vec::new();
    for _ in 0..STEPS {
        clusters = vec![Vec::new(); centres.len()];
        let squares: Vec<f32> = centres.iter().map(|centre| dot(centre, centre)).collect();
        let mut sums = vec![vec![0.0_f32; centres.first().map_or(0, Vec::len)]; centres.len()];
        for place in 0..differences.len() {
            let near = centres.iter().zip(&squares);
            let near = near.map(|(centre, square)| differences.square_to(place, centre, *square));
            let Some((cluster, (_, is_turned))) =
                near.enumerate().min_by(|(_, (one, _)), (_, (other, _))| one.total_cmp(other))
            else {
                continue;
            };
            clusters[cluster].push(place);
            for (sum, value) in sums[cluster].iter_mut().zip(differences.get(place)) {
                *sum += if is_turned { -value } else { *value };
            }
        }
        for ((centre, sum), cluster) in centres.iter_mut().zip(sums).zip(&clusters) {
            if !cluster.is_empty() {
                *centre = sum.into_iter().map(|sum| sum / cluster.len() as f32).collect();
            }
        }
    }
    clusters
}

/// Each drawn in proportion to its squared distance from those before.
fn first_centres(differences: &Differences, count: usize, rng: &mut Stream) -> Vec<Vec<f32>> {
    let points = differences.len();
    let mut next = rng.below(points as u64) as usize;
    let mut nearest = vec![f32::INFINITY; points];
    let mut centres = Vec::new();
    while centres.len() < count.min(points) {
        for (place, nearest) in nearest.iter_mut().enumerate() {
            let square = differences.square(place, next);
            if square < *nearest {
                *nearest = square;
            }
        }
        centres.push(differences.get(next).to_vec());
        let total = nearest.iter().fold(0.0, |sum, square| sum + f64::from(*square));
        let mut rest = rng.uniform::<f64>() * total;
        next = nearest
            .iter()
            .position(|square| {
                rest -= f64::from(*square);
                rest < 0.0
            })
            .unwrap_or(points - 1);
    }
    centres
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rivals::pool::tests::drawn;

    #[test]
    fn the_largest_cluster_without_a_label_is_next() {
        let clusters = [vec![0, 1, 2, 3, 4], (5..12).collect(), vec![12, 13]];
        let typicality: Vec<f64> = (0..14).map(|place| f64::from(place % 6)).collect();
        // 5 and 11 have 5, 4 has 4; then the larger of the two with one each; the small one is last.
        let order = covered(&clusters, &typicality, 14);
        assert_eq!(order[..4], [5, 4, 11, 3]);
        assert_eq!(order[12..], [13, 12]);
        let mut all = order;
        all.sort_unstable();
        assert_eq!(all, (0..14).collect::<Vec<_>>());
    }

    #[test]
    fn clusters_are_what_lies_together_whichever_way_round() {
        let pool = drawn(1, 40, 6);
        let places: Vec<usize> = (0..pool.pairs.len()).collect();
        let differences = Differences::of(&pool, &places);
        let clusters = clusters(&differences, 9, &mut Stream::new(1, "clusters", 0));
        let mut all = clusters.concat();
        all.sort_unstable();
        assert_eq!(all, places);
        // Those of the same cluster are nearer than others, in the mean.
        let (mut within, mut across) = ((0.0, 0.0), (0.0, 0.0));
        let own = |place: &usize| clusters.iter().position(|cluster| cluster.contains(place));
        for one in &places {
            for other in places.iter().filter(|other| *other < one) {
                let sum = if own(one) == own(other) { &mut within } else { &mut across };
                *sum = (sum.0 + differences.square(*one, *other), sum.1 + 1.0);
            }
        }
        assert!(within.0 / within.1 < 0.8 * across.0 / across.1);
    }
}
