//! Length as a covariate: it gets a coefficient, and what it does can be seen and left out.

use std::fs;
use std::path::Path;

use pairpick_core::arith::ln;
use serde_json::Value;
use tempfile::TempDir;

use crate::command::pairpick;
use crate::npy::npy;
use crate::refusal::refused;

const ITEMS: [usize; 2] = [30, 6];

/// A number between −1 and 1 that looks random.
fn noise(place: usize) -> f32 {
    ((place as u64 * 2_654_435_761 % 1_000_003) as f32) / 500_001.5 - 1.0
}

fn length(place: usize) -> f32 {
    (place * 7919 % 500) as f32
}

/// Prompts whose rewards are the logarithm of the length, of which embeddings tell nothing.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    for (part, start) in [("train", 0), ("test", 5_000)] {
        let embeddings = npy(&[30, 6, 4], |place| noise(place + start));
        write(&format!("{part}_embeddings.npy"), &embeddings);
        let rewards = npy(&ITEMS, |place| 4.0 * ln(1.0 + length(place + start)));
        write(&format!("{part}_rewards.npy"), &rewards);
        write(&format!("{part}_lengths.npy"), &npy(&ITEMS, |place| length(place + start)));
    }
    folder
}

const LENGTHS: [&str; 6] = [
    "--covariates",
    "train_lengths.npy",
    "--test-covariates",
    "test_lengths.npy",
    "--covariate-names",
    "length",
];

fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = pairpick(folder, arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

fn rounds(folder: &Path, options: &[&str]) -> Vec<Value> {
    let fixed = ["run", "--data", ".", "--batch", "20", "--rounds", "3", "--force", "--json"];
    let text = done(folder, &[&fixed[..], options].concat());
    let report: Value = serde_json::from_str(&text).unwrap();
    report["rounds"].as_array().unwrap().clone()
}

#[test]
fn a_length_that_makes_the_rewards_is_seen_and_can_be_left_out() {
    let folder = folder();
    let folder = folder.path();
    let plain = rounds(folder, &[]);
    assert!(plain.iter().all(|round| round.get("covariates").is_none()));
    let known = rounds(folder, &LENGTHS);
    for round in &known {
        let length = &round["covariates"][0];
        assert_eq!(length["name"], "length");
        assert!(length["coefficient"].as_f64().unwrap() > 0.0, "{length}");
        assert!(length["share"].as_f64().unwrap() > 0.5, "{length}");
        assert_eq!(length["one_minus_spearman_alone"].as_f64().unwrap(), 0.0, "{length}");
        let without = length["one_minus_spearman_without"].as_f64().unwrap();
        assert!(without > 0.5, "{length}");
        assert!(round["one_minus_spearman"].as_f64().unwrap() < 0.2, "{round}");
    }
    let confidence = |rounds: &[Value]| -> Vec<f64> {
        rounds.iter().map(|round| round["confidence"].as_f64().unwrap()).collect()
    };
    assert!(confidence(&known).iter().all(|value| (0.0..1.0).contains(value)));
    assert!(confidence(&known)[2] > confidence(&plain)[2], "what is known is believed");
}

#[test]
fn a_model_s_file_keeps_its_covariates_and_needs_them() {
    let folder = folder();
    let folder = folder.path();
    rounds(folder, &[&LENGTHS[..], &["--out", "out"]].concat());
    let model = ["--model", "out/model.safetensors"];
    let labels = ["train", "--train-embeddings", "train_embeddings.npy"];
    let trained = done(
        folder,
        &[
            &labels[..],
            &["--covariates", "train_lengths.npy", "--covariate-names", "length", "--json"],
            &["--labels", "out/labels.jsonl", "--out", "again.safetensors"],
        ]
        .concat(),
    );
    let trained: Value = serde_json::from_str(&trained).unwrap();
    let digest = |text: &str| serde_json::from_str::<Value>(text).unwrap()["digest"].clone();
    let test = ["--test-embeddings", "test_embeddings.npy", "--test-rewards", "test_rewards.npy"];
    let eval = [&["eval", "--json"][..], &model, &test].concat();
    let with = ["--test-covariates", "test_lengths.npy", "--covariate-names", "length"];
    let found = done(folder, &[&eval[..], &with].concat());
    assert_eq!(digest(&found), trained["digest"], "read back, and trained again");
    let spearman = |text: &str| {
        let report: Value = serde_json::from_str(text).unwrap();
        report["golden"]["one_minus_spearman"].as_f64().unwrap()
    };
    let without = done(folder, &[&eval[..], &with, &["--without", "length"]].concat());
    assert!(spearman(&found) < 0.2 && spearman(&without) > 0.5);
    refused(folder, &eval, &["the model has learnt from length too"]);
    let other = [&eval[..], &with, &["--without", "tone"]].concat();
    refused(
        folder,
        &other,
        &["--without tone: is none of the model's covariates: it knows length"],
    );
}

#[test]
fn covariates_that_tell_nothing_are_refused() {
    let folder = folder();
    let folder = folder.path();
    let constant = npy(&ITEMS, |place| (place / 6) as f32);
    fs::write(folder.join("constant.npy"), constant).unwrap();
    let run = ["run", "--data", ".", "--batch", "5", "--rounds", "1"];
    let files = ["--covariates", "constant.npy", "--test-covariates", "constant.npy"];
    let same = &["is the same for all responses to each prompt"];
    let told = refused(folder, &[&run[..], &files].concat(), same);
    assert!(!told.contains("--resume"), "no round has ended: {told}");
    let network = [&run[..], &LENGTHS, &["--preset", "mlp"]].concat();
    refused(folder, &network, &["have no coefficient beside --features mlp"]);
}

/// What `run` says of its last round: `train`, `select` and `score` say the same of its model.
#[test]
fn every_command_tells_how_sure_the_model_is_and_what_length_does() {
    let folder = folder();
    let folder = folder.path();
    let last = rounds(folder, &[&LENGTHS[..], &["--out", "out"]].concat()).pop().unwrap();
    let known = |names: [&'static str; 2]| {
        [names[0], "train_lengths.npy", "--covariate-names", "length", names[1], "out/labels.jsonl"]
    };
    let own = known(["--covariates", "--labels"]);
    let train = ["train", "--train-embeddings", "train_embeddings.npy"];
    let select = ["select", "--train-embeddings", "train_embeddings.npy", "--batch", "5"];
    let model = ["--model", "out/model.safetensors"];
    let scored =
        ["score", "--embeddings", "test_embeddings.npy", "--covariates", "test_lengths.npy"];
    let labelled = ["--train-embeddings", "train_embeddings.npy"];
    let by_labels = known(["--train-covariates", "--labels"]);
    let commands = [
        [&train[..], &own].concat(),
        [&select[..], &own, &model].concat(),
        [&scored[..], &labelled, &by_labels, &model].concat(),
    ];
    let length = &last["covariates"][0];
    for command in &commands {
        let report = done(folder, &[&command[..], &["--json"]].concat());
        let report: Value = serde_json::from_str(&report).unwrap();
        assert_eq!(report["confidence"], last["confidence"], "{command:?}");
        for field in ["name", "coefficient", "share"] {
            assert_eq!(report["covariates"][0][field], length[field], "{command:?}");
        }
        fs::remove_file(folder.join("model.safetensors")).ok();
        let output = pairpick(folder, command);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        let confidence = last["confidence"].as_f64().unwrap();
        assert!(said.contains(&format!("confidence {confidence:.2}: how well")), "{said}");
        let coefficient = length["coefficient"].as_f64().unwrap();
        assert!(said.contains(&format!("length: coefficient {coefficient:+.3}, ")), "{said}");
    }
    // Without labels nobody knows how sure; without the length the order of what is left is less so.
    let names = ["--covariate-names", "length", "--json"];
    let bare = done(folder, &[&scored[..], &names, &model].concat());
    let bare: Value = serde_json::from_str(&bare).unwrap();
    assert_eq!(bare["confidence"], Value::Null);
    assert_eq!(bare["covariates"][0]["share"], length["share"]);
    let content = [&commands[2][..], &["--without", "length", "--json"]].concat();
    let content: Value = serde_json::from_str(&done(folder, &content)).unwrap();
    assert!(content["confidence"].as_f64().unwrap() < last["confidence"].as_f64().unwrap());
    assert_eq!(content["covariates"][0]["coefficient"], length["coefficient"]);
}
