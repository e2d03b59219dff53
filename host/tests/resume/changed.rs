//! What somebody has changed in the files of an interrupted run is refused, by its file and place.

use std::fs;

use super::{Case, interrupted_among_others};

#[test]
fn a_changed_line_is_refused_by_its_place() {
    let case = Case::new(&[]);
    case.interrupted_after(2);
    let labels = case.partial().join("labels.jsonl");
    let good = fs::read_to_string(&labels).unwrap();
    let line = |number: usize| good.lines().nth(number - 1).unwrap();
    let flipped = match line(23).contains("\"label\":1") {
        true => line(23).replace("\"label\":1", "\"label\":0"),
        false => line(23).replace("\"label\":0", "\"label\":1"),
    };
    let record: serde_json::Value = serde_json::from_str(line(23)).unwrap();
    let same_item = line(23).replace(&record["b"].to_string(), &record["a"].to_string());
    let round_zero = line(23).replace("\"round\":2", "\"round\":0");
    let repeated = line(24).to_owned();
    for changed in [flipped, same_item, round_zero, repeated, String::new()] {
        assert_ne!(changed, line(23));
        fs::write(&labels, good.replace(line(23), &changed)).unwrap();
        case.refuses("labels.jsonl: cannot go on with this run: lines 21 to 40 are not those");
    }
    let first = good.replacen("\"round\":1", "\"round\":0", 1);
    fs::write(&labels, first).unwrap();
    case.refuses("labels.jsonl: cannot go on with this run: lines 1 to 20 are not those");
    let short: String = good.lines().take(30).map(|line| format!("{line}\n")).collect();
    fs::write(&labels, short).unwrap();
    case.refuses("lines 21 to 30 are not those");
    fs::write(&labels, &good).unwrap();

    let metrics = case.partial().join("metrics.jsonl");
    let good = fs::read_to_string(&metrics).unwrap();
    for (from, to) in [("\"round\":1,", "\"round\":2,"), ("\"seconds\":", "\"seconds\":1")] {
        fs::write(&metrics, good.replacen(from, to, 1)).unwrap();
        case.refuses(
            "metrics.jsonl: cannot go on with this run: line 1 is not the one that it wrote",
        );
    }
    fs::write(&metrics, good).unwrap();
    case.end();
}

#[test]
fn a_changed_line_of_another_run_is_refused_by_its_place() {
    let (case, _) = interrupted_among_others(3);
    let path = case.partial().join("grid.jsonl");
    let good = fs::read_to_string(&path).unwrap();
    fs::write(&path, good.replacen("\"strategy\":\"random\"", "\"strategy\":\"dopt\"", 1)).unwrap();
    case.refuses("grid.jsonl: cannot go on with this run: lines 4 to 6 are not those");
    fs::write(&path, good).unwrap();
    case.end();
}

#[test]
fn any_other_changed_file_is_refused() {
    let case = Case::new(&[]);
    case.interrupted();
    let _ = fs::remove_file(case.partial().join(".model.safetensors"));
    for name in ["settings.json", "inputs.json", "model.safetensors"] {
        let path = case.partial().join(name);
        let good = fs::read(&path).unwrap();
        let mut changed = good.clone();
        let last = changed.len() - 2;
        changed[last] ^= 1;
        fs::write(&path, changed).unwrap();
        case.refuses(&format!(
            "{name}: cannot go on with this run: it is not the one that it wrote"
        ));
        fs::remove_file(&path).unwrap();
        case.refuses(&format!("{name}: cannot go on with this run: the file is gone"));
        fs::write(path, good).unwrap();
    }
    case.end();
}
