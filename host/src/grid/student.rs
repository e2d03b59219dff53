//! Student's t distribution, by the contract's operations alone: the same bits everywhere.

use std::f64::consts::PI;

use pairpick_core::arith::Real;

/// How likely a value at least as far from 0 as `t` is, on either side, with so many degrees of freedom:
/// one less the finite series of Abramowitz and Stegun, 26.7.3 and 26.7.4.
#[must_use]
pub fn two_sided(t: f64, degrees: usize) -> f64 {
    let (t, n) = (if t < 0.0 { -t } else { t }, degrees as f64);
    // What is no number tells nothing.
    if t.is_nan() || degrees == 0 {
        return 1.0;
    }
    if t == f64::INFINITY {
        return 0.0;
    }
    let hypotenuse = (n + t * t).sqrt_of();
    let (sine, cosine) = (t / hypotenuse, n.sqrt_of() / hypotenuse);
    // The series' terms are cos^k θ times quotients of every second number.
    let even = degrees.is_multiple_of(2);
    let (mut term, mut series) = (if even { 1.0 } else { cosine }, 0.0);
    let mut k = if even { 2 } else { 3 };
    while k <= degrees {
        series += term;
        term *= cosine * cosine * (k as f64 - 1.0) / k as f64;
        k += 2;
    }
    let within = match even {
        true => sine * series,
        false => (arc_tangent(t / n.sqrt_of()) + sine * series) * 2.0 / PI,
    };
    if within < 1.0 { 1.0 - within } else { 0.0 }
}

/// The angle of a tangent that is not negative, to 1e-15: halved four times, then by its series.
fn arc_tangent(mut x: f64) -> f64 {
    for _ in 0..4 {
        x /= 1.0 + (1.0 + x * x).sqrt_of();
    }
    let (mut power, mut sum) = (x, 0.0);
    for k in 0..14 {
        let share = power / f64::from(2 * k + 1);
        sum += if k % 2 == 0 { share } else { -share };
        power *= x * x;
    }
    16.0 * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The quantiles of the tables leave 5 % outside.
    #[test]
    fn probabilities_are_those_of_the_tables() {
        for (degrees, quantile) in [
            (1, 12.706_204_736),
            (2, 4.302_652_730),
            (3, 3.182_446_305),
            (4, 2.776_445_105),
            (19, 2.093_024_054),
            (30, 2.042_272_456),
            (1000, 1.962_339_081),
        ] {
            for t in [quantile, -quantile] {
                let found = two_sided(t, degrees);
                assert!((found - 0.05).abs() < 1e-9, "{degrees}: {found}");
            }
        }
        // Of one degree of freedom by hand: 1 − (2/π) arctan 1 = ½.
        assert!((two_sided(1.0, 1) - 0.5).abs() < 1e-15);
        assert_eq!((two_sided(0.0, 7), two_sided(f64::INFINITY, 7)), (1.0, 0.0));
        assert!(two_sided(1e9, 7) < 1e-12 && two_sided(3.0, 0) == 1.0);
        assert_eq!(two_sided(f64::NAN, 7), 1.0);
    }
}
