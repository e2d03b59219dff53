//! `select`, answers by a script, `train` and `eval`, round by round: the same pairs, models and
//! metrics as one `run` that asks an oracle.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pairpick::data::dataset::Dataset;
use pairpick_core::arith::sigmoid;
use serde_json::Value;
use tempfile::TempDir;

const ROUNDS: u64 = 4;

const EMBEDDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/replies/embeddings.npy");

const REWARDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/replies/rewards.npy");

struct Case {
    folder: TempDir,
    /// Options of `run` and `select`.
    asking: Vec<&'static str>,
    /// Options of `run` and `train`.
    training: Vec<&'static str>,
    /// Options of all three.
    common: Vec<&'static str>,
    /// Options of `run` that say what answers.
    answers: Vec<&'static str>,
    /// Options of `run` and `eval`.
    measuring: Vec<&'static str>,
}

impl Case {
    fn new(asking: &[&'static str], training: &[&'static str], common: &[&'static str]) -> Self {
        let folder = TempDir::new().unwrap();
        let (asking, training, common) = (asking.to_vec(), training.to_vec(), common.to_vec());
        let answers = vec!["--oracle", "argmax"];
        Self { folder, asking, training, common, answers, measuring: Vec::new() }
    }

    /// The same on the bundled data as files, for who lists candidates.
    fn on_files(asking: &[&'static str], training: &[&'static str]) -> Self {
        let mut case =
            Self::new(asking, training, &["--train-embeddings", EMBEDDINGS, "--preset", "mlp"]);
        case.answers.extend(["--train-rewards", REWARDS]);
        case.measuring = vec!["--test-embeddings", EMBEDDINGS, "--test-rewards", REWARDS];
        case
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a command prints, with `input` on its standard input.
    fn output(&self, arguments: &[&str], input: &str) -> (String, String) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pairpick"))
            .current_dir(self.folder.path())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments:?}: {stderr}");
        (String::from_utf8(output.stdout).unwrap(), stderr)
    }

    fn run(&self) -> Vec<Value> {
        let rounds = ROUNDS.to_string();
        let fixed = ["run", "--json", "--beside", "none", "--rounds", &rounds, "--out", "run"];
        let groups = [&self.asking, &self.training, &self.common, &self.answers, &self.measuring];
        let options: Vec<&str> = groups.into_iter().flatten().copied().collect();
        let (report, _) = self.output(&[&fixed[..], &options].concat(), "");
        serde_json::from_str::<Value>(&report).unwrap()["rounds"].as_array().unwrap().clone()
    }

    /// Options that name the model of the round before, if there is one.
    fn model(&self, round: u64) -> Vec<String> {
        if round == 1 {
            return Vec::new();
        }
        vec!["--model".to_owned(), format!("{}.safetensors", round - 1)]
    }

    fn select(&self, round: u64, labels: &str) -> (String, String) {
        let model = self.model(round);
        let model: Vec<&str> = model.iter().map(String::as_str).collect();
        let options = [&["select", "--labels", "-"], &self.asking[..], &self.common, &model];
        self.output(&options.concat(), labels)
    }

    fn train(&self, round: u64, labels: &str, warm: bool) -> Value {
        let out = format!("{round}.safetensors");
        let model = if warm { self.model(round) } else { Vec::new() };
        let model: Vec<&str> = model.iter().map(String::as_str).collect();
        let fixed = ["train", "--labels", "-", "--json", "--out", &out];
        let options = [&fixed[..], &self.training, &self.common, &model].concat();
        serde_json::from_str(&self.output(&options, labels).0).unwrap()
    }

    fn eval(&self, round: u64) -> Value {
        let model = format!("{round}.safetensors");
        let fixed = ["eval", "--json", "--model", &model];
        let (report, _) = self.output(&[&fixed[..], &self.measuring].concat(), "");
        serde_json::from_str(&report).unwrap()
    }
}

/// Adds the answer of somebody who knows the golden rewards and never errs.
fn answered(line: &str, rewards: impl Fn(&Value) -> f32) -> String {
    let mut pair: Value = serde_json::from_str(line).unwrap();
    let (a, b) = (rewards(&pair["a"]), rewards(&pair["b"]));
    let label = match a.total_cmp(&b) {
        std::cmp::Ordering::Greater => 1.0,
        std::cmp::Ordering::Equal => 0.5,
        std::cmp::Ordering::Less => 0.0,
    };
    pair.as_object_mut().unwrap().insert("label".to_owned(), label.into());
    format!("{pair}\n")
}

/// The pairs and scores of a round in the labels that a run has written.
fn asked(labels: &Path, round: u64) -> Vec<(Value, Value, Value)> {
    let text = fs::read_to_string(labels).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .filter(|line| line["round"] == round)
        .map(|line| (line["a"].clone(), line["b"].clone(), line["score"].clone()))
        .collect()
}

fn ends_as_a_run(case: &Case, warm: bool) {
    let dataset = Dataset::bundled().unwrap();
    let reward = |item: &Value| {
        let index = |place: usize| item[place].as_u64().unwrap() as usize;
        let items = dataset.train.embeddings.items_of(index(0) as u64);
        dataset.train.rewards.as_ref().unwrap().of_items(items)[index(1)]
    };
    let metrics = case.run();
    let mut labels = String::new();
    for (round, expected) in (1..=ROUNDS).zip(&metrics) {
        let (lines, summary) = case.select(round, &labels);
        let pairs: Vec<(Value, Value, Value)> = lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .map(|line| (line["a"].clone(), line["b"].clone(), line["score"].clone()))
            .collect();
        assert_eq!(pairs, asked(&case.path("run/labels.jsonl"), round), "round {round}");
        assert!(summary.contains(&format!("round {round}, ")), "{summary}");
        labels.extend(lines.lines().map(|line| answered(line, reward)));
        let report = case.train(round, &labels, warm);
        assert_eq!(report["digest"], expected["digest"], "round {round}");
        let measured = case.eval(round);
        assert_eq!(measured["digest"], expected["digest"]);
        for metric in ["one_minus_spearman", "best_of_n", "pairwise_accuracy"] {
            assert_eq!(measured["golden"][metric], expected[metric], "round {round}, {metric}");
        }
    }
    let model = |name: &str| fs::read(case.path(name)).unwrap();
    assert!(model(&format!("{ROUNDS}.safetensors")) == model("run/model.safetensors"));
}

#[test]
fn the_default_recipe() {
    ends_as_a_run(&Case::new(&["--batch", "15"], &[], &["--seed", "4"]), false);
}

#[test]
fn the_paper_s_recipe_with_few_prompts_a_round() {
    let asking = ["--prompts-per-round", "9", "--batch", "40", "--strategy", "pa-dopt"];
    let training = ["--iterations", "30"];
    ends_as_a_run(&Case::new(&asking, &training, &["--preset", "paper", "--seed", "9"]), false);
}

#[test]
fn a_warm_start_in_f32_at_random() {
    let asking = ["--strategy", "entropy", "--precision", "f32"];
    ends_as_a_run(
        &Case::new(&asking, &["--init", "warm"], &["--preset", "mlp", "--seed", "2"]),
        true,
    );
}

#[test]
fn pairs_picked_one_by_one_under_a_cap() {
    let caps = ["--distinct", "item:1", "--no-past"];
    for (strategy, more) in
        [("robust-v-opt", &["--misfit", "2"][..]), ("exchange", &[]), ("v-opt", &[])]
    {
        let asking = [&["--strategy", strategy, "--batch", "12"], &caps[..], more].concat();
        ends_as_a_run(&Case::new(&asking, &[], &[]), false);
    }
}

/// Designed from the first round on, and with fewer pairs a prompt before there are as many labels.
#[test]
fn a_design_that_needs_no_labels() {
    let asking = ["--strategy", "robust-v-opt", "--batch", "50"];
    ends_as_a_run(&Case::new(&asking, &["--iterations", "20"], &["--preset", "mlp"]), false);
}

#[test]
fn all_pairs_across_prompts() {
    let asking = ["--pool", "cross-prompt", "--prompts-per-round", "30"];
    ends_as_a_run(
        &Case::new(&asking, &["--iterations", "30"], &["--preset", "mlp", "--seed", "5"]),
        false,
    );
}

#[test]
fn sampled_pairs_across_prompts() {
    let asking = ["--pool", "cross-prompt", "--pairs", "500"];
    ends_as_a_run(
        &Case::new(&asking, &["--iterations", "30"], &["--preset", "mlp", "--seed", "6"]),
        false,
    );
}

#[test]
fn sampled_pairs_within_prompts() {
    let asking = ["--pairs", "300", "--strategy", "pa-dopt"];
    ends_as_a_run(
        &Case::new(&asking, &["--iterations", "30"], &["--preset", "mlp", "--seed", "7"]),
        false,
    );
}

#[test]
fn a_batch_by_what_its_answers_tell() {
    let draws = ["--posterior-samples", "30", "--configurations", "60"];
    let asking = [&["--strategy", "batchbald", "--pairs", "400"], &draws[..]].concat();
    ends_as_a_run(
        &Case::new(&asking, &["--iterations", "30"], &["--preset", "mlp", "--seed", "3"]),
        false,
    );
    let asking = ["--strategy", "bald", "--pool", "cross-prompt", "--pairs", "500"];
    ends_as_a_run(
        &Case::new(&asking, &["--iterations", "30"], &["--preset", "mlp", "--seed", "3"]),
        false,
    );
}

#[test]
fn a_coreset_of_listed_candidates() {
    let coreset = ["--strategy", "coreset", "--clusters", "4", "--radius", "0.5"];
    let asking = [&["--candidates", "candidates.jsonl", "--batch", "20"], &coreset[..]].concat();
    let case = Case::on_files(&asking, &["--iterations", "30"]);
    case.write("candidates.jsonl", lines_of(response, false).as_bytes());
    ends_as_a_run(&case, false);
}

/// Pairs of items of the training prompts, in and across prompts, in no order: by their numbers.
fn listed() -> Vec<(u64, u64)> {
    (0..300).map(|place| (place * 37 % 624, (place * 101 + 5) % 624)).collect()
}

fn response(item: u64) -> Value {
    [item / 8, item % 8].as_slice().into()
}

/// A line a pair of [`listed`]; its place modulo 3 is twice its label.
fn lines_of(name: impl Fn(u64) -> Value, labelled: bool) -> String {
    let line = |((a, b), place): ((u64, u64), u64)| {
        let mut pair = serde_json::json!({ "a": name(a), "b": name(b) });
        if labelled {
            let label = (place % 3) as f64 / 2.0;
            pair.as_object_mut().unwrap().insert("label".to_owned(), label.into());
        }
        format!("{pair}\n")
    };
    listed().into_iter().zip(0..).map(line).collect()
}

#[test]
fn listed_candidates() {
    let asking = ["--candidates", "candidates.jsonl", "--batch", "20", "--strategy", "dopt"];
    let case = Case::on_files(&asking, &["--iterations", "30"]);
    case.write("candidates.jsonl", lines_of(response, false).as_bytes());
    ends_as_a_run(&case, false);
}

#[test]
fn candidates_answer_as_somebody_has() {
    let asking = ["--candidates", "candidates.jsonl", "--batch", "60"];
    let mut case = Case::on_files(&asking, &["--iterations", "10"]);
    case.answers.clear();
    case.write("candidates.jsonl", lines_of(response, true).as_bytes());
    assert_eq!(case.run().len() as u64, ROUNDS);
    let number = |item: &Value| item[0].as_u64().unwrap() * 8 + item[1].as_u64().unwrap();
    let place = |line: &Value| {
        let pair = (number(&line["a"]), number(&line["b"]));
        listed().iter().position(|listed| *listed == pair).unwrap() as u64
    };
    let labels = fs::read_to_string(case.path("run/labels.jsonl")).unwrap();
    let labels: Vec<Value> =
        labels.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(labels.len(), 240);
    let mut asked: Vec<u64> = labels.iter().map(place).collect();
    for (line, place) in labels.iter().zip(&asked) {
        assert_eq!(line["label"].as_f64(), Some((place % 3) as f64 / 2.0), "{line}");
    }
    let settings = fs::read_to_string(case.path("run/settings.json")).unwrap();
    assert!(settings.contains("\"oracle\": \"recorded\""), "{settings}");
    let rest = ["--labels", "run/labels.jsonl", "--model", "run/model.safetensors"];
    let select = [&["select"], &rest[..], &case.asking, &case.common].concat();
    let (lines, _) = case.output(&select, "");
    for line in lines.lines() {
        let pair: Value = serde_json::from_str(line).unwrap();
        assert_eq!(pair["pair"], place(&pair), "{line}");
        asked.push(place(&pair));
    }
    asked.sort_unstable();
    assert!(asked.into_iter().eq(0..300), "each pair once");
}

/// The bundled file with its first two axes made one, in a header of the same length.
fn flat(path: &str, shape: &str, rows: &str) -> Vec<u8> {
    let file = fs::read(path).unwrap();
    let at = file.windows(shape.len()).position(|bytes| bytes == shape.as_bytes()).unwrap();
    let (before, rest) = file.split_at(at);
    let padded = format!("{rows:<width$}", width = shape.len());
    [before, padded.as_bytes(), &rest[shape.len()..]].concat()
}

/// Rows are items under other names: the same pairs, labels and models.
#[test]
fn rows_of_a_flat_file_do_as_responses_do() {
    // Held-out labels are chosen by prompt, which rows have none of.
    let training = ["--iterations", "20", "--early-stopping", "off"];
    let candidates = ["--candidates", "candidates.jsonl", "--batch", "20"];
    let all = ["--pool", "cross-prompt", "--batch", "20", "--prompts-per-round"];
    for asking in [&candidates[..], &[&all[..], &["104"]].concat()] {
        let mut prompts = Case::on_files(asking, &training);
        let rows = asking.iter().map(|option| if *option == "104" { "832" } else { option });
        let mut flat_file = Case::on_files(&rows.collect::<Vec<_>>(), &training);
        flat_file.write("flat.npy", &flat(EMBEDDINGS, "(104, 8, 384)", "(832, 384)"));
        flat_file.write("rewards.npy", &flat(REWARDS, "(104, 8)", "(832,)"));
        flat_file.common = vec!["--train-embeddings", "flat.npy", "--preset", "mlp"];
        flat_file.answers = vec!["--oracle", "argmax", "--train-rewards", "rewards.npy"];
        prompts.write("candidates.jsonl", lines_of(response, true).as_bytes());
        flat_file.write("candidates.jsonl", lines_of(Value::from, true).as_bytes());
        if asking == candidates {
            prompts.answers.clear();
            flat_file.answers.clear();
        }
        let (expected, found) = (prompts.run(), flat_file.run());
        for (expected, found) in expected.iter().zip(&found) {
            assert_eq!(expected["digest"], found["digest"]);
            assert_eq!(expected["log_det"], found["log_det"]);
        }
        let of_rows = asked(&flat_file.path("run/labels.jsonl"), 2);
        for ((a, b, score), (row_a, row_b, row_score)) in
            asked(&prompts.path("run/labels.jsonl"), 2).into_iter().zip(of_rows)
        {
            let named = |row: Value| response(row.as_u64().unwrap());
            assert_eq!((a, b, score), (named(row_a), named(row_b), row_score));
        }
        let labels = fs::read_to_string(flat_file.path("run/labels.jsonl")).unwrap();
        let model = flat_file.train(ROUNDS, &labels, false);
        assert_eq!(model["digest"], found[3]["digest"]);
        let (next, _) = flat_file.select(ROUNDS + 1, &labels);
        let first: Value = serde_json::from_str(next.lines().next().unwrap()).unwrap();
        assert!(first["a"].is_u64() && first["round"] == 5, "{first}");
    }
}

#[test]
fn the_summary_adds_up() {
    let case = Case::new(&["--strategy", "dopt"], &[], &[]);
    case.run();
    let known = ["--labels", "run/labels.jsonl", "--model", "run/model.safetensors"];
    let fixed = [&["select", "--strategy", "dopt"], &known[..]].concat();
    let (json, _) = case.output(&[&fixed[..], &["--json"]].concat(), "");
    let report: Value = serde_json::from_str(&json).unwrap();
    let number = |name: &str| report[name].as_f64().unwrap();
    assert_eq!((number("round"), number("offered")), (5.0, 78.0 * 28.0 - 80.0));
    assert_eq!(number("log_det_after"), number("log_det_before") + number("gain"));
    assert!(number("gain") > 0.0 && number("effective_items") <= number("items"));
    assert!(number("prompts") <= number("items") && number("items") <= 40.0);
    let pairs = report["pairs"].as_array().unwrap();
    for (pair, rank) in pairs.iter().zip(1..) {
        assert_eq!(pair["rank"], rank);
        let p = sigmoid(pair["margin"].as_f64().unwrap());
        assert!((pair["fisher_weight"].as_f64().unwrap() - p * (1.0 - p)).abs() < 1e-12);
    }
    let metrics = fs::read_to_string(case.path("run/metrics.jsonl")).unwrap();
    let last: Value = serde_json::from_str(metrics.lines().last().unwrap()).unwrap();
    assert_eq!(report["log_det_before"], last["log_det"]);
    assert_eq!(report["log_det_over_prior"], last["log_det_over_prior"]);
    let (lines, _) = case.output(&fixed, "");
    let printed: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(&printed, pairs);
    let (nothing, _) = case.output(&[&fixed[..], &["--out", "batch.jsonl"]].concat(), "");
    assert_eq!(
        (nothing.as_str(), fs::read_to_string(case.path("batch.jsonl")).unwrap()),
        ("", lines)
    );
}

#[test]
fn a_batch_of_nothing_is_no_error() {
    let case = Case::new(&[], &[], &[]);
    let mut labels = String::new();
    for (a, b) in (0..8).flat_map(|b| (0..b).map(move |a| (a, b))) {
        for prompt in 0..78 {
            let line = format!("{{\"a\":[{prompt},{a}],\"b\":[{prompt},{b}],\"label\":1}}\n");
            labels.push_str(&line);
        }
    }
    let (lines, summary) =
        case.output(&["select", "--labels", "-", "--strategy", "random"], &labels);
    assert_eq!(lines, "");
    assert!(summary.contains("no pair is left to ask about"), "{summary}");
}

#[test]
fn what_cannot_be_selected_or_measured_is_said() {
    let case = Case::new(&[], &[], &[]);
    case.run();
    let refused = |arguments: &[&str], message: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_pairpick"))
            .current_dir(case.folder.path())
            .args(arguments)
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(message) && output.stdout.is_empty(), "{message:?}: {stderr}");
    };
    let labels = ["--labels", "run/labels.jsonl"];
    refused(&[&["select"], &labels[..]].concat(), "needs --model");
    refused(&["select", "--batch", "3000"], "--batch 3000: at most 2184");
    refused(&["select", "--model", "run/labels.jsonl"], "not a model of pairpick");
    let both = ["select", "--model", "run/model.safetensors", "--hidden", "8,8,8"];
    refused(&both, "cannot be used with");
    refused(&["eval"], "--model");
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 5), }\n";
    let mut npy = b"\x93NUMPY\x01\x00".to_vec();
    npy.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    npy.extend(header.as_bytes());
    npy.extend([0; 2 * 3 * 5 * 4]);
    fs::write(case.path("test.npy"), npy).unwrap();
    let eval = ["eval", "--model", "run/model.safetensors", "--test-embeddings", "test.npy"];
    let small = "test.npy: embeddings of 5 numbers, but the model run/model.safetensors takes 384";
    refused(&eval, small);
    refused(&["eval", "--model", "run/model.safetensors", "--test-rewards", "r.npy"], "--test-emb");
}
