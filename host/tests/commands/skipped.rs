//! Pairs that people passed over: `"skip": true` in the place of an answer.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::npy::npy;
use crate::outcome::told;
use crate::refusal::refused;

/// A folder with embeddings of shape (4, 3, 5): twelve pairs within prompts.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let file = npy(&[4, 3, 5], |place| ((place * 37) % 101) as f32 / 50.0 - 1.0);
    fs::write(folder.path().join("e.npy"), file).unwrap();
    folder
}

fn write(folder: &Path, name: &str, lines: &[Value]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(folder.join(name), text).unwrap();
}

const DATA: [&str; 2] = ["--train-embeddings", "e.npy"];
const LABELS: [&str; 2] = ["--labels", "labels.jsonl"];
const QUICK: [&str; 7] = ["--preset", "mlp", "--hidden", "4,4,3", "--iterations", "3", "--force"];

fn answered() -> Vec<Value> {
    vec![
        json!({"round": 1, "a": [0, 0], "b": [0, 1], "label": 1}),
        json!({"round": 1, "a": [1, 2], "b": [1, 0], "label": 0.5}),
    ]
}

/// Nothing is learnt from them, the round counts, and they are not offered again.
#[test]
fn what_is_skipped_does_not_train_and_is_not_offered_again() {
    let folder = folder();
    let folder = folder.path();
    let train = [&["train"], &DATA[..], &LABELS, &QUICK].concat();
    write(folder, "labels.jsonl", &answered());
    let (own, stderr) = told(folder, &train);
    assert!(!stderr.contains("passed over"), "{stderr}");
    let skipped = [
        json!({"round": 1, "a": [2, 1], "b": [2, 0], "skip": true, "note": "both bad"}),
        json!({"round": 1, "a": [3, 0], "b": [3, 2], "skip": true, "label": null, "rank": 4}),
    ];
    let lines = [&answered()[..1], &skipped[..1], &answered()[1..], &skipped[1..]].concat();
    write(folder, "labels.jsonl", &lines);
    let (with, stderr) = told(folder, &train);
    assert_eq!(with, own, "the very model");
    assert!(
        stderr.contains("labels.jsonl: 2 pairs were passed over, and train nothing"),
        "{stderr}"
    );
    // `"skip": false` is an answer as any other.
    let mut plain = answered();
    plain[0]["skip"] = json!(false);
    write(folder, "plain.jsonl", &plain);
    let plain = [&["train"], &DATA[..], &["--labels", "plain.jsonl"], &QUICK].concat();
    assert_eq!(told(folder, &plain).0, own);

    let model = ["--model", "model.safetensors", "--batch", "8", "--distinct", "off"];
    for strategy in ["dopt", "random", "entropy"] {
        let asking = [&model[..], &["--strategy", strategy]].concat();
        let (report, _) = told(folder, &[&["select"], &DATA[..], &LABELS, &asking].concat());
        assert_eq!(report["offered"], 8, "12 pairs, 4 of them labels or skipped");
        let pairs = report["pairs"].as_array().unwrap();
        let forbidden = [[[2, 0], [2, 1]], [[3, 0], [3, 2]]];
        assert!(pairs.iter().all(|pair| !forbidden.contains(
            &[&pair["a"], &pair["b"]].map(|item| [0, 1].map(|at| item[at].as_u64().unwrap()))
        )));
    }
    let eval = ["eval", "--model", "model.safetensors", "--test-embeddings", "e.npy"];
    let held_out = told(folder, &[&eval[..], &["--test-labels", "labels.jsonl"]].concat()).0;
    assert_eq!(held_out["held_out"]["labels"], 2);
}

/// Where nobody has answered anything, the next round is by the untrained model, as that of a run.
#[test]
fn a_round_that_was_skipped_counts() {
    let folder = folder();
    let folder = folder.path();
    let skipped = [json!({"round": 3, "a": [2, 1], "b": [2, 0], "skip": true})];
    write(folder, "labels.jsonl", &skipped);
    let asking = ["--batch", "5", "--strategy", "dopt", "--distinct", "off"];
    let (report, _) = told(folder, &[&["select"], &DATA[..], &LABELS, &asking].concat());
    assert_eq!((&report["round"], &report["offered"]), (&json!(4), &json!(11)));
    assert_eq!(report["strategy"], "dopt");
    let train = [&["train"], &DATA[..], &LABELS, &QUICK].concat();
    refused(folder, &train, &["labels.jsonl", "holds no label to learn from"]);
}

#[test]
fn candidates_that_were_skipped_are_not_offered() {
    let folder = folder();
    let folder = folder.path();
    let votes = json!([3, 1, 0]);
    write(
        folder,
        "c.jsonl",
        &[
            json!({"a": [0, 0], "b": [1, 1], "skip": true}),
            json!({"a": [0, 1], "b": [2, 1], "votes": votes, "id": "one"}),
            json!({"a": [0, 2], "b": [3, 1], "votes": votes}),
            json!({"a": [1, 2], "b": [3, 2], "skip": true, "id": "skipped"}),
        ],
    );
    let listed = ["--candidates", "c.jsonl", "--distinct", "off"];
    let (report, _) = told(folder, &[&["select"], &DATA[..], &listed, &["--batch", "2"]].concat());
    let mut places: Vec<u64> = report["pairs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| pair["pair"].as_u64().unwrap())
        .collect();
    places.sort_unstable();
    assert_eq!((places, &report["offered"]), (vec![1, 2], &json!(2)));
    let run =
        [&["run"], &DATA[..], &listed, &["--batch", "1", "--out", "run"], &QUICK[..4]].concat();
    assert_eq!(told(folder, &run).0["rounds"].as_array().unwrap().len(), 2);
    refused(folder, &[&["select"], &DATA[..], &listed, &["--batch", "3"]].concat(), &["at most 2"]);
    write(folder, "c.jsonl", &[json!({"a": [0, 0], "b": [1, 1], "skip": true})]);
    refused(folder, &[&["select"], &DATA[..], &listed].concat(), &["c.jsonl: no pair in it"]);
}

#[test]
fn answers_beside_a_skip_are_refused() {
    let folder = folder();
    let folder = folder.path();
    let refuse = |lines: &[Value], message: &[&str]| {
        write(folder, "labels.jsonl", lines);
        let train = [&["train"], &DATA[..], &LABELS, &QUICK].concat();
        refused(folder, &train, &[&["labels.jsonl: line"], message].concat());
    };
    let line = |more: &[(&str, Value)]| {
        let mut line = json!({"a": [0, 0], "b": [0, 1]});
        more.iter().for_each(|(name, value)| line[*name] = value.clone());
        line
    };
    let skip = ("skip", json!(true));
    refuse(&[line(&[skip.clone(), ("label", json!(1))])], &["skip is true beside an answer"]);
    refuse(&[line(&[skip.clone(), ("votes", json!([1, 0, 0]))])], &["skip is true beside"]);
    refuse(&[line(&[("skip", json!("yes"))])], &["\"yes\"", "expected true or false"]);
    refuse(&[line(&[("skip", json!(false))])], &["missing field \"label\"", "\"skip\": true"]);
    refuse(&[line(&[("Skip", json!(true))])], &["unknown field \"Skip\", so near \"skip\""]);
    let label = line(&[("label", json!(0))]);
    let skipped = line(&[skip]);
    let twice = |one: &Value, other: &Value, told: &str| {
        refuse(&[one.clone(), other.clone()], &[told, "--repeats keep"]);
    };
    twice(&label, &skipped, "has a label in line 1 already, and is passed over here");
    twice(&skipped, &label, "was passed over in line 1 already, and has a label here");
    twice(&skipped, &skipped, "was passed over in line 1 already, and is so again");
    // Of several people one may answer what another passes over.
    write(folder, "labels.jsonl", &[skipped, label]);
    let kept = [&["train"], &DATA[..], &LABELS, &QUICK, &["--repeats", "keep"]].concat();
    assert_eq!(told(folder, &kept).0["labels"], 1);
}
