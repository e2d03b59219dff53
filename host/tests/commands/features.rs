//! What the last layer sees: kernel features and embeddings as they are, by the command.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use std::fs;
use std::path::Path;

use safetensors::SafeTensors;
use serde_json::Value;
use tempfile::TempDir;

use crate::npy::npy;
use crate::outcome::reported;
use crate::refusal::refused;

fn run(folder: &Path, out: &str, options: &[&str]) -> Value {
    let fixed = ["run", "--rounds", "2", "--beside", "none", "--out", out];
    reported(folder, &[&fixed, options].concat())
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

/// The features of an embedding, by the formula of a model's file.
fn features_of(file: &SafeTensors<'_>) -> impl Fn(&Vec<f64>) -> Vec<f64> {
    let [origin, metric, landmarks, weight] =
        ["kernel.origin", "kernel.metric", "kernel.landmarks", "kernel.weight"]
            .map(|name| tensor(file, name));
    move |x| {
        let x: Vec<f64> = x.iter().zip(&origin).map(|(x, origin)| x - origin).collect();
        let z = times(&x, &metric);
        let count = landmarks.len() / z.len();
        let kernel = |at: usize| -> f64 {
            let landmark = landmarks.iter().skip(at).step_by(count);
            let square: f64 = z.iter().zip(landmark).map(|(z, own)| (z - own) * (z - own)).sum();
            (-square).exp()
        };
        times(&(0..count).map(kernel).collect::<Vec<_>>(), &weight)
    }
}

#[test]
fn rewards_follow_the_formula_of_the_file() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    run(folder, "out", &[]);
    let value = |place: usize| ((place * 7919 + place * place * 31) % 1009) as f32 / 5_045.0 - 0.1;
    fs::write(folder.join("e.npy"), npy(&[5, 384], value)).unwrap();
    let model = ["score", "--model", "out/model.safetensors", "--embeddings", "e.npy"];
    let scores = reported(folder, &model);
    let bytes = fs::read(folder.join("out/model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let head = tensor(&file, "head.weight");
    let features = features_of(&file);
    for (row, score) in scores["scores"].as_array().unwrap().iter().enumerate() {
        let x: Vec<f64> = (0..384).map(|at| f64::from(value(row * 384 + at))).collect();
        let features = features(&x);
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
        let measured = reported(folder, &["eval", "--model", &model]);
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
        refused(folder, &[&["run"], options].concat(), &[message]);
        refused(folder, &[&["select"], options].concat(), &[message]);
    }
    fs::write(folder.join("l.jsonl"), "{\"a\":[0,0],\"b\":[0,1],\"label\":1}\n").unwrap();
    refused(folder, &["train", "--labels", "l.jsonl", "--losses", "x"], &["needs --features mlp"]);
}

/// The default recipe selects by a network with the prior that networks have.
#[test]
fn a_network_keeps_its_own_prior() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    run(folder, "out", &["--preset", "mlp"]);
    let model = ["--labels", "out/labels.jsonl", "--model", "out/model.safetensors"];
    let report = reported(folder, &[&["select"], &model[..]].concat());
    assert_eq!(report["prior_precision"], 1.0);
}

#[test]
fn rows_that_are_equal_or_too_long_are_refused_and_few_do() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let data = ["select", "--train-embeddings", "e.npy", "--batch", "1"];
    fs::write(folder.join("e.npy"), npy(&[4, 3, 5], |_| 0.5)).unwrap();
    refused(folder, &data, &["must differ"]);
    fs::write(folder.join("e.npy"), npy(&[2, 2, 4097], |at| at as f32)).unwrap();
    refused(folder, &data, &["at most 4096 numbers"]);
    fs::write(folder.join("e.npy"), npy(&[4, 3, 5], |at| (at * 37 % 11) as f32)).unwrap();
    reported(folder, &[&data[..], &["--landmarks", "512"]].concat());
}

/// Dimensions that never change, and ones twice over, of which the metric makes nothing new.
#[test]
fn dead_and_duplicate_dimensions_simply_work() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let alive = |place: usize| ((place * 37 + place * place * 11) % 101) as f32 / 101.0;
    let of = |place: usize| match (place / 5, place % 5) {
        (_, 3) => 7.25,
        (item, 4) => alive(3 * item + 1),
        (item, at) => alive(3 * item + at),
    };
    fs::write(folder.join("e.npy"), npy(&[12, 4, 5], of)).unwrap();
    fs::write(folder.join("r.npy"), npy(&[12, 4], |item| alive(3 * item))).unwrap();
    let data = ["--train-embeddings", "e.npy", "--train-rewards", "r.npy"];
    let test = ["--test-embeddings", "e.npy", "--test-rewards", "r.npy"];
    for features in ["kernel", "input"] {
        let sure = ["--oracle", "argmax", "--batch", "30", "--features", features];
        let options = [&data[..], &test, &sure].concat();
        let report = run(folder, features, &options);
        let error = report["rounds"][1]["one_minus_spearman"].as_f64().unwrap();
        assert!(error < 0.6, "{features}: {error}");
    }
    let bytes = fs::read(folder.join("kernel/model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let shape = file.tensor("kernel.metric").unwrap().shape().to_vec();
    assert_eq!(shape, [5, 3], "of five dimensions three tell something");
    assert!(tensor(&file, "kernel.weight").iter().all(|value| value.is_finite()));
}

/// ‖φ − φ̄‖² of each item, φ̄ over the items of its group, by the formula of the model's file.
fn squares(file: &SafeTensors<'_>, items: &[Vec<f64>], groups: &[std::ops::Range<usize>]) -> f64 {
    let features: Vec<Vec<f64>> = items.iter().map(features_of(file)).collect();
    let (mut sum, mut count) = (0.0, 0);
    for group in groups.iter().filter(|group| group.len() > 1) {
        let own = &features[group.clone()];
        for at in 0..own[0].len() {
            let mean = own.iter().map(|item| item[at]).sum::<f64>() / own.len() as f64;
            sum += own.iter().map(|item| (item[at] - mean) * (item[at] - mean)).sum::<f64>();
        }
        count += own.len();
    }
    sum / f64::from(u32::try_from(count).unwrap())
}

fn number(place: usize) -> f32 {
    ((place * 7919 + place * place * 31) % 1009) as f32 / 1009.0
}

/// Prompts of 1, 2 and 3 responses in turn: a single one has no difference.
#[test]
fn features_lie_1_apart_within_prompts() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let groups: Vec<_> = (0..36).map(|place| place / 3 * 6 + [0, 1, 3][place % 3]).collect();
    let groups: Vec<_> =
        groups.iter().copied().zip(groups[1..].iter().copied().chain([72])).collect();
    let groups: Vec<_> = groups.into_iter().map(|(start, end)| start..end).collect();
    let ids: String = groups
        .iter()
        .enumerate()
        .flat_map(|(prompt, group)| group.clone().map(move |_| format!("p{prompt}\n")))
        .collect();
    fs::write(folder.join("e.npy"), npy(&[72, 6], number)).unwrap();
    fs::write(folder.join("ids.txt"), ids).unwrap();
    fs::write(folder.join("l.jsonl"), "{\"a\":1,\"b\":2,\"label\":1}\n").unwrap();
    let train = [
        "train",
        "--train-embeddings",
        "e.npy",
        "--train-prompt-ids",
        "ids.txt",
        "--labels",
        "l.jsonl",
    ];
    reported(folder, &train);
    let bytes = fs::read(folder.join("model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let items: Vec<Vec<f64>> =
        (0..72).map(|item| (0..6).map(|at| f64::from(number(item * 6 + at))).collect()).collect();
    let mean = squares(&file, &items, &groups);
    assert!((mean - 1.0).abs() < 1e-4, "{mean}");
}

/// Rows without prompts differ by the listed pairs, or where none are listed by rows in random order.
#[test]
fn rows_without_prompts_have_fixed_features_too() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    fs::write(folder.join("e.npy"), npy(&[40, 6], number)).unwrap();
    let pair = |at: usize| format!("{{\"a\":{},\"b\":{},\"label\":{}}}\n", at, at + 1, at % 2);
    let pairs: String = (0..39).map(pair).collect();
    fs::write(folder.join("pairs.jsonl"), pairs).unwrap();
    for features in ["kernel", "input"] {
        let rows = ["--train-embeddings", "e.npy", "--features", features];
        let listed = [&rows[..], &["--candidates", "pairs.jsonl", "--batch", "6"]].concat();
        let report = run(folder, features, &listed);
        assert_eq!(report["rounds"][1]["labels"], 12, "{features}");
        let across = [&["select"], &rows[..], &["--pool", "cross-prompt", "--batch", "6"]].concat();
        assert_eq!(reported(folder, &across)["pairs"].as_array().unwrap().len(), 6, "{features}");
        let within = [&["select"], &rows[..]].concat();
        refused(folder, &within, &["e.npy"]);
    }
    let bytes = fs::read(folder.join("kernel/model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let item = |item: usize| (0..6).map(|at| f64::from(number(item * 6 + at))).collect();
    let items: Vec<Vec<f64>> = (0..39).flat_map(|at| [at, at + 1]).map(item).collect();
    let groups: Vec<_> = (0..items.len()).step_by(2).map(|start| start..start + 2).collect();
    let mean = squares(&file, &items, &groups);
    assert!((mean - 1.0).abs() < 1e-4, "of the listed pairs: {mean}");
}
