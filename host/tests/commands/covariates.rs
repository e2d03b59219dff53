//! The options of covariates: what each command reads, and what it refuses.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::command::pairpick;
use crate::npy::npy;
use crate::refusal::refused;

const QUICK: [&str; 3] = ["--landmarks", "8", "--force"];

/// Six prompts of four responses in five dimensions, for training and for testing.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    for part in ["train", "test"] {
        let embeddings =
            npy(&[6, 4, 5], |place| ((place * 37 + part.len()) % 101) as f32 / 50.0 - 1.0);
        write(&format!("{part}_embeddings.npy"), &embeddings);
        write(&format!("{part}_rewards.npy"), &npy(&[6, 4], |place| ((place * 7) % 13) as f32));
        write(&format!("{part}_lengths.npy"), &npy(&[6, 4], |place| (place % 9) as f32));
        write(&format!("{part}_texts.jsonl"), texts("some").as_bytes());
    }
    folder
}

/// Texts of several lengths.
fn texts(word: &str) -> String {
    let text = |place: usize| format!("{{\"text\": \"{}\"}}\n", word.repeat(1 + place % 5));
    (0..24).map(text).collect()
}

fn run(folder: &Path, options: &[&str]) -> Value {
    let fixed = ["run", "--data", ".", "--batch", "3", "--rounds", "2", "--out", "out"];
    let output = pairpick(folder, &[&fixed[..], &QUICK, options].concat());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{options:?}: {stderr}");
    serde_json::from_str(&fs::read_to_string(folder.join("out/settings.json")).unwrap()).unwrap()
}

#[test]
fn a_run_knows_its_covariates_by_their_names_and_digests() {
    let folder = folder();
    let folder = folder.path();
    let plain = run(folder, &[]);
    assert!(plain["data"]["train"].get("covariates").is_none());
    let files = ["--covariates", "train_lengths.npy", "--test-covariates", "test_lengths.npy"];
    let read = run(folder, &files);
    for part in ["train", "test"] {
        let covariates = &read["data"][part]["covariates"];
        assert_eq!(covariates["names"], json!(["lengths"]));
        assert!(covariates["digest"].as_str().unwrap().starts_with("0x"));
    }
    let named = run(folder, &[&files[..], &["--covariate-names", "tokens"]].concat());
    assert_eq!(named["data"]["test"]["covariates"]["names"], json!(["tokens"]));
    // The texts of the folder, or those that are named.
    let lengths = ["--covariates", "length", "--test-covariates", "length"];
    let found = run(folder, &lengths);
    assert_eq!(found["data"]["train"]["covariates"]["names"], json!(["length"]));
    fs::write(folder.join("longer.jsonl"), texts("longer")).unwrap();
    let other = run(folder, &[&lengths[..], &["--texts", "longer.jsonl"]].concat());
    let digest =
        |settings: &Value, part: &str| settings["data"][part]["covariates"]["digest"].clone();
    assert_ne!(digest(&found, "train"), digest(&other, "train"));
    assert_eq!(digest(&found, "test"), digest(&other, "test"));
}

#[test]
fn every_command_that_reads_embeddings_reads_their_covariates() {
    let folder = folder();
    let folder = folder.path();
    run(folder, &[]);
    let model = ["--model", "out/model.safetensors"];
    let train = ["--train-embeddings", "train_embeddings.npy", "--labels", "out/labels.jsonl"];
    let test = ["--test-embeddings", "test_embeddings.npy", "--test-rewards", "test_rewards.npy"];
    let commands = [
        ([&["train", "--force"], &train[..]].concat(), "covariates", "texts"),
        ([&["select", "--batch", "2"], &train[..], &model].concat(), "covariates", "texts"),
        (
            [&["score", "--embeddings", "test_embeddings.npy"], &model[..]].concat(),
            "covariates",
            "texts",
        ),
        (
            [&["score", "--data", "."], &train[..], &model].concat(),
            "train-covariates",
            "train-texts",
        ),
        ([&["eval"], &model[..], &test].concat(), "test-covariates", "test-texts"),
        (
            [
                &["run", "--force", "--batch", "2", "--train-rewards", "train_rewards.npy"],
                &train[..2],
            ]
            .concat(),
            "covariates",
            "texts",
        ),
    ];
    fs::write(folder.join("short.npy"), npy(&[6, 3], |place| place as f32)).unwrap();
    fs::write(folder.join("short.jsonl"), "{\"text\": \"some\"}\n").unwrap();
    for (command, covariates, texts) in commands {
        let (covariates, texts) = (format!("--{covariates}"), format!("--{texts}"));
        let refuses = |more: &[&str], message: &str| {
            refused(folder, &[&command[..], more].concat(), &[message]);
        };
        for good in [
            &[covariates.as_str(), "train_lengths.npy"][..],
            &[covariates.as_str(), "length", &texts, "train_texts.jsonl"],
        ] {
            let output = pairpick(folder, &[&command[..], good].concat());
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{command:?} {good:?}: {stderr}");
        }
        refuses(&[&covariates, "short.npy"], "short.npy: shape (6, 3) does not fit");
        let short = [covariates.as_str(), "length", &texts, "short.jsonl"];
        refuses(&short, "short.jsonl: texts of 1 responses");
        let both = [covariates.as_str(), "train_lengths.npy", &texts, "train_texts.jsonl"];
        let message = format!("is only used with {covariates} length");
        refuses(&both, &message);
        if !command.contains(&"--data") {
            let message = format!("{covariates} length: needs {texts}");
            refuses(&[&covariates, "length"], &message);
        }
        refuses(&[&texts, "train_texts.jsonl"], &covariates);
    }
}

#[test]
fn the_bundled_replies_have_lengths_and_no_other_covariates() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let quick = ["--rounds", "1", "--landmarks", "8", "--quiet"];
    let lengths = [&["run", "--covariates", "length"], &quick[..]].concat();
    assert!(pairpick(folder, &lengths).status.success());
    let settings = fs::read_to_string(folder.join("pairpick-out/settings.json")).unwrap();
    let settings: Value = serde_json::from_str(&settings).unwrap();
    for part in ["train", "test"] {
        assert_eq!(settings["data"][part]["covariates"]["names"], json!(["length"]), "{part}");
    }
    let model = ["--model", "pairpick-out/model.safetensors"];
    let (eval, score) = ([&["eval"], &model[..]].concat(), [&["score"], &model[..]].concat());
    for command in [
        [&eval[..], &["--test-covariates", "length"]].concat(),
        [&score[..], &["--covariates", "length"]].concat(),
        vec!["select", "--covariates", "length"],
        [
            &["train", "--covariates", "length", "--labels", "pairpick-out/labels.jsonl"],
            &quick[2..],
        ]
        .concat(),
    ] {
        assert!(pairpick(folder, &command).status.success(), "{command:?}");
    }
    for (command, needed) in [
        (&["run", "--covariates", "a.npy"][..], "--covariates a.npy: needs --train-embeddings"),
        (&["select", "--covariates", "a.npy"], "--covariates a.npy: needs --train-embeddings"),
        (
            &["select", "--covariates", "length", "--texts", "t.jsonl"],
            "--texts t.jsonl: needs --train-embeddings",
        ),
        (&["run", "--test-covariates", "length"], "--test-covariates length: needs"),
    ] {
        refused(folder, command, &[needed]);
    }
    let with_model = [&score[..], &["--covariates", "a.npy"]].concat();
    refused(folder, &with_model, &["--covariates a.npy: needs --embeddings"]);
    let with_model = [&eval[..], &["--test-covariates", "a.npy"]].concat();
    refused(folder, &with_model, &["--test-covariates a.npy: needs --test-embeddings"]);
}

#[test]
fn the_default_strategy_chooses_the_same_pairs_with_covariates_as_without() {
    let folder = TempDir::new().unwrap();
    let batch = |options: &[&str]| {
        let arguments =
            [&["select", "--batch", "20", "--seed", "4", "--out", "-"], options].concat();
        let output = pairpick(folder.path(), &arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let alone = batch(&[]);
    assert!(!alone.is_empty());
    assert_eq!(batch(&["--covariates", "length"]), alone);
}
