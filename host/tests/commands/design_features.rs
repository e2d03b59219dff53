//! What `robust-v-opt` computes its design on, whatever the last layer sees, by the command.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::npy::npy;
use crate::outcome::reported;
use crate::refusal::refused;

const MLP: [&str; 4] = ["--preset", "mlp", "--strategy", "robust-v-opt"];

fn selected(folder: &Path, options: &[&str]) -> Value {
    reported(folder, &[&["select", "--certificate", "off"], options].concat())
}

/// Items and score of each pair.
fn batch(report: &Value) -> Vec<[Value; 3]> {
    let pairs = report["pairs"].as_array().unwrap();
    pairs.iter().map(|pair| ["a", "b", "score"].map(|field| pair[field].clone())).collect()
}

/// Questions of a run in its folder.
fn asked(folder: &Path) -> Vec<[Value; 2]> {
    let labels = fs::read_to_string(folder.join("labels.jsonl")).unwrap();
    let question = |line: &str| {
        let label: Value = serde_json::from_str(line).unwrap();
        ["a", "b"].map(|field| label[field].clone())
    };
    labels.lines().map(question).collect()
}

#[test]
fn a_network_s_design_is_the_kernel_s_from_the_first_round_on() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let (own, network) = (selected(folder, &[]), selected(folder, &MLP));
    assert_eq!(network["strategy"], "robust-v-opt");
    assert_eq!(batch(&own), batch(&network));
    let input = selected(folder, &["--features", "input"]);
    assert_eq!(batch(&own), batch(&input));
    let on_input = selected(folder, &["--design-features", "input"]);
    assert_ne!(batch(&own), batch(&on_input));
    let both = selected(folder, &["--features", "input", "--design-features", "input"]);
    assert_eq!(batch(&on_input), batch(&both));
}

/// No answer and no training changes what is asked.
#[test]
fn rounds_of_a_network_ask_what_rounds_of_the_kernel_ask() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let run = |out: &str, options: &[&str]| {
        let fixed = ["run", "--beside", "none", "--rounds", "3", "--out", out];
        reported(folder, &[&fixed, options].concat());
        asked(&folder.join(out))
    };
    let kernel = run("kernel", &[]);
    assert_eq!(kernel, run("mlp", &MLP));
    assert_eq!(kernel, run("arg-max", &[&MLP[..], &["--oracle", "argmax"]].concat()));
    let settings = fs::read_to_string(folder.join("mlp/settings.json")).unwrap();
    let settings: Value = serde_json::from_str(&settings).unwrap();
    assert_eq!(settings["asking"]["design_features"], Value::Null);
    assert_ne!(kernel, run("learnt", &[&MLP[..], &["--design-features", "mlp"]].concat()));
    let settings = fs::read_to_string(folder.join("learnt/settings.json")).unwrap();
    let settings: Value = serde_json::from_str(&settings).unwrap();
    assert_eq!(settings["asking"]["design_features"], "mlp");
}

#[test]
fn a_design_on_learnt_features_waits_for_labels() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let learnt = [&MLP[..], &["--design-features", "mlp"]].concat();
    assert_eq!(selected(folder, &learnt)["strategy"], "random");
    let typed = [&learnt[..], &["--first-round", "model"]].concat();
    assert_eq!(selected(folder, &typed)["strategy"], "robust-v-opt");
}

#[test]
fn what_no_strategy_or_model_has_is_refused() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    fs::write(folder.join("e.npy"), npy(&[2, 2, 4097], |at| at as f32)).unwrap();
    for (options, message) in [
        (&["--strategy", "dopt", "--design-features", "kernel"][..], "these do: robust-v-opt"),
        (&["--design-features", "mlp"], "needs --features mlp"),
        (&["--features", "input", "--design-features", "mlp"], "needs --features mlp"),
        (
            &["--features", "input", "--weights", "plug-in", "--design-features", "kernel"],
            "needs --weights constant",
        ),
    ] {
        refused(folder, &[&["select"], options].concat(), &[message]);
        refused(folder, &[&["run"], options].concat(), &[message]);
    }
    let long = [&["select", "--train-embeddings", "e.npy", "--batch", "1"], &MLP[..]].concat();
    refused(folder, &long, &["--design-features"]);
    assert_eq!(
        selected(folder, &[&long[1..], &["--design-features", "mlp"]].concat())["strategy"],
        "random"
    );
}

/// Where weights follow the head, the design is on what the head sees.
#[test]
fn weights_of_a_head_bring_its_features() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let averaged = [&MLP[..], &["--weights", "averaged", "--first-round", "model"]].concat();
    let typed = [&averaged[..], &["--design-features", "mlp"]].concat();
    assert_eq!(batch(&selected(folder, &averaged)), batch(&selected(folder, &typed)));
}

/// A tensor's numbers, in place, by a factor.
fn scale(file: &mut [u8], name: &str, factor: f32) {
    let (len, rest) = file.split_first_chunk_mut::<8>().unwrap();
    let len = u64::from_le_bytes(*len) as usize;
    let (header, data) = rest.split_at_mut(len);
    let header: Value = serde_json::from_slice(header).unwrap();
    let [start, end] = [0, 1].map(|at| header[name]["data_offsets"][at].as_u64().unwrap() as usize);
    for bytes in data[start..end].as_chunks_mut::<4>().0 {
        *bytes = (factor * f32::from_le_bytes(*bytes)).to_le_bytes();
    }
}

/// Units of the last hidden layer four times as large, which a head of a quarter hides.
#[test]
fn learnt_features_are_scaled_as_fixed_ones_are() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let run =
        ["run", "--preset", "mlp", "--activation", "relu", "--rounds", "2", "--beside", "none"];
    reported(folder, &run);
    let mut model = fs::read(folder.join("pairpick-out/model.safetensors")).unwrap();
    fs::write(folder.join("one.safetensors"), &model).unwrap();
    for (name, factor) in [("layers.2.weight", 4.0), ("layers.2.bias", 4.0), ("head.weight", 0.25)]
    {
        scale(&mut model, name, factor);
    }
    fs::write(folder.join("four.safetensors"), &model).unwrap();
    let labels = ["--labels", "pairpick-out/labels.jsonl", "--strategy", "robust-v-opt"];
    for weights in ["constant", "plug-in", "averaged"] {
        let design = ["--design-features", "mlp", "--weights", weights];
        let by =
            |model: &str| selected(folder, &[&labels[..], &design, &["--model", model]].concat());
        let (one, four) = (by("one.safetensors"), by("four.safetensors"));
        assert_eq!(one["strategy"], "robust-v-opt");
        assert_eq!(batch(&one).len(), 20);
        assert_eq!(batch(&one), batch(&four), "{weights}");
    }
}
