//! What a device's strategies make of covariates, against dense sums.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use pairpick_core::device::{PoolImage, Session};
use pairpick_core::linalg::Packed;
use pairpick_core::pool::ItemPair;
use pairpick_core::select::{Strategy, Weights};
use pairpick_tests::device::{Flash, Provision, memory_for};
use pairpick_tests::oracle;

use super::session::here;

/// P of averaged weights has the labels' λ, a design its own; the covariates' precision is neither, and
/// counts once in each. Against dense sums in f64.
#[test]
fn covariates_keep_their_precision_beside_either_lambda() {
    let (order, own, design, covariates) = (4, 0.5, 10.0, 3.0);
    for strategy in [Strategy::GreedyDopt, Strategy::PaDopt, Strategy::AOpt] {
        let mut given = Provision::new(strategy, 9, 5, order, 21).with_earlier_labels();
        given.settings.weights = Some(Weights::Averaged);
        given.settings.covariates = 1;
        given.settings.covariate_precision = covariates as f32;
        let reads_design = strategy.facts().past;
        given.settings.design_precision = reads_design.then_some(design as f32);
        let bytes = given.image().expect("an image");
        let image = PoolImage::open(&bytes).expect("an image");
        let (mut flash, mut memory) = (Flash::new(60), memory_for(&image, 60, 1));
        let session =
            Session::open(&here(), image, &mut flash, 0, memory.lend()).expect("a session");
        let picked = session.question().expect("a pair");

        let (head, past) = given.earlier.clone().expect("earlier labels");
        let past = Packed::new(order, past.as_slice()).expect("order");
        let precision = |start: f64| -> Vec<f64> {
            let entry = |place: usize| {
                let (row, column) = (place / order, place % order);
                let prior = if row + 1 == order { covariates } else { start };
                let past = f64::from(past.entry(row, column).expect("inside"));
                past + if row == column { prior } else { 0.0 }
            };
            (0..order * order).map(entry).collect()
        };
        let pairs = oracle::pairs(&given.starts);
        let solved = |inverse: &[f64], d: &[f64]| -> Vec<f64> {
            (0..order).map(|row| oracle::dot(&inverse[row * order..][..order], d)).collect()
        };
        let inverse = oracle::inverse(order, &precision(own));
        let weight = |pair: &ItemPair| {
            let d = oracle::difference(order, &given.features, *pair);
            let reward = |item| oracle::reward(order, &given.features, &head, item);
            let variance = oracle::dot(&d, &solved(&inverse, &d));
            let c = 1.0 / (1.0 + std::f64::consts::PI * variance / 8.0).sqrt();
            c * oracle::variance(c * (reward(pair.a) - reward(pair.b)))
        };
        let weights: Vec<f64> = pairs.iter().map(weight).collect();
        let mut matrix = precision(if reads_design { design } else { own });
        if strategy != Strategy::GreedyDopt {
            let pool = oracle::fisher(order, &given.features, &pairs, &weights);
            matrix.iter_mut().zip(pool).for_each(|(entry, more)| *entry += more);
        }
        let inverse = oracle::inverse(order, &matrix);
        let score = |(pair, weight): (&ItemPair, &f64)| {
            let d = oracle::difference(order, &given.features, *pair);
            let solved = solved(&inverse, &d);
            let square = match strategy {
                Strategy::AOpt => oracle::dot(&solved, &solved),
                _ => oracle::dot(&d, &solved),
            };
            weight * square
        };
        let scores: Vec<f64> = pairs.iter().zip(&weights).map(score).collect();
        let best = scores.iter().copied().fold(0.0, f64::max);
        let place = pairs.iter().position(|pair| *pair == picked.items).expect("a pair");
        for expected in [scores[place], best] {
            let error = (f64::from(picked.score) / expected - 1.0).abs();
            assert!(error < 1e-4, "{}: {} for {expected}", strategy.name(), picked.score);
        }
    }
}
