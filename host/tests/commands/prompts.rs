//! Prompts of any size: rows whose prompts ids tell, in every form of a file, through every command.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::command::pairpick;
use crate::npy::npy;
use crate::refusal::refused;

/// Prompts and responses of data that has both shapes.
const PROMPTS: usize = 9;
const RESPONSES: usize = 4;

/// D.
const DIMENSIONS: usize = 5;

const SETTINGS: [&str; 13] = [
    "--preset",
    "mlp",
    "--rounds",
    "3",
    "--batch",
    "4",
    "--iterations",
    "4",
    "--warm-up",
    "1",
    "--hidden",
    "4,4,4",
    "--json",
];

/// Rows of prompts of unlike sizes, two of which have a single response.
const SIZES: [usize; 8] = [3, 1, 5, 2, 4, 1, 6, 3];

fn value(row: usize, dimension: usize) -> f32 {
    ((row * 31 + dimension * 17 + row * dimension * 7) % 101) as f32 / 50.0 - 1.0
}

fn reward(row: usize) -> f32 {
    ((row * 37) % 23) as f32 / 10.0
}

struct Case(TempDir);

impl Case {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), bytes).unwrap();
    }

    /// Embeddings and rewards, of which row r is the row `rows[r]` of the whole.
    fn write_rows(&self, name: &str, shape: &[usize], rows: &[usize]) {
        let embeddings = npy(&[shape, &[DIMENSIONS]].concat(), |place| {
            value(rows[place / DIMENSIONS], place % DIMENSIONS)
        });
        self.write(&format!("{name}.npy"), embeddings);
        self.write(&format!("{name}_rewards.npy"), npy(shape, |place| reward(rows[place])));
    }

    /// Rows of prompts of these sizes, and a text of their ids.
    fn with_sizes(sizes: &[usize]) -> Self {
        let case = Self::new();
        case.write_sizes("e", sizes, 0);
        case
    }

    /// The rows of the whole from one on, as prompts of these sizes.
    fn write_sizes(&self, name: &str, sizes: &[usize], first: usize) {
        let id = |(prompt, size): (usize, &usize)| vec![format!("prompt {prompt}\n"); *size];
        let ids: Vec<String> = sizes.iter().enumerate().flat_map(id).collect();
        let rows: Vec<usize> = (first..first + ids.len()).collect();
        self.write_rows(name, &[rows.len()], &rows);
        self.write(&format!("{name}_ids.txt"), ids.concat());
    }

    fn run(&self, arguments: &[&str]) -> (String, String) {
        let output = pairpick(self.path(), arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {stderr}");
        (String::from_utf8(output.stdout).unwrap(), stderr)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.run(arguments).0).unwrap()
    }

    fn fails(&self, arguments: &[&str], message: &[&str]) {
        refused(self.path(), arguments, message);
    }
}

/// What rounds come to, but for their time.
fn rounds(report: &Value) -> Vec<Value> {
    let mut rounds = report["rounds"].as_array().unwrap().clone();
    rounds.iter_mut().for_each(|round| round["seconds"] = Value::Null);
    rounds
}

fn labels(case: &Case, out: &str) -> Vec<Value> {
    let text = fs::read_to_string(case.path().join(out).join("labels.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const FLAT: [&str; 8] = [
    "--train-embeddings",
    "flat.npy",
    "--train-rewards",
    "flat_rewards.npy",
    "--test-embeddings",
    "flat.npy",
    "--test-rewards",
    "flat_rewards.npy",
];

/// Every strategy that knows of prompts in a way of its own, and every kind of pool.
const WAYS: [&[&str]; 4] = [
    &["--strategy", "dopt", "--distinct", "prompt:2", "--first-round", "model"],
    &["--strategy", "robust-v-opt", "--prompts-per-round", "5"],
    &["--strategy", "greedy-v-opt", "--pool", "cross-prompt", "--prompts-per-round", "3"],
    &["--strategy", "random", "--prompts-per-round", "2", "--prior-precision", "auto-cv"],
];

/// (N, K, D) is the short form of rows with ids, whatever their order in the file.
#[test]
fn rows_with_ids_are_the_same_run_as_an_array_with_prompts() {
    let case = Case::new();
    let rows: Vec<usize> = (0..PROMPTS * RESPONSES).collect();
    // The first responses of all prompts, then all second ones, and so on.
    let apart: Vec<usize> =
        rows.iter().map(|row| row % PROMPTS * RESPONSES + row / PROMPTS).collect();
    case.write_rows("whole", &[PROMPTS, RESPONSES], &rows);
    for way in WAYS {
        let whole = FLAT.map(|name| name.replace("flat", "whole"));
        let whole: Vec<&str> = whole.iter().map(String::as_str).collect();
        let run = ["run", "--force", "--out", "whole"];
        let whole = case.json(&[&run[..], &SETTINGS, way, &whole].concat());
        let expected = labels(&case, "whole");
        for order in [&rows, &apart] {
            case.write_rows("flat", &[rows.len()], order);
            let ids: String = order.iter().map(|row| format!("{}\n", row / RESPONSES)).collect();
            case.write("ids", ids);
            let run = ["run", "--force", "--out", "flat", "--train-prompt-ids", "ids"];
            let ids = ["--test-prompt-ids", "ids"];
            let flat = case.json(&[&run[..], &SETTINGS, way, &FLAT, &ids].concat());
            assert_eq!(rounds(&flat), rounds(&whole), "{way:?}");
            let row = |name: &Value| {
                let at = |place: usize| name[place].as_u64().unwrap() as usize;
                let row = at(0) * RESPONSES + at(1);
                Value::from(order.iter().position(|other| *other == row).unwrap())
            };
            for (label, mut expected) in labels(&case, "flat").into_iter().zip(expected.clone()) {
                let items = ["a", "b"].map(|item| row(&expected[item]));
                [expected["a"], expected["b"]] = items;
                assert_eq!(label, expected, "{way:?}");
            }
        }
    }
}

/// A `.npy` file of these bytes.
fn npy_of(descr: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    [&file[..], header.as_bytes(), bytes].concat()
}

#[test]
fn ids_are_read_in_every_form() {
    let ids = [7_i64, 7, -1, 7, 300];
    let case = Case::new();
    case.write_rows("flat", &[5], &[0, 1, 2, 3, 4]);
    let run = ["run", "--train-prompt-ids", "ids", "--force", "--out", "out", "--rounds", "1"];
    let run =
        [&run[..], &["--preset", "mlp", "--iterations", "1", "--batch", "3"], &FLAT[..4]].concat();
    let digest = |fields: &[&str]| {
        case.run(&[&run[..], fields].concat());
        let text = fs::read(case.path().join("out/settings.json")).unwrap();
        let settings: Value = serde_json::from_slice(&text).unwrap();
        let train = settings["data"]["train"].clone();
        assert_eq!(train["prompts"], 3);
        let sizes = serde_json::json!([
            {"responses": 3, "prompts": 1},
            {"responses": 1, "prompts": 2},
        ]);
        assert_eq!(train["responses"], sizes);
        train["prompt_ids"].as_str().unwrap().to_owned()
    };
    case.write("ids", "a\na\nb b\r\na\nc");
    let expected = digest(&[]);
    let little: Vec<u8> = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
    let big: Vec<u8> = ids.iter().flat_map(|id| (*id as i16).to_be_bytes()).collect();
    let wide: Vec<u8> =
        ids.iter().flat_map(|id| [*id as u32, 0]).flat_map(u32::to_le_bytes).collect();
    for (descr, shape, bytes) in [
        ("<i8", "(5,)", &little[..]),
        ("<u8", "(5, 1)", &little),
        (">i2", "(5,)", &big),
        ("|S1", "(5,)", b"aabac"),
        ("<U2", "(5,)", &wide),
    ] {
        case.write("ids", npy_of(descr, shape, bytes));
        assert_eq!(digest(&[]), expected, "{descr}");
    }
    let record = |id: &i64| {
        let (topic, stance) = (*id > 0, id % 4);
        format!("{{\"prompt_id\":\"{id}\",\"topic\":{topic},\"side\":{{\"s\":{stance}}}}}\n")
    };
    let records: String = ids.iter().map(record).collect();
    case.write("ids", format!("\n{records}\n"));
    assert_eq!(digest(&[]), expected);
    assert_eq!(digest(&["--prompt-fields", "topic,side"]), expected);
    let text = "x".repeat(200_000);
    case.write("ids", records.replace("\"topic\"", &format!("\"text\":\"{text}\",\"topic\"")));
    assert_eq!(digest(&[]), expected, "a record may hold long texts");
}

#[test]
fn ids_that_do_not_fit_are_refused() {
    let case = Case::with_sizes(&[2, 2]);
    let run = |ids: &[u8], options: &[&str], message: &[&str]| {
        case.write("ids", ids);
        let data = ["--train-embeddings", "e.npy", "--train-prompt-ids", "ids"];
        let rewards = ["--train-rewards", "e_rewards.npy"];
        case.fails(&[&["run"], &data[..], &rewards, options].concat(), message);
        case.fails(&[&["select"], &data[..], options].concat(), message);
    };
    run(b"a\na\nb\n", &[], &["ids: 3 prompt ids for e.npy: shape (4, 5)", "an id a row"]);
    run(b"a\na\n\nb\nb\n", &[], &["ids: line 3: empty"]);
    run(b"", &[], &["ids: 0 prompt ids"]);
    run(b"a\n\xff\nb\nb\n", &[], &["ids: line 2: no text"]);
    run(b"a\nb\nc\nd\n", &[], &["e.npy: every row has a prompt id of its own"]);
    run(b"a\na\nb\nb\n", &["--prompt-fields", "id"], &["--prompt-fields id", "JSON Lines"]);
    let record = b"{\"prompt_id\":1}\n{\"id\":2,\"row\":3}\n";
    run(record, &[], &["ids: line 2: no \"prompt_id\"", "--prompt-fields", "of id, row"]);
    run(b"{\"prompt_id\":null}\n", &[], &["ids: line 1: no \"prompt_id\""]);
    run(b"{\"prompt_id\":1}\nb\n", &[], &["ids: line 2:"]);
    let array = |descr, shape, bytes: usize| npy_of(descr, shape, &vec![0; bytes]);
    run(&array("<f4", "(4,)", 16), &[], &["ids: element type '<f4'; prompt ids are integers"]);
    run(&array("<i4", "(2, 2)", 16), &[], &["ids: shape (2, 2); prompt ids are integers"]);
    run(&array("<i4", "(4,)", 15), &[], &["ids: 3 of 4 ids, where the file ends"]);
    run(&array("<i4", "(4,)", 17), &[], &["ids: bytes after the end"]);
    run(&array("|O", "(4,)", 16), &[], &["ids: element type '|O'"]);
    case.write_rows("e", &[2, 2], &[0, 1, 2, 3]);
    run(b"a\na\nb\nb\n", &[], &["ids: prompt ids for e.npy: shape (2, 2, 5)", "(M rows"]);
    let folder = ["select", "--train-embeddings", "e.npy", "--train-prompt-ids", "."];
    case.fails(&folder, &[".: a folder; prompt ids are"]);
    let missing = ["select", "--train-embeddings", "e.npy", "--train-prompt-ids", "none"];
    case.fails(&missing, &["none: no such file"]);
}

#[test]
fn arrays_that_are_filled_up_with_nan_are_told_of_ids() {
    let case = Case::new();
    let data = ["run", "--train-embeddings", "e.npy", "--train-rewards", "r.npy"];
    // Prompt 1 has one response of three.
    let padded = |place: usize| match (20..30).contains(&place) {
        true => f32::NAN,
        false => place as f32,
    };
    case.write("e.npy", npy(&[3, 3, DIMENSIONS], padded));
    case.write("r.npy", npy(&[3, 3], |place| place as f32));
    let advice = ["--train-prompt-ids or --test-prompt-ids", "(M rows, D dimensions)"];
    case.fails(&data, &[&["e.npy: NaN in all 5 numbers at [1, 1] "], &advice[..]].concat());
    case.write("r.npy", npy(&[3, 3], |place| padded(place * DIMENSIONS)));
    case.fails(&data, &[&["r.npy: NaN from [1, 1] "], &advice[..]].concat());
    // A single one is no filling.
    case.write("r.npy", npy(&[3, 3], |place| if place == 4 { f32::NAN } else { 0.0 }));
    case.fails(&data, &["r.npy: NaN at [1, 1] ", "golden rewards must be finite"]);
}

const TEST: [&str; 6] = [
    "--test-embeddings",
    "e.npy",
    "--test-rewards",
    "e_rewards.npy",
    "--test-prompt-ids",
    "e_ids.txt",
];

fn trained() -> Case {
    let case = Case::with_sizes(&SIZES);
    case.write("labels.jsonl", "{\"a\":0,\"b\":1,\"label\":1}\n{\"a\":5,\"b\":7,\"label\":0}\n");
    let ids = ["--train-embeddings", "e.npy", "--train-prompt-ids", "e_ids.txt"];
    let quick = [
        "train",
        "--preset",
        "mlp",
        "--labels",
        "labels.jsonl",
        "--iterations",
        "2",
        "--out",
        "model",
    ];
    case.run(&[&quick[..], &ids].concat());
    case
}

/// A mean over prompts is that of the prompts of each size, by how many these are.
#[test]
fn metrics_are_means_over_the_prompts_that_have_the_responses() {
    let case = trained();
    let eval = ["eval", "--model", "model", "--json", "--best-of", "2,4"];
    let golden = |arguments: &[&str], best_of: &str| {
        let report = case.json(&[&eval[..5], &[best_of], arguments].concat());
        report["golden"].clone()
    };
    let ragged = golden(&TEST, "2,4");
    let sized = |size: usize| {
        let mut first = 0;
        let mut rows = Vec::new();
        for own in SIZES {
            rows.extend((first..first + own).filter(|_| own == size));
            first += own;
        }
        case.write_rows("own", &[rows.len() / size, size], &rows);
        let own = ["--test-embeddings", "own.npy", "--test-rewards", "own_rewards.npy"];
        (rows.len() / size, golden(&own, if size < 4 { "2" } else { "2,4" }))
    };
    let parts: Vec<(usize, Value)> = [2, 3, 4, 5, 6].map(sized).to_vec();
    for (least, figure) in [(2, "/one_minus_spearman"), (2, "/best_of_n/2"), (4, "/best_of_n/4")] {
        let of = |golden: &Value| golden.pointer(figure).unwrap().as_f64().unwrap();
        let (mut sum, mut count) = (0.0, 0.0);
        for ((prompts, golden), _) in parts.iter().zip(2..).filter(|(_, size)| *size >= least) {
            sum += *prompts as f64 * of(golden);
            count += *prompts as f64;
        }
        assert!((of(&ragged) - sum / count).abs() < 1e-12, "{figure}: {ragged}, {sum} of {count}");
    }
}

#[test]
fn what_counts_for_nothing_is_said() {
    let case = trained();
    let eval = [&["eval", "--model", "model", "--best-of", "2,4"], &TEST[..]].concat();
    let (_, stderr) = case.run(&eval);
    let single = "e.npy: 2 of 8 test prompts have a single response, and count for nothing";
    let few = "e.npy: best of 4 is of the 3 test prompts that have as many responses";
    assert!(stderr.contains(single) && stderr.contains(few), "{stderr}");
    assert!(!stderr.contains("best of 2"), "{stderr}");
    case.fails(&[&eval[..4], &["7"], &TEST].concat(), &["--best-of 7: at most 6"]);
    let select = ["select", "--train-embeddings", "e.npy", "--batch", "3"];
    let ids = ["--train-prompt-ids", "e_ids.txt"];
    let (_, stderr) = case.run(&[&select[..], &ids].concat());
    assert!(stderr.contains("e.npy: 2 of 8 prompts have a single response, which makes no pair"));
    let (_, stderr) = case.run(&[&select[..], &ids, &["--pool", "cross-prompt"]].concat());
    assert!(!stderr.contains("single response"), "{stderr}");
}

#[test]
fn a_round_of_a_file_of_ids_has_its_cost() {
    let case = Case::with_sizes(&SIZES);
    let cost = ["cost", "--gflops", "1", "--bandwidth", "1", "--json"];
    let own = case.json(&[&cost[..], &["--prompt-ids", "e_ids.txt"]].concat());
    // 101 / 25 of an item's prompt: 4 responses.
    let sized = case.json(&[&cost[..], &["--items", "100", "--responses", "4"]].concat());
    assert_eq!((&own["items"], &sized["items"]), (&25.into(), &100.into()));
    let pairs =
        |report: &Value| report["pairs"].as_f64().unwrap() / report["items"].as_f64().unwrap();
    assert!((pairs(&own) - pairs(&sized)).abs() < 0.05);
    case.write("e_ids.txt", "a\nb\n");
    let ids = [&cost[..], &["--prompt-ids", "e_ids.txt"]].concat();
    case.fails(&ids, &["e_ids.txt: every row has a prompt id of its own"]);
}
