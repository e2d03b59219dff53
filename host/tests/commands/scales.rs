//! Embeddings of any scale: each dimension is standardised by itself, and what does not vary is named.

use std::fs;

use pairpick::model::{Model, Trunk};
use tempfile::TempDir;

use crate::command::pairpick;
use crate::npy::npy;

const DIMENSIONS: usize = 4;

const NETWORK: [&str; 2] = ["--preset", "mlp"];

/// Numbers between −1 and 1 without a pattern, by place.
fn number(place: usize) -> f32 {
    ((place * 7919 + place * place * 31) % 1009) as f32 / 504.5 - 1.0
}

/// Runs on embeddings whose dimensions have these scales, about these means; gives what was noted, the
/// scales of the model, and whether it has learnt.
fn run(
    scales: [f32; DIMENSIONS],
    means: [f32; DIMENSIONS],
    options: &[&str],
) -> (String, Vec<f32>) {
    let folder = TempDir::new().unwrap();
    let embedding = |place: usize| {
        let dimension = place % DIMENSIONS;
        means[dimension] + scales[dimension] * number(place)
    };
    fs::write(folder.path().join("e.npy"), npy(&[30, 4, DIMENSIONS], embedding)).unwrap();
    fs::write(folder.path().join("r.npy"), npy(&[30, 4], number)).unwrap();
    let data = ["run", "--train-embeddings", "e.npy", "--train-rewards", "r.npy"];
    let sizes = ["--rounds", "2", "--batch", "10", "--out", "out"];
    let output = pairpick(folder.path(), &[&data[..], &sizes, options].concat());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{scales:?}: {stderr}");
    let model = Model::open(&folder.path().join("out/model.safetensors")).unwrap();
    let Trunk::Mlp(trunk) = model.trunk() else { panic!("it is no network") };
    let scales = trunk.standardisation().map(|standardisation| standardisation.scale.clone());
    (stderr, scales.unwrap_or_default())
}

#[test]
fn a_dimension_beside_much_larger_ones_is_learnt_from() {
    for large in [1e7, 1e12, 1e30] {
        let (notes, scales) = run([1.0, large, 1.0, 1e-7], [0.0; 4], &NETWORK);
        assert!(scales.iter().all(|scale| *scale > 0.0), "{scales:?}");
        assert!(!notes.contains("left out"), "{notes}");
    }
}

#[test]
fn dimensions_that_do_not_vary_are_left_out_and_counted() {
    let (notes, scales) = run([1.0, 0.0, 1e-4, 1.0], [0.0, 0.3, 1e3, 1e3], &NETWORK);
    assert_eq!(scales.iter().filter(|scale| **scale == 0.0).count(), 2, "{scales:?}");
    assert!(notes.contains("e.npy: 2 of 4 dimensions do not vary, and are left out"), "{notes}");
}

#[test]
fn embeddings_of_any_scale_are_trained_on() {
    for scale in [1e-44, 1e-40, 1e-39, 1e-38, 1e-20, 1e20, 1e38, 3e38] {
        let (_, scales) = run([scale; 4], [0.0; 4], &NETWORK);
        assert!(scales.iter().all(|scale| *scale > 0.0 && scale.is_finite()), "{scales:?}");
    }
    for scale in [1e-44, 1e-39, 1e-20] {
        run([scale; 4], [0.0; 4], &["--preset", "paper", "--iterations", "30"]);
    }
}
