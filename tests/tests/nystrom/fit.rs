//! The parts of the fit, in its order.

use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::columns::Columns;
use pairpick_core::linalg::{Packed, packed_len};
use pairpick_core::trunk::nystrom::MAX_LANDMARKS;
use pairpick_core::trunk::nystrom::fit::{
    fill_metric, fill_weight, median_distance, squares_within,
};
use pairpick_tests::generate::{numbers, positive};
use pairpick_tests::oracle;
use proptest::prelude::*;

use super::square;

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

pub(super) fn weight_of<T: Real>(points: &[T], rank: usize) -> Result<Vec<T>, Error> {
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
}
