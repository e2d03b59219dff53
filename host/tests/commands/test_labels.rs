//! `run --test-labels`: pairs and no golden rewards, measured on answers that the run does not see.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::command::pairpick;
use crate::npy::npy;
use crate::refusal::refused;

/// Prompts of four rows each.
const PROMPTS: u64 = 12;

const DATA: [&str; 4] = ["--train-embeddings", "e.npy", "--train-prompt-ids", "ids.txt"];

const RUN: [&str; 12] = [
    "--batch",
    "8",
    "--rounds",
    "3",
    "--preset",
    "mlp",
    "--hidden",
    "6,6,4",
    "--iterations",
    "6",
    "--seed",
    "2",
];

fn value(row: u64, dimension: u64) -> f32 {
    ((row * 31 + dimension * 17 + row * dimension * 7) % 101) as f32 / 50.0 - 1.0
}

struct Case(TempDir);

impl Case {
    /// Rows and their ids; the pairs of the first eight prompts to ask about, those of the others held
    /// out, all with answers.
    fn new() -> Self {
        let case = Self(TempDir::new().unwrap());
        case.rows("e.npy", 0..4 * PROMPTS);
        case.write("ids.txt", ids(0..PROMPTS));
        case.lines("asked.jsonl", &answered(0..8, 0));
        case.lines("held_out.jsonl", &answered(8..PROMPTS, 0));
        case
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), bytes).unwrap();
    }

    fn rows(&self, name: &str, rows: std::ops::Range<u64>) {
        let shape = [(rows.end - rows.start) as usize, 5];
        self.write(name, npy(&shape, |at| value(rows.start + at as u64 / 5, at as u64 % 5)));
    }

    fn lines(&self, name: &str, lines: &[Value]) {
        self.write(name, lines.iter().map(|line| format!("{line}\n")).collect::<String>());
    }

    fn told(&self, arguments: &[&str]) -> (Value, String) {
        let output = pairpick(self.path(), &[arguments, &["--json"]].concat());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments:?}: {stderr}");
        (serde_json::from_slice(&output.stdout).unwrap(), stderr)
    }

    /// A run on the pairs to ask about, with these options.
    fn run(&self, options: &[&str]) -> (Value, String) {
        let listed = ["--candidates", "asked.jsonl", "--out", "run", "--force"];
        self.told(&[&["run"], &DATA[..], &listed, &RUN, options].concat())
    }

    fn fails(&self, options: &[&str], message: &[&str]) {
        let listed = ["--candidates", "asked.jsonl", "--out", "none"];
        refused(self.path(), &[&["run"], &DATA[..], &listed, options].concat(), message);
    }
}

fn ids(prompts: std::ops::Range<u64>) -> String {
    prompts.flat_map(|prompt| vec![format!("question {prompt}\n"); 4]).collect()
}

/// All pairs of some prompts, their rows counted from one on, with votes for the larger first number.
fn answered(prompts: std::ops::Range<u64>, first_row: u64) -> Vec<Value> {
    let votes = |a, b| if value(a, 0) < value(b, 0) { [1, 3, 0] } else { [3, 1, 1] };
    let pairs = prompts.flat_map(|prompt| {
        let rows = 4 * prompt..4 * prompt + 4;
        rows.clone().flat_map(move |a| (a + 1..4 * prompt + 4).map(move |b| (a, b)))
    });
    pairs
        .map(|(a, b)| json!({"a": a - first_row, "b": b - first_row, "votes": votes(a, b)}))
        .collect()
}

const HELD_OUT: [&str; 2] = ["--test-labels", "held_out.jsonl"];

const FIGURES: [&str; 3] = ["accuracy", "log_loss", "expected_calibration_error"];

/// The figures of the last round are those of `eval` with the run's model, and stand in every form in
/// which rounds are told; nothing else of the run depends on the labels.
#[test]
fn the_model_is_measured_on_held_out_answers_as_eval_measures_it() {
    let case = Case::new();
    let (mut plain, _) = case.run(&[]);
    let bare = fs::read_to_string(case.path().join("run/metrics.jsonl")).unwrap();
    assert!(!bare.contains("held_out"), "{bare}");
    let (mut report, stderr) = case.run(&HELD_OUT);
    assert!(!stderr.contains("test pairs") && !stderr.contains("trained on"), "{stderr}");
    let eval = ["eval", "--model", "run/model.safetensors", "--test-embeddings", "e.npy"];
    let own = case.told(&[&eval[..], &HELD_OUT].concat()).0["held_out"].clone();
    let rounds = report["rounds"].as_array().unwrap().clone();
    assert_eq!(rounds.len(), 3);
    for figure in FIGURES {
        assert_eq!(rounds[2]["held_out"][figure], own[figure], "{figure}");
        assert!(rounds.iter().all(|round| round["held_out"][figure].is_number()), "{figure}");
    }
    assert_eq!(rounds[2]["held_out"]["labels"], 24);
    let metrics = fs::read_to_string(case.path().join("run/metrics.jsonl")).unwrap();
    let last: Value = serde_json::from_str(metrics.lines().last().unwrap()).unwrap();
    assert_eq!(last["held_out"], rounds[2]["held_out"]);
    let curves = fs::read_to_string(case.path().join("run/curves.svg")).unwrap();
    for panel in ["accuracy on held-out", "log-loss on held-out", "calibration error on held-out"] {
        assert!(curves.contains(panel), "{panel}");
    }
    let accuracy = rounds[2]["held_out"]["accuracy"].as_f64().unwrap();
    assert!(stderr.contains(&format!("held-out accuracy {accuracy:.4}, log-loss")), "{stderr}");
    for report in [&mut plain, &mut report] {
        for round in report["rounds"].as_array_mut().unwrap() {
            round.as_object_mut().unwrap().remove("held_out");
            round["seconds"] = Value::Null;
        }
    }
    assert_eq!(plain, report);
    let listed = ["--candidates", "asked.jsonl", "--out", "table"];
    let table = pairpick(case.path(), &[&["run"], &DATA[..], &listed, &RUN, &HELD_OUT].concat());
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(table.contains("held-out accuracy  log-loss  calibration error  log|P|"), "{table}");
}

#[test]
fn test_labels_may_be_of_other_embeddings_with_rewards_or_without() {
    let case = Case::new();
    let same = case.run(&HELD_OUT).0;
    case.rows("test.npy", 4 * 8..4 * PROMPTS);
    case.write("test_ids.txt", ids(8..PROMPTS));
    case.write("test_rewards.npy", npy(&[16], |row| value(32 + row as u64, 0)));
    case.lines("other.jsonl", &answered(8..PROMPTS, 32));
    let test = ["--test-embeddings", "test.npy", "--test-labels", "other.jsonl"];
    let (other, stderr) = case.run(&test);
    assert!(!stderr.contains("trained on"), "{stderr}");
    let golden = ["--test-rewards", "test_rewards.npy", "--test-prompt-ids", "test_ids.txt"];
    let both = case.run(&[&test[..], &golden].concat()).0;
    for round in 0..3 {
        let (same, other, both) =
            (&same["rounds"][round], &other["rounds"][round], &both["rounds"]);
        assert_eq!(same["held_out"], other["held_out"]);
        assert_eq!(same["held_out"], both[round]["held_out"]);
        assert!(other["one_minus_spearman"].is_null() && other["best_of_n"] == json!({}));
        assert!(both[round]["one_minus_spearman"].is_number());
    }
}

/// A test whose pairs or prompts are trained on is said to be none.
#[test]
fn what_is_trained_on_is_no_test() {
    let case = Case::new();
    let note = |options: &[&str]| {
        let stderr = case.run(options).1;
        let note = stderr.lines().find(|line| line.contains("--test-labels: "));
        note.unwrap_or_default().replace("note: --test-labels: ", "")
    };
    assert_eq!(note(&HELD_OUT), "");
    let mut lines = answered(8..PROMPTS, 0);
    // One pair that can be asked about, its items the other way round, and one of whose prompt others can.
    lines.push(json!({"a": 1, "b": 0, "label": 1}));
    lines.push(json!({"a": 4, "b": 33, "label": 1}));
    case.lines("mixed.jsonl", &lines);
    let said = "1 of 26 test pairs can be asked about, and trained on; 2 of 6 prompts of the test \
                labels are trained on too";
    assert_eq!(note(&["--test-labels", "mixed.jsonl"]), said);

    // In another file rows are known again by their numbers.
    case.rows("test.npy", 4..44);
    case.lines("other.jsonl", &answered(1..11, 4));
    let test = ["--test-embeddings", "test.npy", "--test-labels", "other.jsonl"];
    assert_eq!(note(&test), "42 of 60 test pairs can be asked about, and trained on");
    case.write("test_ids.txt", ids(1..11));
    let with_ids = [&test[..], &["--test-prompt-ids", "test_ids.txt"]].concat();
    assert!(note(&with_ids).ends_with("; 7 of 10 prompts of the test labels are trained on too"));

    // Other responses to prompts of the same names, and to prompts that are only counted.
    case.write("test.npy", npy(&[16, 5], |place| ((place * 37) % 83) as f32 * 0.07));
    case.lines("other.jsonl", &answered(0..4, 0));
    case.write("test_ids.txt", ids(6..10));
    assert_eq!(note(&with_ids), "2 of 4 prompts of the test labels are trained on too");
    let counted: String = ids(0..4).replace("question ", "");
    case.write("test_ids.txt", &counted);
    case.write("ids.txt", ids(0..PROMPTS).replace("question ", ""));
    assert_eq!(note(&with_ids), "");

    // Every pair of a prompt can be asked about without a list.
    case.write("r.npy", npy(&[48], |row| value(row as u64, 0)));
    let rewards = ["--train-rewards", "r.npy", "--out", "all"];
    let all = [&["run"], &DATA[..], &rewards, &RUN, &HELD_OUT].concat();
    let stderr = case.told(&all).1;
    assert!(stderr.contains("24 of 24 test pairs can be asked about"), "{stderr}");
    assert!(stderr.contains("; 4 of 4 prompts"), "{stderr}");
}

#[test]
fn labels_that_cannot_be_measured_on_are_refused() {
    let case = Case::new();
    case.fails(&["--test-labels", "lost.jsonl"], &["lost.jsonl: no such file"]);
    case.fails(&["--test-labels", "-"], &["--test-labels -: must be a file"]);
    case.write("none.jsonl", "\n");
    case.fails(&["--test-labels", "none.jsonl"], &["none.jsonl: no label in it"]);
    case.lines("far.jsonl", &[json!({"a": 0, "b": 48, "label": 1})]);
    case.fails(&["--test-labels", "far.jsonl"], &["far.jsonl: line 1", "item 48"]);
    let twice = [json!({"a": 0, "b": 4, "label": 1}), json!({"a": 4, "b": 0, "label": 1})];
    case.lines("twice.jsonl", &twice);
    case.fails(&["--test-labels", "twice.jsonl"], &["twice.jsonl: line 2", "--repeats keep"]);
    let kept = case.run(&["--test-labels", "twice.jsonl", "--repeats", "keep"]).0;
    assert_eq!(kept["rounds"][0]["held_out"]["labels"], 2);
    case.fails(&["--best-of", "2", "--test-labels", "held_out.jsonl"], &["--test-rewards"]);
    case.rows("test.npy", 0..8);
    let needed = ["--test-embeddings test.npy", "--test-rewards or --test-labels"];
    case.fails(&["--test-embeddings", "test.npy"], &needed);
    case.fails(&["--test-embeddings", "test.npy", "--test-labels", "held_out.jsonl"], &["item 32"]);
    let bundled = pairpick(case.path(), &["run", "--test-labels", "held_out.jsonl"]);
    assert_eq!(bundled.status.code(), Some(2));
}
