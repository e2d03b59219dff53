//! Means over a normal distribution, by Gauss–Hermite quadrature, and by the trapezoidal rule where
//! the distribution is much wider than the function: what averaged weights are held to.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use std::f64::consts::PI;

/// Nodes of the rule: exact for polynomials up to degree 127.
const NODES: usize = 64;

/// The mean of `f` over N(mean, variance), by Gauss–Hermite quadrature.
#[must_use]
pub fn gauss_hermite(f: impl Fn(f64) -> f64, mean: f64, variance: f64) -> f64 {
    let scale = (2.0 * variance).sqrt();
    let term = |(node, weight): (f64, f64)| {
        weight * (f(mean + scale * node) + f(mean - scale * node)) / PI.sqrt()
    };
    rule().map(term).sum()
}

/// The mean of `f` over N(mean, variance), for an f that vanishes beyond ±45: the trapezoidal rule
/// with steps of a tenth, or an eighth of the deviation, which converges exponentially.
#[must_use]
pub fn trapezoidal(f: impl Fn(f64) -> f64, mean: f64, variance: f64) -> f64 {
    let deviation = variance.sqrt();
    let step = f64::min(0.1, deviation / 8.0);
    let (low, high) =
        (f64::max(mean - 12.0 * deviation, -45.0), f64::min(mean + 12.0 * deviation, 45.0));
    let density = |x: f64| (-(x - mean) * (x - mean) / (2.0 * variance)).exp();
    let points = (0..).map(|i| low + step * f64::from(i)).take_while(|x| *x < high);
    points.map(|x| f(x) * density(x)).sum::<f64>() * step / (2.0 * PI * variance).sqrt()
}

/// The positive nodes, zeros of the orthonormal Hermite polynomial, found between the signs of a
/// fine walk and refined by bisection; the weights are 1/(n p²), p the polynomial below at the node.
fn rule() -> impl Iterator<Item = (f64, f64)> {
    let step = 1e-3;
    let cells = (0..12_000).map(move |i| (step * f64::from(i), step * f64::from(i + 1)));
    cells.filter(|(low, high)| hermite(*low).0 * hermite(*high).0 < 0.0).map(
        |(mut low, mut high)| {
            let sign = hermite(low).0;
            for _ in 0..60 {
                let middle = 0.5 * (low + high);
                match sign * hermite(middle).0 > 0.0 {
                    true => low = middle,
                    false => high = middle,
                }
            }
            let below = hermite(low).1;
            (low, 1.0 / (NODES as f64 * below * below))
        },
    )
}

/// The orthonormal Hermite polynomials of degree [`NODES`] and one below, at x.
fn hermite(x: f64) -> (f64, f64) {
    let (mut value, mut below) = (PI.powf(-0.25), 0.0);
    for degree in 1..=NODES {
        let n = degree as f64;
        (value, below) = (x * (2.0 / n).sqrt() * value - ((n - 1.0) / n).sqrt() * below, value);
    }
    (value, below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_rules_know_the_moments_of_a_normal_distribution() {
        for (mean, variance) in [(0.0, 1.0), (1.5, 0.3), (-2.0, 4.0)] {
            let moments = |f: fn(f64) -> f64| {
                [gauss_hermite(f, mean, variance), trapezoidal(f, mean, variance)]
            };
            for found in moments(|_| 1.0) {
                assert!((found - 1.0).abs() < 1e-12, "{found}");
            }
            for found in moments(|x| x) {
                assert!((found - mean).abs() < 1e-12, "{found}");
            }
            for found in moments(|x| x * x) {
                assert!((found - mean * mean - variance).abs() < 1e-11, "{found}");
            }
            let fourth = |x: f64| (x - mean).powi(4);
            let expected = 3.0 * variance * variance;
            assert!((gauss_hermite(fourth, mean, variance) - expected).abs() < 1e-10 * expected);
        }
    }
}
