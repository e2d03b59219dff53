//! The elementary functions: errors within `bounds.rs`, special values, and one set of bits in
//! every form and at every instruction set.
//!
//! `f32` is held to libm's `f64` functions at a million arguments (`bin/exhaustive.rs` does all
//! 2³²), `f64` to `fixtures/arith/reference.txt`, 50 digits.

use pairpick_core::arith::lanes::{Lanes, Level, Operation, Simd, run_at};
use pairpick_core::arith::{Real, bernoulli_variance, chebyshev, gelu, gelu_derivative};
use pairpick_tests::bounds::{self, Arguments, Unit};
use pairpick_tests::elementary::{ALL, Elementary};
use pairpick_tests::levels;
use pairpick_tests::ulp::{Truth, epsilons_f32, epsilons_f64, ulps_f32, ulps_f64};

const REFERENCE: &str = include_str!("../../fixtures/arith/reference.txt");

/// The functions by their definitions, in a form that is stable in f64.
fn definition(name: &str, x: f64) -> f64 {
    const ROOT_HALF: f64 = core::f64::consts::FRAC_1_SQRT_2;
    let e = libm::exp(-x.abs());
    let normal = 0.5 * libm::erfc(-x * ROOT_HALF);
    match name {
        "exp" => libm::exp(x),
        "ln" => libm::log(x),
        "log1p" => libm::log1p(x),
        "erf" => libm::erf(x),
        "sigmoid" if x < 0.0 => e / (1.0 + e),
        "sigmoid" => 1.0 / (1.0 + e),
        "bernoulli_variance" => e / ((1.0 + e) * (1.0 + e)),
        "softplus" if x < 0.0 => libm::log1p(e),
        "softplus" => x + libm::log1p(e),
        // 0 · ∞ is NaN, the limit is 0.
        "gelu" if x < -100.0 => 0.0,
        "gelu" => x * normal,
        "gelu_derivative" if x.abs() > 100.0 => normal,
        "gelu_derivative" => normal + x * libm::exp(-0.5 * x * x) * 0.398_942_280_401_432_7,
        // Beyond the end e is 0, and ∞ · 0 is NaN.
        "entropy_of_logit" if x.abs() > 1000.0 => 0.0,
        "entropy_of_logit" => libm::log1p(e) + x.abs() * e / (1.0 + e),
        "entropy_of_probability" if x == 0.0 || x == 1.0 => 0.0,
        "entropy_of_probability" => -x * libm::log(x) - (1.0 - x) * libm::log1p(-x),
        _ => panic!("no definition of {name}"),
    }
}

/// Every 4,099th bit pattern, which is prime to every power of two, and the neighbourhood of each
/// power of two and of each place where a result or a method changes.
fn sample() -> Vec<f32> {
    let mut sample: Vec<f32> = (0..=u32::MAX).step_by(4099).map(f32::from_bits).collect();
    let powers = (0..=255_u32).map(|exponent| exponent << 23);
    let ends = [
        88.722_84,
        -87.336_55,
        -103.278_93,
        -103.972_08,
        0.5,
        0.75,
        0.346_573_6,
        0.707_106_77,
        -0.292_893_2,
        0.414_213_57,
        3.919_206,
        5.5,
        13.0,
        14.14,
        14.5,
        16.635_532,
        -0.751_791_5,
        -17.328_68,
        core::f32::consts::SQRT_2,
        core::f32::consts::LN_2,
    ];
    for bits in powers.chain(ends.map(f32::to_bits)) {
        for step in [-2, -1, 0, 1, 2] {
            let value = f32::from_bits(bits.wrapping_add_signed(step));
            sample.extend([value, -value]);
        }
    }
    sample
}

#[test]
fn f32_keeps_its_bounds_on_a_sample() {
    let sample = sample();
    for function in &ALL {
        let mut results = sample.clone();
        (function.map_f32)(Level::new(), &mut results);
        for bound in bounds::of(function.name, "f32") {
            let mut worst = (-1.0, 0.0);
            for (x, result) in sample.iter().zip(&results) {
                let truth = definition(function.name, f64::from(*x));
                let error = match bound.unit {
                    Unit::Ulp => ulps_f32(*result, truth),
                    Unit::Epsilon => epsilons_f32(*result, truth),
                };
                if bound.arguments.hold(f64::from(*x)) && error > worst.0 {
                    worst = (error, *x);
                }
            }
            report(function.name, "f32", &bound, worst.0, f64::from(worst.1));
        }
    }
}

#[test]
fn f64_keeps_its_bounds_on_the_reference() {
    for function in &ALL {
        let rows: Vec<(f64, Truth)> = reference(function.name).collect();
        assert!(rows.len() > 300, "{}: {} reference values", function.name, rows.len());
        for bound in bounds::of(function.name, "f64") {
            let mut worst = (-1.0, 0.0);
            for (x, truth) in rows.iter().filter(|(x, _)| bound.arguments.hold(*x)) {
                let result = (function.one_f64)(*x);
                let error = match bound.unit {
                    Unit::Ulp => ulps_f64(result, *truth),
                    Unit::Epsilon => epsilons_f64(result, *truth),
                };
                if error > worst.0 {
                    worst = (error, *x);
                }
            }
            report(function.name, "f64", &bound, worst.0, worst.1);
        }
    }
}

/// The reference values of one function.
fn reference(name: &str) -> impl Iterator<Item = (f64, Truth)> {
    REFERENCE.lines().filter_map(move |line| {
        let mut fields = line.split(' ');
        (fields.next()? == name).then_some(())?;
        let bits = u64::from_str_radix(fields.next()?, 16).expect("an argument's bits");
        Some((f64::from_bits(bits), Truth::parse(fields.next()?)))
    })
}

fn report(name: &str, precision: &str, bound: &bounds::Bound, error: f64, x: f64) {
    let (arguments, unit, limit) = (bound.arguments, bound.unit, bound.limit);
    println!("{name} {precision} {arguments:?}: {error:.4} {unit:?} of {limit} at {x:e}");
    assert!(error <= limit, "{name} {precision} at {x:e}: {error} {unit:?}, promised {limit}");
}

#[test]
fn every_function_has_bounds_for_all_arguments() {
    for function in &ALL {
        for precision in ["f32", "f64"] {
            let of_probability = function.name == "entropy_of_probability";
            for x in
                if of_probability { [0.0, 0.5, 1.0, f64::NAN] } else { [-1.0, 0.0, 1.0, f64::NAN] }
            {
                let mut bounds = bounds::of(function.name, precision);
                assert!(
                    bounds.any(|bound| bound.arguments.hold(x)),
                    "{} {precision} has no bound at {x}",
                    function.name
                );
            }
        }
    }
    for bound in &bounds::ELEMENTARY {
        assert!(ALL.iter().any(|function| function.name == bound.function), "{bound:?}");
    }
    assert!(Arguments::Negative.hold(-1.0) && !Arguments::Negative.hold(0.0));
}

#[test]
fn special_values_are_the_limits() {
    const INF: f64 = f64::INFINITY;
    let cases: [(&str, &[(f64, f64)]); 11] = [
        ("exp", &[(-INF, 0.0), (INF, INF), (0.0, 1.0), (-0.0, 1.0), (1e30, INF), (-1e30, 0.0)]),
        (
            "ln",
            &[
                (INF, INF),
                (0.0, -INF),
                (-0.0, -INF),
                (1.0, 0.0),
                (-1.0, f64::NAN),
                (-INF, f64::NAN),
                (-1e-40, f64::NAN),
            ],
        ),
        (
            "log1p",
            &[
                (INF, INF),
                (-1.0, -INF),
                (-1.5, f64::NAN),
                (-INF, f64::NAN),
                (0.0, 0.0),
                (-0.0, -0.0),
            ],
        ),
        ("erf", &[(INF, 1.0), (-INF, -1.0), (0.0, 0.0), (-0.0, -0.0), (1e30, 1.0), (-1e30, -1.0)]),
        ("sigmoid", &[(INF, 1.0), (-INF, 0.0), (0.0, 0.5), (-0.0, 0.5), (1e30, 1.0), (-1e30, 0.0)]),
        (
            "bernoulli_variance",
            &[(INF, 0.0), (-INF, 0.0), (0.0, 0.25), (-0.0, 0.25), (1e30, 0.0), (-1e30, 0.0)],
        ),
        ("softplus", &[(INF, INF), (-INF, 0.0), (1e30, 1e30), (-1e30, 0.0)]),
        ("gelu", &[(INF, INF), (-INF, 0.0), (0.0, 0.0), (-0.0, 0.0), (1e30, 1e30), (-1e30, 0.0)]),
        (
            "gelu_derivative",
            &[(INF, 1.0), (-INF, -0.0), (0.0, 0.5), (-0.0, 0.5), (1e30, 1.0), (-1e30, -0.0)],
        ),
        ("entropy_of_logit", &[(INF, 0.0), (-INF, 0.0), (1e30, 0.0), (-1e30, 0.0)]),
        ("entropy_of_probability", &[(0.0, 0.0), (-0.0, 0.0), (1.0, 0.0)]),
    ];
    for (function, (name, cases)) in ALL.iter().zip(cases) {
        assert_eq!(function.name, name);
        assert!((function.one_f32)(f32::NAN).is_nan(), "{name}(NaN) in f32");
        assert!((function.one_f64)(f64::NAN).is_nan(), "{name}(NaN) in f64");
        for (x, expected) in cases {
            let single = f64::from((function.one_f32)(*x as f32));
            let expected_single = f64::from(*expected as f32);
            assert!(same(single, expected_single), "{name}({x}) in f32: {single}");
            let double = (function.one_f64)(*x);
            assert!(same(double, *expected), "{name}({x}) in f64: {double}");
        }
    }
}

/// Whether two numbers are the same in every bit, any NaN like any other.
fn same<T: Real>(a: T, b: T) -> bool {
    a.bits() == b.bits() || a.to_f64().is_nan() && b.to_f64().is_nan()
}

#[test]
fn a_variance_does_not_depend_on_the_pair_s_orientation() {
    for x in sample().into_iter().filter(|x| !x.is_nan()) {
        assert!(same(bernoulli_variance(x), bernoulli_variance(-x)), "{x:e}");
        let wide = f64::from(x) * 1.000_000_1;
        assert!(same(bernoulli_variance(wide), bernoulli_variance(-wide)), "{wide:e}");
    }
}

#[test]
fn bits_are_equal_in_every_form_at_every_level() {
    // Long enough for several of the widest vectors, a multiple of none.
    let few: Vec<f32> = sample().into_iter().rev().step_by(977).collect();
    for (name, level) in levels::available() {
        println!("level {name}");
        for function in &ALL {
            for offset in 0..33 {
                forms(
                    function,
                    function.map_f32,
                    function.one_f32,
                    level,
                    &few[offset..][..67 - offset],
                );
                let wide: Vec<f64> = few[..67].iter().map(|x| f64::from(*x)).collect();
                forms(function, function.map_f64, function.one_f64, level, &wide[offset..]);
            }
            forms(function, function.map_f32, function.one_f32, level, &few);
        }
    }
}

/// Asserts that a function over a slice is the function of each of its numbers.
fn forms<T: Real>(
    function: &Elementary,
    map: fn(Level, &mut [T]),
    one: fn(T) -> T,
    level: Level,
    arguments: &[T],
) {
    let mut results = arguments.to_vec();
    map(level, &mut results);
    for (x, result) in arguments.iter().zip(&results) {
        assert!(same(one(*x), *result), "{}({x:?}): {result:?}", function.name);
    }
}

/// GELU and its derivative in one, of one vector of equal lanes.
struct Both<T>(T);

impl<T: Real> Operation for Both<T> {
    type Output = (T, T);
    fn run<S: Simd>(self, simd: S) -> (T, T) {
        let (value, derivative) = gelu::with_derivative(Lanes::<S, T>::splat(simd, self.0));
        (value.as_slice()[0], derivative.as_slice()[0])
    }
}

#[test]
fn gelu_with_its_derivative_is_both_alone() {
    let numbers: Vec<f32> = sample().into_iter().step_by(97).collect();
    for (name, level) in levels::available() {
        println!("level {name}");
        for x in &numbers {
            let (value, derivative) = run_at(level, Both(*x));
            assert!(same(value, gelu(*x)), "{x:e}");
            assert!(same(derivative, gelu_derivative(*x)), "{x:e}");
            let wide = f64::from(*x) * 1.000_000_1;
            let (value, derivative) = run_at(level, Both(wide));
            assert!(same(value, gelu(wide)), "{wide:e}");
            assert!(same(derivative, gelu_derivative(wide)), "{wide:e}");
        }
    }
}

#[test]
fn increasing_functions_do_not_decrease() {
    // Steps of 2^-9, far above the error of either precision.
    for function in ALL
        .iter()
        .filter(|f| ["exp", "erf", "sigmoid", "softplus", "ln", "log1p"].contains(&f.name))
    {
        let first = match function.name {
            "ln" => 1,
            "log1p" => -511,
            _ => -50 * 512,
        };
        let arguments = || (first..50 * 512).map(|step| f64::from(step) / 512.0);
        let single: Vec<f32> = arguments().map(|x| (function.one_f32)(x as f32)).collect();
        let double: Vec<f64> = arguments().map(function.one_f64).collect();
        assert!(single.is_sorted(), "{} in f32", function.name);
        assert!(double.is_sorted(), "{} in f64", function.name);
    }
}

#[test]
fn chebyshev_polynomials_are_cosines_of_multiples() {
    fn check<T: Real>(bound: f64) {
        let nodes = chebyshev::node_count::<T>();
        for k in 0..nodes {
            for i in 0..nodes + 3 {
                let turns = (i * (2 * k + 1) % (4 * nodes)) as f64 / (4 * nodes) as f64;
                let angle = turns * std::f64::consts::TAU;
                let found = chebyshev::at_node::<T>(i, k).to_f64();
                assert!((found - libm::cos(angle)).abs() <= bound, "T_{i} at node {k}: {found}");
            }
        }
        let x: Vec<T> = (0..=100).map(|place| T::from_f64(f64::from(place) / 50.0 - 1.0)).collect();
        let mut rows = vec![T::ZERO; nodes * x.len()];
        chebyshev::fill_polynomials(Level::baseline(), &x, &mut rows);
        for (i, row) in rows.chunks(x.len()).enumerate() {
            for (x, found) in x.iter().zip(row) {
                let expected = libm::cos(i as f64 * libm::acos(x.to_f64()));
                let error = (found.to_f64() - expected).abs();
                let most = (1 + i * i) as f64 * T::EPSILON.to_f64();
                assert!(error <= most, "T_{i}({x:?}): {error:e}, {most:e}");
            }
        }
    }
    check::<f32>(6e-8);
    check::<f64>(2e-15);
}
