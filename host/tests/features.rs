//! What the last layer sees: kernel features and embeddings as they are, by the command.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

mod command;
mod npy;

use std::fs;
use std::path::Path;

use safetensors::SafeTensors;
use serde_json::Value;
use tempfile::TempDir;

use self::command::pairpick;
use self::npy::npy;

fn told(folder: &Path, arguments: &[&str]) -> Value {
    let output = pairpick(folder, &[arguments, &["--json"]].concat());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(folder: &Path, arguments: &[&str], message: &str) {
    let output = pairpick(folder, arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
    assert!(stderr.contains(message), "{message:?} is not in: {stderr}");
}

fn run(folder: &Path, out: &str, options: &[&str]) -> Value {
    let fixed = ["run", "--rounds", "2", "--beside", "none", "--out", out];
    told(folder, &[&fixed, options].concat())
}

/// A tensor of a model's file, row by row.
fn tensor(file: &SafeTensors<'_>, name: &str) -> Vec<f64> {
    let view = file.tensor(name).unwrap();
    let (values, _) = view.data().as_chunks();
    values.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes))).collect()
}

/// A row by a matrix.
fn times(row: &[f64], matrix: &[f64]) -> Vec<f64> {
    let columns = matrix.len() / row.len();
    let column = |at| row.iter().zip(matrix.iter().skip(at).step_by(columns));
    (0..columns).map(|at| column(at).map(|(a, b)| a * b).sum()).collect()
}

#[test]
fn rewards_follow_the_formula_of_the_file() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    run(folder, "out", &[]);
    let value = |place: usize| ((place * 7919 + place * place * 31) % 1009) as f32 / 5_045.0 - 0.1;
    fs::write(folder.join("e.npy"), npy(&[5, 384], value)).unwrap();
    let model = ["score", "--model", "out/model.safetensors", "--embeddings", "e.npy"];
    let scores = told(folder, &model);
    let bytes = fs::read(folder.join("out/model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let [origin, metric, landmarks, weight, head] =
        ["kernel.origin", "kernel.metric", "kernel.landmarks", "kernel.weight", "head.weight"]
            .map(|name| tensor(&file, name));
    for (row, score) in scores["scores"].as_array().unwrap().iter().enumerate() {
        let x: Vec<f64> =
            (0..384).map(|at| f64::from(value(row * 384 + at)) - origin[at]).collect();
        let z = times(&x, &metric);
        let count = landmarks.len() / z.len();
        let kernel = |at: usize| -> f64 {
            let landmark = landmarks.iter().skip(at).step_by(count);
            let square: f64 = z.iter().zip(landmark).map(|(z, own)| (z - own) * (z - own)).sum();
            (-square).exp()
        };
        let features = times(&(0..count).map(kernel).collect::<Vec<_>>(), &weight);
        let reward: f64 = features.iter().zip(&head).map(|(a, b)| a * b).sum();
        let found = score["reward"].as_f64().unwrap();
        assert!((reward - found).abs() < 1e-4, "{reward}, {found}");
    }
}

#[test]
fn no_thread_changes_a_bit() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    for features in ["kernel", "input"] {
        let [one, three] = ["1", "3"].map(|threads| {
            let out = format!("{features}{threads}");
            let report = run(folder, &out, &["--features", features, "--threads", threads]);
            report["rounds"][1]["digest"].clone()
        });
        assert_eq!(one, three);
        let model = format!("{features}1/model.safetensors");
        let measured = told(folder, &["eval", "--model", &model]);
        assert_eq!(measured["digest"], one, "read back");
    }
}

#[test]
fn options_of_another_kind_are_refused() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    for (options, message) in [
        (&["--hidden", "8,8,8"][..], "does not read --hidden"),
        (&["--features", "mlp", "--landmarks", "9"], "does not read --landmarks"),
        (&["--features", "input", "--landmarks", "9"], "does not read --landmarks"),
    ] {
        refused(folder, &[&["run"], options].concat(), message);
        refused(folder, &[&["select"], options].concat(), message);
    }
    fs::write(folder.join("l.jsonl"), "{\"a\":[0,0],\"b\":[0,1],\"label\":1}\n").unwrap();
    refused(folder, &["train", "--labels", "l.jsonl", "--losses", "x"], "needs --features mlp");
}

/// The default recipe selects by a network with the prior that networks have.
#[test]
fn a_network_keeps_its_own_prior() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    run(folder, "out", &["--preset", "mlp"]);
    let model = ["--labels", "out/labels.jsonl", "--model", "out/model.safetensors"];
    let report = told(folder, &[&["select"], &model[..]].concat());
    assert_eq!(report["prior_precision"], 1.0);
}

#[test]
fn rows_that_are_equal_or_too_long_are_refused_and_few_do() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let data = ["select", "--train-embeddings", "e.npy", "--batch", "1"];
    fs::write(folder.join("e.npy"), npy(&[4, 3, 5], |_| 0.5)).unwrap();
    refused(folder, &data, "must differ");
    fs::write(folder.join("e.npy"), npy(&[2, 2, 4097], |at| at as f32)).unwrap();
    refused(folder, &data, "at most 4096 numbers");
    fs::write(folder.join("e.npy"), npy(&[4, 3, 5], |at| (at * 37 % 11) as f32)).unwrap();
    told(folder, &[&data[..], &["--landmarks", "512"]].concat());
}
