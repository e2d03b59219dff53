//! The Fisher information of all pairs as a sum over items, against the pair form with compensated
//! sums in f64.

use fearless_simd::Level;
use pairpick_core::arith::Real;
use pairpick_core::columns::Columns;
use pairpick_core::fisher::{Weighting, add_pool, pool_items_len, pool_workspace_len};
use pairpick_core::linalg::{Packed, packed_len};
use pairpick_core::pool::Pool;
use pairpick_core::rng::Stream;
use pairpick_core::topk::Scored;
use pairpick_tests::oracle;
use pairpick_tests::threads::Threads;

const ORDER: usize = 3;

fn weighting<T>(unit: bool) -> Weighting<'static, T> {
    if unit { Weighting::Unit } else { Weighting::Bernoulli }
}

struct Items {
    features: Vec<f32>,
    rewards: Vec<f64>,
    labelled: Vec<u64>,
}

impl Items {
    /// Features of which the reward is a part, as in a last layer; every 6,001st pair has a label.
    fn new(items: usize, reward: impl Fn(usize, f64) -> f64) -> Self {
        let mut rng = Stream::new(3, "all pairs", 1);
        let mut features = Vec::new();
        let mut rewards = Vec::new();
        for item in 0..items {
            let reward = reward(item, rng.uniform::<f64>() - 0.5);
            let noise = [rng.uniform::<f32>(), rng.uniform::<f32>()];
            features.extend([0.3 * reward as f32 + noise[0], noise[1], 5.0 - 0.1 * reward as f32]);
            rewards.push(f64::from(reward as f32));
        }
        let pairs = (items * (items - 1) / 2) as u64;
        Self { features, rewards, labelled: (0..pairs).step_by(6001).collect() }
    }

    fn len(&self) -> usize {
        self.rewards.len()
    }

    fn pool(&self) -> Pool<'_> {
        let columns = Columns::new(&self.features, ORDER, self.len()).expect("features");
        Pool::cross_prompt(columns, &self.labelled).expect("a pool")
    }

    fn sum<T: Real>(&self, threads: usize, weighting: Weighting<'_, T>) -> Vec<f64> {
        let pool = self.pool();
        let rewards: Vec<T> = self.rewards.iter().map(|reward| T::from_f64(*reward)).collect();
        let mut memory = vec![T::from_f64(f64::NAN); pool_workspace_len(&pool.size(), 2 * threads)];
        let mut items = vec![Scored::default(); pool_items_len(&pool.size())];
        let mut fisher = Packed::new(ORDER, vec![T::ZERO; packed_len(ORDER)]).expect("order");
        let executor = &Threads { level: Level::new(), threads };
        add_pool(executor, &pool, &rewards, weighting, &mut fisher, &mut memory, &mut items)
            .expect("fits");
        fisher.as_slice().iter().map(|entry| entry.to_f64()).collect()
    }

    /// Σ w ddᵀ pair by pair.
    fn expected(&self, unit: bool) -> Vec<f64> {
        let mut sums = vec![(0.0_f64, 0.0_f64); packed_len(ORDER)];
        let mut labelled = self.labelled.iter().peekable();
        let mut pair = 0;
        for a in 0..self.len() {
            for b in a + 1..self.len() {
                pair += 1;
                if labelled.next_if_eq(&&(pair - 1)).is_some() {
                    continue;
                }
                let weight =
                    if unit { 1.0 } else { oracle::variance(self.rewards[a] - self.rewards[b]) };
                if weight == 0.0 {
                    continue;
                }
                let feature = |item: usize, i: usize| f64::from(self.features[item * ORDER + i]);
                let d: [f64; ORDER] = std::array::from_fn(|i| feature(a, i) - feature(b, i));
                let mut entry = 0;
                for j in 0..ORDER {
                    for i in j..ORDER {
                        let (sum, lost) = &mut sums[entry];
                        let term = weight * d[i] * d[j];
                        let next = *sum + term;
                        *lost += if sum.abs() < term.abs() {
                            (term - next) + *sum
                        } else {
                            (*sum - next) + term
                        };
                        *sum = next;
                        entry += 1;
                    }
                }
            }
        }
        sums.into_iter().map(|(sum, lost)| sum + lost).collect()
    }

    fn check(&self, name: &str, double: f64, single: f64) {
        for unit in [false, true] {
            let expected = self.expected(unit);
            let largest = expected
                .iter()
                .fold(0.0, |most: f64, entry| if most < entry.abs() { entry.abs() } else { most });
            let error = |found: &[f64]| {
                let differences = found.iter().zip(&expected).map(|(a, b)| (a - b).abs());
                differences.fold(0.0, |most: f64, error| if error <= most { most } else { error })
                    / largest
            };
            let found = self.sum::<f64>(1, weighting(unit));
            let errors = [error(&found), error(&self.sum::<f32>(1, weighting(unit)))];
            println!(
                "{name}, unit weights {unit}: {:.1e} in f64, {:.1e} in f32",
                errors[0], errors[1]
            );
            assert!(errors[0] <= double, "{name} {unit}: {:e}", errors[0]);
            assert!(unit || errors[1] <= single, "{name} {unit}: {:e}", errors[1]);
            assert_eq!(found, self.sum::<f64>(3, weighting(unit)), "{name}, threads");
        }
    }
}

#[test]
fn the_sum_over_items_is_that_over_pairs() {
    Items::new(1500, |_, noise| 9.0 * noise).check("near", 1e-14, 1e-6);
    Items::new(1500, |_, noise| 440.0 * noise).check("far", 1e-14, 2e-6);
    Items::new(1500, |_, _| 0.75).check("equal", 1e-14, 1e-6);
    Items::new(1500, |_, noise| 4.0 * noise).check("one box", 1e-14, 1e-6);
    let two =
        |item: usize, noise: f64| if item.is_multiple_of(2) { 300.0 } else { 0.0 } + 3.0 * noise;
    Items::new(1500, two).check("two clusters", 1e-13, 1e-5);
    for outlier in [1e6, 1e30] {
        let reward = |item: usize, noise: f64| if item == 77 { outlier } else { 5.0 * noise };
        Items::new(1500, reward).check(&format!("an outlier of {outlier}"), 1e-13, 1e-5);
    }
    // More boxes than are held at once.
    Items::new(2000, |item, noise| 3.0 * item as f64 + noise).check("many boxes", 1e-13, 1e-5);
    Items::new(2000, |item, noise| {
        if item.is_multiple_of(3) { 5.0 * (item as f64 - 1000.0) } else { 20.0 * noise }
    })
    .check("a cluster among many boxes", 1e-13, 1e-5);
}
