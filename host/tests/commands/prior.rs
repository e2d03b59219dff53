//! What the labels say of the last layer: `--prior-precision auto`, `--weights averaged` and
//! `train --last-layer`, by the command, on the bundled data.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use pairpick::model::Model;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::command::pairpick;
use crate::outcome::told;
use crate::refusal::refused;

/// The bundled responses, those of the training prompts first.
const EMBEDDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/replies/embeddings.npy");

/// A run whose folder is `out`, and its rounds without what may differ.
fn run(folder: &Path, out: &str, arguments: &[&str]) -> Vec<Value> {
    let (mut report, _) = told(
        folder,
        &[&["run", "--preset", "mlp", "--beside", "none", "--out", out], arguments].concat(),
    );
    let rounds = report["rounds"].as_array_mut().unwrap();
    rounds.iter_mut().for_each(|round| round["seconds"] = Value::Null);
    rounds.clone()
}

const LAST_LAYER: [&str; 6] =
    ["train", "--labels", "out/labels.jsonl", "--last-layer", "--model", "out/model.safetensors"];

fn fitted(folder: &Path, arguments: &[&str]) -> Value {
    told(folder, &[&LAST_LAYER, arguments, &["--force"]].concat()).0
}

#[test]
fn a_run_records_the_prior_precision_that_select_then_chooses_again() {
    for prior in ["auto", "auto-cv"] {
        let folder = TempDir::new().unwrap();
        let folder = folder.path();
        let options =
            ["--prior-precision", prior, "--weights", "averaged", "--strategy", "pa-dopt"];
        let rounds = |count| [&["--rounds", count], &options[..]].concat();
        let one = run(folder, "one", &rounds("1"));
        let two = run(folder, "two", &rounds("2"));
        assert_eq!(two[0], one[0]);
        assert_eq!(two, run(folder, "again", &[&rounds("2")[..], &["--threads", "3"]].concat()));
        assert_ne!(two[0]["prior_precision"], json!(1.0));
        assert_ne!(two[0]["prior_precision"], two[1]["prior_precision"]);
        let model = ["--labels", "one/labels.jsonl", "--model", "one/model.safetensors"];
        let (batch, _) = told(folder, &[&["select"], &model[..], &options].concat());
        assert_eq!(batch["prior_precision"], two[0]["prior_precision"]);
        assert_eq!(batch["log_det_before"], two[0]["log_det"]);
        let labels = fs::read_to_string(folder.join("two/labels.jsonl")).unwrap();
        let asked = labels.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let asked: Vec<Value> = asked.filter(|label| label["round"] == json!(2)).collect();
        for (pair, label) in batch["pairs"].as_array().unwrap().iter().zip(&asked) {
            assert_eq!((&pair["a"], &pair["b"]), (&label["a"], &label["b"]));
        }
        let settings = fs::read_to_string(folder.join("two/settings.json")).unwrap();
        let settings: Value = serde_json::from_str(&settings).unwrap();
        assert_eq!(settings["prior"]["prior_precision"], json!(prior));
        assert_eq!(settings["asking"]["weights"], json!("averaged"));
    }
}

#[test]
fn weights_are_told_as_they_were_used() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    run(folder, "out", &["--rounds", "1"]);
    let select = |options: &[&str]| {
        let model = ["--labels", "out/labels.jsonl", "--model", "out/model.safetensors"];
        let report = told(folder, &[&["select", "--batch", "20"], &model[..], options].concat()).0;
        report["pairs"].as_array().unwrap().clone()
    };
    // At margins of almost 0 the mean is below the value at the mean.
    let unsure = select(&["--strategy", "entropy"]);
    let lines = unsure.iter().map(|pair| {
        let (a, b) = (&pair["a"], &pair["b"]);
        format!("{}\n", json!({"a": a, "b": b}))
    });
    fs::write(folder.join("unsure.jsonl"), lines.collect::<String>()).unwrap();
    let weights = |weights| -> BTreeMap<u64, f64> {
        let listed = ["--train-embeddings", EMBEDDINGS, "--candidates", "unsure.jsonl"];
        let pairs = select(&[&listed[..], &["--weights", weights]].concat());
        let weight = |pair: &Value| Some((pair["pair"].as_u64()?, pair["fisher_weight"].as_f64()?));
        pairs.iter().map(|pair| weight(pair).unwrap()).collect()
    };
    let (plug_in, averaged) = (weights("plug-in"), weights("averaged"));
    assert_eq!(plug_in.len(), 20);
    for (pair, plug_in) in plug_in {
        let averaged = averaged[&pair];
        assert!(averaged < plug_in && averaged > 0.05, "{averaged}, {plug_in}");
    }
}

#[test]
fn where_no_label_tells_the_prior_the_recipe_s_stands_in() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let auto = ["select", "--prior-precision", "auto"];
    let (report, notes) = told(folder, &[&auto[..], &["--preset", "mlp"]].concat());
    assert_eq!(report["prior_precision"], json!(1.0));
    assert!(notes.contains("there is no label yet; the recipe's 1 stands in"), "{notes}");
    let (report, _) = told(folder, &[&auto[..], &["--preset", "paper"]].concat());
    assert_eq!(report["prior_precision"], json!(1e-6));
    run(folder, "out", &["--rounds", "1"]);
    let labels = fs::read_to_string(folder.join("out/labels.jsonl")).unwrap();
    fs::write(folder.join("one.jsonl"), labels.lines().next().unwrap()).unwrap();
    let one = ["--labels", "one.jsonl", "--model", "out/model.safetensors"];
    let cross = ["select", "--prior-precision", "auto-cv"];
    let (report, notes) = told(folder, &[&cross, &one[..]].concat());
    assert_eq!(report["prior_precision"], json!(1.0));
    assert!(notes.contains("two folds must hold a comparison"), "{notes}");
}

#[test]
fn the_last_layer_alone_is_fitted_and_the_trunk_kept() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    run(folder, "out", &["--rounds", "3"]);
    let report = fitted(folder, &["--prior-precision", "2"]);
    assert_eq!((&report["labels"], &report["round"]), (&json!(60), &json!(3)));
    assert_eq!((&report["prior"], &report["prior_precision"]), (&json!(2.0), &json!(2.0)));
    let open = |name: &str| Model::open(&folder.join(name)).unwrap();
    let (before, after) = (open("out/model.safetensors"), open("model.safetensors"));
    assert_ne!(before.head(), after.head());
    assert_eq!(after.trunk(), before.trunk());
    // Fitted from 0 on: nothing is left of the head that was there.
    let again = ["--model", "model.safetensors", "--out", "again.safetensors"];
    let others =
        ["train", "--labels", "out/labels.jsonl", "--last-layer", "--prior-precision", "2"];
    let (again, _) = told(folder, &[&others, &again[..]].concat());
    assert_eq!(again["digest"], report["digest"]);
    let text = pairpick(folder, &[&LAST_LAYER[..], &["--force"]].concat());
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("Newton steps, prior precision 1\n"), "{text}");
}

#[test]
fn auto_is_the_best_of_a_grid_and_is_the_number_it_chose() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    // A trunk that has hardly seen the labels: the best λ is then within its bounds.
    let untrained = ["--iterations", "1", "--early-stopping", "off", "--strategy", "random"];
    run(folder, "out", &[&untrained[..], &["--rounds", "4"]].concat());
    let evidence = |report: &Value| report["log_evidence"].as_f64().unwrap();
    let auto = fitted(folder, &["--prior-precision", "auto"]);
    let chosen = auto["prior_precision"].to_string();
    let same = fitted(folder, &["--prior-precision", &chosen]);
    assert_eq!((&same["digest"], &same["log_evidence"]), (&auto["digest"], &auto["log_evidence"]));
    let chosen: f64 = chosen.parse().unwrap();
    for factor in [0.1, 0.3, 0.7, 0.95, 1.05, 1.5, 3.0, 10.0] {
        let other = fitted(folder, &["--prior-precision", &(factor * chosen).to_string()]);
        assert!(evidence(&other) < evidence(&auto), "{other}, {auto}");
        let likelihood = |report: &Value| report["log_likelihood"].as_f64().unwrap();
        assert_eq!(likelihood(&other) > likelihood(&auto), factor < 1.0, "{other}, {auto}");
    }
    let left_out = fitted(folder, &["--prior-precision", "auto-cv"]);
    assert_eq!(left_out["prior"], json!("auto-cv"));
    assert!(evidence(&left_out) <= evidence(&auto), "{left_out}, {auto}");
}

#[test]
fn options_that_do_not_go_together_and_values_that_are_none_are_refused() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    run(folder, "out", &["--rounds", "1"]);
    for option in [
        &["--iterations", "9"][..],
        &["--init", "warm"],
        &["--lr", "0.1"],
        &["--early-stopping"],
        &["--hidden", "3,3,3"],
        &["--losses", "losses.jsonl"],
        &["--curve", "curve.svg"],
    ] {
        refused(folder, &[&LAST_LAYER, option].concat(), &["cannot be used with"]);
    }
    refused(folder, &LAST_LAYER[..4], &["--model <FILE>"]);
    let alone =
        ["train", "--preset", "mlp", "--labels", "out/labels.jsonl", "--prior-precision", "auto"];
    refused(folder, &alone, &["--prior-precision auto: is only used with --last-layer"]);
    for bad in ["0", "-1", "NaN", "inf"] {
        let with = [&LAST_LAYER[..], &["--prior-precision", bad]].concat();
        refused(folder, &with, &["must be a finite number above 0"]);
    }
    let words = [&LAST_LAYER[..], &["--prior-precision", "evidence"]].concat();
    refused(folder, &words, &["expected a number above 0, auto, or auto-cv"]);
    refused(folder, &["run", "--weights", "mean", "--out", "o"], &["plug-in, averaged"]);
    refused(
        folder,
        &["run", "--resume", "o", "--prior-precision", "auto"],
        &["cannot be used with"],
    );
    assert!(!folder.join("model.safetensors").exists(), "nothing was written");
}
