//! Runs on the bundled data against the digests of their files: what the scenario cannot see,
//! since it is the command's own (which stream a round draws from, in which order files are written),
//! keeps its bits too.

use std::fs;
use std::path::Path;
use std::process::Command;

use pairpick_core::digest::of_name;
use tempfile::TempDir;

const GOLDEN: &str = include_str!("../../../fixtures/traces/run.txt");

/// The runs by name, and their options.
const RUNS: [(&str, &[&str]); 3] = [
    ("default", &["--rounds", "4"]),
    ("mlp", &["--preset", "mlp", "--rounds", "4"]),
    (
        "paper",
        &["--preset", "paper", "--strategy", "pa-dopt", "--rounds", "3", "--iterations", "30"],
    ),
];

/// A line a file: run, file, FNV-1a of what is in it.
fn digests(folder: &Path) -> String {
    let mut lines = String::new();
    for (name, options) in RUNS {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pairpick"));
        command
            .current_dir(folder)
            .args(["run", "--beside", "none", "--out", name, "--seed", "7"])
            .args(options);
        assert!(command.output().unwrap().status.success(), "{name}");
        for file in ["labels.jsonl", "metrics.jsonl"] {
            let text = fs::read_to_string(folder.join(name).join(file)).unwrap();
            lines.push_str(&format!("{name} {file} {:016x}\n", of_name(&without_seconds(&text))));
        }
    }
    lines
}

/// The text without the one field that differs from run to run.
fn without_seconds(text: &str) -> String {
    let cut = |line: &str| match line.split_once("\"seconds\":") {
        Some((before, after)) => {
            let end = after.find([',', '}']).expect("the end of a number");
            format!("{before}{}\n", &after[end..])
        }
        None => format!("{line}\n"),
    };
    text.lines().map(cut).collect()
}

#[test]
fn runs_keep_their_bits() {
    let folder = TempDir::new().unwrap();
    let found = digests(folder.path());
    assert_eq!(
        found, GOLDEN,
        "\nfixtures/traces/run.txt should be\n{found}\nif the change of bits is on purpose, or of \
         what the files tell; the commit says which"
    );
}
