//! Packed matrices and Cholesky factors: residuals as LAPACK's tests measure them, closed forms,
//! every error, and the condition estimate against the true condition number.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use nalgebra::SMatrix;
use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::columns::Columns;
use pairpick_core::linalg::{Cholesky, MAX_ORDER, Packed, condition_workspace_len, packed_len};
use pairpick_tests::generate::{numbers, positive, widened};
use pairpick_tests::oracle;

/// The residual of a matrix of [`positive`]: LAPACK's own tests hold it below 30.
fn residual<T: Real>(order: usize, seed: u64, scale: f64) -> f64 {
    let matrix = positive::<T>(order, seed, scale);
    let factor = Cholesky::factor(matrix.clone()).expect("positive definite");
    oracle::residual(&widened(&matrix), factor.as_slice())
}

#[test]
fn factors_multiply_back() {
    for order in [1, 2, 3, 8, 16, 31, 64, 100] {
        for scale in [1e-20, 1.0, 1e20] {
            let (single, double) =
                (residual::<f32>(order, 3, scale), residual::<f64>(order, 3, scale));
            assert!(single < 3.0 && double < 3.0, "order {order}: {single}, {double}");
        }
    }
}

#[test]
fn solutions_solve() {
    for order in [1, 5, 64] {
        let matrix = positive::<f64>(order, 8, 1.0);
        let factor = Cholesky::factor(matrix.clone()).expect("positive definite");
        let right = numbers(order, 4);
        let mut solution = right.clone();
        factor.solve(&mut solution).expect("length");
        for (i, expected) in right.iter().enumerate() {
            let row: Vec<f64> = (0..order).map(|j| matrix.entry(i, j).expect("in")).collect();
            assert!((oracle::dot(&row, &solution) - expected).abs() < 1e-12, "order {order}");
        }
        let wrong = factor.solve(&mut vec![0.0; order + 1]);
        assert!(matches!(wrong, Err(Error::Shape { .. })));
    }
}

#[test]
fn log_det_has_its_closed_form() {
    // The matrix min(i, j) + δ_ij / k has an LDLᵀ known by hand; the diagonal suffices here.
    for order in [1_u32, 2, 10, 64] {
        let mut diagonal = vec![0.0; packed_len(order as usize)];
        let mut matrix = Packed::new(order as usize, &mut diagonal[..]).expect("order");
        matrix.add_diagonal(3.0);
        let log_det = Cholesky::factor(matrix).expect("positive definite").log_det();
        let expected = f64::from(order) * 3.0_f64.ln();
        assert!((log_det - expected).abs() <= 1e-14 * expected, "{log_det}, {expected}");
    }
    // det of the second-difference matrix (2 on, −1 beside the diagonal) of order n is n + 1.
    for order in [1_usize, 5, 50] {
        let mut entries = Vec::new();
        for j in 0..order {
            entries.extend((j..order).map(|i| match i - j {
                0 => 2.0,
                1 => -1.0,
                _ => 0.0,
            }));
        }
        let factor = Cholesky::factor(Packed::new(order, entries).expect("order"));
        let log_det: f64 = factor.expect("positive definite").log_det();
        assert!((log_det - (order as f64 + 1.0).ln()).abs() < 1e-13, "order {order}: {log_det}");
    }
}

#[test]
fn matrices_without_a_factor_name_their_pivot() {
    let indefinite = Packed::new(3, vec![4.0, 2.0, 0.0, 1.0, 0.0, 1.0]).expect("order");
    let error = Cholesky::factor(indefinite).map(|_| ());
    assert_eq!(error, Err(Error::NotPositiveDefinite { pivot: 1, value: 0.0 }));
    let negative = Packed::new(1, vec![-2.0_f32]).expect("order");
    let error = Cholesky::factor(negative).map(|_| ());
    assert_eq!(error, Err(Error::NotPositiveDefinite { pivot: 0, value: -2.0 }));
    let nan = Packed::new(2, vec![1.0, f64::NAN, 1.0]).expect("order");
    let error = Cholesky::factor(nan).map(|_| ());
    assert!(matches!(error, Err(Error::NotPositiveDefinite { pivot: 1, value }) if value.is_nan()));
    let infinite = Packed::new(1, vec![f64::INFINITY]).expect("order");
    assert!(Cholesky::factor(infinite).is_err());
}

#[test]
fn sizes_out_of_range_are_errors() {
    assert!(matches!(Packed::<f64, _>::new(0, [0.0; 1]), Err(Error::Empty { .. })));
    let large = Packed::<f64, _>::new(MAX_ORDER + 1, [0.0; 1]);
    assert!(matches!(large, Err(Error::TooLarge { .. })));
    let short = Packed::<f64, _>::new(3, [0.0; 5]).map(|_| ());
    let expected = Error::Shape { what: "packed symmetric matrix", expected: 6, found: 5 };
    assert_eq!(short, Err(expected));
    let mut owner = Packed::<f32, [f32; packed_len(4)]>::zeros(3).expect("fits");
    owner.add_diagonal(1.0);
    assert_eq!((owner.order(), owner.trace(), owner.entry(2, 2)), (3, 3.0, Some(1.0)));
    assert_eq!(owner.entry(3, 0), None);
    assert!(Packed::<f32, [f32; packed_len(4)]>::zeros(5).is_err());
}

#[test]
fn condition_estimates_are_close_below_the_truth() {
    for order in [1, 2, 7, 20, 40] {
        for seed in 0..5 {
            let matrix = positive::<f64>(order, seed, 1.0);
            let full: Vec<f64> = (0..order * order)
                .map(|k| matrix.entry(k / order, k % order).expect("in"))
                .collect();
            let norm = |m: &[f64]| {
                m.chunks(order).map(|row| row.iter().map(|x| x.abs()).sum()).fold(0.0, f64::max)
            };
            let truth = norm(&full) * norm(&oracle::inverse(order, &full));
            let factor = Cholesky::factor(matrix).expect("positive definite");
            let mut memory = vec![0.0; condition_workspace_len(order)];
            let estimate = factor.condition_estimate(&mut memory).expect("memory");
            assert!(
                (truth / 3.0..=truth * (1.0 + 1e-10)).contains(&estimate),
                "order {order}: estimate {estimate}, truth {truth}"
            );
            assert!(factor.clone().checked(&mut memory).is_ok());
            let short = factor.condition_estimate(&mut memory[1..]);
            assert!(matches!(short, Err(Error::Workspace { .. })));
        }
    }
}

#[test]
fn factors_singular_to_working_precision_are_refused() {
    let nearly = Packed::new(2, vec![1.0_f32, 1.0, 1.0 + f32::EPSILON]).expect("order");
    let factor = Cholesky::factor(nearly).expect("factors all the same");
    let refused = factor.checked(&mut [0.0; condition_workspace_len(2)]).map(|_| ());
    let Err(Error::IllConditioned { estimate }) = refused else { panic!("{refused:?}") };
    // The truth is (2 + ε)² / ε ≈ 3.4e7.
    assert!((1e7..4e7).contains(&estimate), "{estimate}");
}

#[test]
fn nalgebra_matrices_are_columns_and_back() {
    let fixed = SMatrix::<f32, 3, 2>::new(1.0, 4.0, 2.0, 5.0, 3.0, 6.0);
    let columns = Columns::try_from(&fixed).expect("contiguous");
    assert_eq!((columns.rows(), columns.len()), (3, 2));
    assert_eq!(columns.column(1), [4.0, 5.0, 6.0]);
    assert_eq!(columns.view(), fixed);
    assert!(columns.column(2).is_empty());
    assert_eq!(columns.range(1, 9).len(), 1);
    assert!(matches!(Columns::new(&[0.0; 5], 3, 2), Err(Error::Shape { .. })));
    assert!(matches!(Columns::<f32>::new(&[], 0, 2), Err(Error::Empty { .. })));
}
