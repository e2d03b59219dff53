//! Answers as people give them: votes, probabilities, weights, annotators and whatever else a line
//! says; and that nothing depends on which item of a pair a line calls `a`.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::command::pairpick;
use crate::npy::npy;
use crate::outcome::told;

const ROWS: u64 = 60;

/// A network whose last layer is fitted in no time.
const SMALL: [&str; 4] = ["--preset", "mlp", "--hidden", "8,8,6"];

/// Numbers below `below` that look like any others.
struct Draws(u64);

impl Draws {
    fn next(&mut self, below: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// A folder with embeddings of shape (60, 6).
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let mut draws = Draws(1);
    let values: Vec<f32> =
        (0..ROWS * 6).map(|_| draws.next(2_000) as f32 / 1_000.0 - 1.0).collect();
    let file = npy(&[ROWS as usize, 6], |place| values[place]);
    fs::write(folder.path().join("e.npy"), file).unwrap();
    folder
}

fn write(folder: &Path, name: &str, lines: &[Value]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(folder.join(name), text).unwrap();
}

fn lines(folder: &Path, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder.join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// So many pairs, none twice, the smaller item first.
fn pairs(count: usize, draws: &mut Draws) -> Vec<(u64, u64)> {
    let mut pairs: Vec<(u64, u64)> = Vec::new();
    while pairs.len() < count {
        let (a, b) = (draws.next(ROWS), draws.next(ROWS));
        let pair = (a.min(b), a.max(b));
        if a != b && !pairs.contains(&pair) {
            pairs.push(pair);
        }
    }
    pairs
}

fn assert_near(own: &Value, other: &Value, most: f64, what: &str) {
    let (own, other) = (own.as_f64().unwrap(), other.as_f64().unwrap());
    assert!((own - other).abs() < most * (1.0 + other.abs()), "{what}: {own} and {other}");
}

/// Trains, fits, selects and measures on two files of labels, the second of which says by more lines
/// what the first does: all of it must come to the same.
fn teach_the_same(folder: &Path, short: &[Value], long: &[Value]) {
    write(folder, "short.jsonl", short);
    write(folder, "long.jsonl", long);
    let both = |arguments: &[&str]| {
        ["short.jsonl", "long.jsonl"].map(|labels| {
            let out = ["--out", &format!("{labels}.safetensors"), "--force"];
            let out = if arguments[0] == "train" { &out[..] } else { &[] };
            let name = if arguments[0] == "eval" { "--test-labels" } else { "--labels" };
            let all = [arguments, &["--repeats", "keep", name, labels], out].concat();
            told(folder, &all).0
        })
    };
    let data = ["--train-embeddings", "e.npy"];
    let [own, other] = both(&[&["train"], &data[..], &SMALL].concat());
    assert_eq!(own["answers"], other["answers"]);
    for (own, other) in
        own["losses"].as_array().unwrap().iter().zip(other["losses"].as_array().unwrap())
    {
        for loss in ["training", "held_out"] {
            assert_near(&own[loss], &other[loss], 1e-4, loss);
        }
    }
    for prior in ["1", "auto", "auto-cv"] {
        let last =
            ["--last-layer", "--model", "short.jsonl.safetensors", "--prior-precision", prior];
        // Fitted to a copy, so that both begin with the same trunk.
        fs::copy(folder.join("short.jsonl.safetensors"), folder.join("m.safetensors")).unwrap();
        let last =
            last.map(|option| if option.ends_with("tensors") { "m.safetensors" } else { option });
        let [own, other] = both(&[&["train"], &data[..], &last].concat());
        for figure in ["prior_precision", "log_likelihood", "log_posterior", "log_det", "answers"] {
            assert_near(&own[figure], &other[figure], 1e-9, figure);
        }
    }
    let model = ["--model", "m.safetensors"];
    let asking =
        ["--pool", "cross-prompt", "--prompts-per-round", "60", "--strategy", "greedy-dopt"];
    let [own, other] = both(&[&["select"], &data[..], &model, &asking].concat());
    for figure in ["log_det_before", "gain"] {
        assert_near(&own[figure], &other[figure], 1e-9, figure);
    }
    assert_eq!(own["digest"], other["digest"], "the batch");
    let [own, other] = both(&[&["eval", "--test-embeddings", "e.npy"], &model[..]].concat());
    let (own, other) = (&own["held_out"], &other["held_out"]);
    for figure in ["answers", "untied", "accuracy", "log_loss", "expected_calibration_error"] {
        assert_near(&own[figure], &other[figure], 1e-9, figure);
    }
}

#[test]
fn votes_count_as_lines_of_their_own() {
    let folder = folder();
    let mut draws = Draws(7);
    let (mut short, mut long) = (Vec::new(), Vec::new());
    for (a, b) in pairs(80, &mut draws) {
        let votes = [draws.next(4), draws.next(4), draws.next(3) + 1];
        short.push(json!({"a": a, "b": b, "votes": votes}));
        for (count, label) in votes.into_iter().zip([1.0, 0.0, 0.5]) {
            long.extend((0..count).map(|_| json!({"a": a, "b": b, "label": label})));
        }
    }
    teach_the_same(folder.path(), &short, &long);
}

#[test]
fn weights_and_probabilities_count_as_lines_of_their_own() {
    let folder = folder();
    let mut draws = Draws(8);
    let (mut short, mut long) = (Vec::new(), Vec::new());
    for (a, b) in pairs(60, &mut draws) {
        let (first, second) = (draws.next(4), draws.next(4) + 1);
        let weight = first + second;
        // Where nobody prefers a or b, a label.
        let label = first as f64 / weight as f64;
        short.push(json!({"a": a, "b": b, "label": label, "weight": weight}));
        let line = |label: u8| json!({"a": a, "b": b, "label": label});
        // A tie is half of each.
        long.extend((0..first).map(|_| line(1)));
        long.extend((0..second).map(|_| line(0)));
    }
    // Ties would be counted apart.
    let untied = |line: &&Value| line["label"] != json!(0.5);
    let kept: Vec<Value> = short.iter().filter(untied).cloned().collect();
    let is_kept =
        |line: &&Value| kept.iter().any(|own| (&own["a"], &own["b"]) == (&line["a"], &line["b"]));
    let long: Vec<Value> = long.iter().filter(is_kept).cloned().collect();
    teach_the_same(folder.path(), &kept, &long);
}

/// The same answer to the pair the other way round.
fn turned(line: &Value) -> Value {
    let mut line = line.clone();
    let own = line.clone();
    line["a"] = own["b"].clone();
    line["b"] = own["a"].clone();
    if let Some(votes) = own["votes"].as_array() {
        line["votes"] = json!([votes[1], votes[0], votes[2]]);
    }
    if let Some(label) = own["label"].as_f64() {
        // As a person would write it: 0.3 for 0.7.
        line["label"] = json!(((1.0 - label) * 1000.0).round() / 1000.0);
    }
    if let Some(margin) = own["margin"].as_f64() {
        line["margin"] = json!(0.0 - margin);
    }
    line
}

/// The pair with its smaller item first, 1 and 1.0 alike.
fn ascending(line: &Value) -> Value {
    match line["a"].as_u64() < line["b"].as_u64() {
        true => turned(&turned(line)),
        false => turned(line),
    }
}

/// Lines of every form.
fn answers(count: usize, draws: &mut Draws) -> Vec<Value> {
    let pairs = pairs(count, draws);
    let line = |(place, (a, b)): (usize, (u64, u64))| {
        let mut line = json!({"a": a, "b": b, "id": format!("pair {place}")});
        match place % 4 {
            0 => line["label"] = json!([0.0, 0.5, 1.0][draws.next(3) as usize]),
            1 => line["label"] = json!(draws.next(1_001) as f64 / 1_000.0),
            2 => line["votes"] = json!([draws.next(5), draws.next(5), draws.next(3) + 1]),
            _ => {
                line["label"] = json!(draws.next(2));
                line["weight"] = json!((draws.next(30) + 1) as f64 / 10.0);
            }
        }
        line
    };
    pairs.into_iter().enumerate().map(line).collect()
}

/// What the commands make of labels, test labels and candidates in a folder.
fn everything(folder: &Path) -> Vec<Value> {
    let data = ["--train-embeddings", "e.npy"];
    let with = |command: &'static str, options: &[&'static str]| {
        let arguments = [&[command], options].concat();
        told(folder, &arguments).0
    };
    let mut found = Vec::new();
    for training in [&[][..], &["--early-stopping", "off", "--minibatch", "9"]] {
        let options =
            [&data[..], &["--labels", "labels.jsonl", "--force"], &SMALL, training].concat();
        found.push(with("train", &options));
    }
    let model = ["--labels", "labels.jsonl", "--model", "model.safetensors"];
    for prior in ["auto", "auto-cv"] {
        let last =
            ["--last-layer", "--prior-precision", prior, "--out", "last.safetensors", "--force"];
        found.push(with("train", &[&data[..], &model, &last].concat()));
    }
    let test = ["--test-embeddings", "e.npy", "--test-labels", "test.jsonl"];
    found.push(with("eval", &[&test[..], &model[2..]].concat()));
    let listed = ["--candidates", "candidates.jsonl"];
    for strategy in ["dopt", "coreset"] {
        let asking = ["--strategy", strategy, "--batch", "10"];
        let mut report = with("select", &[&data[..], &model, &listed, &asking].concat());
        let pairs = report["pairs"].as_array_mut().unwrap();
        pairs.iter_mut().for_each(|pair| *pair = ascending(pair));
        found.push(report);
    }
    let run = ["--batch", "12", "--rounds", "3", "--out", "run", "--force"];
    let mut report = with("run", &[&data[..], &listed, &run, &SMALL].concat());
    for round in report["rounds"].as_array_mut().unwrap() {
        round["seconds"] = Value::Null;
    }
    found.push(report);
    let settings = fs::read_to_string(folder.join("run/settings.json")).unwrap();
    found.push(Value::String(settings));
    found.extend(lines(folder, "run/labels.jsonl").iter().map(ascending));
    found
}

/// The figures, the models and the batches: only what repeats the lines of a file has their order.
#[test]
fn no_result_depends_on_which_item_is_called_a() {
    let folder = folder();
    let folder = folder.path();
    for seed in 0..2 {
        let mut draws = Draws(seed);
        let files = ["labels.jsonl", "test.jsonl", "candidates.jsonl"];
        let given = files.map(|_| answers(90, &mut draws));
        files.iter().zip(&given).for_each(|(name, lines)| write(folder, name, lines));
        let expected = everything(folder);
        for (name, lines) in files.iter().zip(&given) {
            let any = |line: &Value| match draws.next(2) {
                0 => turned(line),
                _ => line.clone(),
            };
            write(folder, name, &lines.iter().map(any).collect::<Vec<_>>());
        }
        for (own, other) in everything(folder).iter().zip(&expected) {
            assert_eq!(own, other);
        }
    }
}

/// What is asked about again stands as it stood, and what does not train is not lost.
#[test]
fn lines_are_passed_on_as_they_are() {
    let folder = folder();
    let folder = folder.path();
    let given = [
        "{\"a\":9,\"b\":4,\"votes\":[3,1,1],\"weight\":0.5,\"id\":12345678901234567890123}",
        "{\"text_a\":\"so\\u009b ö\",\"a\":4,\"b\":7,\"label\":0.3,\"topic\":{\"of\": [1.50, null]}}",
        "{\"a\":7,\"b\":2,\"label\":1.0,\"annotator\":\"x\",\"seconds\":2.5,\"note\":\"n\",\"text\":\"t\"}",
    ];
    fs::write(folder.join("candidates.jsonl"), given.join("\n")).unwrap();
    let listed = [
        "--preset",
        "mlp",
        "--train-embeddings",
        "e.npy",
        "--candidates",
        "candidates.jsonl",
        "--batch",
        "3",
    ];
    let of = |name: &str, item: u64| {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        let start = format!("\"a\":{item},");
        text.lines().find(|line| line.contains(&start)).unwrap().to_owned()
    };
    let run = ["run", "--rounds", "1", "--oracle", "recorded-all", "--out", "run"];
    told(folder, &[&run, &listed[..]].concat());
    let written = |line: &str| format!("{{\"round\":1,{line},\"score\":null");
    let labels = "run/labels.jsonl";
    let first = "\"a\":9,\"b\":4,\"votes\":[3,1,1],\"weight\":0.5";
    let id = ",\"id\":12345678901234567890123}";
    assert_eq!(of(labels, 9), written(first) + id);
    let second = "\"a\":4,\"b\":7,\"label\":0.3";
    let topic = ",\"text_a\":\"so\\u009b ö\",\"topic\":{\"of\": [1.50, null]}}";
    assert_eq!(of(labels, 4), written(second) + topic);
    let third = "\"a\":7,\"b\":2,\"label\":1";
    let note = ",\"annotator\":\"x\",\"seconds\":2.5,\"note\":\"n\",\"text\":\"t\"}";
    assert_eq!(of(labels, 7), written(third) + note);
    told(folder, &[&["select", "--out", "batch.jsonl"], &listed[..]].concat());
    let batch = |item: u64| of("batch.jsonl", item);
    assert!(
        batch(9).contains("\"a\":9,\"b\":4,")
            && batch(9).ends_with(&format!(",\"weight\":0.5{id}"))
    );
    assert!(batch(4).ends_with(topic) && batch(7).ends_with(note));
    let kept = ["label", "votes"].map(|field| batch(9).contains(&format!("\"{field}\"")));
    assert_eq!(kept, [false; 2], "it is asked about");
    // What a run was taught can be taught again.
    let model = |labels: &str| {
        let train = [
            "train",
            "--preset",
            "mlp",
            "--train-embeddings",
            "e.npy",
            "--labels",
            labels,
            "--force",
        ];
        told(folder, &train).0["digest"].clone()
    };
    assert_eq!(model(labels), lines(folder, "run/metrics.jsonl")[0]["digest"]);
}

/// One of a pair's votes is what asking one person comes to, and what the line writes.
#[test]
fn one_of_several_recorded_answers_is_drawn() {
    let folder = folder();
    let folder = folder.path();
    let votes = |place: u64| json!({"a": place + 1, "b": place, "votes": [3, 1, 1], "weight": 0.5});
    let single = json!({"a": 50, "b": 55, "label": 0.25});
    let given: Vec<Value> = (0..40).map(votes).chain([single]).collect();
    write(folder, "candidates.jsonl", &given);
    let listed = ["--train-embeddings", "e.npy", "--candidates", "candidates.jsonl"];
    let asking = ["--batch", "41", "--rounds", "1", "--seed"];
    let drawn = |seed: &str, out: &str| {
        told(folder, &[&["run", "--out", out], &listed[..], &asking, &[seed]].concat());
        let labels = lines(folder, &format!("{out}/labels.jsonl"));
        let (votes, single): (Vec<&Value>, Vec<&Value>) =
            labels.iter().partition(|line| line["b"] != 55);
        assert!(single.len() == 1 && single[0]["label"] == 0.25, "{single:?}");
        assert!(votes.iter().all(|line| line["weight"] == 0.5 && line.get("votes").is_none()));
        let count = |label: f64| votes.iter().filter(|line| line["label"] == label).count();
        let counts = [count(1.0), count(0.0), count(0.5)];
        assert_eq!(counts[0] + counts[1] + counts[2], 40);
        assert!(counts[0] > 15 && counts[1] > 1 && counts[2] > 1, "{counts:?}");
        let answer = |line: &&Value| (line["a"].as_u64(), line["label"].as_f64());
        let mut answers: Vec<_> = votes.iter().map(answer).collect();
        answers.sort_by_key(|(item, _)| *item);
        answers
    };
    assert_ne!(drawn("1", "one"), drawn("2", "two"));
}

/// The figures that `select` writes beside a pair are no weight of the answer that is added there.
#[test]
fn a_selection_s_figures_weigh_no_answer() {
    let folder = folder();
    let folder = folder.path();
    let data = ["--train-embeddings", "e.npy"];
    let pool = ["--pool", "cross-prompt", "--prompts-per-round", "60", "--batch", "40"];
    let (report, _) = told(folder, &[&["select"], &data[..], &pool].concat());
    let label = |pair: &Value| {
        let mut pair = pair.clone();
        pair["label"] = json!(pair["rank"].as_u64().unwrap() % 2);
        pair
    };
    let labelled: Vec<Value> = report["pairs"].as_array().unwrap().iter().map(label).collect();
    let bare = |line: &Value| json!({"a": line["a"], "b": line["b"], "label": line["label"]});
    write(folder, "labelled.jsonl", &labelled);
    write(folder, "bare.jsonl", &labelled.iter().map(bare).collect::<Vec<_>>());
    let model = |labels: &str| {
        let train = [&["train", "--labels", labels, "--force"], &data[..]].concat();
        told(folder, &train).0["digest"].clone()
    };
    let expected = model("bare.jsonl");
    assert_eq!(model("labelled.jsonl"), expected);
    // A weight that a person adds counts all the same.
    let weighted: Vec<Value> = labelled
        .iter()
        .zip(1..)
        .map(|(line, weight)| {
            let mut line = line.clone();
            line["weight"] = json!(weight);
            line
        })
        .collect();
    write(folder, "weighted.jsonl", &weighted);
    assert_ne!(model("weighted.jsonl"), expected);
}

#[test]
fn people_who_answer_alike_are_told_from_those_who_do_not() {
    let folder = folder();
    let folder = folder.path();
    let line = |a: u64, b: u64, label: f64, annotator: &str| json!({"a": a, "b": b, "label": label, "annotator": annotator});
    let labels = [
        line(0, 1, 1.0, "ann"),
        line(1, 0, 0.0, "bob"),
        line(0, 1, 1.0, "cy"),
        line(2, 3, 1.0, "ann"),
        line(2, 3, 1.0, "bob"),
        line(3, 2, 1.0, "cy"),
        line(4, 5, 0.5, "ann"),
        json!({"a": 5, "b": 4, "votes": [1, 0, 2]}),
        line(6, 7, 0.0, "bob"),
        json!({"a": 6, "b": 7, "label": 0.25, "annotator": 17}),
    ];
    write(folder, "labels.jsonl", &labels);
    let train = ["train", "--train-embeddings", "e.npy", "--labels", "labels.jsonl", "--force"];
    let (report, said) = told(folder, &[&train[..], &["--repeats", "keep"]].concat());
    let alike = (3.0 + 1.0 + 3.0) / (3.0 + 3.0 + 6.0);
    let person = |annotator: &str, answers: u64, compared: u64, agreement: Option<f64>| {
        json!({
            "annotator": annotator, "answers": answers, "compared": compared, "agreement": agreement
        })
    };
    let expected = json!({
        "pairs": 3,
        "unanimous": 1.0 / 3.0,
        "alike": alike,
        "annotators": [
            person("17", 0, 0, None),
            person("ann", 3, 7, Some(5.0 / 7.0)),
            person("bob", 3, 4, Some(3.0 / 4.0)),
            person("cy", 2, 4, Some(2.0 / 4.0)),
        ],
    });
    assert_eq!(report["agreement"], expected);
    assert!(said.contains("of 3 pairs with several answers 33.3 % have all alike"), "{said}");
    assert!(said.contains("alike in 58.3 %") && said.contains("ann 71.4 % of 7"), "{said}");
    // Every command that reads labels tells it to programs.
    let data = ["--train-embeddings", "e.npy", "--repeats", "keep", "--model", "model.safetensors"];
    let labels = ["--labels", "labels.jsonl"];
    let select = ["select", "--pool", "cross-prompt", "--batch", "3"];
    let score = ["score", "--embeddings", "e.npy"];
    for command in [&select[..], &score] {
        let (report, _) = told(folder, &[command, &data[..], &labels].concat());
        assert_eq!(report["agreement"], expected, "{command:?}");
    }
    let eval = ["eval", "--test-embeddings", "e.npy", "--test-labels", "labels.jsonl"];
    let (report, _) = told(folder, &[&eval[..], &data[2..]].concat());
    assert_eq!(report["held_out"]["agreement"], expected);
    let refused = pairpick(folder, &train);
    assert_eq!(refused.status.code(), Some(2), "repeats are an error elsewhere");
    write(folder, "labels.jsonl", &[json!({"a": 0, "b": 1, "label": 1, "annotator": [1]})]);
    let refused = pairpick(folder, &[&train[..], &["--repeats", "keep"]].concat());
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("labels.jsonl: line 1: annotator: a name or a whole number"), "{said}");
}
