//! Kernel features: each part of the fit against its definition in f64, and the map itself against a
//! naive one, on every instruction set, however the items are cut.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

mod fit;
mod map;

fn square(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}
