//! `pairpick compare`: grids of runs, kept as they end, and the page that tells of them.

#[path = "../command/mod.rs"]
mod command;
#[expect(dead_code, reason = "what a run's folder holds is not asked here")]
#[path = "../folder/mod.rs"]
mod folder;
mod page;
#[path = "../refusal/mod.rs"]
mod refusal;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use self::command::pairpick;
use self::folder::names;

/// Small runs on the program's own data: 2 strategies, 2 seeds, 2 batches.
const GRID: [&str; 15] = [
    "compare",
    "--preset",
    "mlp",
    "--iterations",
    "4",
    "--strategies",
    "dopt,random",
    "--seeds",
    "2",
    "--batch",
    "10,20",
    "--labels",
    "40",
    "--prompts-per-round",
    "40",
];

fn compare(folder: &Path, more: &[&str]) -> String {
    let output = pairpick(folder, &[&GRID[..], more].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The runs of a folder without what may differ.
fn runs(out: &Path) -> Vec<Value> {
    let text = fs::read_to_string(out.join("results.jsonl")).unwrap();
    let mut runs: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for run in &mut runs {
        for round in run["rounds"].as_array_mut().unwrap() {
            round["metrics"]["seconds"] = Value::Null;
        }
    }
    runs
}

fn key(run: &Value) -> (String, u64, u64) {
    let batch = run["settings"]["asking"]["batch"].as_u64().unwrap();
    (run["strategy"].as_str().unwrap().to_owned(), run["seed"].as_u64().unwrap(), batch)
}

#[test]
fn threads_change_nothing_and_a_run_is_that_of_its_command() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let text = compare(folder, &["--out", "a", "--threads", "1"]);
    let again = compare(folder, &["--out", "b", "--threads", "2"]);
    assert_eq!(text, again.replace("in b", "in a").replace(" b/", " a/"));
    let found = runs(&folder.join("a"));
    assert_eq!(found, runs(&folder.join("b")));
    assert_eq!(found.len(), 2 * 2 * 2);
    for name in names(&folder.join("a")).iter().filter(|name| *name != "results.jsonl") {
        let [one, other] = ["a", "b"].map(|out| fs::read(folder.join(out).join(name)).unwrap());
        assert!(one == other, "{name}");
    }
    // Split 0 is that of a run alone.
    for (strategy, batch, rounds) in [("dopt", "10", "4"), ("random", "20", "2")] {
        let run = ["run", "--preset", "mlp", "--iterations", "4", "--prompts-per-round", "40"];
        let own =
            ["--beside", "none", "--strategy", strategy, "--batch", batch, "--rounds", rounds];
        let output = pairpick(folder, &[&run[..], &own, &["--out", strategy]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let metrics = fs::read_to_string(folder.join(strategy).join("metrics.jsonl")).unwrap();
        let wanted = (strategy.to_owned(), 0, batch.parse().unwrap());
        let cell = found.iter().find(|run| key(run) == wanted).unwrap();
        let rounds = cell["rounds"].as_array().unwrap();
        assert_eq!(metrics.lines().count(), rounds.len());
        for (line, round) in metrics.lines().zip(rounds) {
            let mut line: Value = serde_json::from_str(line).unwrap();
            line["seconds"] = Value::Null;
            assert_eq!(line, round["metrics"]);
        }
        let settings = fs::read_to_string(folder.join(strategy).join("settings.json")).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&settings).unwrap(), cell["settings"]);
    }
}

#[test]
fn what_has_ended_is_never_run_again() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    // Killed once two runs are kept; what was being written then is cut off.
    let path = folder.join("a/results.jsonl");
    compare(folder, &["--out", "whole", "--threads", "1"]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_pairpick"))
        .current_dir(folder)
        .args(GRID)
        .args(["--threads", "1", "--out", "a"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let kept = || fs::read_to_string(&path).map_or(0, |text| text.matches('\n').count());
    while kept() < 2 && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = fs::read_to_string(&path).unwrap();
    let before = &before[..=before.rfind('\n').unwrap()];
    fs::write(&path, format!("{before}{{\"strategy\":\"do")).unwrap();
    let output = pairpick(folder, &[&GRID[..], &["--threads", "1", "--out", "a"]].concat());
    assert!(output.status.success());
    let after = fs::read_to_string(&path).unwrap();
    // Their seconds tell that these runs are the same ones.
    assert!(after.starts_with(before), "the lines that were there stay as they were");
    assert_eq!(runs(&folder.join("a")), runs(&folder.join("whole")));
    let stderr = String::from_utf8(output.stderr).unwrap();
    let ended = before.lines().count();
    assert!(stderr.contains(&format!("{ended} of 8 runs have ended before")), "{stderr}");
    // More seeds: only what is new is run, and put where it belongs.
    let more = [&GRID[..8], &["3"], &GRID[9..], &["--out", "a"]].concat();
    let output = pairpick(folder, &more);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("8 of 12 runs have ended before"), "{stderr}");
    let grown = fs::read_to_string(&path).unwrap();
    assert!(grown.starts_with(&after) && grown.lines().count() == 12);
}

#[cfg(unix)]
#[test]
fn an_interruption_says_what_is_kept() {
    let folder = TempDir::new().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_pairpick"))
        .current_dir(folder.path())
        .args(["compare", "--strategies", "dopt", "--seeds", "50", "--threads", "1", "--out", "a"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let path = folder.path().join("a/results.jsonl");
    let kept = || fs::read_to_string(&path).map_or(0, |text| text.matches('\n').count());
    while kept() < 1 {
        std::thread::yield_now();
    }
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    let last = stderr.map(Result::unwrap).last().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(last.contains("of 100 runs are kept in a; go on by the same command"), "{last}");
}

#[test]
fn folders_and_grids_that_make_no_sense_are_refused() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let refused = |arguments: &[&str], parts: &[&str]| {
        refusal::refused(folder, &[&["compare"], arguments].concat(), parts);
    };
    refused(&["--seeds", "0"], &["--seeds 0: must be from 1"]);
    refused(&["--strategies", "best"], &["best"]);
    refused(&["--batch", "20,x"], &["x"]);
    refused(&["--labels", "10", "--batch", "20"], &["--labels 10: at least the largest batch, 20"]);
    refused(&["--labels", "10", "--rounds", "2"], &["--rounds"]);
    let few = "--rounds 2: give the smallest batch 10 labels; at least the largest batch, 20";
    refused(&["--batch", "5,20", "--rounds", "2"], &[few]);
    let many = ["--clusters", "3000", "--prompts-per-round", "5"];
    refused(&[&["--strategies", "dopt,coreset"], &many[..]].concat(), &["--clusters 3000"]);
    refused(&["--features", "kernel", "--hidden", "8,8,8"], &["does not read --hidden"]);
    refused(&["--strategies", "dopt", "--misfit", "3"], &["does not read --misfit"]);
    assert_eq!(names(folder), Vec::<String>::new());
    fs::create_dir(folder.join("mine")).unwrap();
    fs::write(folder.join("mine/letter.txt"), "dear").unwrap();
    let holds = ["mine", "it holds letter.txt, and no results.jsonl"];
    refused(&["--out", "mine"], &holds);
    let capped = ["--strategies", "robust-v-opt,dopt", "--mix", "0.2", "--out", "capped"];
    refused(&capped, &["--mix 0.2: must be 0 with --distinct"]);
    // What one of them reads is an option, whichever comes first.
    let read = ["--strategies", "dopt,robust-v-opt", "--misfit", "3", "--sample", "--out", "mine"];
    refused(&read, &holds);
    fs::create_dir(folder.join("bad")).unwrap();
    fs::write(folder.join("bad/results.jsonl"), "{\"strategy\": 3}\n").unwrap();
    refused(&["--out", "bad"], &["results.jsonl: line 1:", "compare again into another folder"]);
}

/// Layers are an axis of networks alone, and features need not read what others do.
#[test]
fn set_ups_are_what_differs() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let arguments = [
        "compare",
        "--strategies",
        "dopt",
        "--seeds",
        "1",
        "--rounds",
        "1",
        "--features",
        "kernel,mlp",
        "--hidden",
        "8,8,8",
        "--hidden",
        "4,4,4",
        "--iterations",
        "2",
        "--out",
        "a",
    ];
    let output = pairpick(folder, &arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found = runs(&folder.join("a"));
    let model = |run: &Value| run["settings"]["model"].clone();
    let of_random: Vec<Value> =
        found.iter().filter(|run| run["strategy"] == "random").map(model).collect();
    let trunks: Vec<_> = of_random.iter().map(|model| model["trunk"].as_str().unwrap()).collect();
    assert_eq!(trunks, ["kernel", "mlp", "mlp"]);
    assert_eq!((&of_random[1]["hidden"][0], &of_random[2]["hidden"][0]), (&8.into(), &4.into()));
    let page = fs::read_to_string(folder.join("a/table.md")).unwrap();
    for part in [
        "## features mlp, hidden units 8,8,8",
        "## What “hidden units” changes: features mlp",
        "Stands for the paper's Figures 22 to 24, on the program's own replies.",
        "(by-features-one_minus_spearman-1.svg)",
        "(end-by-hidden-units-best_of_n-3.svg)",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

/// The paper's recipe offers 20,000 pairs, or as many as there are, within prompts too.
#[test]
fn the_paper_s_set_up_is_to_the_letter() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let arguments = [
        "compare",
        "--preset",
        "paper",
        "--strategies",
        "dopt",
        "--seeds",
        "1",
        "--rounds",
        "1",
        "--iterations",
        "2",
        "--pool",
        "in-prompt,cross-prompt",
        "--out",
        "a",
    ];
    let output = pairpick(folder, &arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let offered: Vec<Value> = runs(&folder.join("a"))
        .iter()
        .filter(|run| run["strategy"] == "random")
        .map(|run| run["settings"]["asking"]["pairs"].clone())
        .collect();
    // 78 prompts of 8 responses have 2,184 pairs.
    assert_eq!(offered, [Value::from(2184), Value::from(20_000)]);
}
