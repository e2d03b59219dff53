//! Paired runs: a strategy beside another over several seeds.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use pairpick::data::dataset::Dataset;
use pairpick::report::raster::png;
use pairpick_core::arith::Real;
use serde_json::Value;
use tempfile::TempDir;

use crate::command::pairpick;
use crate::folder::{FILES, names};
use crate::refusal;

const REPLIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/replies");

/// Small rounds.
const SMALL: [&str; 8] = ["--preset", "mlp", "--rounds", "3", "--batch", "10", "--iterations", "5"];

/// What a command prints, if it succeeds.
fn printed(folder: &Path, arguments: &[&str]) -> String {
    let output = pairpick(folder, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(folder: &Path, arguments: &[&str], message: &[&str]) {
    refusal::refused(folder, &[&["run"], arguments].concat(), message);
}

/// The lines of a file without what may differ.
fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    let line = |line| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        line["seconds"] = Value::Null;
        line
    };
    text.lines().map(line).collect()
}

/// Data of one's own: the bundled replies, measured on themselves.
fn own() -> [String; 8] {
    let embeddings = format!("{REPLIES}/embeddings.npy");
    let rewards = format!("{REPLIES}/rewards.npy");
    [
        "--train-embeddings".to_owned(),
        embeddings.clone(),
        "--train-rewards".to_owned(),
        rewards.clone(),
        "--test-embeddings".to_owned(),
        embeddings,
        "--test-rewards".to_owned(),
        rewards,
    ]
}

#[test]
fn each_run_of_a_grid_is_the_run_of_its_strategy_and_seed() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let data = own();
    let data: Vec<&str> = data.iter().map(String::as_str).collect();
    let strategy = ["--strategy", "robust-v-opt", "--misfit", "2", "--seed", "5"];
    let grid = ["run", "--seeds", "2", "--beside", "dopt", "--threads", "3", "--out", "grid"];
    printed(folder, &[&grid[..], &strategy, &SMALL, &data].concat());
    let mut expected = Vec::new();
    for seed in ["5", "6"] {
        for strategy in [&["robust-v-opt", "--misfit", "2"][..], &["dopt"]] {
            let out = format!("{}-{seed}", strategy[0]);
            let run = ["run", "--seed", seed, "--out", &out, "--strategy"];
            printed(folder, &[&run[..], strategy, &SMALL, &data].concat());
            for mut line in lines(&folder.join(&out).join("metrics.jsonl")) {
                line["strategy"] = strategy[0].into();
                line["seed"] = seed.parse::<u64>().unwrap().into();
                expected.push(line);
            }
        }
    }
    assert_eq!(lines(&folder.join("grid/grid.jsonl")), expected);
    let own = ["labels.jsonl", "model.safetensors", "settings.json"];
    for name in own {
        let [one, other] =
            ["grid", "robust-v-opt-5"].map(|out| fs::read(folder.join(out).join(name)).unwrap());
        assert!(one == other, "{name} is that of the first run");
    }
}

/// Without data of one's own.
#[test]
fn the_first_run_is_compared_with_random_whatever_the_threads() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let text = printed(folder, &[&["run", "--out", "a", "--threads", "1"], &SMALL[..]].concat());
    let again = printed(folder, &[&["run", "--out", "b", "--threads", "4"], &SMALL[..]].concat());
    assert_eq!(text.replace("results in a", "results in b"), again);
    printed(folder, &[&["run", "--beside", "none", "--out", "c"], &SMALL[..]].concat());
    let mut files = [&FILES[..], &["grid.jsonl"]].concat();
    files.sort_unstable();
    let path = |out: &str, name: &str| folder.join(out).join(name);
    let bytes = |out: &str, name: &str| fs::read(path(out, name)).unwrap();
    assert_eq!(
        (names(&folder.join("a")), names(&folder.join("c"))),
        (files.iter().map(|name| (*name).to_owned()).collect(), FILES.map(str::to_owned).to_vec())
    );
    assert!(bytes("a", "curves.svg") == bytes("b", "curves.svg"));
    let grid = lines(&path("a", "grid.jsonl"));
    assert_eq!(grid, lines(&path("b", "grid.jsonl")));
    assert_eq!(grid.len(), 2 * 20 * 3);
    for name in ["labels.jsonl", "model.safetensors", "settings.json"] {
        assert!(bytes("a", name) == bytes("c", name), "{name} is that of the run alone");
    }
    assert_eq!(lines(&path("a", "metrics.jsonl")), lines(&path("c", "metrics.jsonl")));
    for word in ["labels", "dopt", "random", "difference", "95 % interval", "worth in labels"] {
        assert!(text.lines().next().unwrap().contains(word), "{word}: {text}");
    }
    for part in ["1-Spearman: 0 where", "20 seeds, each with other test prompts", "Below 0 dopt"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let svg = fs::read_to_string(path("a", "curves.svg")).unwrap();
    assert!(
        bytes("a", "curves.png") == png(&svg).unwrap(),
        "the picture in pixels is that picture"
    );
    for (part, count) in [("\ndopt\n", 2), ("\nrandom\n", 2), ("opacity=\"0.2\"", 4)] {
        assert_eq!(svg.matches(part).count(), count, "{part}");
    }
}

/// What `--json` tells, from the lines of the runs.
#[test]
fn a_difference_is_of_the_same_seeds() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let run = ["run", "--seeds", "4", "--json", "--out", "a"];
    let report: Value =
        serde_json::from_str(&printed(folder, &[&run[..], &SMALL].concat())).unwrap();
    let comparison = &report["comparison"];
    assert_eq!(report["rounds"].as_array().unwrap().len(), 3);
    assert_eq!(comparison["measure"], "one_minus_spearman");
    assert_eq!(
        (&comparison["strategy"], &comparison["beside"]),
        (&"dopt".into(), &"random".into())
    );
    let grid = lines(&folder.join("a/grid.jsonl"));
    for (place, line) in comparison["rounds"].as_array().unwrap().iter().enumerate() {
        let value = |strategy: &str, seed: u64| {
            let own = |line: &&Value| {
                line["strategy"] == strategy && line["seed"] == seed && line["round"] == place + 1
            };
            grid.iter().find(own).unwrap()["one_minus_spearman"].as_f64().unwrap()
        };
        let mean = |values: [f64; 4]| values.iter().fold(0.0, |sum, value| sum + value) / 4.0;
        let differences = [0, 1, 2, 3].map(|seed| value("dopt", seed) - value("random", seed));
        let squares = differences.map(|one| (one - mean(differences)) * (one - mean(differences)));
        let half = 3.182_446_305 * (mean(squares) / 3.0).sqrt_of();
        let close = |found: &Value, expected: f64| {
            assert!((found.as_f64().unwrap() - expected).abs() < 1e-12, "{found} {expected}");
        };
        close(&line["labels"], 10.0 * (place + 1) as f64);
        close(&line["strategy"]["mean"], mean([0, 1, 2, 3].map(|seed| value("dopt", seed))));
        close(&line["beside"]["mean"], mean([0, 1, 2, 3].map(|seed| value("random", seed))));
        close(&line["difference"]["low"], mean(differences) - half);
        close(&line["difference"]["high"], mean(differences) + half);
    }
    // The first round is at random, by the same seed: the same pairs, and so the same answers.
    assert_eq!(comparison["rounds"][0]["difference"]["high"], 0.0);
    assert_eq!(comparison["rounds"][0]["worth"], 10.0);
}

#[test]
fn a_strategy_alone_has_means_and_intervals() {
    let folder = TempDir::new().unwrap();
    let alone = ["run", "--seeds", "3", "--beside", "none"];
    let text = printed(folder.path(), &[&alone[..], &SMALL].concat());
    let title = text.lines().next().unwrap();
    assert!(title.contains("95 % interval") && !title.contains("difference"), "{text}");
    assert_eq!(lines(&folder.path().join("pairpick-out/grid.jsonl")).len(), 9);
    // Random pairs have nothing to be compared with.
    let random = ["run", "--strategy", "random", "--out", "random"];
    let text = printed(folder.path(), &[&random[..], &SMALL].concat());
    assert!(text.starts_with("round"), "{text}");
}

#[test]
fn grids_that_make_no_sense_are_refused_before_anything_is_written() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let untested = own();
    let untested: Vec<&str> = untested[..4].iter().map(String::as_str).collect();
    refused(folder, &["--seeds", "0"], &["--seeds 0: must be from 1 to 10000"]);
    refused(folder, &["--seeds", "10001"], &["--seeds 10001: must be from 1 to 10000"]);
    refused(folder, &["--seeds", "-1"], &["--seeds"]);
    refused(
        folder,
        &["--beside", "robust-v-opt"],
        &["--beside robust-v-opt: must be another strategy"],
    );
    refused(folder, &["--beside", "worst"], &["--beside", "worst", "random", "none"]);
    let needed = "needs --test-rewards or --test-labels, to compare by";
    refused(folder, &[&untested[..], &["--seeds", "3"]].concat(), &["--seeds 3:", needed]);
    refused(
        folder,
        &[&untested[..], &["--beside", "random"]].concat(),
        &["--beside random", needed],
    );
    let across = ["--strategy", "dopt", "--pool", "cross-prompt", "--beside", "batchbald"];
    refused(folder, &across, &["--pairs all", "batchbald goes through its pairs"]);
}

/// Each split has all prompts, as many of them for testing; the first is that of a single run.
#[test]
fn splits_of_the_bundled_data_are_drawn_by_their_number() {
    let rewards = |dataset: &Dataset| {
        let test = dataset.test.as_ref().unwrap();
        [&dataset.train, test].map(|split| {
            let rewards = split.rewards.as_ref().unwrap().values();
            let prompts = rewards
                .chunks(8)
                .map(|prompt| prompt.iter().map(|reward| reward.to_bits()).collect::<Vec<u32>>());
            prompts.collect::<Vec<_>>()
        })
    };
    let whole = rewards(&Dataset::bundled().unwrap());
    assert_eq!(rewards(&Dataset::bundled_split(0, false).unwrap()), whole);
    let all: BTreeSet<_> = whole.concat().into_iter().collect();
    let mut tests = BTreeSet::new();
    for number in 1..20 {
        let dataset = Dataset::bundled_split(number, false).unwrap();
        let [train, test] = rewards(&dataset);
        assert_eq!((train.len(), test.len()), (78, 26));
        assert_eq!([&train[..], &test].concat().into_iter().collect::<BTreeSet<_>>(), all);
        // Embeddings go with their rewards.
        let mut row = vec![0.0; 384];
        let mut original = row.clone();
        let place = whole.concat().iter().position(|prompt| *prompt == test[3]).unwrap() as u64;
        let test_data = dataset.test.as_ref().unwrap();
        test_data.embeddings.read_range(3 * 8 + 2..3 * 8 + 3, &mut row).unwrap();
        let file = Path::new(REPLIES).join("embeddings.npy");
        let file = pairpick::data::embeddings::Embeddings::open(&file).unwrap();
        file.read_range(place * 8 + 2..place * 8 + 3, &mut original).unwrap();
        assert_eq!(row, original);
        tests.insert(test);
    }
    assert_eq!(tests.len(), 19);
}
