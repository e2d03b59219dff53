//! `--data`: a folder whose files are found by their names does what naming them does.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::command::pairpick;
use crate::npy::npy;
use crate::refusal::refused;

const QUICK: [&str; 7] = ["--preset", "mlp", "--hidden", "4,4,3", "--iterations", "3", "--force"];

struct Case(TempDir);

impl Case {
    /// A folder `d` with these files, of those below.
    fn new(files: &[&str]) -> Self {
        let case = Self(TempDir::new().unwrap());
        fs::create_dir(case.path().join("d")).unwrap();
        files.iter().for_each(|name| case.add(name));
        case
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Six prompts of four rows in five dimensions, and what belongs to them, by the name's stem.
    fn add(&self, name: &str) {
        let stem = name.split('.').next().unwrap();
        let rows = 0..24_u64;
        let pairs = || rows.clone().step_by(4).flat_map(|row| [(row, row + 1), (row + 2, row + 3)]);
        let labelled = |label: bool, of: u64| -> String {
            let label = |row: u64| match label {
                true => format!(",\"label\":{}", u64::from(row.is_multiple_of(3))),
                false => String::new(),
            };
            pairs()
                .filter(|(row, _)| row / 12 == of)
                .map(|(a, b)| format!("{{\"a\":{a},\"b\":{b}{}}}\n", label(a)))
                .collect()
        };
        let ids = |record: bool| -> String {
            rows.clone()
                .map(|row| match record {
                    true => format!("{{\"prompt_id\":\"p{}\",\"response\":\"r\"}}\n", row / 4),
                    false => format!("p{}\n", row / 4),
                })
                .collect()
        };
        let bytes = match stem.trim_start_matches("train_") {
            "embeddings" | "test_embeddings" => {
                npy(&[24, 5], |place| ((place * 37 + stem.len()) % 101) as f32 / 50.0 - 1.0)
            }
            "rewards" | "test_rewards" => npy(&[24], |place| ((place * 7) % 13) as f32),
            "prompt_ids" | "test_prompt_ids" => ids(false).into_bytes(),
            "texts" | "test_texts" => ids(true).into_bytes(),
            "candidates" => labelled(false, 0).into_bytes(),
            "labels" => labelled(true, 0).into_bytes(),
            "test_labels" => labelled(true, 1).into_bytes(),
            _ => panic!("{name}"),
        };
        fs::write(self.path().join("d").join(name), bytes).unwrap();
    }

    fn told(&self, arguments: &[&str]) -> (Value, String) {
        let output = pairpick(self.path(), &[arguments, &["--json"]].concat());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments:?}: {stderr}");
        let mut report: Value = serde_json::from_slice(&output.stdout).unwrap();
        for round in report["rounds"].as_array_mut().into_iter().flatten() {
            round["seconds"] = Value::Null;
        }
        (report, stderr)
    }

    /// The folder does what these options do, and says which files it has found.
    fn same(&self, command: &[&str], with: &[&str], named: &[&str], found: &str) {
        let (own, stderr) = self.told(&[command, &["--data", "d"], with].concat());
        let (other, _) = self.told(&[command, named].concat());
        assert_eq!(own, other, "{command:?} {named:?}: {stderr}");
        let note = format!("--data d: {found}\n");
        assert!(stderr.contains(&note), "{note:?} is not in: {stderr}");
    }

    fn fails(&self, arguments: &[&str], message: &[&str]) {
        refused(self.path(), arguments, message);
    }
}

/// As `import` and an encoder leave it: answers and no rewards.
#[test]
fn a_folder_of_answers_serves_every_command() {
    let case = Case::new(&["embeddings.npy", "texts.jsonl", "labels.jsonl", "test_labels.jsonl"]);
    let data = ["--train-embeddings", "d/embeddings.npy", "--train-prompt-ids", "d/texts.jsonl"];
    let labels = ["--labels", "d/labels.jsonl"];
    let train = [&["train"], &QUICK[..]].concat();
    let found = "embeddings.npy, texts.jsonl, labels.jsonl";
    case.same(&train, &[], &[&data[..], &labels].concat(), found);
    let model = ["--model", "model.safetensors"];
    let select = [&["select", "--batch", "3"], &model[..]].concat();
    case.same(&select, &[], &[&data[..], &labels].concat(), found);
    let run = [&["run", "--batch", "2", "--rounds", "2", "--out", "run"], &QUICK[..]].concat();
    let listed = ["--candidates", "d/labels.jsonl", "--test-labels", "d/test_labels.jsonl"];
    let all = "embeddings.npy, texts.jsonl, labels.jsonl, test_labels.jsonl";
    case.same(&run, &[], &[&data[..], &listed].concat(), all);
    let test = ["--test-embeddings", "d/embeddings.npy", "--test-prompt-ids", "d/texts.jsonl"];
    let eval = [&["eval"], &model[..]].concat();
    let found = "test_labels.jsonl, embeddings.npy, texts.jsonl";
    case.same(&eval, &[], &[&test[..], &listed[2..]].concat(), found);
    let scored = ["--embeddings", "d/embeddings.npy", "--prompt-ids", "d/texts.jsonl"];
    let score = [&["score"], &model[..]].concat();
    case.same(&score, &[], &scored, "embeddings.npy, texts.jsonl");
    let deviations = [&scored[..], &data, &labels].concat();
    case.same(
        &score,
        &labels,
        &deviations,
        "embeddings.npy, texts.jsonl, embeddings.npy, texts.jsonl",
    );
}

#[test]
fn a_folder_of_rewards_for_training_and_for_testing() {
    let files =
        ["train_embeddings.npy", "train_rewards.npy", "train_prompt_ids.txt", "candidates.jsonl"];
    let case = Case::new(&files);
    let test =
        ["test_embeddings.npy", "test_rewards.npy", "test_prompt_ids.txt", "test_labels.jsonl"];
    test.iter().for_each(|name| case.add(name));
    let run = [&["run", "--batch", "2", "--rounds", "2", "--out", "run"], &QUICK[..]].concat();
    let train = [
        ["--train-embeddings", "d/train_embeddings.npy"],
        ["--train-rewards", "d/train_rewards.npy"],
        ["--train-prompt-ids", "d/train_prompt_ids.txt"],
    ]
    .concat();
    let tested = [
        ["--test-embeddings", "d/test_embeddings.npy"],
        ["--test-rewards", "d/test_rewards.npy"],
        ["--test-prompt-ids", "d/test_prompt_ids.txt"],
        ["--test-labels", "d/test_labels.jsonl"],
    ]
    .concat();
    let listed = ["--candidates", "d/candidates.jsonl"];
    let found = "train_embeddings.npy, train_prompt_ids.txt, train_rewards.npy, candidates.jsonl, \
                 test_embeddings.npy, test_rewards.npy, test_prompt_ids.txt, test_labels.jsonl";
    case.same(&run, &[], &[&train[..], &listed, &tested].concat(), found);
    // A pool of its own is no list.
    let pool = ["--pool", "in-prompt"];
    let without = found.replace("candidates.jsonl, ", "");
    case.same(&run, &pool, &[&train[..], &tested, &pool].concat(), &without);
    let eval = ["eval", "--model", "run/model.safetensors"];
    let found = "test_labels.jsonl, test_embeddings.npy, test_rewards.npy, test_prompt_ids.txt";
    case.same(&eval, &[], &tested, found);
    // What an option names is taken, whatever the folder has.
    fs::write(case.path().join("own.npy"), npy(&[24], |place| (place % 5) as f32)).unwrap();
    let own = ["--train-rewards", "own.npy"];
    let named = [&train[..2], &own, &train[4..], &listed, &tested].concat();
    let (report, _) = case.told(&[&run[..], &["--data", "d"], &own].concat());
    assert_eq!(report, case.told(&[&run[..], &named].concat()).0);
    case.fails(&["run", "--resume", "run", "--data", "d"], &["--data", "--resume"]);
}

#[test]
fn what_a_folder_lacks_is_named() {
    let case = Case::new(&["labels.jsonl"]);
    let looked_for = "--data d: holds none of train_embeddings.npy, train_embeddings.npz, \
                      train_embeddings.safetensors, embeddings.npy, embeddings.npz, \
                      embeddings.safetensors, which are looked for without --train-embeddings";
    for command in [&["run"][..], &["select"], &["train"], &["score", "--model", "m"]] {
        case.fails(&[command, &["--data", "d"]].concat(), &[looked_for]);
    }
    let case = Case::new(&["embeddings.npy", "prompt_ids.txt"]);
    let labels = "holds none of labels.jsonl, which are looked for without --labels";
    case.fails(&["train", "--data", "d"], &[labels]);
    case.fails(&["run", "--data", "d"], &["--train-rewards, or --candidates with labels"]);
    case.fails(&["eval", "--data", "d", "--model", "m"], &["error: m: no such file"]);
    case.add("train_embeddings.npy");
    let both = "--data d: holds train_embeddings.npy and embeddings.npy; name the one that is meant \
                by --train-embeddings";
    case.fails(&["select", "--data", "d"], &[both]);
    case.told(&["select", "--data", "d", "--train-embeddings", "d/embeddings.npy"]);
    case.fails(&["select", "--data", "lost"], &["--data lost: is no folder"]);
    case.fails(&["select", "--data", "d/embeddings.npy"], &["is no folder"]);
    case.fails(&["train"], &["--labels"]);
    case.fails(
        &["select", "--train-prompt-ids", "d/prompt_ids.txt"],
        &["--train-embeddings", "--data"],
    );
}

/// An array with prompts of its own needs no ids: texts beside it are none.
#[test]
fn texts_are_the_prompts_of_rows_alone() {
    let case = Case::new(&["texts.jsonl", "labels.jsonl"]);
    let shaped = npy(&[6, 4, 5], |place| ((place * 37) % 101) as f32 / 50.0 - 1.0);
    fs::write(case.path().join("d/embeddings.npy"), shaped).unwrap();
    fs::write(case.path().join("d/labels.jsonl"), "{\"a\":[0,1],\"b\":[0,2],\"label\":1}\n")
        .unwrap();
    let named = ["--train-embeddings", "d/embeddings.npy", "--labels", "d/labels.jsonl"];
    case.same(&[&["train"], &QUICK[..]].concat(), &[], &named, "embeddings.npy, labels.jsonl");
}
