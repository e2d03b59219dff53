//! What the page tells, against what is worked out here from the lines of the runs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use pairpick::data::dataset::Dataset;
use pairpick::report::raster::png;
use pairpick_core::arith::Real;
use serde_json::Value;
use tempfile::TempDir;

use super::{names, pairpick, runs};

const REPLIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/replies");

/// Three strategies by three seeds, on data of one's own, with held-out labels besides.
fn grid(folder: &Path) -> Value {
    let labels: String = (0..40)
        .map(|prompt| {
            format!("{{\"a\":[{prompt},0],\"b\":[{prompt},1],\"label\":{}}}\n", prompt % 2)
        })
        .collect();
    fs::write(folder.join("held_out.jsonl"), labels).unwrap();
    let (embeddings, rewards) =
        (format!("{REPLIES}/embeddings.npy"), format!("{REPLIES}/rewards.npy"));
    let arguments = [
        "compare",
        "--train-embeddings",
        &embeddings,
        "--train-rewards",
        &rewards,
        "--test-embeddings",
        &embeddings,
        "--test-rewards",
        &rewards,
        "--test-labels",
        "held_out.jsonl",
        "--strategies",
        "dopt,entropy",
        "--preset",
        "mlp",
        "--iterations",
        "6",
        "--seeds",
        "3",
        "--batch",
        "12",
        "--rounds",
        "3",
        "--best-of",
        "2,8",
        "--json",
        "--out",
        "a",
    ];
    let output = pairpick(folder, &arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |sum, value| sum + value) / values.len() as f64
}

fn close(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - expected).abs() < 1e-12, "{found} {expected}");
}

#[test]
fn figures_are_those_worked_out_by_hand() {
    let folder = TempDir::new().unwrap();
    let report = grid(folder.path());
    let setup = &report["standing"]["setups"][0];
    // By strategy, seed by seed and round by round.
    let mut values: BTreeMap<String, Vec<Vec<f64>>> = BTreeMap::new();
    let mut log_losses: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut asked_about: BTreeMap<String, Vec<[f64; 2]>> = BTreeMap::new();
    for run in runs(&folder.path().join("a")) {
        let rounds = run["rounds"].as_array().unwrap();
        let value = |round: &Value| round["metrics"]["one_minus_spearman"].as_f64().unwrap();
        let strategy = run["strategy"].as_str().unwrap().to_owned();
        values.entry(strategy.clone()).or_default().push(rounds.iter().map(value).collect());
        let last = &rounds.last().unwrap()["metrics"]["held_out"]["log_loss"];
        log_losses.entry(strategy).or_default().push(last.as_f64().unwrap());
        // A prompt's share in the mean is there too.
        let prompts = rounds[0]["by_prompt"]["one_minus_spearman"].as_array().unwrap();
        assert_eq!(prompts.len(), 104);
        let counted: Vec<f64> = prompts.iter().filter_map(Value::as_f64).collect();
        assert!((mean(&counted) - value(&rounds[0])).abs() < 1e-6);
        let best = rounds[0]["by_prompt"]["best_of_n"].as_array().unwrap();
        let best: Vec<f64> = best.iter().filter_map(Value::as_f64).collect();
        let told = rounds[0]["metrics"]["best_of_n"]["8"].as_f64().unwrap();
        assert!((mean(&best) - told).abs() < 1e-5);
        let asked = rounds[0]["prompts_asked"].as_u64().unwrap();
        assert!((1..=12).contains(&asked), "{asked}");
        let last = rounds.last().unwrap();
        let told = ["prompts_asked", "distance_asked"].map(|name| last[name].as_f64().unwrap());
        asked_about.entry(run["strategy"].as_str().unwrap().to_owned()).or_default().push(told);
    }
    for asked in setup["asked"].as_array().unwrap() {
        let own = &asked_about[asked["strategy"].as_str().unwrap()];
        for (place, name) in ["prompts", "distance"].into_iter().enumerate() {
            close(&asked[name], mean(&own.iter().map(|told| told[place]).collect::<Vec<f64>>()));
        }
    }
    let measures = setup["measures"].as_array().unwrap();
    let named: Vec<_> =
        measures.iter().map(|measure| measure["measure"].as_str().unwrap()).collect();
    assert_eq!(
        named,
        ["one_minus_spearman", "best_of_n", "held_out_accuracy", "held_out_log_loss"]
    );
    let random = &values["random"];
    for strategy in measures[0]["strategies"].as_array().unwrap() {
        let own = &values[strategy["strategy"].as_str().unwrap()];
        let at = |runs: &[Vec<f64>], round: usize| -> Vec<f64> {
            runs.iter().map(|run| run[round]).collect()
        };
        for round in 0..3 {
            close(&strategy["labels"][round], 12.0 * (round + 1) as f64);
            close(&strategy["values"][round]["mean"], mean(&at(own, round)));
            if strategy["strategy"] != "random" {
                let difference = mean(&at(own, round)) - mean(&at(random, round));
                close(&strategy["differences"][round]["mean"], difference);
            }
        }
        // Labels needed, by straight lines between rounds.
        let level = mean(&at(random, 2));
        let curve: Vec<f64> = (0..3).map(|round| mean(&at(own, round))).collect();
        let expected = match (0..3).find(|round| curve[*round] <= level) {
            None => Value::Null,
            Some(0) => Value::from(12.0),
            Some(round) => {
                let share = (curve[round - 1] - level) / (curve[round - 1] - curve[round]);
                Value::from(12.0 * (round as f64 + share))
            }
        };
        match expected.as_f64() {
            Some(expected) => close(&strategy["needed"]["labels"], expected),
            None => assert_eq!(strategy["needed"]["labels"], Value::Null),
        }
    }
    // Of held-out labels nothing is known prompt by prompt: Student's interval over seeds.
    for strategy in measures[3]["strategies"].as_array().unwrap() {
        let own = &log_losses[strategy["strategy"].as_str().unwrap()];
        let squares = own.iter().map(|value| (value - mean(own)) * (value - mean(own)));
        let error = (mean(&squares.collect::<Vec<_>>()) / 2.0).sqrt_of();
        close(&strategy["values"][2]["high"], mean(own) + 4.302_652_730 * error);
    }
    let records = report["standing"]["records"].as_array().unwrap();
    for record in records {
        let count = |name: &str| record[name].as_u64().unwrap();
        assert_eq!(count("wins") + count("draws") + count("losses"), 2, "each of two others");
    }
    let total =
        |name: &str| records.iter().fold(0, |sum, record| sum + record[name].as_u64().unwrap());
    assert_eq!(total("wins"), total("losses"));
    assert_eq!(report["standing"]["tests"], 3);
    let markdown = fs::read_to_string(folder.path().join("a/table.md")).unwrap();
    the_short_table_is_of_these(&markdown, setup);
    the_page_needs_nothing_else(&folder.path().join("a"));
}

/// A row a strategy, in which random pairs are 1 apart.
fn the_short_table_is_of_these(markdown: &str, setup: &Value) {
    let table = markdown.split("In short.").nth(1).unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .skip_while(|line| !line.starts_with("| ---"))
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert_eq!(rows.len(), 3);
    let distance = |strategy: usize| setup["asked"][strategy]["distance"].as_f64().unwrap();
    for (place, row) in rows.iter().enumerate() {
        let strategies = |measure: usize| &setup["measures"][measure]["strategies"][place];
        let end = strategies(0)["values"][2]["mean"].as_f64().unwrap();
        let best = strategies(1)["values"][2]["mean"].as_f64().unwrap();
        assert_eq!(
            (row[0], row[1], row[4]),
            (
                strategies(0)["strategy"].as_str().unwrap(),
                format!("{end:.3}").as_str(),
                format!("{best:.3}").as_str()
            )
        );
        let (shown, own) = (row[7], distance(place) / distance(2));
        assert_eq!(shown, format!("{own:.2}"), "{row:?}");
    }
    assert_eq!((rows[2][2], rows[2][3], rows[2][7]), ("-", "-", "1.00"));
}

/// What was asked is as far apart as its embeddings are.
#[test]
fn distances_are_those_of_the_labels_embeddings() {
    let folder = TempDir::new().unwrap();
    let asked = ["--strategies", "dopt", "--seeds", "1", "--batch", "12", "--rounds", "2"];
    let output = pairpick(folder.path(), &[&["compare", "--out", "a"], &asked[..]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let one = ["run", "--beside", "none", "--strategy", "dopt", "--batch", "12", "--rounds", "2"];
    let output = pairpick(folder.path(), &[&one[..], &["--out", "b"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // The split of a single run is the first; the bundled data has 104 prompts of 8 responses.
    let embeddings = Dataset::bundled_split(0, false).unwrap().train.embeddings;
    let labels = fs::read_to_string(folder.path().join("b/labels.jsonl")).unwrap();
    let distances: Vec<f64> = labels
        .lines()
        .map(|line| {
            let label: Value = serde_json::from_str(line).unwrap();
            let [one, other] = ["a", "b"].map(|side| {
                let name = serde_json::from_value(label[side].clone()).unwrap();
                let mut row = vec![0.0_f32; embeddings.dimensions()];
                let item = embeddings.item(name).unwrap();
                embeddings.read_items(&[item], &mut row).unwrap();
                row
            });
            let squares = one.iter().zip(&other).map(|(one, other)| {
                let difference = f64::from(*one) - f64::from(*other);
                difference * difference
            });
            squares.fold(0.0, |sum, square| sum + square).sqrt_of()
        })
        .collect();
    assert_eq!(distances.len(), 24);
    let runs = runs(&folder.path().join("a"));
    let run = runs.iter().find(|run| run["strategy"] == "dopt").unwrap();
    close(&run["rounds"][0]["distance_asked"], mean(&distances[..12]));
    close(&run["rounds"][1]["distance_asked"], mean(&distances));
}

/// Elements that have no end.
const VOID: [&str; 2] = ["meta", "!DOCTYPE"];

fn the_page_needs_nothing_else(out: &Path) {
    let html = fs::read_to_string(out.join("index.html")).unwrap();
    for outside in ["<script", "<link", "<img", "href=", "src=", "@import", "url(", "onload"] {
        assert!(!html.contains(outside), "{outside}");
    }
    // The name of SVG's namespace is no address that anybody looks up.
    let addresses = html.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    assert!(!addresses.contains("http"), "an address");
    check_nesting(&html);
    let pictures = html.matches("<svg ").count();
    assert_eq!(pictures, 4 * 3);
    assert_eq!(html.matches("<svg role=\"img\"").count(), pictures);
    assert_eq!((html.matches("<desc>").count(), html.matches("<figcaption>").count()), (12, 12));
    let files: Vec<String> = names(out).into_iter().filter(|name| name.ends_with(".svg")).collect();
    assert_eq!(files.len(), pictures);
    let markdown = fs::read_to_string(out.join("table.md")).unwrap();
    for file in files {
        let svg = fs::read_to_string(out.join(&file)).unwrap();
        assert!(html.contains(svg.trim_end()) && markdown.contains(&format!("({file})")), "{file}");
        assert!(!svg.contains("NaN") && svg.contains("<title>"), "{file}");
        check_nesting(&svg);
        let pixels = fs::read(out.join(file.replace(".svg", ".png"))).unwrap();
        assert!(pixels == png(&svg).unwrap(), "{file}");
    }
}

/// Every element ends where it should, and text has nothing that would begin one.
fn check_nesting(text: &str) {
    let mut open: Vec<&str> = Vec::new();
    for part in text.split('<').skip(1) {
        let (tag, rest) = part.split_once('>').expect("a tag that ends");
        assert!(!rest.contains('>'), "{rest}");
        let name = tag.split([' ', '/', '\n']).find(|name| !name.is_empty()).unwrap();
        match () {
            () if tag.starts_with('/') => assert_eq!(open.pop(), Some(name), "{tag}"),
            () if tag.ends_with('/') || VOID.contains(&name) => {}
            () => open.push(name),
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

/// What a setting changes is told by runs of the same seeds, those of other set-ups.
#[test]
fn a_setting_s_values_are_told_beside_its_first() {
    let folder = TempDir::new().unwrap();
    let arguments =
        [&super::GRID[..], &["--pool", "in-prompt,cross-prompt", "--json", "--out", "a"]];
    let output = pairpick(folder.path(), &arguments.concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let runs = runs(&folder.path().join("a"));
    // Seed by seed, at the end.
    let ends = |strategy: &str, pool: &str, batch: u64| -> Vec<f64> {
        let is_own = |run: &&Value| {
            let asking = &run["settings"]["asking"];
            run["strategy"] == strategy && asking["pool"] == pool && asking["batch"] == batch
        };
        let end = |run: &Value| {
            let last = run["rounds"].as_array().unwrap().last().unwrap();
            last["metrics"]["one_minus_spearman"].as_f64().unwrap()
        };
        runs.iter().filter(is_own).map(end).collect()
    };
    let axes = report["standing"]["axes"].as_array().unwrap();
    let told: Vec<_> = axes
        .iter()
        .map(|axis| (axis["axis"].as_str().unwrap(), axis["setup"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("pairs", "batch 10"),
            ("pairs", "batch 20"),
            ("batch", "pairs in-prompt"),
            ("batch", "pairs cross-prompt")
        ]
    );
    for (axis, pools, batches) in [
        (1, ["in-prompt", "cross-prompt"], [20, 20]),
        (3, ["cross-prompt", "cross-prompt"], [10, 20]),
    ] {
        for (place, strategy) in ["dopt", "random"].into_iter().enumerate() {
            let found = &axes[axis]["measures"][0]["strategies"][place];
            assert_eq!(found["strategy"], strategy);
            let [first, second] =
                [0, 1].map(|value| mean(&ends(strategy, pools[value], batches[value])));
            close(&found["ends"][0]["value"]["mean"], first);
            close(&found["ends"][1]["value"]["mean"], second);
            close(&found["ends"][1]["difference"]["mean"], second - first);
            assert_eq!(found["ends"][0]["difference"], Value::Null);
        }
    }
}
