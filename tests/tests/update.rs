//! Rank-one changes of a Cholesky factor: against the changed matrix itself, back and forth, at
//! scales that overflow when multiplied carelessly, and the changes that must be refused.

use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::linalg::{
    Cholesky, Packed, condition_workspace_len, downdate_workspace_len, packed_len,
};
use pairpick_tests::generate::{numbers, positive, widened};
use pairpick_tests::oracle;
use proptest::prelude::*;

type Factor<T> = Cholesky<T, Vec<T>>;

/// The largest residual allowed, in units of n ‖M‖ ε.
const RESIDUAL: f64 = 3.0;

fn factor<T: Real>(matrix: &Packed<T, Vec<T>>) -> Factor<T> {
    Cholesky::factor(matrix.clone()).expect("positive definite")
}

/// A vector of this scale.
fn vector<T: Real>(order: usize, seed: u64, scale: f64) -> Vec<T> {
    numbers(order, seed).into_iter().map(|value| T::from_f64(scale * value)).collect()
}

fn downdate<T: Real>(factor: &mut Factor<T>, x: &[T]) -> Result<(), Error> {
    factor.downdate(x, &mut vec![T::ZERO; downdate_workspace_len(factor.order())])
}

/// M + sign · xxᵀ in f64, entry by entry.
fn changed<T: Real>(matrix: &Packed<T, Vec<T>>, x: &[T], sign: f64) -> Packed<f64, Vec<f64>> {
    let order = x.len();
    let mut entries = widened(matrix).as_slice().to_vec();
    let places = (0..order).flat_map(|j| (j..order).map(move |i| (i, j)));
    for (entry, (i, j)) in entries.iter_mut().zip(places) {
        *entry += sign * x[i].to_f64() * x[j].to_f64();
    }
    Packed::new(order, entries).expect("order")
}

fn bits<T: Real>(factor: &Factor<T>) -> Vec<u64> {
    factor.as_slice().iter().map(|entry| entry.bits()).collect()
}

/// Checks both changes by a vector about as long as the matrix's eigenvalues allow.
fn check_changes<T: Real>(order: usize, seed: u64, scale: f64) {
    let matrix = positive::<T>(order, seed, scale);
    let mut x = vector::<T>(order, seed + 1, libm::sqrt(scale));

    let mut updated = factor(&matrix);
    updated.update(&mut x.clone()).expect("an update");
    let residual = oracle::residual(&changed(&matrix, &x, 1.0), updated.as_slice());
    assert!(residual < RESIDUAL, "update, {}, order {order}, scale {scale}: {residual}", T::NAME);

    // ‖x‖² below n, and the eigenvalues are at least n: xᵀM⁻¹x stays below 1.
    x.iter_mut().for_each(|value| *value *= T::from_f64(0.9));
    let mut reduced = factor(&matrix);
    downdate(&mut reduced, &x).expect("a downdate");
    let residual = oracle::residual(&changed(&matrix, &x, -1.0), reduced.as_slice());
    assert!(residual < RESIDUAL, "downdate, {}, order {order}, scale {scale}: {residual}", T::NAME);
}

#[test]
fn changed_factors_multiply_back_to_the_changed_matrix() {
    for order in 1..=64 {
        for scale in [1e-20, 1.0, 1e20] {
            check_changes::<f32>(order, order as u64, scale);
            check_changes::<f64>(order, order as u64, scale);
        }
    }
}

#[test]
fn a_number_has_its_closed_form() {
    let mut one = factor(&Packed::new(1, vec![9.0]).expect("order"));
    one.update(&mut [4.0]).expect("an update");
    assert_eq!(one.as_slice(), [5.0]);
    downdate(&mut one, &[3.0]).expect("a downdate");
    assert!((one.as_slice()[0] - 4.0_f64).abs() < 1e-15, "{:?}", one.as_slice());
}

#[test]
fn changed_factors_have_the_log_determinant_of_the_lemma() {
    // det(M ± xxᵀ) = det(M) (1 ± xᵀM⁻¹x).
    for order in [1, 4, 33, 64] {
        let matrix = positive::<f64>(order, 5, 1.0);
        let before = factor(&matrix);
        let x = vector::<f64>(order, 6, 0.9);
        let mut whitened = x.clone();
        before.solve_lower(&mut whitened).expect("length");
        let gain = oracle::dot(&whitened, &whitened);
        let (mut more, mut less) = (before.clone(), before.clone());
        more.update(&mut x.clone()).expect("an update");
        downdate(&mut less, &x).expect("a downdate");
        let (up, down) = (more.log_det() - before.log_det(), less.log_det() - before.log_det());
        assert!((up - libm::log1p(gain)).abs() < 1e-12, "order {order}: {up}");
        assert!((down - libm::log1p(-gain)).abs() < 1e-12, "order {order}: {down}");
    }
}

#[test]
fn what_was_added_and_taken_away_again_leaves_the_factor() {
    fn check<T: Real>(order: usize) {
        let matrix = positive::<T>(order, 7, 1.0);
        let mut there_and_back = factor(&matrix);
        for seed in 0..20 {
            let x = vector::<T>(order, seed, 1.0);
            there_and_back.update(&mut x.clone()).expect("an update");
            downdate(&mut there_and_back, &x).expect("what was added can be taken away");
        }
        let residual = oracle::residual(&widened(&matrix), there_and_back.as_slice());
        assert!(residual < 20.0 * RESIDUAL, "{}, order {order}: {residual}", T::NAME);
    }
    for order in [1, 2, 7, 32, 64] {
        check::<f32>(order);
        check::<f64>(order);
    }
}

#[test]
fn a_downdate_that_would_lose_definiteness_is_refused_and_changes_nothing() {
    fn check<T: Real>(order: usize) {
        let mut factor = factor(&positive::<T>(order, 2, 1.0));
        let before = bits(&factor);
        // Along the first axis M has no more than its first entry; the others are far outside.
        let mut along = vec![T::ZERO; order];
        along[0] = factor.as_slice()[0] * T::from_f64(1.001);
        let mut spread = vector::<T>(order, 3, 1e6);
        spread[order - 1] = T::from_f64(1e6);
        let mut vast = vec![T::ZERO; order];
        vast[order - 1] = T::MAX;
        for x in [along, spread, vast] {
            let refused = downdate(&mut factor, &x);
            let expected = |value: f64| value.is_nan() || value <= 0.0;
            assert!(
                matches!(refused, Err(Error::NotPositiveDefinite { value, .. }) if expected(value)),
                "{}, order {order}: {refused:?}",
                T::NAME
            );
            assert_eq!(bits(&factor), before, "{}, order {order}", T::NAME);
        }
    }
    for order in [1, 2, 16, 64] {
        check::<f32>(order);
        check::<f64>(order);
    }
}

#[test]
fn taking_away_all_of_a_direction_is_refused() {
    let mut one = factor(&Packed::new(1, vec![4.0_f32]).expect("order"));
    let refused = downdate(&mut one, &[2.0]);
    assert_eq!(refused, Err(Error::NotPositiveDefinite { pivot: 1, value: 0.0 }));
    assert_eq!(one.as_slice(), [2.0]);
}

#[test]
fn vectors_that_do_not_fit_are_errors_and_change_nothing() {
    fn check<T: Real>() {
        let order = 5;
        let mut factor = factor(&positive::<T>(order, 4, 1.0));
        let before = bits(&factor);
        let shape = Error::Shape { what: "vector of an update", expected: 5, found: 4 };
        assert_eq!(factor.update(&mut [T::ONE; 4]), Err(shape));
        assert_eq!(downdate(&mut factor, &[T::ONE; 4]), Err(shape));
        for bad in [T::from_f64(f64::NAN), T::INFINITY] {
            let mut x = [T::ONE; 5];
            x[3] = bad;
            let refused = Error::NonFinite { what: "vector of an update", index: 3 };
            assert_eq!(factor.update(&mut x.clone()), Err(refused));
            assert_eq!(downdate(&mut factor, &x), Err(refused));
        }
        let overflow = factor.update(&mut [T::MAX; 5]);
        assert_eq!(overflow, Err(Error::NonFinite { what: "updated matrix", index: 0 }));
        let short = factor.downdate(&[T::ONE; 5], &mut [T::ZERO; 14]);
        let expected = Error::Workspace { what: "downdate", required: 15, found: 14 };
        assert_eq!(short, Err(expected));
        assert_eq!(bits(&factor), before);
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn condition_estimates_of_a_changed_factor_stay_above_a_third_of_the_truth() {
    let matrix = positive::<f64>(20, 11, 1.0);
    let x = vector::<f64>(20, 12, 5.0);
    let mut memory = vec![0.0; condition_workspace_len(20)];
    let mut updated = factor(&matrix);
    updated.update(&mut x.clone()).expect("an update");
    let estimate = updated.condition_estimate(&mut memory).expect("memory");
    let refactored = factor(&changed(&matrix, &x, 1.0));
    let expected = refactored.condition_estimate(&mut memory).expect("memory");
    assert!((expected * (1.0 - 1e-12)..4.0 * expected).contains(&estimate), "{estimate}");
}

/// Numbers of every scale that a type has, 0 and subnormal ones too.
fn any_scale() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(0.0),
        (-1.0..1.0, -320_i32..308).prop_map(|(x, e): (f64, i32)| { x * libm::exp10(f64::from(e)) })
    ]
}

/// A factor of positive diagonal and any entries within its range, a vector of any numbers.
fn check_any_scale<T: Real>(entries: &[f64], x: &[f64]) -> Result<(), TestCaseError> {
    let order = x.len();
    // A diagonal matrix has a factor at any scale.
    let mut matrix = vec![T::ZERO; packed_len(order)];
    let mut place = 0;
    for (column, entry) in entries.iter().take(order).enumerate() {
        matrix[place] = T::from_f64(libm::fabs(*entry));
        place += order - column;
    }
    let Ok(mut factor) = Cholesky::factor(Packed::new(order, matrix).expect("order")) else {
        return Ok(());
    };
    let x: Vec<T> = x.iter().map(|value| T::from_f64(*value)).collect();
    let before = bits(&factor);
    let updated = factor.update(&mut x.clone());
    let good = |factor: &Factor<T>| factor.as_slice().iter().all(|e| e.is_finite_number());
    prop_assert!(good(&factor), "{updated:?}: {:?}", factor.as_slice());
    prop_assert!(updated.is_ok() || bits(&factor) == before);
    let between = bits(&factor);
    let reduced = downdate(&mut factor, &x);
    prop_assert!(good(&factor), "{reduced:?}: {:?}", factor.as_slice());
    prop_assert!(reduced.is_ok() || bits(&factor) == between);
    prop_assert!(factor.log_det().is_finite_number());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_scale_turns_a_factor_into_nan(
        entries in prop::collection::vec(any_scale(), 6),
        x in prop::collection::vec(any_scale(), 1..=6),
    ) {
        check_any_scale::<f32>(&entries, &x)?;
        check_any_scale::<f64>(&entries, &x)?;
    }
}
