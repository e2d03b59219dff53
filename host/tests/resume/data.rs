//! The same with data in files and for every kind of pool: what the files hold is part of the run.

use std::fs;

use super::{Case, killed_after_each_change};

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
