//! Kernel features: each part of the fit against its definition in f64, and the map itself against a
//! naive one, on every instruction set, however the items are cut.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use pairpick_core::Error;
use pairpick_core::arith::{Level, Real};
use pairpick_core::columns::Columns;
use pairpick_core::linalg::{Packed, packed_len};
use pairpick_core::parallel::{Executor, Micro, Sequential};
use pairpick_core::trunk::Nystrom;
use pairpick_core::trunk::nystrom::fit::{
    fill_metric, fill_weight, median_distance, squares_within,
};
use pairpick_core::trunk::nystrom::{MAX_LANDMARKS, squared_lengths};
use pairpick_tests::generate::{numbers, numbers_f32, positive};
use pairpick_tests::levels::available;
use pairpick_tests::oracle;
use pairpick_tests::threads::Threads;
use proptest::prelude::*;

/// A symmetric matrix given by its entries (row, column).
fn packed<T: Real>(order: usize, entry: impl Fn(usize, usize) -> f64) -> Packed<T, Vec<T>> {
    let places = (0..order).flat_map(|j| (j..order).map(move |i| (i, j)));
    Packed::new(order, places.map(|(i, j)| T::from_f64(entry(i, j))).collect()).expect("order")
}

fn metric_of<T: Real>(moment: &Packed<T, Vec<T>>, rank: usize) -> Result<(Vec<T>, usize), Error> {
    let mut metric = vec![T::INFINITY; moment.order() * rank];
    let mut left = vec![T::INFINITY; moment.order()];
    let pivots = fill_metric(moment, rank, &mut metric, &mut left)?;
    Ok((metric, pivots))
}

/// The residual S − AAᵀ, row by row, after as many pivots as `rank`, and A, by elimination in full.
fn naive_metric(order: usize, full: &[f64], rank: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut rest, mut metric) = (full.to_vec(), vec![0.0; order * rank]);
    for step in 0..rank {
        let mut pivot = 0;
        for place in 1..order {
            if rest[place * order + place] > rest[pivot * order + pivot] {
                pivot = place;
            }
        }
        let root = rest[pivot * order + pivot].sqrt();
        let column: Vec<f64> = (0..order).map(|i| rest[i * order + pivot] / root).collect();
        for (i, a) in column.iter().enumerate() {
            metric[i * rank + step] = *a;
            for (j, b) in column.iter().enumerate() {
                rest[i * order + j] -= a * b;
            }
        }
    }
    (rest, metric)
}

fn full(matrix: &Packed<f64, Vec<f64>>) -> Vec<f64> {
    let order = matrix.order();
    (0..order * order).map(|k| matrix.entry(k / order, k % order).expect("in")).collect()
}

/// The largest entry of S − AAᵀ, over that of S.
fn error_of_metric(full: &[f64], metric: &[f64], rank: usize) -> f64 {
    let rows: Vec<&[f64]> = metric.chunks_exact(rank).collect();
    let order = rows.len();
    let error = |k: usize| (full[k] - oracle::dot(rows[k / order], rows[k % order])).abs();
    let largest = full.iter().fold(0.0_f64, |most, entry| most.max(entry.abs()));
    (0..full.len()).map(error).fold(0.0, f64::max) / largest
}

#[test]
fn at_full_rank_a_metric_multiplies_back() {
    for order in [1, 2, 7, 16, 61] {
        for scale in [1e-20, 1.0, 1e20] {
            let moment = positive::<f64>(order, 3, scale);
            let (metric, pivots) = metric_of(&moment, order).expect("positive definite");
            assert_eq!(pivots, order);
            let error = error_of_metric(&full(&moment), &metric, order);
            assert!(error < 1e-12, "order {order}, scale {scale}: {error}");
        }
        let moment = positive::<f32>(order, 3, 1.0);
        let (metric, _) = metric_of(&moment, order).expect("positive definite");
        let metric: Vec<f64> = metric.into_iter().map(f64::from).collect();
        let error = error_of_metric(&full(&positive::<f64>(order, 3, 1.0)), &metric, order);
        assert!(error < 1e-5, "order {order} in f32: {error}");
    }
}

#[test]
fn a_metric_cut_off_leaves_what_elimination_leaves() {
    for (order, rank) in [(2, 1), (9, 7), (16, 3), (40, 12)] {
        let moment = positive::<f64>(order, 5, 1.0);
        let (rest, expected) = naive_metric(order, &full(&moment), rank);
        let mut metric = vec![f64::NAN; order * rank];
        let mut left = vec![f64::NAN; order];
        let pivots = fill_metric(&moment, rank, &mut metric, &mut left).expect("a metric");
        assert_eq!(pivots, rank);
        for (found, expected) in metric.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-11, "order {order}: {found}, {expected}");
        }
        // What is left of the trace: pivots are explained in full, and marked by −∞.
        let trace: f64 = (0..order).map(|i| rest[i * order + i]).sum();
        let found: f64 = left.iter().filter(|left| left.is_finite()).sum();
        assert_eq!(left.iter().filter(|left| !left.is_finite()).count(), rank);
        let squares: f64 = metric.iter().map(|entry| entry * entry).sum();
        assert!((found - trace).abs() < 1e-11 * moment.trace(), "{found}, {trace}");
        assert!((moment.trace() - squares - trace).abs() < 1e-11 * moment.trace());
    }
}

#[test]
fn dead_and_repeated_dimensions_count_for_nothing() {
    // Dimensions 1 and 4 never differ, 2 repeats 0, and 5 is twice 3.
    let differences = numbers(3 * 20, 7);
    let value = |item: usize, dimension: usize| match dimension {
        0 | 2 => differences[3 * item],
        3 => differences[3 * item + 1],
        5 => 2.0 * differences[3 * item + 1],
        6 => differences[3 * item + 2],
        _ => 0.0,
    };
    let moment = packed::<f64>(7, |i, j| (0..20).map(|item| value(item, i) * value(item, j)).sum());
    let (metric, pivots) = metric_of(&moment, 6).expect("a metric");
    assert_eq!(pivots, 3);
    assert!(error_of_metric(&full(&moment), &metric, 6) < 1e-12);
    for (dimension, row) in metric.chunks_exact(6).enumerate() {
        assert!(row[3..].iter().all(|entry| *entry == 0.0), "behind the last pivot");
        if [1, 4].contains(&dimension) {
            assert_eq!(row, [0.0; 6], "dimension {dimension}");
        }
    }
    for (first, again) in metric[..6].iter().zip(&metric[12..18]) {
        assert!((first - again).abs() < 1e-14, "a repeated dimension has the row of the first");
    }
}

#[test]
fn of_equal_pivots_the_first_is_taken() {
    let identity = packed::<f64>(4, |i, j| if i == j { 4.0 } else { 0.0 });
    let (metric, pivots) = metric_of(&identity, 2).expect("a metric");
    assert_eq!((metric, pivots), (vec![2.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0], 2));
    // The largest comes before, and what it explains no longer counts.
    let moment = packed::<f64>(3, |i, j| [[1.0, 0.0, 0.0], [0.0, 1.0, 2.0], [0.0, 2.0, 4.0]][i][j]);
    let (metric, pivots) = metric_of(&moment, 3).expect("a metric");
    assert_eq!((metric, pivots), (vec![0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 2.0, 0.0, 0.0], 2));
}

#[test]
fn a_pivot_below_the_least_is_rounding() {
    for (second, pivots) in [(0.5e-10, 1), (2e-10, 2)] {
        let moment = packed::<f64>(2, |i, j| match (i, j) {
            (0, 0) => 1.0,
            (1, 1) => second,
            _ => 0.0,
        });
        assert_eq!(metric_of(&moment, 2).expect("a metric").1, pivots, "{second}");
    }
}

#[test]
fn moments_without_a_metric_are_refused() {
    let moment = positive::<f64>(3, 1, 1.0);
    assert!(matches!(metric_of(&moment, 0), Err(Error::Empty { .. })));
    let zero = packed::<f64>(3, |_, _| 0.0);
    assert!(matches!(metric_of(&zero, 2), Err(Error::Parameter { .. })));
    for wrong in [f64::NAN, f64::INFINITY] {
        let moment = packed::<f64>(3, |i, j| if (i, j) == (1, 1) { wrong } else { 1.0 });
        let refused = metric_of(&moment, 2);
        assert!(matches!(refused, Err(Error::NonFinite { index: 1, .. })), "{refused:?}");
    }
    for (metric, left) in [(5, 3), (7, 3), (6, 2), (6, 4)] {
        let refused = fill_metric(&moment, 2, &mut vec![0.0; metric], &mut vec![0.0; left]);
        assert!(matches!(refused, Err(Error::Shape { .. })), "{metric}, {left}");
    }
}

fn median<T: Real>(values: &[f64]) -> Result<f64, Error> {
    let values: Vec<T> = values.iter().map(|value| T::from_f64(*value)).collect();
    let columns = Columns::new(&values, 1, values.len()).expect("shape");
    let mut distances = vec![T::ZERO; values.len() * values.len() / 2];
    median_distance(columns, &mut distances).map(T::to_f64)
}

#[test]
fn the_median_distance_is_that_of_columns_that_differ() {
    // Of 1, 2, 3; of 1, 2, 3, 4, 6, 7; of 5, 5, 5; of one; of 1, 3, 3, 4, 4.
    let cases: [(&[f64], f64); 5] = [
        (&[0.0, 1.0, 3.0], 2.0),
        (&[0.0, 1.0, 3.0, 7.0], 3.5),
        (&[0.0, 0.0, 0.0, 5.0], 5.0),
        (&[2.0, 9.0], 7.0),
        (&[4.0, 0.0, 4.0, 1.0], 3.0),
    ];
    for (values, expected) in cases {
        assert_eq!(median::<f64>(values), Ok(expected), "{values:?}");
        assert_eq!(median::<f32>(values), Ok(expected), "{values:?}");
    }
    let columns = [0.0, 0.0, 3.0, 4.0];
    let columns = Columns::new(&columns, 2, 2).expect("shape");
    assert_eq!(median_distance(columns, &mut [0.0]), Ok(5.0));
}

#[test]
fn landmarks_that_tell_no_lengthscale_are_refused() {
    for values in [&[][..], &[1.0], &[2.0, 2.0, 2.0]] {
        assert!(matches!(median::<f64>(values), Err(Error::Parameter { .. })), "{values:?}");
    }
    let columns = Columns::new(&[1.0, 2.0, 4.0], 1, 3).expect("shape");
    let expected = Error::Workspace { what: "distances", required: 3, found: 2 };
    assert_eq!(median_distance(columns, &mut [0.0; 2]), Err(expected));
}

fn square(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// (K + 10⁻⁶ I)⁻¹ of landmarks, row by row.
fn inverse_kernel(points: &[f64], rank: usize) -> Vec<f64> {
    let columns: Vec<&[f64]> = points.chunks_exact(rank).collect();
    let count = columns.len();
    let entry = |k: usize| {
        let jitter = if k / count == k % count { 1e-6 } else { 0.0 };
        (-square(columns[k / count], columns[k % count])).exp() + jitter
    };
    let kernel: Vec<f64> = (0..count * count).map(entry).collect();
    oracle::inverse(count, &kernel)
}

fn weight_of<T: Real>(points: &[T], rank: usize) -> Result<Vec<T>, Error> {
    let count = points.len() / rank;
    let mut weight = vec![T::INFINITY; count * count];
    let mut matrix = vec![T::INFINITY; packed_len(count)];
    fill_weight(Columns::new(points, rank, count)?, &mut weight, &mut matrix)?;
    Ok(weight)
}

#[test]
fn products_of_features_are_those_of_the_kernel() {
    for (rank, count) in [(1, 1), (2, 5), (7, 16), (12, 40)] {
        let points = numbers(rank * count, 11);
        let weight = weight_of(&points, rank).expect("positive definite");
        let inverse = inverse_kernel(&points, rank);
        // WWᵀ, a row of W a landmark.
        for (k, expected) in inverse.iter().enumerate() {
            let (row, column) = (&weight[k / count * count..], &weight[k % count * count..]);
            let found = oracle::dot(&row[..count], &column[..count]);
            let largest = inverse.iter().fold(0.0_f64, |most, entry| most.max(entry.abs()));
            assert!((found - expected).abs() < 1e-8 * largest, "{count}: {found}, {expected}");
        }
        for row in 0..count {
            let above = &weight[row * count..][..row];
            assert!(above.iter().all(|entry| *entry == 0.0), "Wᵀ is lower triangular");
        }
    }
}

#[test]
fn landmarks_without_a_weight_are_refused() {
    let points = numbers(MAX_LANDMARKS + 1, 2);
    assert!(matches!(weight_of(&points, 1), Err(Error::TooLarge { .. })));
    let columns = Columns::new(&points[..3], 1, 3).expect("shape");
    for length in [8, 10] {
        let refused = fill_weight(columns, &mut vec![0.0; length], &mut [0.0; 6]);
        assert!(matches!(refused, Err(Error::Shape { .. })));
    }
    let refused = fill_weight(columns, &mut [0.0; 9], &mut [0.0; 5]);
    assert!(matches!(refused, Err(Error::Shape { .. })));
    let refused = weight_of(&[0.0, f64::NAN], 1);
    assert!(matches!(refused, Err(Error::NotPositiveDefinite { .. })), "{refused:?}");
    // Equal landmarks are told apart by the jitter in f64, and in f32 as well.
    assert!(weight_of(&[1.0_f64; 4], 1).is_ok());
    assert!(weight_of(&[1.0_f32; 2], 1).is_ok());
}

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

#[test]
fn squares_within_have_their_closed_forms() {
    // Two items at a distance 2a: 2a² a dimension; equal ones, one and none: 0.
    let items = [1.0, -3.0, 5.0, 7.0];
    let mut mean = [f64::NAN; 2];
    let columns = |count: usize| Columns::new(&items[..2 * count], 2, count).expect("shape");
    assert_eq!(squares_within(columns(2), &mut mean), Ok(2.0 * 4.0 + 2.0 * 25.0));
    assert_eq!(mean, [3.0, 2.0]);
    assert_eq!(squares_within(columns(1), &mut mean), Ok(0.0));
    assert_eq!(squares_within(columns(0), &mut mean), Ok(0.0));
    let equal = Columns::new(&[0.1_f32; 6], 2, 3).expect("shape");
    assert!(squares_within(equal, &mut mean).expect("shape") < 1e-30);
    // 0, 1, …, n − 1: n (n² − 1) / 12.
    let line: Vec<f32> = (0_u16..101).map(f32::from).collect();
    let line = Columns::new(&line, 1, 101).expect("shape");
    assert_eq!(squares_within(line, &mut mean[..1]), Ok(101.0 * (101.0 * 101.0 - 1.0) / 12.0));
    let wrong = squares_within(columns(2), &mut [0.0; 3]);
    assert!(matches!(wrong, Err(Error::Shape { .. })));
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
    fn a_metric_explains_a_moment_of_any_rank(
        order in 1_usize..20,
        items in 1_usize..25,
        rank in 1_usize..20,
        seed in 0_u64..1000,
    ) {
        let differences = numbers(order * items, seed);
        let moment = packed::<f64>(order, |i, j| {
            differences.chunks_exact(order).map(|item| item[i] * item[j]).sum()
        });
        let rank = rank.min(order);
        let (metric, pivots) = metric_of(&moment, rank).expect("differences that differ");
        prop_assert!(pivots <= rank.min(items));
        if rank >= items.min(order) {
            prop_assert!(error_of_metric(&full(&moment), &metric, rank) < 1e-8);
        }
        // No dimension is explained by more than there is.
        for (dimension, row) in metric.chunks_exact(rank).enumerate() {
            let own = moment.entry(dimension, dimension).expect("in");
            prop_assert!(oracle::dot(row, row) <= own * (1.0 + 1e-9) + 1e-12);
        }
    }

    #[test]
    fn features_are_finite_whatever_the_item(item in prop::array::uniform9(any::<f32>())) {
        let parts = Parts::<f32>::new(9, 7, 16);
        let features = parts.features(&Sequential::default(), &item);
        let square: f64 = features.iter().map(|value| f64::from(*value).powi(2)).sum();
        prop_assert!(square <= 1.01, "{square}");
    }
}
