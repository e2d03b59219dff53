//! `pairpick score`: the rewards that `eval` measures, how sure they are, and their order.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use pairpick::data::array::ArrayReader;
use pairpick::data::dataset::Dataset;
use pairpick::data::embeddings::Embeddings;
use pairpick::model::Model;
use pairpick::parallel::Threads;
use pairpick::progress::Silent;
use pairpick::round::evaluate::evaluate;
use pairpick::runtime::Runtime;
use serde_json::Value;
use tempfile::TempDir;

use crate::command::pairpick;
use crate::npy::npy;
use crate::refusal;

const MODEL: &str = "out/model.safetensors";

/// A folder with a short run on the bundled data.
fn run() -> TempDir {
    let folder = TempDir::new().unwrap();
    let output =
        pairpick(folder.path(), &["run", "--rounds", "2", "--beside", "none", "--out", "out"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

/// What is printed, a line a response.
fn scores(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    let output = pairpick(folder, &[&["score", "--model", MODEL], arguments].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn refused(folder: &Path, arguments: &[&str], message: &str) {
    refusal::refused(folder, &[&["score", "--model", MODEL], arguments].concat(), &[message]);
}

/// Numbers from −1 to 1 without a pattern.
fn scattered(place: usize) -> f32 {
    (place as u32).wrapping_mul(2_654_435_761) as f32 / (1_u32 << 31) as f32 - 1.0
}

fn number(score: &Value, field: &str) -> f64 {
    score[field].as_f64().unwrap()
}

/// The model as the library reads it, and threads.
fn library(folder: &Path) -> (Model, Threads) {
    let model = Model::open(&folder.join(MODEL)).unwrap();
    (model, Threads::start(&Runtime::default()).unwrap())
}

#[test]
fn the_rewards_are_those_that_the_model_is_measured_by() {
    let folder = run();
    let (model, threads) = library(folder.path());
    let test = Dataset::bundled_test().unwrap();
    let golden = test.rewards.as_ref().unwrap().values();
    let scores = scores(folder.path(), &[]);
    assert_eq!(scores.len(), golden.len());

    let evaluation = evaluate(&model, &test, &threads, &[1], &mut Silent).unwrap();
    let (mut agree, mut pairs) = (0.0, 0.0);
    for (scores, golden) in scores.chunks(8).zip(golden.chunks(8)) {
        for a in 0..8 {
            for b in 0..a {
                let predicted = number(&scores[a], "reward") - number(&scores[b], "reward");
                let golden = golden[a] - golden[b];
                if golden != 0.0 {
                    pairs += 1.0;
                    agree += f64::from(u8::from(predicted * f64::from(golden) > 0.0));
                }
            }
        }
    }
    assert_eq!(evaluation.pairwise_accuracy, Some(agree / pairs));

    let items: Vec<u64> = (0..test.embeddings.items()).collect();
    let features = model.trunk().features_of(&test.embeddings, &items, &threads).unwrap();
    let rewards = model.rewards(&threads, features.columns().unwrap()).unwrap();
    let printed: Vec<f64> = scores.iter().map(|score| number(score, "reward")).collect();
    assert_eq!(printed, rewards, "in their shortest decimals, to the bit");
}

#[test]
fn ranks_are_within_a_prompt_and_the_best_come_alone() {
    let folder = run();
    let all = scores(folder.path(), &[]);
    for (prompt, scores) in all.chunks(8).enumerate() {
        for score in scores {
            assert_eq!(score["item"][0], prompt);
            let better =
                scores.iter().filter(|other| number(other, "reward") > number(score, "reward"));
            assert_eq!(score["rank"], 1 + better.count());
            assert!(score.get("deviation").is_none());
        }
    }
    let best: Vec<&Value> = all.iter().filter(|score| score["rank"] == 1).collect();
    assert_eq!(best, scores(folder.path(), &["--best"]).iter().collect::<Vec<_>>());
}

/// Before any answer P = λI, so that the deviation is ‖φ − φ̄‖/√λ; labels lessen it.
#[test]
fn deviations_follow_their_definition() {
    let folder = run();
    let empty = folder.path().join("empty.jsonl");
    fs::write(&empty, "").unwrap();
    let prior = scores(folder.path(), &["--labels", "empty.jsonl", "--prior-precision", "4"]);
    let (model, threads) = library(folder.path());
    let test = Dataset::bundled_test().unwrap().embeddings;
    let items: Vec<u64> = (0..test.items()).collect();
    let features = model.trunk().features_of(&test, &items, &threads).unwrap();
    let columns: Vec<&[f32]> = features.columns().unwrap().iter().collect();
    for (scores, columns) in prior.chunks(8).zip(columns.chunks(8)) {
        for (score, column) in scores.iter().zip(columns) {
            let mut square = 0.0;
            for (row, value) in column.iter().enumerate() {
                let total = columns.iter().fold(0.0, |sum, column| sum + f64::from(column[row]));
                let difference = f64::from(*value) - total / 8.0;
                square += difference * difference;
            }
            let (found, expected) = (number(score, "deviation"), square / 4.0);
            assert!((found * found - expected).abs() <= 1e-12 * expected, "{found} {expected}");
        }
    }
    let labelled =
        scores(folder.path(), &["--labels", "out/labels.jsonl", "--prior-precision", "4"]);
    let less = |(after, before): (&Value, &Value)| {
        number(after, "deviation") < number(before, "deviation")
    };
    assert!(labelled.iter().zip(&prior).all(less));
    assert!(labelled.iter().zip(&prior).all(|(a, b)| a["reward"] == b["reward"]));
}

#[test]
fn an_array_has_the_rewards_in_the_shape_of_the_embeddings() {
    let folder = run();
    let rows = npy(&[6, 384], scattered);
    fs::write(folder.path().join("rows.npy"), rows).unwrap();
    fs::write(folder.path().join("ids.txt"), "b\na\nb\nb\na\nc\n").unwrap();
    for (embeddings, ids, shape) in [
        (&[][..], &[][..], &[26, 8][..]),
        (&["--embeddings", "rows.npy"], &[], &[6]),
        (&["--embeddings", "rows.npy"], &["--prompt-ids", "ids.txt"], &[6]),
    ] {
        let arguments = [embeddings, ids].concat();
        let scores = scores(folder.path(), &arguments);
        let written = [&arguments[..], &["--out", "rewards.npy", "--force"]].concat();
        assert!(self::scores(folder.path(), &written).is_empty());
        let bytes = fs::read(folder.path().join("rewards.npy")).unwrap();
        let header = u64::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        assert_eq!((10 + header) % 64, 0);
        let values: Vec<f64> = bytes[10 + header as usize..]
            .as_chunks()
            .0
            .iter()
            .map(|bytes| f64::from_le_bytes(*bytes))
            .collect();
        let printed: Vec<f64> = scores.iter().map(|score| number(score, "reward")).collect();
        assert_eq!(values, printed);
        let read = ArrayReader::open(&folder.path().join("rewards.npy"), "rewards").unwrap();
        assert_eq!(read.shape(), shape);
    }
}

/// Responses to one prompt may stand anywhere among the rows; rows without prompts are compared with
/// each other.
#[test]
fn rows_keep_their_order_and_are_compared_within_their_prompts() {
    let folder = run();
    let rows = npy(&[7, 384], scattered);
    fs::write(folder.path().join("rows.npy"), rows).unwrap();
    let ids = ["b", "a", "b", "b", "a", "c", "a"];
    fs::write(folder.path().join("ids.txt"), ids.join("\n")).unwrap();
    let flat = scores(folder.path(), &["--embeddings", "rows.npy"]);
    let mut ranks: Vec<u64> = flat.iter().map(|score| score["rank"].as_u64().unwrap()).collect();
    ranks.sort_unstable();
    assert_eq!(ranks, [1, 2, 3, 4, 5, 6, 7]);
    let within = scores(folder.path(), &["--embeddings", "rows.npy", "--prompt-ids", "ids.txt"]);
    let mut by_prompt: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for (row, (score, id)) in within.iter().zip(ids).enumerate() {
        assert_eq!((&score["item"], &score["reward"]), (&row.into(), &flat[row]["reward"]));
        by_prompt.entry(id).or_default().push(score);
    }
    for scores in by_prompt.values() {
        for score in scores {
            let better =
                scores.iter().filter(|other| number(other, "reward") > number(score, "reward"));
            assert_eq!(score["rank"], 1 + better.count());
        }
    }
    let embeddings = Embeddings::open(&folder.path().join("rows.npy")).unwrap();
    assert!(!embeddings.has_prompts());
}

#[test]
fn numbers_that_lose_digits_are_noted() {
    let folder = run();
    let mut wide = npy(&[2, 3, 384], |place| place as f32);
    let header = 10 + usize::from(u16::from_le_bytes([wide[8], wide[9]]));
    let data: Vec<u8> = (0..2 * 3 * 384).flat_map(|place| f64::from(place).to_le_bytes()).collect();
    fs::write(folder.path().join("single.npy"), &wide).unwrap();
    wide.truncate(header);
    let at = wide.windows(3).position(|bytes| bytes == b"<f4").unwrap();
    wide[at + 2] = b'8';
    wide.extend(data);
    fs::write(folder.path().join("double.npy"), wide).unwrap();
    let arguments = |embeddings| ["score", "--model", MODEL, "--embeddings", embeddings];
    let single = pairpick(folder.path(), &arguments("single.npy"));
    let double = pairpick(folder.path(), &arguments("double.npy"));
    assert_eq!(single.stdout, double.stdout);
    let note = |output: &std::process::Output| {
        String::from_utf8_lossy(&output.stderr).contains("float64 numbers, each rounded once")
    };
    assert!(note(&double) && !note(&single));
}

#[test]
fn what_does_not_fit_is_refused_and_nothing_written() {
    let folder = run();
    let narrow = npy(&[2, 3, 5], |place| place as f32);
    fs::write(folder.path().join("narrow.npy"), narrow).unwrap();
    for (arguments, message) in [
        (&["--best", "--out", "a.npy"][..], "--best on"),
        (&["--train-embeddings", "narrow.npy"], "needs --labels"),
        (&["--prior-precision", "3"], "needs --labels"),
        (&["--out", "a.csv"], "a.csv: rewards are written to a .npy array, or as JSON Lines"),
        (
            &["--embeddings", "narrow.npy", "--labels", "out/labels.jsonl"],
            "--labels out/labels.jsonl: needs --train-embeddings beside --embeddings",
        ),
        (&["--embeddings", "narrow.npy", "--out", "a"], "narrow.npy"),
        (&["--labels", "out/labels.jsonl", "--train-embeddings", "narrow.npy"], "narrow.npy"),
        (&["--out", MODEL, "--force"], "it is one of the inputs"),
        (&["--embeddings", "nothing.npy", "--out", "a"], "nothing.npy"),
    ] {
        refused(folder.path(), arguments, message);
    }
}
