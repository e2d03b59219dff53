//! A design that needs no labels: with constant weights no answer changes what is asked, so
//! `robust-v-opt` chooses from the first round on, as many pairs as are wanted.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::command::pairpick;

const ROBUST: [&str; 5] = ["select", "--json", "--certificate", "off", "--strategy=robust-v-opt"];

/// What a command with `--json` prints.
fn json(folder: &Path, arguments: &[&str]) -> Value {
    let output = pairpick(folder, arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn robust(folder: &Path, options: &[&str]) -> Value {
    json(folder, &[&ROBUST, options].concat())
}

/// Items and score of each pair.
fn batch(report: &Value) -> Vec<[Value; 3]> {
    let pairs = report["pairs"].as_array().unwrap();
    pairs.iter().map(|pair| ["a", "b", "score"].map(|field| pair[field].clone())).collect()
}

/// The most pairs of one prompt.
fn most_of_a_prompt(report: &Value) -> usize {
    let mut counts = BTreeMap::new();
    for [a, b, _] in batch(report) {
        assert_eq!(a[0], b[0], "a pair within a prompt");
        *counts.entry(a[0].as_u64()).or_insert(0) += 1;
    }
    counts.into_values().max().unwrap()
}

/// 80 labels of 78 prompts in `labels.jsonl`, and two models that share their trunk: of these labels
/// (`one.safetensors`), and of answers that always prefer the first (`other.safetensors`).
fn trained(folder: &Path) {
    let run =
        ["run", "--preset", "mlp", "--strategy", "random", "--rounds", "4", "--iterations", "5"];
    assert!(pairpick(folder, &run).status.success());
    let labels = fs::read_to_string(folder.join("pairpick-out/labels.jsonl")).unwrap();
    let first = |line: &str| {
        let mut label: Value = serde_json::from_str(line).unwrap();
        label["label"] = 1.into();
        format!("{label}\n")
    };
    fs::write(folder.join("labels.jsonl"), &labels).unwrap();
    fs::write(folder.join("first.jsonl"), labels.lines().map(first).collect::<String>()).unwrap();
    for (labels, out) in [("labels.jsonl", "one.safetensors"), ("first.jsonl", "other.safetensors")]
    {
        let fixed = ["train", "--last-layer", "--model", "pairpick-out/model.safetensors"];
        let train = [&fixed[..], &["--labels", labels, "--out", out]].concat();
        assert!(pairpick(folder, &train).status.success());
    }
}

#[test]
fn the_first_batch_is_designed_and_as_large_as_is_wanted() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    for (size, most) in [("20", 1), ("78", 1), ("79", 2), ("200", 3)] {
        let report = robust(folder, &["--batch", size]);
        assert_eq!(report["strategy"], "robust-v-opt", "{size}");
        assert_eq!(batch(&report).len().to_string(), size);
        assert_eq!(most_of_a_prompt(&report), most, "{size}");
        assert!(batch(&report).iter().all(|[_, _, score]| score.is_f64()), "{size}");
        let weights = report["pairs"].as_array().unwrap().iter().map(|pair| &pair["fisher_weight"]);
        assert!(weights.into_iter().all(|weight| weight == 0.25), "{size}");
    }
    let typed = robust(folder, &["--first-round", "random"]);
    assert_eq!(typed["strategy"], "random");
    for (weights, strategy) in [("plug-in", "random"), ("constant", "greedy-dopt")] {
        let options = ["select", "--json", "--strategy", "greedy-dopt", "--weights", weights];
        assert_eq!(json(folder, &options)["strategy"], strategy, "{weights}");
    }
}

#[test]
fn no_answer_changes_what_is_asked() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    trained(folder);
    for strategy in ["robust-v-opt", "greedy-dopt", "v-opt", "pa-dopt"] {
        let report = |model: &str, weights: &str| {
            let fixed = ["select", "--json", "--certificate", "off", "--labels", "labels.jsonl"];
            let asking = ["--strategy", strategy, "--weights", weights, "--model", model];
            json(folder, &[&fixed[..], &asking].concat())
        };
        let [one, other] = ["one", "other"].map(|model| format!("{model}.safetensors"));
        let (constant, plug_in) = (report(&one, "constant"), report(&one, "plug-in"));
        assert_eq!(batch(&constant), batch(&report(&other, "constant")), "{strategy}");
        assert_ne!(batch(&plug_in), batch(&report(&other, "plug-in")), "{strategy}");
        // What is known of the last layer is the model's all the same.
        assert_eq!(constant["log_det_before"], plug_in["log_det_before"], "{strategy}");
        assert_ne!(constant["gain"], plug_in["gain"], "{strategy}");
    }
}

/// With as many labels as prompts the cap is one pair more; a typed one stays.
#[test]
fn a_batch_is_spread_less_thinly_once_every_prompt_may_have_a_label() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    trained(folder);
    let labels = fs::read_to_string(folder.join("labels.jsonl")).unwrap();
    let all: Vec<&str> = labels.lines().collect();
    fs::write(folder.join("few.jsonl"), all[..77].join("\n")).unwrap();
    for (labels, cap) in [("few.jsonl", "prompt:1"), ("labels.jsonl", "prompt:2")] {
        let by = |options: &[&str]| {
            let known = ["--labels", labels, "--model", "one.safetensors", "--batch", "60"];
            batch(&robust(folder, &[&known, options].concat()))
        };
        assert_eq!(by(&[]), by(&["--distinct", cap]), "{labels}");
        assert_eq!(by(&["--distinct", "even"]), by(&["--distinct", "prompt:1"]), "{labels}");
        assert_eq!(by(&["--distinct", "even+1"]), by(&["--distinct", "prompt:2"]), "{labels}");
        assert_ne!(by(&["--distinct", "even"]), by(&["--distinct", "even+1"]), "{labels}");
    }
}

/// A precision of its own starts the design where λ of that size would, and leaves λ to all else.
#[test]
fn the_precision_of_a_design_is_not_that_of_the_last_layer() {
    let folder = TempDir::new().unwrap();
    let by = |options: &[&str]| {
        let fixed = ["select", "--json", "--strategy", "greedy-v-opt", "--first-round", "model"];
        json(folder.path(), &[&fixed[..], options].concat())
    };
    let own = by(&["--design-precision", "7"]);
    let prior = by(&["--prior-precision", "7"]);
    assert_eq!(batch(&own), batch(&prior));
    assert_eq!(own["prior_precision"], 10.0);
    assert_ne!(own["log_det_before"], prior["log_det_before"]);
    assert_ne!(batch(&own), batch(&by(&[])));
}

#[test]
fn across_prompts_it_is_offered_20_000_pairs_unless_told_how_many() {
    let folder = TempDir::new().unwrap();
    let across = |options: &[&str]| {
        let fixed = ["--pool", "cross-prompt", "--batch", "50"];
        robust(folder.path(), &[&fixed[..], options].concat())["offered"].clone()
    };
    assert_eq!(across(&[]), 20_000);
    assert_eq!(across(&["--pairs", "300"]), 300);
    let all = across(&["--pairs", "all", "--prompts-per-round", "10"]);
    assert_eq!(all, 80 * 79 / 2);
}
