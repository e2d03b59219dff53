//! Pairs of identical embeddings, whose answers teach nothing: nobody is asked about them while there
//! is another pair, by any strategy, in any pool. And data of which all is the same.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use pairpick_core::select::Strategy;
use serde_json::Value;
use tempfile::TempDir;

use crate::command::pairpick;
use crate::npy::npy;

const DIMENSIONS: usize = 5;

/// Rows of a prompt, and how many prompts there are.
const ROWS: u64 = 6;
const PROMPTS: u64 = 8;

/// Which text a row embeds: in each prompt two are the same twice, and one is that of the prompt before.
fn text(row: u64) -> u64 {
    let (prompt, place) = (row / ROWS, row % ROWS);
    match place {
        1 => ROWS * prompt,
        4 => ROWS * prompt + 3,
        5 if prompt > 0 => ROWS * (prompt - 1) + 2,
        _ => row,
    }
}

fn value(text: u64, dimension: usize) -> f32 {
    ((text as usize * 31 + dimension * 17 + text as usize * dimension * 7) % 101) as f32 / 50.0
        - 1.0
}

/// Zeros of either sign are the same number.
fn rows(count: u64) -> Vec<u8> {
    npy(&[count as usize, DIMENSIONS], |place| {
        let (row, dimension) = ((place / DIMENSIONS) as u64, place % DIMENSIONS);
        match dimension {
            0 => [0.0, -0.0][(row % 2) as usize],
            _ => value(text(row), dimension),
        }
    })
}

struct Case(TempDir);

impl Case {
    fn new() -> Self {
        Self::of(PROMPTS)
    }

    fn of(prompts: u64) -> Self {
        let case = Self(TempDir::new().unwrap());
        case.write("e.npy", rows(ROWS * prompts));
        let ids: String = (0..ROWS * prompts).map(|row| format!("{}\n", row / ROWS)).collect();
        case.write("ids", ids);
        case.write("r.npy", npy(&[(ROWS * prompts) as usize], |row| (row * 7 % 13) as f32));
        case
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), bytes).unwrap();
    }

    fn told(&self, arguments: &[&str]) -> (Value, String) {
        let output = pairpick(self.path(), &[arguments, &["--json"]].concat());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments:?}: {stderr}");
        (serde_json::from_slice(&output.stdout).unwrap(), stderr)
    }
}

const DATA: [&str; 4] = ["--train-embeddings", "e.npy", "--train-prompt-ids", "ids"];

fn pairs(lines: &[Value]) -> Vec<(u64, u64)> {
    let row = |value: &Value| value.as_u64().unwrap();
    lines.iter().map(|line| (row(&line["a"]), row(&line["b"]))).collect()
}

fn is_identical((a, b): &(u64, u64)) -> bool {
    text(*a) == text(*b)
}

fn within_prompts((a, b): &(u64, u64)) -> bool {
    a / ROWS == b / ROWS
}

fn all_pairs() -> Vec<(u64, u64)> {
    let rows = 0..ROWS * PROMPTS;
    rows.clone().flat_map(|a| (a + 1..rows.end).map(move |b| (a, b))).collect()
}

#[test]
fn no_strategy_asks_about_identical_embeddings_while_there_is_another_pair() {
    let case = Case::new();
    let listed: String = all_pairs()
        .iter()
        .filter(|pair| within_prompts(pair) || is_identical(pair))
        .map(|(a, b)| format!("{{\"a\":{a},\"b\":{b}}}\n"))
        .collect();
    case.write("listed.jsonl", &listed);
    let all = all_pairs();
    let within: Vec<_> = all.iter().filter(|pair| within_prompts(pair)).copied().collect();
    let count = |pairs: &[(u64, u64)]| pairs.iter().filter(|pair| is_identical(pair)).count();
    // Two pairs within each prompt, and one with the prompt before.
    assert_eq!((count(&within), count(&all)), (16, 23));
    let pools = [
        (&["--pool", "in-prompt"][..], within.len(), 16),
        (&["--pool", "cross-prompt"], all.len(), 23),
        (&["--candidates", "listed.jsonl"], listed.lines().count(), 23),
    ];
    for strategy in Strategy::ALL {
        for (pool, offered, identical) in &pools {
            let few = matches!(strategy, Strategy::BatchBald | Strategy::Bald);
            let batch = if few { 8 } else { 40 };
            let asking = ["--strategy", strategy.name(), "--batch", &batch.to_string()];
            let first = ["--first-round", "model", "--distinct", "off", "--posterior-samples", "8"];
            // Some go through a list of pairs across prompts, here of all that differ.
            let lists = !strategy.facts().all_pairs && pool[1] == "cross-prompt";
            let listed = if lists { &["--pairs", "1105"][..] } else { &[] };
            let options = [&DATA[..], pool, &asking, &first, listed].concat();
            let (report, stderr) = case.told(&[&["select"], &options[..]].concat());
            let what = format!("{} {pool:?}: {stderr}", strategy.name());
            let asked = pairs(report["pairs"].as_array().unwrap());
            assert_eq!((asked.len(), count(&asked)), (batch, 0), "{what}");
            assert_eq!(report["offered"], (offered - identical) as u64, "{what}");
            let note = format!("identical embeddings are not asked about, {identical} here");
            assert!(stderr.contains(&note), "{what}");
        }
    }
}

/// All pairs are asked about once, those of identical embeddings after all others, however few prompts
/// a round draws.
#[test]
fn identical_embeddings_come_last() {
    let case = Case::of(4);
    for (pool, drawn, total, identical) in
        [("in-prompt", "4", 60, 8), ("in-prompt", "1", 60, 8), ("cross-prompt", "2", 276, 11)]
    {
        let rounds = total.to_string();
        let asking = ["--pool", pool, "--prompts-per-round", drawn, "--batch", "1"];
        let rewards = ["--train-rewards", "r.npy", "--rounds", &rounds, "--strategy", "random"];
        let quick = [
            "--preset",
            "mlp",
            "--iterations",
            "1",
            "--hidden",
            "2,2,2",
            "--out",
            "out",
            "--force",
        ];
        let (_, stderr) = case.told(&[&["run"], &DATA[..], &asking, &rewards, &quick].concat());
        let labels = fs::read_to_string(case.path().join("out/labels.jsonl")).unwrap();
        let labels: Vec<Value> =
            labels.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let asked = pairs(&labels);
        assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), total, "{pool} {drawn}: {stderr}");
        let first = asked.iter().position(is_identical);
        assert_eq!(first, Some(total - identical), "{pool} {drawn}: {stderr}");
        let note = "identical embeddings are not asked about";
        assert_eq!(stderr.matches(note).count(), 1, "said once: {stderr}");
    }
}

#[test]
fn pairs_drawn_from_a_pool_differ() {
    let case = Case::new();
    for pool in ["in-prompt", "cross-prompt"] {
        let all = if pool == "in-prompt" { 120 - 16 } else { 1128 - 23 };
        let asking = ["--pool", pool, "--pairs", "100", "--batch", "100", "--strategy", "random"];
        let (report, _) =
            case.told(&[&["select"], &DATA[..], &asking, &["--distinct", "off"]].concat());
        assert!(all >= 100 && report["offered"] == 100, "{report}");
        assert!(!pairs(report["pairs"].as_array().unwrap()).iter().any(is_identical));
    }
}

/// So many identical items that their pairs would fill the memory.
#[test]
fn of_very_many_copies_one_is_asked_about() {
    let case = Case::new();
    let (copies, others) = (11_700, 40);
    case.write(
        "many.npy",
        npy(&[copies + others, 2], |place| (place / 2).saturating_sub(copies) as f32),
    );
    let many = ["--train-embeddings", "many.npy", "--pool", "cross-prompt", "--strategy", "random"];
    let asking = ["--prompts-per-round", "11740", "--batch", "300", "--distinct", "off"];
    let (report, stderr) = case.told(&[&["select"], &many[..], &asking].concat());
    // One of the copies, which the first of the others is as well.
    assert_eq!(report["offered"], 40 * 39 / 2, "{stderr}");
    assert!(stderr.contains("one is asked about, and 11700 are left out"), "{stderr}");
    case.write("many.npy", npy(&[copies, 2], |_| 0.5));
    let asking = ["--prompts-per-round", "11700", "--batch", "3", "--distinct", "off"];
    // A kernel of embeddings that do not differ has no lengthscale.
    let network = [&["select", "--features", "mlp"], &many[..], &asking].concat();
    let (report, stderr) = case.told(&network);
    assert_eq!(report["pairs"].as_array().unwrap().len(), 3);
    assert!(stderr.contains("every pair left is of identical embeddings"), "{stderr}");
}

#[test]
fn data_of_which_all_is_the_same_gets_a_warning() {
    let case = Case::new();
    let run = |embeddings: &[f32], rewards: &[f32]| {
        // Longer than what is read at a time, and not a multiple of it.
        let of = |values: &[f32], place: usize| values[place.min(values.len() - 1)];
        case.write(
            "c.npy",
            npy(&[2_000, 3, 70], |place| of(embeddings, place / 70) + (place % 70) as f32),
        );
        case.write("cr.npy", npy(&[2_000, 3], |place| of(rewards, place)));
        let data = ["--train-embeddings", "c.npy", "--train-rewards", "cr.npy"];
        let test = ["--test-embeddings", "c.npy", "--test-rewards", "cr.npy"];
        let quick = [
            "--preset",
            "mlp",
            "--rounds",
            "1",
            "--batch",
            "9",
            "--iterations",
            "1",
            "--out",
            "c",
            "--force",
        ];
        case.told(&[&["run"], &data[..], &test, &quick].concat()).1
    };
    let same = run(&[0.5], &[1.5]);
    for note in [
        "c.npy: all embeddings are equal: no answer teaches",
        "cr.npy: all rewards are equal: every answer is a matter of chance",
        "cr.npy: all rewards are equal: there is no order",
        "every pair left is of identical embeddings",
    ] {
        assert!(same.contains(note), "{note:?} is not in: {same}");
    }
    let varied = run(&[0.25, 0.5], &[1.0, 1.5]);
    assert!(!varied.contains("are equal"), "{varied}");
    let eval = ["eval", "--model", "c/model.safetensors", "--test-embeddings", "c.npy"];
    run(&[0.25, 0.5], &[1.5]);
    let (_, stderr) = case.told(&[&eval[..], &["--test-rewards", "cr.npy"]].concat());
    assert!(stderr.contains("cr.npy: all rewards are equal: there is no order"), "{stderr}");
}

/// However long they are, and wherever they differ.
#[test]
fn long_embeddings_are_compared_in_full() {
    let case = Case::new();
    // Of six responses two are equal, and two differ in the last number alone.
    let value = |response: usize, at: usize| match (response, at) {
        (1, _) => (at % 7) as f32,
        (3, 299) => 9.5,
        (3, _) => (2 * at % 11) as f32,
        _ => ((response + 1) * at % (7 + 2 * response)) as f32,
    };
    case.write("long.npy", npy(&[1, 6, 300], |place| value(place / 300, place % 300)));
    let asking = ["--train-embeddings", "long.npy", "--batch", "9", "--distinct", "off"];
    let (report, stderr) = case.told(&[&["select"], &asking[..]].concat());
    assert_eq!(report["offered"], 14, "15 pairs: {stderr}");
    assert!(stderr.contains("1 here: their answers"), "{stderr}");
}
