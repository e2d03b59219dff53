//! How the program behaves among others: exit codes, what goes to which stream, a reader that goes
//! away, and the folder that it leaves.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::folder::{FILES, names};

fn pairpick(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pairpick"));
    command.current_dir(folder).args(arguments);
    command
}

/// A run of two short rounds on the bundled data.
fn short_run(folder: &Path, arguments: &[&str]) -> Command {
    let short = [
        "run",
        "--preset",
        "mlp",
        "--rounds",
        "2",
        "--batch",
        "20",
        "--iterations",
        "3",
        "--beside",
        "none",
    ];
    pairpick(folder, &[&short, arguments].concat())
}

#[test]
fn help_is_a_result_and_no_command_is_a_mistake() {
    let folder = TempDir::new().unwrap();
    for arguments in [&["--help"][..], &["run", "--help"], &["run", "-h"], &["--version"]] {
        let output = pairpick(folder.path(), arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(!output.stdout.is_empty() && output.stderr.is_empty(), "{arguments:?}");
    }
    for arguments in [&[][..], &["walk"], &["run", "--no-such-option"], &["run", "stray"]] {
        let output = pairpick(folder.path(), arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[test]
fn a_run_leaves_its_files_and_prints_its_table() {
    let folder = TempDir::new().unwrap();
    let output = short_run(folder.path(), &[]).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stdout.starts_with("round") && stdout.contains("results in pairpick-out"), "{stdout}");
    assert!(stderr.contains("round 2: 40 labels"), "{stderr}");
    assert!(!stderr.contains('\u{1b}') && !stdout.contains('\u{1b}'), "no colour in a file");
    assert_eq!(names(folder.path()), ["pairpick-out"]);
    let out = folder.path().join("pairpick-out");
    assert_eq!(names(&out), FILES);
    let lines = |name| fs::read_to_string(out.join(name)).unwrap().lines().count();
    assert_eq!((lines("metrics.jsonl"), lines("labels.jsonl")), (2, 40));

    let again = short_run(folder.path(), &[]).output().unwrap();
    assert_eq!(again.status.code(), Some(2), "the folder is full now");
    let forced = short_run(folder.path(), &["--force"]).output().unwrap();
    assert_eq!(forced.status.code(), Some(0));
    assert_eq!((names(folder.path()).len(), names(&out).len()), (1, FILES.len()));
}

#[test]
fn json_is_one_object() {
    let folder = TempDir::new().unwrap();
    let output = short_run(folder.path(), &["--json", "--out", "a"]).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["out"], "a");
    let written = fs::read_to_string(folder.path().join("a/metrics.jsonl")).unwrap();
    let written: Vec<serde_json::Value> =
        written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(report["rounds"], serde_json::Value::Array(written));
}

/// Without test data nothing is evaluated, and all files are there none the less.
#[test]
fn a_run_without_test_data() {
    let folder = TempDir::new().unwrap();
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/replies");
    let (embeddings, rewards) =
        (format!("{fixture}/embeddings.npy"), format!("{fixture}/rewards.npy"));
    let data = ["--train-embeddings", &embeddings, "--train-rewards", &rewards, "--json"];
    let output = short_run(folder.path(), &data).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["rounds"][1]["one_minus_spearman"], serde_json::Value::Null);
    let stderr = String::from_utf8(output.stderr).unwrap();
    // Nothing was lowered that decides how much is asked.
    let notes: Vec<&str> = stderr.lines().filter(|line| line.starts_with("note:")).collect();
    assert!(matches!(notes[..], [note] if note.contains("--test-embeddings")), "{stderr}");
    assert_eq!(names(&folder.path().join("pairpick-out")), FILES);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = TempDir::new().unwrap();
    for arguments in [&[][..], &["--json", "--force"]] {
        let mut command = short_run(folder.path(), arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
        assert_eq!(names(&folder.path().join("pairpick-out")), FILES);
    }
}

/// Threads, instruction set, folder and the check of the data are no settings.
#[test]
fn what_decides_no_result_changes_no_file() {
    let folder = TempDir::new().unwrap();
    let variants: [&[&str]; 3] = [
        &["--out", "a", "--threads", "1", "--isa", "baseline"],
        &["--out", "b", "--threads", "3"],
        &["--out", "c", "--trust-finite", "--json"],
    ];
    for arguments in variants {
        assert!(short_run(folder.path(), arguments).output().unwrap().status.success());
    }
    // The manifest has the digest of the metrics, and so of their seconds.
    for name in FILES.into_iter().filter(|name| *name != "manifest.json") {
        let read = |out: &str| fs::read_to_string(folder.path().join(out).join(name));
        if name == "metrics.jsonl" {
            let [a, b, c] = ["a", "b", "c"].map(|out| without_seconds(&read(out).unwrap()));
            assert_eq!((&a, &a), (&b, &c));
        } else {
            let [a, b, c] =
                ["a", "b", "c"].map(|out| fs::read(folder.path().join(out).join(name)).unwrap());
            assert!(a == b && a == c, "{name} differs");
        }
    }
}

fn without_seconds(metrics: &str) -> Vec<serde_json::Value> {
    let line = |line| {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line.as_object_mut().unwrap().remove("seconds").is_some());
        line
    };
    metrics.lines().map(line).collect()
}

#[test]
fn rounds_go_on_while_any_prompt_has_a_pair_without_a_label() {
    let folder = TempDir::new().unwrap();
    let sizes = [
        "--preset",
        "mlp",
        "--prompts-per-round",
        "1",
        "--batch",
        "28",
        "--rounds",
        "78",
        "--iterations",
        "1",
    ];
    let output = pairpick(folder.path(), &[&["run", "--beside", "none"][..], &sizes].concat())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let out = folder.path().join("pairpick-out");
    let lines = |name| fs::read_to_string(out.join(name)).unwrap().lines().count();
    assert_eq!((lines("metrics.jsonl"), lines("labels.jsonl")), (78, 78 * 28));
}

#[test]
fn force_replaces_no_folder_that_a_run_did_not_make() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("mine")).unwrap();
    fs::write(folder.path().join("mine/letter.txt"), "dear").unwrap();
    let output = short_run(folder.path(), &["--out", "mine", "--force"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(names(&folder.path().join("mine")), ["letter.txt"]);
    let output = short_run(folder.path(), &["--threads", "100000"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

/// The first round has no round before it; after it, a warm start is another training on the same
/// standardised inputs.
#[test]
fn a_warm_start_differs_from_the_second_round_on() {
    let folder = TempDir::new().unwrap();
    let rounds = ["fresh", "warm"].map(|init| {
        let arguments = ["--init", init, "--out", init, "--json", "--strategy", "random"];
        let output = short_run(folder.path(), &arguments).output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        report["rounds"].as_array().unwrap().clone()
    });
    assert_eq!(rounds[0][0]["digest"], rounds[1][0]["digest"]);
    assert_ne!(rounds[0][1]["digest"], rounds[1][1]["digest"]);
    let labels = ["fresh", "warm"]
        .map(|out| fs::read_to_string(folder.path().join(out).join("labels.jsonl")).unwrap());
    assert!(labels[0] == labels[1], "random pairs and their answers do not depend on the model");
}

#[test]
fn completions_and_manual_pages_know_every_subcommand() {
    const SUBCOMMANDS: [&str; 9] =
        ["run", "compare", "select", "train", "eval", "import", "export", "completions", "man"];
    let folder = TempDir::new().unwrap();
    let printed = |arguments: &[&str]| {
        let output = pairpick(folder.path(), arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let text = printed(&["completions", shell]);
        for word in SUBCOMMANDS.iter().chain(&["resume", "prior-precision"]) {
            assert!(text.contains(word), "{word} is not in the completions of {shell}");
        }
    }
    assert!(printed(&["man"]).contains(".TH pairpick 1"));
    assert_eq!(names(folder.path()), Vec::<String>::new());
    assert_eq!(printed(&["man", "--out", "pages"]), "");
    let pages = names(&folder.path().join("pages"));
    for command in SUBCOMMANDS {
        assert!(pages.contains(&format!("pairpick-{command}.1")), "{pages:?}");
        let help = printed(&[command, "--help"]);
        assert!(help.contains("Examples:\n"), "{command} has no example");
    }
}
