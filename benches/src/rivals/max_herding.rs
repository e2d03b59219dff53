//! MaxHerding: pairs that cover the pool, each the one that adds most to the mean, over the pool, of the
//! largest similarity with a chosen pair (Bae, Noh and Sutherland, *Generalized Coverage for More Robust
//! Low-Budget Active Learning*, ECCV 2024).

use pairpick_core::rng::Stream;

use super::largest;
use super::pool::Pool;
use super::similarity::{Differences, MOST};
use crate::learning::Failure;

/// What is covered by the pairs chosen so far, of some pairs of a pool.
struct Coverage {
    kernel: Vec<f32>,
    /// The largest similarity of each with one that is chosen.
    covered: Vec<f32>,
}

impl Coverage {
    fn row(&self, place: usize) -> &[f32] {
        let count = self.covered.len();
        &self.kernel[place * count..(place + 1) * count]
    }

    /// What choosing this one adds.
    fn gain(&self, place: usize) -> f64 {
        let row = self.row(place).iter().zip(&self.covered);
        let added = row.map(|(own, covered)| if own > covered { own - covered } else { 0.0 });
        added.fold(0.0, |sum, added| sum + f64::from(added))
    }

    fn choose(&mut self, place: usize) {
        let count = self.covered.len();
        let row = &self.kernel[place * count..(place + 1) * count];
        for (covered, own) in self.covered.iter_mut().zip(row) {
            if own > covered {
                *covered = *own;
            }
        }
    }
}

/// So many pairs among [`MOST`] of the pool.
///
/// # Errors
/// None that is known.
pub fn pick(pool: &Pool, count: usize, rng: &mut Stream) -> Result<Vec<usize>, Failure> {
    let places = pool.sample(MOST, rng)?;
    let kernel = Differences::of(pool, &places).kernel();
    Ok(greedy(kernel, places.len(), count).into_iter().map(|(place, _)| places[place]).collect())
}

/// The best ones, and what each adds. A gain never grows as more are chosen, so that it is worked out
/// anew only for what was best before.
fn greedy(kernel: Vec<f32>, points: usize, count: usize) -> Vec<(usize, f64)> {
    let mut coverage = Coverage { kernel, covered: vec![0.0; points] };
    let mut bounds: Vec<Option<f64>> =
        (0..points).map(|place| Some(coverage.gain(place))).collect();
    let mut chosen = Vec::new();
    while chosen.len() < count {
        let Some(best) = largest(bounds.iter().copied()) else { break };
        let gain = coverage.gain(best);
        if bounds[best] == Some(gain) {
            coverage.choose(best);
            bounds[best] = None;
            chosen.push((best, gain));
        } else {
            bounds[best] = Some(gain);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rivals::pool::tests::drawn;

    /// Sums of maxima over all chosen, for every candidate, each time.
    #[test]
    fn gains_are_those_of_brute_force() {
        for seed in 0..20 {
            let pool = drawn(seed, 12, 5);
            let places: Vec<usize> = (0..pool.pairs.len()).collect();
            let differences = Differences::of(&pool, &places);
            let kernel = differences.kernel();
            let points = places.len();
            let value = |chosen: &[usize]| {
                (0..points).fold(0.0, |sum, point| {
                    let near = chosen.iter().map(|one| f64::from(kernel[one * points + point]));
                    sum + near.fold(0.0, |most, own| if own > most { own } else { most })
                })
            };
            let mut chosen: Vec<usize> = Vec::new();
            for (place, gain) in greedy(kernel.clone(), points, 7) {
                let with = |one: usize| value(&[chosen.as_slice(), &[one]].concat());
                let best = (0..points)
                    .map(with)
                    .fold(0.0, |most, own| if own > most { own } else { most });
                assert!((best - with(place)).abs() < 1e-5, "seed {seed}: {best} {}", with(place));
                assert!((gain - (with(place) - value(&chosen))).abs() < 1e-5, "seed {seed}");
                chosen.push(place);
            }
            assert_eq!(chosen.len(), 7);
        }
    }
}
