//! `pairpick train`: the model of a run once more, its loss curve, and what it refuses.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::command::pairpick;
use crate::refusal;

/// A run on the bundled data, and its metrics by round.
fn run(arguments: &[&str]) -> (TempDir, Vec<Value>) {
    let folder = TempDir::new().unwrap();
    let arguments = [&["run", "--beside", "none", "--json", "--out", "out"], arguments].concat();
    let output = pairpick(folder.path(), &arguments);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    (folder, report["rounds"].as_array().unwrap().clone())
}

fn trained(folder: &Path, arguments: &[&str]) -> Value {
    let arguments = [&["train", "--labels", "out/labels.jsonl", "--json"], arguments].concat();
    let output = pairpick(folder, &arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(folder: &Path, arguments: &[&str], message: &str) {
    refusal::refused(folder, &[&["train"], arguments].concat(), &[message]);
}

#[test]
fn the_last_model_of_a_run_is_trained_again_bit_for_bit() {
    for options in [
        &["--seed", "5"][..],
        &["--preset", "paper", "--iterations", "40"],
        &["--preset", "mlp", "--minibatch", "7", "--early-stopping", "off"],
    ] {
        let (folder, rounds) = run(&[options, &["--rounds", "3"]].concat());
        let report = trained(folder.path(), options);
        assert_eq!(report["digest"], rounds[2]["digest"]);
        assert_eq!((&report["round"], &report["labels"]), (&3.into(), &60.into()));
        let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
        assert!(read("model.safetensors") == read("out/model.safetensors"));
    }
}

#[test]
fn a_warm_start_goes_on_from_the_round_before() {
    let warm = ["--preset", "mlp", "--init", "warm"];
    let (folder, _) = run(&[&["--rounds", "1"], &warm[..]].concat());
    let (longer, rounds) = run(&[&["--rounds", "2"], &warm[..]].concat());
    let model = folder.path().join("out/model.safetensors");
    let model = model.to_str().unwrap();
    let report = trained(longer.path(), &["--preset", "mlp", "--init", "warm", "--model", model]);
    assert_eq!(report["digest"], rounds[1]["digest"]);
    let labels = "out/labels.jsonl";
    refused(
        longer.path(),
        &["--preset", "mlp", "--labels", labels, "--init", "warm", "--out", "a"],
        "needs --model",
    );
    let cold = ["--labels", labels, "--model", model, "--out", "a"];
    refused(longer.path(), &cold, "is only used with --init warm");
}

#[test]
fn the_loss_curve_is_told_in_full_and_the_kept_iteration_has_the_least_held_out_loss() {
    let (folder, _) = run(&["--preset", "mlp", "--rounds", "2"]);
    let files = ["--preset", "mlp", "--losses", "losses.jsonl", "--curve", "loss.svg"];
    let report = trained(folder.path(), &files);
    let losses = report["losses"].as_array().unwrap();
    assert_eq!(losses.len() as u64, report["iterations"].as_u64().unwrap() + 1);
    let text = fs::read_to_string(folder.path().join("losses.jsonl")).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(&lines, losses);
    let held_out = |line: &Value| line["held_out"].as_f64().unwrap();
    // From the end of the warm-up on.
    assert!(losses[15..].iter().all(|line| held_out(&report["kept"]) <= held_out(line)));
    assert!(fs::read_to_string(folder.path().join("loss.svg")).unwrap().contains("iterations"));
    let table = pairpick(
        folder.path(),
        &["train", "--preset", "mlp", "--labels", "out/labels.jsonl", "--force"],
    );
    let table = String::from_utf8(table.stdout).unwrap();
    assert_eq!(table.matches("kept\n").count(), 1, "{table}");
    assert!(table.contains(report["digest"].as_str().unwrap()), "{table}");
}

#[test]
fn files_that_are_there_are_kept_without_force() {
    let (folder, _) = run(&["--rounds", "1"]);
    let labels = ["--labels", "out/labels.jsonl"];
    fs::write(folder.path().join("model.safetensors"), "mine").unwrap();
    refused(folder.path(), &labels, "model.safetensors: the file exists; choose another name");
    let with = |more: &[&'static str]| [&labels[..], more].concat();
    refused(folder.path(), &with(&["--out", "out"]), "out: cannot be written: it is a folder");
    refused(folder.path(), &with(&["--out", "no/such"]), "there is no such folder");
    let own = ["--out", "out/labels.jsonl", "--force"];
    refused(folder.path(), &with(&own), "it is one of the inputs");
    assert_eq!(fs::read(folder.path().join("model.safetensors")).unwrap(), b"mine");
    trained(folder.path(), &["--force"]);
    assert_ne!(fs::read(folder.path().join("model.safetensors")).unwrap(), b"mine");
}

#[test]
fn labels_that_teach_nothing_are_refused() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("empty.jsonl"), "").unwrap();
    refused(folder.path(), &["--labels", "empty.jsonl"], "--labels empty.jsonl: holds no label");
    refused(folder.path(), &["--labels", "gone.jsonl"], "gone.jsonl: no such file");
    refused(folder.path(), &[], "--labels");
    let line = "{\"a\":[0,0],\"b\":[0,1],\"label\":1}\n";
    fs::write(folder.path().join("twice.jsonl"), line.repeat(2)).unwrap();
    refused(folder.path(), &["--labels", "twice.jsonl"], "--repeats keep");
    fs::write(folder.path().join("one.jsonl"), line).unwrap();
    let wild = ["--preset", "mlp", "--labels", "one.jsonl", "--lr", "1e30", "--iterations", "9"];
    refused(folder.path(), &wild, "try a smaller --lr");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "nothing was written");
}
