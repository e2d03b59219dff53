//! The map from embeddings to features.

use pairpick_core::Error;
use pairpick_core::arith::{Level, Real};
use pairpick_core::columns::Columns;
use pairpick_core::parallel::{Executor, Micro, Sequential};
use pairpick_core::trunk::Nystrom;
use pairpick_core::trunk::nystrom::{MAX_LANDMARKS, squared_lengths};
use pairpick_tests::generate::{numbers, numbers_f32};
use pairpick_tests::levels::available;
use pairpick_tests::oracle;
use pairpick_tests::threads::Threads;
use proptest::prelude::*;

use super::fit::weight_of;
use super::square;

/// The parts of a map, fitted in f64 to random items.
struct Parts<T> {
    origin: Vec<T>,
    metric: Vec<T>,
    landmarks: Vec<T>,
    squares: Vec<T>,
    weight: Vec<T>,
}

impl<T: Real> Parts<T> {
    /// W of the landmarks, which are the first items.
    fn new(inputs: usize, rank: usize, count: usize) -> Self {
        let narrow = |values: Vec<f64>| values.into_iter().map(T::from_f64).collect::<Vec<T>>();
        let origin: Vec<T> = narrow(numbers(inputs, 21));
        let scaled = numbers(inputs * rank, 22).into_iter();
        let metric: Vec<T> = narrow(scaled.map(|value| value / (inputs as f64).sqrt()).collect());
        let items = items::<T>(inputs, count);
        let columns = Columns::new(&items, inputs, count).expect("shape");
        let (mut points, mut squares) = (vec![T::ZERO; rank * count], vec![T::ZERO; count]);
        let mut workspace = vec![T::ZERO; inputs * count];
        let executor = Sequential::default();
        Nystrom::coordinates_of(&executor, &origin, &metric, columns, &mut points, &mut workspace)
            .expect("shapes");
        squared_lengths(Columns::new(&points, rank, count).expect("shape"), &mut squares)
            .expect("shape");
        let wide: Vec<f64> = points.iter().map(|value| value.to_f64()).collect();
        let weight = narrow(weight_of(&wide, rank).expect("positive definite"));
        let landmarks = (0..rank * count).map(|k| points[k % count * rank + k / count]).collect();
        Self { origin, metric, landmarks, squares, weight }
    }

    fn map(&self) -> Nystrom<'_, T> {
        let Self { origin, metric, landmarks, squares, weight } = self;
        Nystrom { origin, metric, landmarks, squares, weight }
    }

    fn features<E: Executor>(&self, executor: &E, items: &[T]) -> Vec<T> {
        let map = self.map();
        let count = items.len() / map.inputs();
        let mut out = vec![T::INFINITY; map.features() * count];
        let mut workspace = vec![T::INFINITY; map.workspace_len(count)];
        let items = Columns::new(items, map.inputs(), count).expect("shape");
        map.features_of(executor, items, &mut out, &mut workspace).expect("features");
        out
    }

    /// φ of one item by its definition, in f64.
    fn naive(&self, item: &[T]) -> Vec<f64> {
        let map = self.map();
        let (rank, count) = (map.rank(), map.features());
        let z = |k: usize| -> f64 {
            let products =
                item.iter().zip(&self.origin).enumerate().map(|(i, (x, o))| {
                    (x.to_f64() - o.to_f64()) * self.metric[i * rank + k].to_f64()
                });
            products.sum()
        };
        let z: Vec<f64> = (0..rank).map(z).collect();
        let kernel = |l: usize| {
            let landmark: Vec<f64> =
                (0..rank).map(|k| self.landmarks[k * count + l].to_f64()).collect();
            (-square(&z, &landmark)).exp()
        };
        let kernels: Vec<f64> = (0..count).map(kernel).collect();
        let feature = |f: usize| -> f64 {
            let products = kernels.iter().enumerate();
            products.map(|(l, kernel)| kernel * self.weight[l * count + f].to_f64()).sum()
        };
        (0..count).map(feature).collect()
    }

    /// The most that an error of 1 in each kernel entry changes each feature by.
    fn reach(&self) -> Vec<f64> {
        let count = self.squares.len();
        let rows = self.weight.chunks_exact(count);
        rows.fold(vec![0.0; count], |sums, row| {
            sums.iter().zip(row).map(|(sum, entry)| sum + entry.to_f64().abs()).collect()
        })
    }
}

/// Items uniform on (−1, 1).
fn items<T: Real>(inputs: usize, count: usize) -> Vec<T> {
    numbers(inputs * count, 23).into_iter().map(T::from_f64).collect()
}

/// Inputs, rank, landmarks.
const SHAPES: [(usize, usize, usize); 4] = [(1, 1, 1), (9, 7, 16), (20, 5, 33), (65, 17, 64)];

fn features_are_those_of_the_definition<T: Real>() {
    for (inputs, rank, count) in SHAPES {
        let parts = Parts::<T>::new(inputs, rank, count);
        let items = items::<T>(inputs, 130);
        let found = parts.features(&Sequential::default(), &items);
        let reach = parts.reach();
        for (item, found) in items.chunks_exact(inputs).zip(found.chunks_exact(count)) {
            let expected = parts.naive(item);
            for ((found, expected), reach) in found.iter().zip(&expected).zip(&reach) {
                let error = (found.to_f64() - expected).abs();
                let allowed = 16.0 * T::EPSILON.to_f64() * (1.0 + reach);
                assert!(error <= allowed, "{inputs}, {count}: {found}, {expected}, {allowed}");
            }
        }
    }
}

#[test]
fn features_equal_their_definition() {
    features_are_those_of_the_definition::<f32>();
    features_are_those_of_the_definition::<f64>();
}

fn bits<T: Real>(values: &[T]) -> Vec<u64> {
    values.iter().map(|value| value.to_f64().to_bits()).collect()
}

fn features_have_the_same_bits<T: Real>() {
    for (inputs, rank, count) in SHAPES {
        let parts = Parts::<T>::new(inputs, rank, count);
        let items = items::<T>(inputs, 130);
        let expected = bits(&parts.features(&Sequential(Level::baseline()), &items));
        for (name, level) in available() {
            for threads in [1, 3] {
                let executor = Threads { level, threads };
                let found = bits(&parts.features(&executor, &items));
                assert_eq!(found, expected, "{name}, {inputs} inputs");
            }
            for cut in [1, 63, 64, 65, 130] {
                let mut found = Vec::new();
                for items in items.chunks(cut * inputs) {
                    found.extend(bits(&parts.features(&Sequential(level), items)));
                }
                assert_eq!(found, expected, "{name}, {inputs} inputs, {cut} items at a time");
            }
        }
    }
}

#[test]
fn features_do_not_depend_on_levels_threads_or_blocks() {
    features_have_the_same_bits::<f32>();
    features_have_the_same_bits::<f64>();
}

fn outliers_have_no_features<T: Real>(far: &[f64]) {
    let (inputs, rank, count) = (9, 7, 16);
    let parts = Parts::<T>::new(inputs, rank, count);
    let reach = parts.reach();
    for far in far {
        for sign in [1.0, -1.0] {
            for place in 0..=inputs {
                let mut item = items::<T>(inputs, 1);
                // The last of them is far in every dimension.
                for (at, value) in item.iter_mut().enumerate() {
                    if at == place || place == inputs {
                        *value = T::from_f64(sign * far);
                    }
                }
                let found = parts.features(&Sequential::default(), &item);
                for (found, reach) in found.iter().zip(&reach) {
                    assert!(found.to_f64().abs() <= 1e-34 * reach, "{far}: {found}");
                }
            }
        }
    }
}

#[test]
fn features_of_outliers_are_nothing_and_none_overflows() {
    outliers_have_no_features::<f32>(&[1e3, 1e19, 1e30, f64::from(f32::MAX), f64::INFINITY]);
    outliers_have_no_features::<f64>(&[1e3, 1e30, 1e160, f64::MAX, f64::INFINITY]);
}

#[test]
fn a_landmark_has_a_kernel_of_at_most_1_with_itself() {
    // ‖φ‖² = kᵀ(K + 10⁻⁶ I)⁻¹k is below 1, and nearly 1 at a landmark.
    let (inputs, count) = (9, 16);
    let parts = Parts::<f64>::new(inputs, 7, count);
    let items = items::<f64>(inputs, 300);
    let features = parts.features(&Sequential::default(), &items);
    for (place, features) in features.chunks_exact(count).enumerate() {
        let square = oracle::dot(features, features);
        assert!(square <= 1.0 + 1e-12, "item {place}: {square}");
        assert!(place >= count || square > 1.0 - 2e-6, "landmark {place}: {square}");
    }
}

#[test]
fn the_micro_profile_stays_within_its_bound() {
    let (inputs, rank, count) = (9, 7, 16);
    let parts = Parts::<f32>::new(inputs, rank, count);
    let items = items::<f32>(inputs, 130);
    let executor = Sequential::default();
    let exact = parts.features(&executor, &items);
    let micro = parts.features(&Micro(&executor), &items);
    assert_ne!(bits(&exact), bits(&micro), "another exponential");
    let reach = parts.reach();
    for (exact, micro) in exact.chunks_exact(count).zip(micro.chunks_exact(count)) {
        for ((exact, micro), reach) in exact.iter().zip(micro).zip(&reach) {
            // The bound of its exponential.
            let error = f64::from((exact - micro).abs());
            assert!(error <= 3e-3 * reach, "{exact}, {micro}");
        }
    }
    // In f64 there is one profile.
    let parts = Parts::<f64>::new(inputs, rank, count);
    let items = self::items::<f64>(inputs, 3);
    let exact = parts.features(&executor, &items);
    assert_eq!(bits(&exact), bits(&parts.features(&Micro(&executor), &items)));
}

/// What [`Nystrom::features_of`] says of parts, an output and a working memory of these lengths.
fn outcome(map: Nystrom<'_, f32>, out: usize, workspace: usize) -> Result<(), Error> {
    let items = numbers_f32(3 * 4, 1);
    let items = Columns::new(&items, 3, 4).expect("shape");
    map.features_of(&Sequential::default(), items, &mut vec![0.0; out], &mut vec![0.0; workspace])
}

#[test]
fn parts_that_do_not_fit_together_are_refused() {
    let parts = Parts::<f32>::new(3, 2, 5);
    let map = parts.map();
    let workspace = map.workspace_len(4);
    assert_eq!((map.inputs(), map.rank(), map.features(), workspace), (3, 2, 5, 40));
    assert_eq!(outcome(map, 20, workspace), Ok(()));
    let shapes = [
        (Nystrom { origin: &map.origin[1..], ..map }, 20),
        (Nystrom { metric: &map.metric[1..], ..map }, 20),
        (Nystrom { landmarks: &map.landmarks[1..], ..map }, 20),
        (Nystrom { squares: &map.squares[1..], ..map }, 16),
        (Nystrom { weight: &map.weight[1..], ..map }, 20),
        (map, 19),
    ];
    for (map, out) in shapes {
        assert!(matches!(outcome(map, out, 100), Err(Error::Shape { .. })), "{map:?}");
    }
    for map in [
        Nystrom { origin: &[], ..map },
        Nystrom { metric: &[], ..map },
        Nystrom { squares: &[], ..map },
    ] {
        assert!(matches!(outcome(map, 20, 100), Err(Error::Empty { .. })));
    }
    let refused = outcome(map, 20, workspace - 1);
    let what = "kernel features";
    assert_eq!(refused, Err(Error::Workspace { what, required: 40, found: 39 }));
    let many = vec![0.0; MAX_LANDMARKS + 1];
    let refused = outcome(Nystrom { squares: &many, ..map }, 20, 100);
    assert!(matches!(refused, Err(Error::TooLarge { .. })));
    let weight = [f32::NAN; 25];
    let refused = outcome(Nystrom { weight: &weight, ..map }, 20, 100);
    assert!(matches!(refused, Err(Error::NonFinite { index: 0, .. })), "{refused:?}");
}

#[test]
fn coordinates_and_lengths_refuse_wrong_shapes() {
    let items = numbers(6, 1);
    let items = Columns::new(&items, 3, 2).expect("shape");
    let executor = Sequential::default();
    let outcome = |origin: usize, metric: usize, out: usize, workspace: usize| {
        let (origin, metric) = (vec![0.5; origin], vec![0.5; metric]);
        let (mut out, mut workspace) = (vec![0.0; out], vec![0.0; workspace]);
        Nystrom::coordinates_of(&executor, &origin, &metric, items, &mut out, &mut workspace)
    };
    assert_eq!(outcome(3, 6, 4, 6), Ok(()));
    for (origin, metric, out) in [(2, 6, 4), (3, 7, 4), (3, 6, 5)] {
        assert!(matches!(outcome(origin, metric, out, 6), Err(Error::Shape { .. })));
    }
    assert!(matches!(outcome(3, 6, 4, 5), Err(Error::Workspace { .. })));
    let mut squares = [0.0; 2];
    squared_lengths(items, &mut squares).expect("a place each");
    for (column, square) in items.iter().zip(squares) {
        assert!((oracle::dot(column, column) - square).abs() < 1e-15);
    }
    assert!(matches!(squared_lengths(items, &mut squares[..1]), Err(Error::Shape { .. })));
}

proptest! {
    #[test]
    fn features_are_finite_whatever_the_item(item in prop::array::uniform9(any::<f32>())) {
        let parts = Parts::<f32>::new(9, 7, 16);
        let features = parts.features(&Sequential::default(), &item);
        let square: f64 = features.iter().map(|value| f64::from(*value).powi(2)).sum();
        prop_assert!(square <= 1.01, "{square}");
    }
}
