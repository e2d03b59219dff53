//! The same with data in files and for every kind of pool: what the files hold is part of the run.

use std::fs;
use std::io::Read;

use tempfile::TempDir;

use super::npy::npy;
use super::{Case, killed_after_each_change, wait_until};

const EMBEDDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/replies/embeddings.npy");

const REWARDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/replies/rewards.npy");

#[test]
fn killed_after_each_change_of_the_folder_with_data_in_files() {
    let data = ["--train-embeddings", EMBEDDINGS, "--train-rewards", REWARDS];
    killed_after_each_change(
        &[&data[..], &["--strategy", "pa-dopt", "--seed", "3", "--minibatch", "8"]].concat(),
    );
}

#[test]
fn killed_after_each_change_of_the_folder_while_pairs_are_sampled_across_prompts() {
    killed_after_each_change(&["--pool", "cross-prompt", "--pairs", "400", "--strategy", "dopt"]);
}

/// Pairs across prompts, every third answered by the second.
fn candidates() -> String {
    let line = |place: u64| {
        let label = u64::from(!place.is_multiple_of(3));
        format!("{{\"a\":[{},1],\"b\":[{},2],\"label\":{label}}}\n", place % 104, place * 7 % 104)
    };
    (0..100).map(line).collect()
}

#[test]
fn killed_after_each_change_of_the_folder_while_candidates_answer() {
    const CANDIDATES: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/candidates.jsonl");
    fs::write(CANDIDATES, candidates()).unwrap();
    killed_after_each_change(&["--train-embeddings", EMBEDDINGS, "--candidates", CANDIDATES]);
}

#[test]
fn changed_data_is_refused() {
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/replies");
    let data = ["--train-embeddings", "embeddings.npy", "--train-rewards", "rewards.npy"];
    let case = Case::new(&data);
    for name in ["embeddings.npy", "rewards.npy"] {
        fs::copy(format!("{fixture}/{name}"), case.folder.path().join(name)).unwrap();
    }
    case.interrupted();
    for (name, what) in [("rewards.npy", "training rewards"), ("embeddings.npy", "training emb")] {
        let path = case.folder.path().join(name);
        let good = fs::read(&path).unwrap();
        let mut changed = good.clone();
        let at = changed.len() - 3;
        changed[at] ^= 1;
        fs::write(&path, changed).unwrap();
        case.refuses(&format!("{name}: not the {what}"));
        fs::write(path, good).unwrap();
    }
    fs::rename(case.folder.path().join("rewards.npy"), case.folder.path().join("gone")).unwrap();
    case.refuses("rewards.npy: no such file");
}

/// Rows of prompts of four, three, two and one responses in turn.
fn ids() -> String {
    (0..40).flat_map(|prompt| vec![format!("{prompt}\n"); 4 - prompt % 4]).collect()
}

#[test]
fn changed_prompt_ids_are_refused() {
    let train = ["--train-embeddings", "e.npy", "--train-rewards", "r.npy"];
    let test = ["--test-embeddings", "e.npy", "--test-rewards", "r.npy"];
    let prompts = ["--train-prompt-ids", "train.txt", "--test-prompt-ids", "test.jsonl"];
    let fields = ["--prompt-fields", "p"];
    let case = Case::new(&[&train[..], &test, &prompts[..2]].concat());
    let path = |name: &str| case.folder.path().join(name);
    let rows = ids().lines().count();
    fs::write(path("e.npy"), npy(&[rows, 6], |place| (place * 37 % 101) as f32 / 50.0)).unwrap();
    fs::write(path("r.npy"), npy(&[rows], |place| (place * 7 % 11) as f32)).unwrap();
    fs::write(path("train.txt"), ids()).unwrap();
    let records: String = ids().lines().map(|id| format!("{{\"p\":{id}}}\n")).collect();
    fs::write(path("test.jsonl"), &records).unwrap();
    case.fails(&case.arguments, "--test-prompt-ids");
    // Fields are those of JSON Lines, so both files are.
    fs::write(path("train.txt"), &records).unwrap();
    let case = Case { arguments: [&case.arguments[..], &prompts[2..], &fields].concat(), ..case };
    case.interrupted();
    let path = |name: &str| case.folder.path().join(name);
    for (name, what) in [("train.txt", "training prompt ids"), ("test.jsonl", "test prompt ids")] {
        fs::write(path(name), records.replacen("\"p\":1}", "\"p\":0}", 1)).unwrap();
        case.refuses(&format!("{name}: not the {what}"));
        fs::write(path(name), &records).unwrap();
    }
    // Which rows are together is what counts, not what they are called.
    fs::write(path("train.txt"), records.replace("\"p\":", "\"p\":10")).unwrap();
    case.succeeds(&["run", "--resume", "out"]);
}

#[test]
fn changed_candidates_are_refused() {
    let listed = ["--train-embeddings", EMBEDDINGS, "--candidates", "candidates.jsonl"];
    let case = Case::new(&listed);
    let path = case.folder.path().join("candidates.jsonl");
    fs::write(&path, candidates()).unwrap();
    case.interrupted();
    let other_answer = candidates().replacen("\"label\":1", "\"label\":0", 1);
    let other_pair = candidates().replacen("[1,1]", "[1,3]", 1);
    let fewer = candidates().lines().skip(1).fold(String::new(), |text, line| text + line + "\n");
    for changed in [other_answer, other_pair, fewer] {
        assert_ne!(changed, candidates());
        fs::write(&path, changed).unwrap();
        case.refuses("candidates.jsonl: not the candidates");
    }
    fs::remove_file(&path).unwrap();
    case.refuses("candidates.jsonl: no such file");
    // The pairs are what counts, not how the file is written.
    fs::write(&path, candidates().replace('\n', "\n\n")).unwrap();
    let output = case.output(&["run", "--resume", "out"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// More prompts than a sample has.
const MANY: usize = 400;

fn many() -> Vec<u8> {
    npy(&[MANY, 2, 4], |place| (place * 37 % 101) as f32 / 50.0 - 1.0)
}

const ALL: [&str; 4] = ["--train-embeddings", "many.npy", "--candidates", "candidates.jsonl"];

/// A run on more data than a sample has, killed after its first round.
fn interrupted_on_many(case: Case) -> Case {
    fs::write(case.folder.path().join("many.npy"), many()).unwrap();
    let line = |prompt| format!("{{\"a\":[{prompt},0],\"b\":[{prompt},1],\"label\":1}}\n");
    let lines: String = (0..MANY).map(line).collect();
    fs::write(case.folder.path().join("candidates.jsonl"), lines).unwrap();
    case.interrupted();
    case
}

/// Wherever it is: at 0.64 prompts to each one sampled, every third is not.
#[test]
fn a_change_of_any_embedding_is_refused() {
    let case = interrupted_on_many(Case::new(&ALL));
    let path = case.folder.path().join("many.npy");
    let good = many();
    for prompt in 0..12 {
        let mut changed = good.clone();
        let at = good.len() - MANY * 32 + prompt * 32;
        changed[at] ^= 1;
        fs::write(&path, changed).unwrap();
        case.refuses("many.npy: not the training embeddings that the run began with");
    }
    let mut zeroed = good.clone();
    zeroed[good.len() - 32 * 100..].fill(0);
    fs::write(&path, zeroed).unwrap();
    case.refuses("many.npy: not the training embeddings");
    fs::write(&path, good).unwrap();
    case.succeeds(&["run", "--resume", "out"]);
}

/// What is wrong with it is found late, in a scan: what was interrupted is there until then.
#[test]
fn data_that_cannot_be_used_discards_no_interrupted_run() {
    let case = interrupted_on_many(Case::new(&ALL));
    let path = case.folder.path().join("many.npy");
    let mut last_is_nan = many();
    let at = last_is_nan.len() - 4;
    last_is_nan[at..].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(&path, last_is_nan).unwrap();
    case.fails(&[&["run", "--force", "--out", "out"], &ALL[..]].concat(), "NaN at ");
    fs::write(&path, many()).unwrap();
    case.succeeds(&["run", "--resume", "out"]);
}

#[test]
fn data_that_is_trusted_is_known_by_a_sample() {
    let case = interrupted_on_many(Case::new(&[&ALL[..], &["--trust-finite"]].concat()));
    let data = |case: &Case, folder: &str| -> serde_json::Value {
        let text = fs::read(case.folder.path().join(folder).join("settings.json")).unwrap();
        let settings: serde_json::Value = serde_json::from_slice(&text).unwrap();
        settings["data"]["train"].clone()
    };
    assert!(data(&case, ".out.partial")["embeddings"].is_null());
    let path = case.folder.path().join("many.npy");
    let mut changed = many();
    let at = changed.len() - MANY * 32;
    changed[at] ^= 1;
    fs::write(&path, &changed).unwrap();
    case.refuses("many.npy: not the training embeddings");
    fs::write(&path, many()).unwrap();
    let output = case.output(&["run", "--resume", "out", "--trust-finite"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && stderr.contains("by a sample of them alone"), "{stderr}");
    let whole = interrupted_on_many(Case::new(&ALL));
    assert!(data(&whole, ".out.partial")["embeddings"].is_string());
    assert_eq!(data(&whole, ".out.partial")["sample"], data(&case, "out")["sample"]);
    whole.succeeds(&["run", "--resume", "out", "--trust-finite"]);
}

/// Whoever writes to the file that a run reads ends the run, which keeps its rounds.
#[test]
fn data_that_is_written_to_while_a_run_reads_it_is_noticed() {
    let rounds = ["run", "--rounds", "40", "--batch", "5", "--out", "out"];
    let folder = TempDir::new().unwrap();
    let arguments = [&rounds[..], &ALL].concat();
    let case = interrupted_on_many(Case { folder, arguments });
    let mut child = case.resume();
    let rounds = case.rounds();
    wait_until(|| case.rounds() > rounds);
    let path = case.folder.path().join("many.npy");
    let mut changed = many();
    let at = changed.len() - 1;
    changed[at] ^= 1;
    fs::write(&path, changed).unwrap();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2), "{stderr}");
    assert!(stderr.contains("many.npy: it was written to while it was in use"), "{stderr}");
    assert!(stderr.contains("the rounds that ended are kept for pairpick run --resume out"));
    case.refuses("many.npy: not the training embeddings");
    fs::write(path, many()).unwrap();
    case.succeeds(&["run", "--resume", "out"]);
}

#[test]
fn killed_after_each_change_of_the_folder_while_held_out_answers_measure() {
    const CANDIDATES: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/asked.jsonl");
    const LABELS: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/held_out.jsonl");
    fs::write(CANDIDATES, candidates()).unwrap();
    fs::write(LABELS, held_out()).unwrap();
    let data = ["--train-embeddings", EMBEDDINGS, "--candidates", CANDIDATES];
    let labels = ["--test-labels", LABELS, "--repeats", "keep"];
    killed_after_each_change(&[&data[..], &labels].concat());
}

/// Labels of pairs that are no candidates, one of them twice.
fn held_out() -> String {
    let line = |place: u64| format!("{{\"a\":[{place},5],\"b\":[{place},6],\"votes\":[2,1,0]}}\n");
    (0..30).chain([3]).map(line).collect()
}

#[test]
fn changed_test_labels_are_refused() {
    let listed = ["--train-embeddings", EMBEDDINGS, "--candidates", "candidates.jsonl"];
    let labels = ["--test-labels", "held_out.jsonl", "--repeats", "keep"];
    let case = Case::new(&[&listed[..], &labels].concat());
    let path = |name: &str| case.folder.path().join(name);
    fs::write(path("candidates.jsonl"), candidates()).unwrap();
    fs::write(path("held_out.jsonl"), held_out()).unwrap();
    case.interrupted();
    case.fails(&["run", "--resume", "out", "--test-labels", "held_out.jsonl"], "--test-labels");
    case.fails(&["run", "--resume", "out", "--repeats", "keep"], "--repeats");
    let fewer = held_out().lines().skip(1).fold(String::new(), |text, line| text + line + "\n");
    for changed in [held_out().replacen("[2,1,0]", "[2,0,1]", 1), fewer] {
        fs::write(path("held_out.jsonl"), changed).unwrap();
        case.refuses("held_out.jsonl: not the test labels");
    }
    fs::write(path("held_out.jsonl"), held_out().replace('\n', "\n\n")).unwrap();
    let output = case.output(&["run", "--resume", "out"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metrics = fs::read_to_string(path("out/metrics.jsonl")).unwrap();
    assert!(metrics.lines().all(|line| line.contains("\"held_out\":{\"labels\":31,")), "{metrics}");
}
