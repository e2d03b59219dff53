//! What answers tell about the last layer, by full enumeration of the joint answers.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use pairpick_core::pool::ItemPair;
use pairpick_core::rng::Stream;

use crate::oracle;
use crate::selecting::Listed;

/// −p ln p − (1 − p) ln(1 − p).
#[must_use]
pub fn entropy(p: f64) -> f64 {
    let term = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    term(p) + term(1.0 - p)
}

/// Draws of the last layer: β + x, Lᵀx = ε, ε the stream's normal deviates, P = LLᵀ.
#[must_use]
pub fn draws(listed: &Listed, samples: usize, rng: &mut Stream) -> Vec<Vec<f64>> {
    let order = listed.order;
    let lower = lower_factor(listed);
    (0..samples)
        .map(|_| {
            let normal: Vec<f64> = (0..order).map(|_| rng.normal()).collect();
            let mut x = vec![0.0; order];
            for i in (0..order).rev() {
                let solved: f64 = (i + 1..order).map(|j| lower[j][i] * x[j]).sum();
                x[i] = (normal[i] - solved) / lower[i][i];
            }
            x.iter().zip(&listed.head).map(|(x, mean)| x + f64::from(*mean)).collect()
        })
        .collect()
}

/// L of P = λI + past, row by row.
fn lower_factor(listed: &Listed) -> Vec<Vec<f64>> {
    let order = listed.order;
    let mut lower = vec![vec![0.0; order]; order];
    for i in 0..order {
        for j in 0..=i {
            let entry = listed.past[j * order + i - j * (j + 1) / 2];
            let prior = if i == j { listed.prior_precision } else { 0.0 };
            let rest: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let value = entry + prior - rest;
            lower[i][j] = if i == j { value.sqrt() } else { value / lower[j][j] };
        }
    }
    lower
}

/// The probability that the item of lower number is preferred, under each draw.
#[must_use]
pub fn probabilities(listed: &Listed, pair: u64, draws: &[Vec<f64>]) -> Vec<f64> {
    let ItemPair { a, b } = listed.pairs[usize::try_from(pair).expect("small")];
    let d = oracle::difference(listed.order, &listed.features, (a.min(b), a.max(b)).into());
    draws.iter().map(|theta| 1.0 / (1.0 + (-oracle::dot(&d, theta)).exp())).collect()
}

/// I(y_1, …, y_b; θ) over draws, each as likely: H(y_1, …, y_b) − Σ_i E H(y_i | θ), the joint entropy
/// over all 2ᵇ answers. Takes p(y_i | θ_s) of each pair and draw.
#[must_use]
pub fn mutual_information(pairs: &[Vec<f64>]) -> f64 {
    let samples = pairs[0].len();
    let mut joint = 0.0;
    for answers in 0..1_usize << pairs.len() {
        let mut probability = 0.0;
        for s in 0..samples {
            let likelihood: f64 = pairs
                .iter()
                .enumerate()
                .map(|(i, p)| if answers >> i & 1 == 1 { p[s] } else { 1.0 - p[s] })
                .product();
            probability += likelihood / samples as f64;
        }
        if probability > 0.0 {
            joint -= probability * probability.ln();
        }
    }
    let known: f64 =
        pairs.iter().map(|p| p.iter().map(|p| entropy(*p)).sum::<f64>() / samples as f64).sum();
    joint - known
}
